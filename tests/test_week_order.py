"""Which articles of a week are requested, and in which order: the pure rules, then whole crawls."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cncert.items import Issue, ReprintRecord
from cncert.ledger import calendar_gaps
from cncert.ledger.article_ledger import FoundAddress
from cncert.ledger.frontier import Frontier, PlannedRequest
from cncert.ledger.retry_times import LOOK_FOR_ORIGINAL_AFTER, UNSIGNED_RETRY_AFTER, is_due, next_try
from cncert.ledger.week_order import needs_page, place_in_week
from cncert.monitoring.run_lines import all_lines
from cncert.store import open_store
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import AddressForm, Attempt, LedgerAddress, LedgerRow
from cncert.store.run_records import RunRecord
from cncert.wechat.address import read_address
from tests import series
from tests.factories import make_issue, make_row
from tests.site import feeds, pages, reprints
from tests.site.crawl import crawl
from tests.site.server import LoopbackWeChat
from tests.stores import rewrite

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OWN, OTHER, UNKNOWN = "3204940813-2247500003-1", "3070000000-2650000001-2", "s-ReprintReprintReprint0"
B, S, R = Ending.BLOCKED, Ending.STORED, Ending.REPRINT


def row(ident: str, form: AddressForm, *endings: Ending, **changes: Any) -> LedgerRow:
    """A row with an address of that *form*, after requests that ended so."""
    address = LedgerAddress(url=f"https://example/{form}", form=form, sources=["index"], first_seen=NOW)
    for ending in endings:
        address = address.tried(Attempt(at=NOW, ending=ending))
    return make_row(ident, addresses=[address], **changes)


def test_what_should_be_answered_comes_first_then_what_is_cncerts_own() -> None:
    rows = [
        row(OWN, "signed"),
        row(UNKNOWN, "short"),
        row(OWN, "unsigned"),
        row(OTHER, "unsigned"),
    ]
    assert [place_in_week(one, one.addresses[0]) for one in rows] == [0, 1, 2, 3]
    said = row(UNKNOWN, "short")
    said = said.model_copy(update={"addresses": [said.addresses[0].model_copy(update={"says_own": True})]})
    assert place_in_week(said, said.addresses[0]) == 0
    refused = row(OWN, "signed", B)
    assert place_in_week(refused, refused.addresses[0]) == 2


def stored(source: str, *, fetched_at: datetime = NOW, doubted: bool = False) -> Issue:
    """A document made from an edition of that *source*."""
    issue = make_issue()
    reprint = None
    if source.startswith("reprint"):
        kind = 2 if source == "reprint_card" else 3
        reprint = ReprintRecord(
            account="示例", biz="MzA3MDAwMDAwMA==", mid=1, idx=1, kind=kind, address=None, published_at=NOW
        )
    provenance = issue.provenance.model_copy(update={"source": source, "reprint": reprint, "fetched_at": fetched_at})
    warnings = [{"code": "number_differs", "message": "…"}] if doubted else []
    return Issue.model_validate(
        {**issue.model_dump(by_alias=True), "provenance": provenance.model_dump(), "warnings": warnings}
    )


@pytest.mark.parametrize(
    ("ident", "document", "needed"),
    [
        (OTHER, None, True),
        (OTHER, stored("page"), False),
        (UNKNOWN, stored("page"), False),
        (OTHER, stored("page", doubted=True), True),
        (OTHER, stored("reprint"), False),
        (UNKNOWN, stored("reprint"), False),
        (UNKNOWN, stored("reprint_card", fetched_at=NOW - LOOK_FOR_ORIGINAL_AFTER - timedelta(days=1)), True),
        (OTHER, stored("reprint_card", fetched_at=NOW - LOOK_FOR_ORIGINAL_AFTER - timedelta(days=1)), False),
        (OTHER, stored("feed"), True),
        (OTHER, stored("file"), True),
    ],
)
def test_one_page_of_a_week_is_enough(ident: str, document: Issue | None, needed: bool) -> None:
    assert needs_page(row(ident, "short"), document, NOW) is needed


def test_an_article_without_an_address_that_may_be_answered_waits_a_week() -> None:
    unsigned, signed = row(OWN, "unsigned"), row(OWN, "signed")
    assert next_try(unsigned, State.BLOCKED, NOW, at_once=False) == NOW + UNSIGNED_RETRY_AFTER
    soon = next_try(signed, State.BLOCKED, NOW, at_once=False)
    assert soon is not None and soon < NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({"state": State.BLOCKED, "next_try": NOW + timedelta(days=3)}, False),
        ({"state": State.BLOCKED, "next_try": NOW - timedelta(days=3)}, True),
        ({"state": State.BLOCKED, "next_try": NOW + timedelta(days=300)}, True),
    ],
    ids=["waits", "has waited", "by a clock that was ahead"],
)
def test_a_blocked_article_is_due_when_it_has_waited(changes: dict[str, Any], due: bool) -> None:
    assert is_due(row(OWN, "unsigned", B, **changes), now=NOW) is due


def test_a_new_address_that_may_be_answered_is_tried_at_once() -> None:
    waiting = row(OWN, "unsigned", B, state=State.BLOCKED, next_try=NOW + timedelta(days=3))
    found = waiting.with_address("https://example/signed", "signed", "2025-04", NOW)
    assert is_due(found, now=NOW)


def test_a_refused_reprint_is_due_once_reprints_are_wanted() -> None:
    refused = row(OTHER, "short", R, state=State.REJECTED, ending=R)
    assert not is_due(refused, now=NOW, reprints=False)
    assert is_due(refused, now=NOW)


# Whole crawls

HOST = "feeds.example"
FEED = f"https://{HOST}/rss.xml"
WEEK = "2024-16"
BOUNDS = (f"from={WEEK}", f"until={WEEK}")
PUBLISHED = series.published(WEEK)
ORIGINAL = series.spec_of(WEEK, sn=PUBLISHED.url.partition("sn=")[2].partition("&")[0])
SHORTS = [f"https://mp.weixin.qq.com/s/{pages.token(f'reprint {number}')}" for number in range(5)]


@pytest.fixture
def site() -> Iterator[LoopbackWeChat]:
    """A loopback WeChat beside a server of feeds; the week's own page is challenged."""
    with LoopbackWeChat(hosts=[HOST]) as loopback:
        loopback.add_article(PUBLISHED.url, pages.FAILURES["verification"].page)
        for number, url in enumerate((pages.ArticleSpec().cover, *PUBLISHED.pictures)):
            loopback.add_picture(url, series.drawing(number))
        yield loopback


def reprint(number: int, *, marked: bool = True) -> bytes:
    """The page of reprint *number*; not *marked*: it only has the text."""
    by = reprints.Reprinter(f"示例{number}", 3070000000 + number, "gh_ffffffffffff")
    return reprints.reprint_page(ORIGINAL, "whole", by=by, marks="cncert" if marked else "none")


def serve(site: LoopbackWeChat, *posts: feeds.Post, pinned: int = 0) -> None:
    """The feed of an aggregator with *posts* among 500 entries, below some that are years old."""
    listed = feeds.aggregated(posts, newest=datetime.now(UTC))
    listed = [replace(post, published=datetime(2020, 1, 1, tzinfo=UTC)) for post in listed[:pinned]] + listed[pinned:]
    site.add_path(HOST, "/rss.xml", feeds.doonsec(listed), content_type="application/rss+xml")


def post(url: str, html: str = "", account: str = "示例") -> feeds.Post:
    return feeds.Post(PUBLISHED.title, url, html, account=account)


async def kept(folder: Path) -> tuple[Issue | None, dict[str, LedgerRow], RunRecord]:
    """The week's document, its rows by id, and the record of the last run."""
    async with open_store(f"sqlite:///{folder.resolve() / 'cncert.db'}") as store:
        rows = {row.id: row for row in await store.rows() if row.issue == WEEK}
        return await store.get_issue(WEEK), rows, (await store.runs(1))[0]


def asked(site: LoopbackWeChat) -> list[str]:
    return [one.url for one in site.asked("https://mp.weixin.qq.com/s/")]


async def test_a_reprint_that_an_aggregator_names_is_taken(site: LoopbackWeChat, tmp_path: Path) -> None:
    """One of three is enough."""
    for number in range(3):
        site.add_article(SHORTS[number], reprint(number))
    serve(site, *(post(url, feeds.beginning("<p>本周网络安全基本态势</p>")) for url in SHORTS[:3]))
    result = crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    issue, _, run = await kept(tmp_path)
    assert issue is not None and issue.provenance.source == "reprint", result.stderr
    assert len(asked(site)) == 1
    (look,) = run.feeds
    assert (look.entries, look.issues) == (500, 3)
    site.reset_log()
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    assert site.asked("https://mp.weixin.qq.com/") == []


async def test_a_page_without_marks_is_no_issue_and_the_next_one_is_tried(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.add_article(SHORTS[0], reprint(0, marked=False))
    site.add_article(SHORTS[1], reprint(1))
    serve(site, post(SHORTS[0]), post(SHORTS[1]))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    issue, rows, _ = await kept(tmp_path)
    assert issue is not None and len(asked(site)) == 2
    assert Ending.ACCOUNT in {one.ending for one in rows.values()}


async def test_of_a_week_few_are_asked_that_only_feeds_name(site: LoopbackWeChat, tmp_path: Path) -> None:
    for number, url in enumerate(SHORTS):
        site.add_article(url, reprint(number, marked=False))
    serve(site, *(post(url) for url in SHORTS))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    assert len(asked(site)) == 3
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    assert sorted(asked(site)) == sorted(SHORTS)


async def test_cncerts_own_page_comes_first_if_it_is_answered(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.add_article(PUBLISHED.url, series.page_of(WEEK))
    site.add_article(SHORTS[0], reprint(0))
    serve(site, post(SHORTS[0]))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    issue, _, _ = await kept(tmp_path)
    assert issue is not None and issue.provenance.source == "page"
    assert asked(site) == []


async def test_what_another_page_made_up_for_is_no_failure_of_the_run(site: LoopbackWeChat, tmp_path: Path) -> None:
    """CNCERT's page is challenged, then a reprint is; the next reprint comes."""
    site.add_article(SHORTS[0], pages.FAILURES["verification"].page)
    site.add_article(SHORTS[1], reprint(1))
    serve(site, post(SHORTS[0]), post(SHORTS[1]))
    result = crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    _, _, run = await kept(tmp_path)
    assert run.verdicts["blocked"] == 2
    assert (result.returncode, run.clean, run.faults) == (0, True, {})


@pytest.mark.parametrize("number", range(4))
async def test_of_short_addresses_the_one_of_cncerts_account_comes_first(
    site: LoopbackWeChat, tmp_path: Path, number: int
) -> None:
    """Neither says which article it is of; the feed says of which account."""
    own = "https://mp.weixin.qq.com/s/OwnShortAddress0000000"
    site.add_article(own, series.page_of(WEEK))
    site.add_article(SHORTS[number], reprint(number))
    serve(site, post(SHORTS[number]), post(own, account=pages.CNCERT_NAME))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    issue, _, _ = await kept(tmp_path)
    assert issue is not None and issue.provenance.source == "page"


async def test_reprints_are_refused_when_switched_off_and_due_when_on(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.add_article(SHORTS[0], reprint(0))
    serve(site, post(SHORTS[0]))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED, CNCERT_REPRINTS="off")
    issue, rows, _ = await kept(tmp_path)
    assert issue is None
    assert [one.ending for one in rows.values() if one.state is State.REJECTED] == [R]
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED, CNCERT_REPRINTS="on")
    issue, _, _ = await kept(tmp_path)
    assert issue is not None


async def test_a_whole_text_that_names_the_account_is_a_copy_a_beginning_is_none(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    body = pages.report_body(pages.ReportFacts(), [], [pages.ReviewLine(series.title_of("2024-15"))])
    named = "<p>以下文章来源于国家互联网应急中心CNCERT ，作者CNCERT</p>" + body
    for html, source in ((feeds.beginning(named), None), (body, None), (named, "feed")):
        serve(site, post(SHORTS[0], html))
        crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
        issue, _, _ = await kept(tmp_path)
        assert (issue.provenance.source if issue else None) == source


async def test_a_week_lists_few_addresses_that_only_feeds_name(site: LoopbackWeChat, tmp_path: Path) -> None:
    urls = [f"https://mp.weixin.qq.com/s/{pages.token(f'fake {number}')}" for number in range(30)]
    serve(site, *map(post, urls))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
        (week,) = calendar_gaps.weeks(await store.rows(), {}, first=WEEK, last=WEEK)
    assert len(set(week.addresses) & set(urls)) == calendar_gaps.MAX_FROM_FEEDS
    assert PUBLISHED.url in week.addresses


async def test_an_address_of_cncerts_that_shows_another_account_stays_its_own(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    """A foreign archive, or a cache, may answer anything."""
    site.add_article(PUBLISHED.url, reprint(0))
    crawl(site, tmp_path, *BOUNDS)
    _, rows, _ = await kept(tmp_path)
    own = rows[f"{pages.CNCERT_BIZ}-{PUBLISHED.mid}-{PUBLISHED.idx}"]
    assert PUBLISHED.url in [address.url for address in own.addresses]


async def test_a_feed_that_does_not_reach_back_to_the_last_look_is_said(site: LoopbackWeChat, tmp_path: Path) -> None:
    serve(site, post(SHORTS[0]))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    _, _, run = await kept(tmp_path)
    assert not [line for line in all_lines(run) if "missed" in line]
    past = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    uri = f"sqlite:///{tmp_path.resolve() / 'cncert.db'}"
    serve(site, post(SHORTS[0]), pinned=1)  # an old entry that stays on top says nothing
    rewrite(uri, "runs", run.id, lambda document: document["feeds"][0].update(at=past))
    crawl(site, tmp_path, *BOUNDS, CNCERT_FEEDS=FEED)
    _, _, run = await kept(tmp_path)
    assert [line for line in all_lines(run) if "missed" in line]


async def test_a_reprint_under_the_title_of_another_week_keeps_none_away(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Its list of earlier issues tells, as soon as another article claims the week."""
    other = "2024-17"
    their_page = series.published(other).url
    site.add_article(their_page, pages.FAILURES["verification"].page)
    spec = reprints.reprint_spec(ORIGINAL, "whole")
    site.add_article(SHORTS[0], pages.render(replace(spec, title=series.title_of(other))))
    right = series.spec_of(other, sn=their_page.partition("sn=")[2].partition("&")[0])
    site.add_article(SHORTS[1], reprints.reprint_page(right, "whole", by=reprints.REPRINTERS[1]))
    for number in range(2):
        serve(site, *(replace(post(url), title=series.title_of(other)) for url in SHORTS[: number + 1]))
        crawl(site, tmp_path, f"from={WEEK}", f"until={other}", CNCERT_FEEDS=FEED)
    async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
        stored = await store.get_issues([WEEK, other])
    mids = {week: issue.article.mid for week, issue in stored.items()}
    assert mids == {week: series.published(week).mid for week in (WEEK, other)}


# What a run plans


class Scope:
    """A run without bounds."""

    refresh = retry = replaying = False

    def wants(self, issue: str) -> bool:
        return True


async def planned(folder: Path, found: list[FoundAddress]) -> list[PlannedRequest]:
    """The requests of a run that finds a ledger with the addresses *found*."""
    async with open_store(f"sqlite:///{folder.resolve() / 'cncert.db'}") as store:
        frontier = Frontier(
            store,
            Scope(),
            reader=read_address,
            reprints=True,
            count=lambda _: None,
            note_failure=lambda *_: None,
            note=lambda *_: None,
        )
        await frontier.ledger.add(found)
        return [request async for request in frontier.due()]


async def test_what_should_be_answered_is_among_the_few_that_are_asked(tmp_path: Path) -> None:
    long = [pages.long_address(3070000000, number, 1, "5a" * 16) for number in range(3)]
    requests = await planned(tmp_path, [FoundAddress(url, FEED, WEEK) for url in (*long, SHORTS[0])])
    assert [request.place for request in requests] == [1, 3, 3]


async def test_a_feed_of_many_articles_does_not_use_up_what_pages_name(tmp_path: Path) -> None:
    named = [FoundAddress(f"https://mp.weixin.qq.com/s/{number:022d}", f"feed:{HOST}", WEEK) for number in range(100)]
    listed = pages.long_address(pages.CNCERT_BIZ, 2247000001, 1, "5a" * 16)
    requests = await planned(tmp_path, [*named, FoundAddress(listed, WEEK, "2024-15")])
    assert [request.issue for request in requests] == [WEEK, WEEK, WEEK, "2024-15"]


@pytest.mark.parametrize(("source", "followed"), [(f"feed:{HOST}", 60), ("album:123", 120)])
async def test_a_feed_that_names_articles_of_all_weeks_is_followed_in_parts(
    tmp_path: Path, source: str, followed: int
) -> None:
    """The newest weeks come first. An album lists the articles of one account."""
    weeks = series.week_ids("2022-01", "2023-52")[-40:]
    named = [
        FoundAddress(f"https://mp.weixin.qq.com/s/{week.replace('-', ''):>016}{number:06d}", source, week)
        for week in weeks
        for number in range(4)
    ]
    requests = await planned(tmp_path, named)
    assert len(requests) == followed
    assert requests[0].issue == weeks[-1]
