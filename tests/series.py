"""A series of issues on the loopback site: real titles and addresses of the bundled index, own text and pictures."""

import io
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from PIL import Image

from cncert.items import CHINA, issue_id
from cncert.report import calendar
from cncert.sources import bundled_index
from cncert.wechat.address import read_address
from tests.site import pages
from tests.site.server import LoopbackWeChat

ERAS: tuple[pages.Era, ...] = ("2026", "2025", "2021", "2018", "2016", "2019")


@dataclass(frozen=True)
class Published:
    """An issue as it stands on the site."""

    issue: str
    title: str
    url: str
    """The address of the bundled index, else an invented one."""
    mid: int
    idx: int
    pictures: tuple[str, ...]


def week_ids(first: str, last: str) -> list[str]:
    """All issue ids from *first* to *last*."""
    return [issue_id(*week) for week in calendar.weeks(calendar.parse_week(first), calendar.parse_week(last))]


def title_of(issue: str) -> str:
    """The title in the form of 2022-2026."""
    year, number = calendar.parse_week(issue)
    start, end = calendar.period(year, number).start, calendar.period(year, number).end
    return f"网络安全信息与动态周报{year}年第{number}期（{start.month}月{start.day}日-{end.month}月{end.day}日）"


def published(issue: str) -> Published:
    """What the series has for *issue*: the same every time."""
    known = next((row.url for row in bundled_index() if row.issue == issue and row.url), None)
    address = read_address(known) if known else None
    if address is not None and address.key is not None:
        url, mid, idx = address.url, address.key.mid, address.key.idx
    else:
        mid, idx = 2_300_000_000 + int(issue.replace("-", "")), 1
        url = pages.long_address(pages.CNCERT_BIZ, mid, idx, "5a" * 16, "973acc0aa04d451c" + "6f" * 30, fragment="")
    pictures = tuple(pages.picture_url(f"{issue}-{n}") for n in range(2))
    return Published(issue, title_of(issue), url.removesuffix("#"), mid, idx, pictures)


def drawing(seed: int) -> bytes:
    """A small picture that no other seed gives."""
    picture = Image.new("RGB", (64, 48), (seed % 256, seed // 256 % 256, 90))
    output = io.BytesIO()
    picture.save(output, "PNG")
    return output.getvalue()


def spec_of(issue: str, *, linked: Callable[[str], str | None] | None = None, **changes: Any) -> pages.ArticleSpec:
    """The article of *issue*: five issues in its list, by the address that *linked* gives for each (None: no link)."""
    here, linked = published(issue), linked or (lambda other: published(other).url)
    week = calendar.parse_week(issue)
    review = []
    for _ in range(5):
        week = calendar.previous_week(week)
        earlier = issue_id(*week)
        review.append(pages.ReviewLine(title_of(earlier), linked(earlier)))
    number = int(issue.replace("-", ""))
    facts = pages.ReportFacts(handled=400 + number % 97, cross_border=100 + number % 89, phishing=200 + number % 83)
    end = calendar.period(*calendar.parse_week(issue)).end
    spec = pages.ArticleSpec(
        title=here.title,
        body=pages.report_body(facts, [pages.Picture(url) for url in here.pictures], review),
        mid=here.mid,
        idx=here.idx,
        published=datetime.combine(end + timedelta(days=4), time(17, 30), CHINA),
    )
    return replace(spec, **changes)


def page_of(issue: str, *, era: pages.Era = "2026", pad: int = 0, linked: Callable[[str], str | None] | None = None,
            **changes: Any) -> bytes:  # fmt: skip
    """The page of *issue*, as :func:`spec_of` describes it."""
    return pages.render(spec_of(issue, linked=linked, **changes), era, pad)


def publish(
    site: LoopbackWeChat, first: str, last: str, *, without: Collection[str] = (), eras: tuple[pages.Era, ...] = ERAS,
    linked: Callable[[str], str | None] | None = None,
) -> list[Published]:  # fmt: skip
    """Put the issues from *first* to *last* on the site, except *without*, with their pictures; oldest first."""
    series = [published(issue) for issue in week_ids(first, last) if issue not in without]
    site.add_picture(pages.ArticleSpec().cover, drawing(0))
    for place, one in enumerate(series):
        site.add_article(one.url, page_of(one.issue, era=eras[place % len(eras)], linked=linked))
        for n, url in enumerate(one.pictures):
            site.add_picture(url, drawing(1 + 2 * place + n))
    return series
