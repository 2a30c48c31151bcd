"""Readings of issues for tests of editions: a page, its later states, copies of it, and what titles get wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cncert.editions.decisions import correction_id
from cncert.editions.make_edition import edition_of
from cncert.editions.remake_documents import remake
from cncert.items import Issue, ReprintRecord, Source, Via, issue_id
from cncert.report.calendar import Week, period, previous_week
from cncert.report.validation import validate_issue
from cncert.report.which_week import claims_of, dated
from cncert.store import Store
from cncert.store.editions import Edition, TextCorrection, Withdrawal
from tests.factories import BIZ, make_figure, make_issue

YEAR = 2024
CLOCK = datetime(2024, 12, 1, tzinfo=UTC)
"""The clock of the machine that takes them in."""


def title(number: int, days: int | None = None, year: int = YEAR) -> str:
    """The title of an issue, with the days of the week *days* if that is another one."""
    week = period(YEAR, days or number)
    return (
        f"网络安全信息与动态周报{year}年第{number}期"
        f"（{week.start.month}月{week.start.day}日-{week.end.month}月{week.end.day}日）"
    )


def reading(
    week: int,
    *,
    handled: int | None = 100,
    source: Source = "page",
    via: Via | None = None,
    article: int | None = None,
    titled: str | None = None,
    lists: Week | bool | None = True,
    published: datetime | bool | None = True,
    seen: datetime | bool | None = True,
    modified: datetime | None = None,
    address: str | None = None,
    extra: str = "",
    pictures: Iterable[str] = (),
    parser: str = "1",
    **changes: Any,
) -> Issue:
    """What was read of the issue of a *week* that states so many handled incidents (None: an empty page).

    *article*: its number, that of the week if it is not given; 0: the reading does not say. *lists*: the first line of
    the list of earlier issues (False: no list). *seen*: when the server answered (True: the day after the publication).
    """
    end = period(YEAR, week).end
    if published is True:
        published = datetime(end.year, end.month, end.day, 9, tzinfo=UTC) + timedelta(days=4)
    if seen is True:
        seen = (published or datetime(end.year, end.month, end.day, tzinfo=UTC)) + timedelta(days=1)
    number = week if article is None else article
    sentence = f"本周共处理网络安全事件{handled}起。{extra}"
    first = previous_week((YEAR, week)) if lists is True else lists
    review = [{"year": first[0], "number": first[1], "title": "上一期", "url": None}] if first else []
    text = "近期回顾" if handled is None else f"本周网络安全基本态势\n{sentence}"
    figures = [] if handled is None else [make_figure("incidents.handled", handled, evidence=sentence)]
    fields: dict[str, Any] = {
        "title": titled or title(week),
        "published_at": published or None,
        "rating": None if handled is None else "良",
        "text": text,
        "sections": [],
        "figures": figures,
        "images": [
            {"role": "body", "url": f"https://mmbiz.qpic.cn/{key}/640", "key": key, "width": 10, "height": 10}
            | {"path": None, "checksum": None, "status": "pending"}
            for key in pictures
        ],
        "review": review,
        "warnings": [],
        "provenance": {
            "source": source,
            "via": via or {"feed": "feed", "file": "file"}.get(source, "http"),
            "fetched_at": seen or None,
            "address": address,
            "parser": parser,
            "sha256": sha256(f"{titled}{text}{seen}{source}{number}".encode()).hexdigest(),
        },
        "article": {"mid": 2247500000 + number, "modified_at": modified} if number else {"mid": None, "idx": None},
        "account": {"biz": BIZ if number else None, "id": None, "name": "国家互联网应急中心CNCERT"},
    }
    if source == "site":
        fields["provenance"]["address"] = f"https://www.cert.org.cn/publish/main/44/{number}.html"
        fields["article"] = {"mid": None, "idx": None, "url": None}
    if source in ("reprint", "reprint_card"):
        fields["provenance"]["reprint"] = ReprintRecord(
            account="某某安全", biz="MzA3MDAwMDAwMA==", mid=1, idx=1, kind=3, address=None, published_at=None
        )
    issue = make_issue(YEAR, week, **(fields | changes))
    return validate_issue(dated(issue, claims_of(issue).alone))


@dataclass(frozen=True)
class Event:
    """Something that comes: a reading, and what a person decided about it."""

    issue: Issue
    withdrawn: bool = False
    corrected: int | None = None


async def take_all(store: Store, events: Iterable[Issue | Event], now: datetime = CLOCK) -> None:
    """Take *events* in, one after the other, by a machine whose clock says *now*."""
    for one in events:
        event = one if isinstance(one, Event) else Event(one)
        edition = edition_of(event.issue, now)
        if event.withdrawn:
            decision = Withdrawal(withdrawn=True, by="zhang", at=CLOCK, why="wrong")
            edition = edition.model_copy(update={"withdrawal": decision})
        if event.corrected is not None and event.issue.figures:
            await store.put_text_correction(correction(edition, event.corrected))
        await store.put_edition(edition)
        await remake(store, edition.weeks, [edition.article] if edition.article else [])


def correction(edition: Edition, value: int) -> TextCorrection:
    """A person's correction of the first figure of an edition."""
    figure, article = edition.issue.figures[0], edition.article or edition.id
    return TextCorrection(
        id=correction_id(article, figure.metric, figure.evidence),
        article=article,
        metric=figure.metric,
        sentence=figure.evidence,
        value=value,
        unit=None,
        by="zhang",
        at=CLOCK,
        why="misprint",
    )


async def documents(store: Store) -> dict[str, Issue]:
    """The documents of a store, by issue."""
    return {issue.id: issue async for issue in store.issues()}


def week_id(number: int) -> str:
    """The id of an issue of the year of these tests."""
    return issue_id(YEAR, number)
