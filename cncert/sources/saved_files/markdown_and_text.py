"""Reads an issue from plain text or Markdown: a title, the lines of the report, links and pictures."""

import html
import re
from collections.abc import Sequence

from cncert.exceptions import NotAnIssue
from cncert.report.calendar import Week
from cncert.report.title import read_title
from cncert.sources.saved_files.report_copy import (
    CopyPictures,
    is_report_heading,
    lines_before_report,
    make_report_copy,
    page_title,
    titles_before,
)
from cncert.wechat.article import Article
from cncert.wechat.body import Line, read_html

MAX_TEXT_CHARACTERS = 4_000_000
"""The rest of a longer text is not read; an issue has some thousands."""

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n((?:[^\n]{0,2000}\n){0,60}?)---[ \t]*(?:\n|$)")
_KEY = re.compile(r"^([A-Za-z_]{1,20}):[ \t]*(.*)$", re.MULTILINE)
_LINE_MARKS = re.compile(r"^(?:\s*(?:#{1,6}\s+|>\s?|[-*+]\s+))+")
# Bounded: a line may be as long as the file.
_TARGET = r"""\(\s{0,9}+<?+([^)\s<>"\[]{0,2048}+)>?(?:\s{1,9}(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'))?\s{0,9}\)"""
_INLINE = re.compile(rf"!\[[^\[\]\n]{{0,500}}\]{_TARGET}|\[([^\[\]\n]{{0,500}})\]{_TARGET}")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_EMPHASIS = re.compile(r"\*\*|~~")
_MAX_LINES_TO_REPORT = 12
"""Lines below a title in which its report has to begin."""


def read_plain_text(text: str) -> Article:
    """Return the copy of an issue in *text*.

    Raises NotAnIssue if no title names an issue, or it holds several.
    """
    text = text[:MAX_TEXT_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(text)
    front_matter = {key.lower(): value.strip().strip("\"'") for key, value in _KEY.findall(front[1])} if front else {}
    pictures = CopyPictures()
    written = text[front.end() if front else 0 :].split("\n")
    lines = read_html("".join(_markup(line, pictures) for line in written if line.strip())).lines
    titles = titles_before(lines)
    title = page_title(front_matter.get("title")) or (lines[titles[0]].text if titles else None)
    if title is None:
        raise NotAnIssue("title", "no line before the report is the title of an issue")
    if len(_reports(lines)) > 1:
        raise NotAnIssue("several", "it holds several issues: give each a file of its own")
    dates = [front_matter.get("published"), front_matter.get("date"), *lines_before_report(lines)]
    return make_report_copy(title, lines, dates, pictures, [front_matter.get(key) for key in ("url", "link", "source")])


def _reports(lines: Sequence[Line]) -> set[Week]:
    """Return the issues under whose titles a report begins."""
    titled = ((place, title) for place, line in enumerate(lines) if (title := read_title(line.text)) is not None)
    return {
        title.week
        for place, title in titled
        if any(map(is_report_heading, lines[place + 1 : place + _MAX_LINES_TO_REPORT]))
    }


def _markup(line: str, pictures: CopyPictures) -> str:
    """Return a line of Markdown as HTML paragraphs, without the marks of a heading, a quotation or a list."""
    line = _LINE_MARKS.sub("", line).rstrip()
    unmarked = line.rstrip("#")
    line = unmarked if unmarked.endswith((" ", "\t")) else line
    pieces, last = ["<p>"], 0
    for match in _INLINE.finditer(line):
        pieces.append(_escaped(line[last : match.start()]))
        picture, text, target = match.groups()
        if picture is not None:
            pieces.append(f"</p><p>{pictures.mark(_plain(picture)) or ''}</p><p>")
        else:
            pieces.append(f'<a href="{_escaped(target)}">{_escaped(text)}</a>')
        last = match.end()
    return "".join([*pieces, _escaped(line[last:]), "</p>"])


def _escaped(text: str) -> str:
    return html.escape(_plain(text))


def _plain(text: str) -> str:
    """Return *text* without emphasis and escapes."""
    return _ESCAPE.sub(r"\1", _EMPHASIS.sub("", text))
