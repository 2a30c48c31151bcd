"""Cuts the lines of the report out of a text that holds more, and makes an article of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from cncert.report.calendar import Week, period
from cncert.report.report_lines import is_report_heading, report_lines
from cncert.report.sections import EARLIER_ISSUES_HEADING, read_heading
from cncert.report.series import CNCERT_BIZ
from cncert.report.title import read_title
from cncert.sources.saved_files.printed_times import PrintedTime, read_times
from cncert.wechat.address import read_address
from cncert.wechat.article import Article
from cncert.wechat.body import Body, Image, Line, image, is_lost_picture
from cncert.wechat.text import tidy

_MAX_LINES_TO_TITLE = 60
"""Lines of a text without any heading in which its title may stand."""
_MIN_CONTENT_CHARACTERS = 12
"""A shorter line is no content."""
_MAX_TITLE_CHARACTERS = 300
# Between the title of a page and the name of its site.
_SEPARATOR = re.compile(r"(\s*[-_|–—»·:：/]+\s*)")
_ADDRESS = re.compile(r"(?:https?:)?//[^\s<>()\[\]\"'，。）】]{1,2048}")
_PICTURE = re.compile("\ue000([0-9]{1,6})\ue001")
MAX_NAME_CHARACTERS = 60
"""Of the account that a copy names as its source; WeChat allows 30."""
# WeChat's line above a reprint, as it is shown; what stands in an element of its own may be on a line of its own.
_STATED_SOURCE = re.compile(
    " ?".join("以下文章来源于") + r"[\s:：]{0,9}+"
    rf"([^\n，,、。;；|｜]{{1,{MAX_NAME_CHARACTERS}}}?)(?=\s*(?:[\n，,、。;；|｜]|\s作 ?者|$))"
)
_AROUND_NAME = " .·\"'“”‘’「」『』【】《》[]()（）<>*_"


@dataclass
class CopyPictures:
    """Collects the pictures of a copy; each leaves a line in the text that marks its place."""

    kept: list[Image] = field(default_factory=list)
    left_out: int = 0
    """Those of other hosts than WeChat's: nobody could fetch them again."""
    painted: int = 0
    """Those of style sheets and drawings."""

    def mark(self, *urls: str, width: str | None = None) -> str | None:
        """Keep the picture at the first of *urls* that is WeChat's; return the line that marks its place, or None."""
        found = next((picture for url in urls if (picture := image(url, width)) is not None), None)
        if found is None:
            self.left_out += is_lost_picture(urls)
            return None
        self.kept.append(found)
        return f"\ue000{len(self.kept) - 1}\ue001"


def make_report_copy(
    title: str, lines: Sequence[Line], dates: Iterable[str | None], pictures: CopyPictures, links: Iterable[str | None]
) -> Article:
    """Return as an article the report among *lines*, under *title*, which names an issue.

    *dates* are texts that may contain its time of publication, *links* the addresses that may be the article's.
    """
    named = read_title(title)
    assert named is not None
    lines = report_lines(lines, named.week, first=max(titles_before(lines), default=-1) + 1)
    marks = [_PICTURE.fullmatch(line.text) for line in lines]
    places = [int(mark[1]) for mark in marks if mark]
    body = Body(
        tuple(line for line, mark in zip(lines, marks, strict=True) if not mark),
        tuple(pictures.kept[place] for place in places if place < len(pictures.kept)),
        left_out=pictures.left_out,
        painted=pictures.painted,
    )
    link = next((url for link in links if (url := _own_address(link)) is not None), None)
    published = _published(dates, named.week)
    return Article(
        title=title,
        published_at=published.moment if published else None,
        published_on=published.day if published and not published.moment else None,
        link=link,
        body=body,
    )


def page_title(text: str | None) -> str | None:
    """Return the title of an issue that the title of a web page begins with: the site's name may stand behind it."""
    parts = _SEPARATOR.split(" ".join(tidy(text or "")[:_MAX_TITLE_CHARACTERS].split()))
    beginnings = ("".join(parts[:end]) for end in range(len(parts), 0, -2))
    # The sign between two dates may also stand before a site's name: every bracket has to be closed.
    closed = (text for text in beginnings if sum(map(text.count, "(（[【")) == sum(map(text.count, ")）]】")))
    return next((text for text in closed if read_title(text) is not None), None)


def titles_before(lines: Sequence[Line]) -> list[int]:
    """Return the places of issue titles before the report; later ones stand in its list of earlier issues."""
    return [place for place, line in enumerate(head_lines(lines)) if read_title(line.text) is not None]


def stated_source(lines: Sequence[Line]) -> str | None:
    """Return whom the lines before the report name as its source: 以下文章来源于NAME，作者NAME. It proves nothing."""
    found = _STATED_SOURCE.search("\n".join(line.text for line in head_lines(lines)))
    name = " ".join(tidy(found[1]).split()).strip(_AROUND_NAME) if found else ""
    return name or None


def lines_before_report(lines: Sequence[Line]) -> list[str]:
    """Return the lines between the title of the issue and the report."""
    titles = titles_before(lines)
    return [line.text for line in head_lines(lines)[titles[0] + 1 :]] if titles else []


def head_lines(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the lines before the report; under the headings of a table of contents stands nothing."""
    starts = (
        place for place, (line, below) in enumerate(pairwise(lines)) if is_report_heading(line) and _is_content(below)
    )
    lists = (place for place, line in enumerate(lines) if read_heading(line.text) == EARLIER_ISSUES_HEADING)
    return lines[: next(chain(starts, lists), _MAX_LINES_TO_TITLE)]


def _is_content(line: Line) -> bool:
    return len(line.text) > _MIN_CONTENT_CHARACTERS and not is_report_heading(line) and read_title(line.text) is None


def _published(texts: Iterable[str | None], week: Week) -> PrintedTime | None:
    """Return the first time or day in *texts* at which the issue may have been published: the week has to be over."""
    # What an export says of a reprint, 不晚于 (by), is no time of publication.
    found = chain.from_iterable(read_times(text) for text in texts if text and "不晚于" not in text)
    return next((one for one in found if one.day > period(*week).end), None)


def _own_address(text: str | None) -> str | None:
    """Return the lasting address of an article of CNCERT's account in *text*, or None."""
    named = _ADDRESS.search(text) if text else None
    address = read_address(named[0]) if named else None
    if address is None or address.form == "temporary" or (address.key is not None and address.key.biz != CNCERT_BIZ):
        return None
    return address.url
