"""Finds the lines of the report among those that stand around it: in a copy, and in another account's reprint."""

import re
from collections.abc import Sequence

from cncert.report.calendar import Week
from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.sections import EARLIER_ISSUES_HEADING, HEADINGS, split_parts
from cncert.report.title import find_titles
from cncert.wechat.body import Line
from cncert.wechat.text import dense

REPORT_HEADINGS = tuple(heading for heading in HEADINGS if heading.startswith("本周"))
"""Headings that nothing but the report has; the others may stand in a site's menu."""

# What sites put under an article; only a short line is one of these.
_TAIL = re.compile(
    r"预览时标签不可点|(?:微信)?扫一?扫|关注该?公众号|继续滑动看下一个|轻触阅读原文|轻点两下|视频小程序|阅读(?:原文|全文)"
    r"|[上下]一[篇条页][:：]?|(?:相关|推荐|延伸|热门)(?:阅读|文章|推荐|链接|资讯|新闻|内容)|猜你喜欢"
    r"|(?:我要|发表|网友|用户|全部|最新|文章)?(?:评论|留言)|发表回复|分享[到至:：]|免责声明|版权(?:声明|所有)"
    r"|本文(?:来源|作者|地址|链接|由)|转载|(?:责任)?编辑[:：]|(?:文章)?标签[:：]|关键[词字][:：]|打赏|点赞|收藏"
    r"|[(（\[]?点击下载|copyright|©|.{0,12}ICP[备证]",
    re.IGNORECASE,
)
_MAX_TAIL_CHARACTERS = 60


def is_report_heading(line: Line) -> bool:
    """Whether *line* is a heading that only the report has, at its beginning or later."""
    return len(line.text) < 5_000 and any(part.heading in REPORT_HEADINGS for part in split_parts([line]))


def report_lines(lines: Sequence[Line], week: Week, first: int = 0) -> list[Line]:
    """Return *lines* without what stands before the first heading of the report of *week*, and behind the report.

    Without any heading, *first* is the place of the first line.
    """
    start = next((place for place, line in enumerate(lines) if is_report_heading(line)), first)
    below = ((place, dense(lines[place].text)) for place in range(start + 1, len(lines)))
    tails = (place for place, text in below if len(text) <= _MAX_TAIL_CHARACTERS and _TAIL.match(text))
    end = next(tails, len(lines))
    return list(lines[start : _list_end(lines, start, end, week)])


def _list_end(lines: Sequence[Line], start: int, end: int, week: Week) -> int:
    """Return where the list of earlier issues ends, if the report ends with one; else *end*."""
    parts = split_parts(lines[start:end])
    if not parts or parts[-1].heading != EARLIER_ISSUES_HEADING:
        return end
    if all((entry.year, entry.number) == week for entry in read_earlier_issues(parts[-1:])):
        return end
    titled = (place for place in range(end - 1, start, -1) if any(find_titles(dense(lines[place].text))))
    return next(titled, end - 1) + 1
