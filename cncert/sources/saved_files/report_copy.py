"""Cuts the lines of the report out of a text that holds more, and makes an article of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, pairwise

from cncert.report.calendar import Week, period
from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.sections import EARLIER_ISSUES_HEADING, HEADINGS, read_heading, split_parts
from cncert.report.series import CNCERT_BIZ
from cncert.report.title import Title, find_titles, read_title
from cncert.sources.saved_files.printed_times import read_times
from cncert.wechat.address import read_address
from cncert.wechat.article import Article
from cncert.wechat.body import Body, Image, Line, image, is_lost_picture
from cncert.wechat.text import dense, tidy

REPORT_HEADINGS = tuple(heading for heading in HEADINGS if heading.startswith("本周"))
"""Headings that nothing but the report has; the others may stand in a site's menu."""

_MAX_LINES_TO_TITLE = 60
"""Lines of a text without any heading in which its title may stand."""
_MIN_CONTENT_CHARACTERS = 12
"""A shorter line is no content."""
_MAX_TITLE_CHARACTERS = 300
# Between the title of a page and the name of its site.
_SEPARATOR = re.compile(r"(\s*[-_|–—»·:：/]+\s*)")
# What sites put under an article; only a short line is one of these.
_TAIL = re.compile(
    r"预览时标签不可点|(?:微信)?扫一?扫|关注该?公众号|继续滑动看下一个|轻触阅读原文|轻点两下|视频小程序|阅读(?:原文|全文)"
    r"|[上下]一[篇条页][:：]?|(?:相关|推荐|延伸|热门)(?:阅读|文章|推荐|链接|资讯|新闻|内容)|猜你喜欢"
    r"|(?:我要|发表|网友|用户|全部|最新|文章)?(?:评论|留言)|发表回复|分享[到至:：]|免责声明|版权(?:声明|所有)"
    r"|本文(?:来源|作者|地址|链接|由)|转载|(?:责任)?编辑[:：]|(?:文章)?标签[:：]|关键[词字][:：]|打赏|点赞|收藏"
    r"|[(（\[]?点击下载|copyright|©|.{0,12}ICP[备证]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?:)?//[^\s<>()\[\]\"'，。）】]{1,2048}")
_MAX_TAIL_CHARACTERS = 60
_PICTURE = re.compile("\ue000([0-9]{1,6})\ue001")


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
    lines = _cut(lines, named)
    marks = [_PICTURE.fullmatch(line.text) for line in lines]
    places = [int(mark[1]) for mark in marks if mark]
    body = Body(
        tuple(line for line, mark in zip(lines, marks, strict=True) if not mark),
        tuple(pictures.kept[place] for place in places if place < len(pictures.kept)),
        left_out=pictures.left_out,
        painted=pictures.painted,
    )
    link = next((url for link in links if (url := _own_address(link)) is not None), None)
    return Article(title=title, published_at=_published(dates, named.week), link=link, body=body)


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


def is_report_heading(line: Line) -> bool:
    """Whether *line* is a heading that only the report has, at its beginning or later."""
    return len(line.text) < 5_000 and any(part.heading in REPORT_HEADINGS for part in split_parts([line]))


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


def _cut(lines: Sequence[Line], title: Title) -> list[Line]:
    """Return *lines* without what stands before the first heading and behind the report."""
    start = next((place for place, line in enumerate(lines) if is_report_heading(line)), None)
    if start is None:
        start = max(titles_before(lines), default=-1) + 1
    below = ((place, dense(lines[place].text)) for place in range(start + 1, len(lines)))
    tails = (place for place, text in below if len(text) <= _MAX_TAIL_CHARACTERS and _TAIL.match(text))
    end = next(tails, len(lines))
    return list(lines[start : _list_end(lines, start, end, title.week)])


def _list_end(lines: Sequence[Line], start: int, end: int, week: Week) -> int:
    """Return where the list of earlier issues ends, if the report ends with one; else *end*."""
    parts = split_parts(lines[start:end])
    if not parts or parts[-1].heading != EARLIER_ISSUES_HEADING:
        return end
    if all((entry.year, entry.number) == week for entry in read_earlier_issues(parts[-1:])):
        return end
    titled = (place for place in range(end - 1, start, -1) if any(find_titles(dense(lines[place].text))))
    return next(titled, end - 1) + 1


def _published(texts: Iterable[str | None], week: Week) -> datetime | None:
    """Return the first time in *texts* at which the issue may have been published: the week has to be over."""
    found = chain.from_iterable(read_times(text) for text in texts if text)
    return next((moment for moment in found if moment.date() > period(*week).end), None)


def _own_address(text: str | None) -> str | None:
    """Return the lasting address of an article of CNCERT's account in *text*, or None."""
    named = _ADDRESS.search(text) if text else None
    address = read_address(named[0]) if named else None
    if address is None or address.form == "temporary" or (address.key is not None and address.key.biz != CNCERT_BIZ):
        return None
    return address.url
