"""Reads an issue from plain text or Markdown: a title, the lines of the report, links and pictures."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cncert.exceptions import NotAnIssue
from cncert.report.calendar import Week
from cncert.report.report_lines import is_report_heading
from cncert.report.title import read_title
from cncert.sources.listed_articles import ListedArticle
from cncert.sources.saved_files.named_articles import listed_articles
from cncert.sources.saved_files.report_copy import (
    CopyPictures,
    head_lines,
    lines_before_report,
    make_report_copy,
    page_title,
    stated_source,
    titles_before,
)
from cncert.wechat.article import Article
from cncert.wechat.body import Line, read_html
from cncert.wechat.sample_mark import SAMPLE_MARK

MAX_TEXT_CHARACTERS = 4_000_000
"""The rest of a longer text is not read; an issue has some thousands."""

# What stands before the text: front matter in YAML or TOML, or the head that a converter of pages writes.
_HEADS = (
    re.compile(r"\s*(---|\+\+\+)[ \t]*\n(?P<head>(?:[^\n]{0,2000}\n){0,60}?)\1[ \t]*(?:\n|$)"),
    re.compile(
        r"\s*(?=(?:Title|URL Source):)(?P<head>(?:[^\n]{0,2000}\n){0,20}?)Markdown Content:[ \t]*(?:\n|$)",
        re.IGNORECASE,
    ),
)
# The value stands on the line, or folded below it: title: >-
_KEY = re.compile(
    r"^([A-Za-z][A-Za-z_ .-]{0,29}|[\u4e00-\u9fff]{2,6})[ \t]*+[:=：](?:[ \t]*[>|][+-]?[ \t]*\n)?[ \t]*+(.*)$",
    re.MULTILINE,
)
_TITLES = ("title", "标题")
_TIMES = (
    *("published", "published_time", "published_at", "published_date", "publish_time", "publish_date", "pubdate"),
    *("date_published", "datepublished", "date", "发布时间", "发布日期", "日期", "时间"),
)
_ADDRESSES = (
    *("url", "url_source", "source_url", "original_url", "canonical_url", "canonical", "link", "original", "source"),
    *("原文链接", "原文地址", "原文", "链接", "来源"),
)
_SAMPLE_KEY = SAMPLE_MARK.replace("-", "_")
# A line before the report that states where the text is from.
_FROM = re.compile(r"原文|来源|出处|链接|\b(?:source|url|link|original)\b", re.IGNORECASE)
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
    pictures = CopyPictures()
    stated, lines = read_lines(text, pictures)
    titles = titles_before(lines)
    named = next((title for key in _TITLES if (title := page_title(stated.get(key))) is not None), None)
    title = named or (lines[titles[0]].text if titles else None)
    if title is None:
        raise NotAnIssue("title", "no line before the report is the title of an issue")
    if len(_reports(lines)) > 1:
        raise NotAnIssue("several", "it holds several issues: give each a file of its own")
    before = head_lines(lines)
    printed = lines_before_report(lines) if titles else [line.text for line in before]
    dates = [*(stated.get(key) for key in _TIMES), *printed]
    sources = [line for line in before if _FROM.search(line.text)]
    near = (text for line in sources for text in (*(link.url for link in line.links), line.text))
    links = [*(stated.get(key) for key in _ADDRESSES), *near]
    article = make_report_copy(title, lines, dates, pictures, links)
    return replace(article, sample=_SAMPLE_KEY in stated, stated_source=stated_source(lines))


def read_lines(text: str, pictures: CopyPictures) -> tuple[dict[str, str], Sequence[Line]]:
    """Return what the head of *text* states, by names in lower case, and its lines; its *pictures* are collected."""
    text = text[:MAX_TEXT_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")
    head = next((head for form in _HEADS if (head := form.match(text)) is not None), None)
    written = text[head.end() if head else 0 :].split("\n")
    lines = read_html("".join(_markup(line, pictures) for line in written if line.strip())).lines
    return _stated(head["head"]) if head else {}, lines


def articles_in_text(text: str, titles: Iterable[str], addresses: Iterable[str]) -> list[ListedArticle]:
    """Return the articles that *text* lists, or is a stub of; *titles* and *addresses* may be its own."""
    stated, lines = read_lines(text, CopyPictures())
    if _SAMPLE_KEY in stated:
        return []
    titles = [*(stated.get(key, "") for key in _TITLES), *titles]
    return listed_articles(lines, titles, [*addresses, *(stated.get(key, "") for key in _ADDRESSES)])


def _stated(head: str) -> dict[str, str]:
    """Return what the lines of *head* state, by the names in lower case, with underscores for spaces and hyphens."""
    found: dict[str, str] = {}
    for key, value in _KEY.findall(head):
        found.setdefault(re.sub("[ .-]", "_", key.strip().lower()), value.strip().strip("\"'"))
    return found


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
