"""Whole crawls over real HTTPS with Scrapy's real downloader, against the loopback WeChat."""

import itertools
import re
import sqlite3
from pathlib import Path
from typing import Any

import pymongo
import pytest

from cncert.editions.decisions import editions_of_issue
from cncert.items import Issue
from cncert.sources import bundled_index
from cncert.store import open_store
from cncert.store.endings import Ending
from cncert.store.ledger_rows import LedgerRow
from tests import series
from tests.site import pages
from tests.site.crawl import crawl
from tests.site.server import Answer, LoopbackWeChat, redirect

RANGE = ("from=2024-10", "until=2024-16")


async def issues(uri: str) -> list[Issue]:
    async with open_store(uri) as store:
        return [issue async for issue in store.issues()]


def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'cncert.db'}"


async def test_sixty_issues_are_equal_in_both_stores_and_asked_for_once(
    site: LoopbackWeChat, tmp_path: Path, mongod: str
) -> None:
    """The main job; it runs two backfills and two second runs, 10 s."""
    published = series.publish(site, "2023-30", "2024-37")
    assert len(published) == 61
    start, bounds = f"start={published[-1].url}", ("from=2023-30", "until=2024-37")
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongod)
    client.drop_database("cncert_sixty")
    mongo = mongod.replace("/?", "/cncert_sixty?")
    found = {}
    for name, uri in (("sqlite", None), ("mongo", mongo)):
        folder = tmp_path / name
        folder.mkdir()
        uri = uri or sqlite(folder)
        first = crawl(site, folder, start, *bounds, store=uri)
        assert first.returncode == 0, first.stderr[-3000:]
        found[name] = await issues(uri)
        pages_asked = site.asked(answered="article")
        assert len(pages_asked) == len({asked.url for asked in pages_asked}) == 61
        site.reset_log()
        second = crawl(site, folder, *bounds, store=uri)
        assert second.returncode == 0, second.stderr[-3000:]
        assert site.requests == []
        assert await issues(uri) == found[name]
        site.reset_log()
    client.drop_database("cncert_sixty")
    client.close()
    times: Any = {"provenance": {"fetched_at"}, "editions": {"__all__": {"first_seen", "last_seen"}}}
    dump = {name: [issue.model_dump(exclude=times) for issue in found[name]] for name in found}
    for one, other in zip(dump["sqlite"], dump["mongo"], strict=True):
        assert one == other
    assert [issue.id for issue in found["sqlite"]] == [one.issue for one in published]
    for issue in found["sqlite"]:
        assert [picture.status for picture in issue.images] == ["stored"] * 3
        assert all((tmp_path / "sqlite" / "pictures" / str(p.path)).is_file() for p in issue.images)
        assert len(issue.figures) == 5


async def test_only_asked_hosts_are_asked_whatever_a_page_says(site: LoopbackWeChat, tmp_path: Path) -> None:
    evil = (
        '<p><img data-src="https://evil.example/mmbiz_png/abcdefghij/640"></p>'
        '<p><img data-src="https://mmbiz.qpic.cn.evil.example/mmbiz_png/abcdefghij/640"></p>'
        "<p>近期回顾</p>"
        f'<p>●<a href="https://evil.example/s?__biz=MzIwNDk0MDgxMw==&amp;mid=1&amp;idx=1">{series.title_of("2024-15")}</a></p>'
        f'<p>●<a href="http://169.254.169.254/s/abcdefghijklmnopqrstuv">{series.title_of("2024-14")}</a></p>'
    )
    one = series.published("2024-16")
    body = pages.report_body(pages.ReportFacts()) + evil
    site.add_article(one.url, pages.render(pages.ArticleSpec(title=one.title, body=body, mid=one.mid, idx=one.idx)))
    site.add_picture(pages.ArticleSpec().cover, series.drawing(0))
    crawl(site, tmp_path, f"start={one.url}", "from=2024-14", "until=2024-16")
    assert {asked.host for asked in site.requests} <= {"mp.weixin.qq.com", "mmbiz.qpic.cn"}
    assert site.asked(answered="refused") == []
    stored = await issues(sqlite(tmp_path))
    assert [line.url for line in stored[0].review] == [None, None]


def test_a_reader_is_what_wechat_sees(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.challenge_agents = True
    published = series.publish(site, "2024-16", "2024-16")
    result = crawl(site, tmp_path, f"start={published[0].url}", "from=2024-16", "until=2024-16")
    assert result.returncode == 0, result.stderr[-2000:]
    article = site.asked(answered="article")[0]
    assert "Mozilla/5.0" in article.headers["user-agent"]
    assert article.headers["accept-language"].startswith("zh-CN")
    assert "cookie" not in article.headers
    assert all(asked.answered == "picture" for asked in site.asked("https://mmbiz.qpic.cn/"))


def test_pages_are_asked_one_at_a_time_with_the_delay_between(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-13", "2024-16")
    pace = {"DOWNLOAD_DELAY_JITTER": 0}
    crawl(site, tmp_path, f"start={published[-1].url}", *RANGE, DOWNLOAD_DELAY="0.8", settings=pace)
    times = [asked.time for asked in site.asked("https://mp.weixin.qq.com/")]
    assert len(times) >= 4
    assert all(later - earlier >= 0.4 for earlier, later in itertools.pairwise(times))


def test_limit_stops_after_so_many_issues(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-10", "2024-16")
    result = crawl(site, tmp_path, f"start={published[-1].url}", *RANGE, "limit=3")
    assert result.returncode == 0, result.stderr[-2000:]
    with sqlite3.connect(tmp_path / "cncert.db") as db:
        assert db.execute("SELECT id FROM issues ORDER BY id").fetchall() == [("2024-14",), ("2024-15",), ("2024-16",)]
    assert len(site.asked(answered="article")) == 3


async def test_refresh_fetches_again_and_keeps_the_former_text(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-15", "2024-16")
    bounds = ("from=2024-15", "until=2024-16")
    assert crawl(site, tmp_path, f"start={published[-1].url}", *bounds).returncode == 0
    edited = series.page_of("2024-16").replace("良".encode(), "优".encode())
    site.add_article(published[-1].url, edited)
    result = crawl(site, tmp_path, f"start={published[-1].url}", *bounds, "refresh=1")
    assert result.returncode == 0, result.stderr[-2000:]
    async with open_store(sqlite(tmp_path)) as store:
        issue = await store.get_issue("2024-16")
        editions = await editions_of_issue(store, "2024-16")
        runs = await store.runs(1)
    assert issue is not None
    assert (issue.rating, {edition.issue.rating for edition in editions}) == ("优", {"优", "良"})
    assert (runs[0].new, runs[0].changed) == ([], ["2024-16"])


async def test_an_issue_without_its_page_has_a_state_that_says_so(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Deleted, challenged, not available, and an address that answers with somebody else's article."""
    series.publish(site, "2024-10", "2024-16", without=("2024-15", "2024-14", "2024-13", "2024-12"))
    site.add_article(series.published("2024-15").url, pages.FAILURES["deleted_zh"].page)
    site.add_article(series.published("2024-14").url, pages.FAILURES["verification"].page)
    site.add_article(series.published("2024-13").url, pages.FAILURES["unavailable"].page)
    site.add_article(series.published("2024-12").url, series.page_of("2024-12", account_name="某公司", biz=3266377905))
    result = crawl(site, tmp_path, f"start={series.published('2024-16').url}", *RANGE)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    async with open_store(sqlite(tmp_path)) as store:
        rows = {row.issue: row for row in await store.rows() if row.attempts}
        ids = await store.issue_ids()
        run = (await store.runs(1))[0]
    assert ids == ["2024-10", "2024-11", "2024-16"]
    states = {issue: str(row.state) for issue, row in rows.items() if issue and issue >= "2024-12"}
    assert states == {
        "2024-12": "rejected", "2024-13": "unavailable", "2024-14": "blocked", "2024-15": "gone", "2024-16": "stored",
    }  # fmt: skip
    assert rows["2024-14"].next_try is not None
    assert rows["2024-15"].next_try is None
    assert (run.clean, run.close_reason, run.gaps_before, run.gaps_after) == (False, "finished", 7, 4)


def test_robots_txt_is_obeyed_when_asked_and_said_plainly(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-16", "2024-16")
    result = crawl(site, tmp_path, f"start={published[0].url}", "from=2024-16", "until=2024-16", ROBOTSTXT_OBEY="True")
    assert result.returncode == 1
    assert "robots.txt denied (ROBOTSTXT_OBEY decides whether that counts): 1" in result.stderr
    assert site.asked(answered="article") == []


def test_an_impossible_issue_leaves_a_reject_with_its_reason(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.published("2024-16")
    spec = pages.ArticleSpec(title=one.title + "！" * 200, mid=one.mid, idx=one.idx)
    site.add_article(one.url, pages.render(spec))
    result = crawl(site, tmp_path, f"start={one.url}", "from=2024-16", "until=2024-16")
    assert result.returncode == 1
    assert "issues rejected by validation: 1" in result.stderr
    with sqlite3.connect(tmp_path / "cncert.db") as db:
        assert db.execute("SELECT count(*) FROM issues").fetchone() == (0,)
        ((document,),) = db.execute("SELECT document FROM rejects").fetchall()
        ((row,),) = db.execute("SELECT document FROM ledger WHERE id LIKE ?", (f"%-{one.mid}-%",)).fetchall()
    assert "title: String should have at most 200 characters" in document
    assert '"rejected"' in row


def unsigned(url: str) -> str:
    return re.sub("&chksm=[0-9a-f]+", "", url)


async def row_of(tmp_path: Path, issue: str) -> LedgerRow:
    async with open_store(sqlite(tmp_path)) as store:
        (row,) = [row for row in await store.rows() if row.issue == issue]
    return row


async def test_a_challenged_address_without_signature_is_followed_by_a_better_one(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    """The review list has the unsigned address, as lists of 2025-26 do; the bundled index has the signed one."""
    site.challenge_unsigned = True
    series.publish(site, "2024-15", "2024-16", linked=lambda issue: unsigned(series.published(issue).url))
    start = series.published("2024-16").url
    result = crawl(site, tmp_path, f"start={start}", "from=2024-15", "until=2024-16")
    assert result.returncode == 0, result.stderr[-2000:]
    row = await row_of(tmp_path, "2024-15")
    assert str(row.state) == "stored"
    assert {address.form for address in row.addresses} == {"signed", "unsigned"}
    assert site.asked(answered="challenge") == []


async def test_an_expired_address_is_followed_by_another_one_of_the_article(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    """Both name the same article; the signed one is cut, so WeChat calls it wrong."""
    one = series.published("2024-16")
    page = series.page_of("2024-16")
    site.add_article(one.url, lambda asked: pages.FAILURES["parameter_error"].page if "chksm" in asked.path else page)
    result = crawl(site, tmp_path, f"start={one.url},{unsigned(one.url)}", "from=2024-16", "until=2024-16")
    assert await issues(sqlite(tmp_path)) != [], result.stderr[-2000:]
    row = await row_of(tmp_path, "2024-16")
    endings = [attempt.ending for address in row.addresses for attempt in address.history]
    assert endings == [Ending.EXPIRED, Ending.STORED]


async def test_a_moved_article_is_followed_to_its_new_address(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.published("2024-16")
    target = "https://mp.weixin.qq.com/s/MovedMovedMovedMoved00"
    site.add_article(one.url, pages.moved_page(target))
    site.add_article(target, series.page_of("2024-16"))
    result = crawl(site, tmp_path, f"start={one.url}", "from=2024-16", "until=2024-16")
    assert [issue.id for issue in await issues(sqlite(tmp_path))] == ["2024-16"], result.stderr[-2000:]
    row = await row_of(tmp_path, "2024-16")
    assert target in [address.url for address in row.addresses]


async def test_a_short_link_becomes_one_row_with_the_article_it_leads_to(site: LoopbackWeChat, tmp_path: Path) -> None:
    short = "https://mp.weixin.qq.com/s/ShortShortShortShort00"
    one = series.published("2024-16")
    site.add_article([one.url, short], series.page_of("2024-16"))
    result = crawl(site, tmp_path, f"start={short}", "from=2024-16", "until=2024-16")
    assert result.returncode == 1  # two of its pictures are not on the site
    row = await row_of(tmp_path, "2024-16")
    assert row.id.endswith(f"-{one.mid}-{one.idx}")
    assert {address.form for address in row.addresses} >= {"short", "signed"}
    site.reset_log()
    crawl(site, tmp_path, "from=2024-16", "until=2024-16")
    assert site.asked("https://mp.weixin.qq.com/") == []
    crawl(site, tmp_path, f"start={short}", "from=2024-16", "until=2024-16")
    assert len(site.asked("https://mp.weixin.qq.com/")) == 1  # a person asks


@pytest.mark.parametrize(
    ("location", "state"),
    [
        ("https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x&target_url=y", "blocked"),
        ("https://evil.example/s/abcdefghijklmnopqrstuv", "unavailable"),
        ("file:///etc/passwd", "unavailable"),
    ],
)
async def test_a_redirect_is_judged_and_not_followed(
    site: LoopbackWeChat, tmp_path: Path, location: str, state: str
) -> None:
    one = series.published("2024-16")
    site.add_article(one.url, redirect(location))
    result = crawl(site, tmp_path, f"start={one.url}", "from=2024-16", "until=2024-16")
    assert result.returncode == 1
    assert str((await row_of(tmp_path, "2024-16")).state) == state
    assert len(site.requests) == 1


async def test_three_challenges_of_good_addresses_in_a_row_close_the_run(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-10", "2024-16")
    site.challenge_all = True
    result = crawl(site, tmp_path, f"start={published[-1].url}", *RANGE)
    assert result.returncode == 1
    assert len(site.asked(answered="challenge")) == 3
    async with open_store(sqlite(tmp_path)) as store:
        run = (await store.runs(1))[0]
    assert run.close_reason == "verification_asked"
    assert run.verdicts == {"blocked": 3}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (Answer(b"x" * 100, truncated=True), "ResponseDataLossError"),
        (Answer(b"busy", status=503), "HTTP status 503"),
        (Answer(reset=True), "DownloadFailedError"),
        (Answer(hang=True), "DownloadTimeoutError"),
        (Answer(b"", oversize=3_000_000), "Cancelled"),
        (Answer(b"<html>", lying_gzip=True), "BadGzipFile"),
    ],
)
async def test_a_broken_answer_stays_in_the_ledger_with_its_reason(
    site: LoopbackWeChat, tmp_path: Path, broken: Answer, reason: str
) -> None:
    one = series.published("2024-16")
    site.add_article(one.url, broken)
    limits = {"DOWNLOAD_TIMEOUT": 1, "DOWNLOAD_MAXSIZE": 2_000_000, "RETRY_TIMES": 1}
    result = crawl(site, tmp_path, f"start={one.url}", "from=2024-16", "until=2024-16", settings=limits)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    row = await row_of(tmp_path, "2024-16")
    assert str(row.state) == "unavailable"
    assert reason in str(row.reason)
    assert row.next_try is not None
    assert len(site.requests) <= 2


def test_without_a_start_the_newest_of_the_bundled_index_comes_first(site: LoopbackWeChat, tmp_path: Path) -> None:
    newest = next(row.url for row in reversed(bundled_index()) if row.url)
    crawl(site, tmp_path, "from=2026-30")
    assert site.asked("https://mp.weixin.qq.com/s")[0].url == newest


async def test_a_range_without_a_start_asks_for_nothing_else(site: LoopbackWeChat, tmp_path: Path) -> None:
    series.publish(site, "2024-15", "2024-16")
    result = crawl(site, tmp_path, "from=2024-15", "until=2024-16")
    assert result.returncode == 0, result.stderr[-2000:]
    assert len(site.asked("https://mp.weixin.qq.com/s")) == 2
    assert [issue.id for issue in await issues(sqlite(tmp_path))] == ["2024-15", "2024-16"]


async def test_an_address_that_a_person_names_is_asked_for_again(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    page = series.page_of("2024-16")
    site.add_article(one.url, pages.FAILURES["deleted_zh"].page)
    bounds = ("from=2024-16", "until=2024-16")
    crawl(site, tmp_path, *bounds)
    site.add_article(one.url, page)
    crawl(site, tmp_path, *bounds)
    assert await issues(sqlite(tmp_path)) == []
    crawl(site, tmp_path, f"start={one.url}", *bounds)
    assert [issue.id for issue in await issues(sqlite(tmp_path))] == ["2024-16"]
