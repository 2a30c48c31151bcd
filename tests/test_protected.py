"""What must not happen, each shown by whole crawls or imports: nothing wrong stands, nothing right is lost."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cncert.items import Issue
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.ledger.calendar_gaps import weeks
from cncert.ledger.frontier import MAX_ARTICLES_A_RUN, MAX_ARTICLES_A_WEEK
from cncert.store import Store, open_store
from cncert.store.endings import State
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.site import feeds, pages
from tests.site.crawl import ROOT, crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.stores import rewrite

WEEK, NEXT = "2024-16", "2024-17"
BOUNDS = (f"from={WEEK}", f"until={NEXT}")
FEEDS = "feeds.example"
SECRET = "5f3d2c1b0a"


def store_of(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder.resolve() / 'cncert.db'}")


async def issues(folder: Path) -> dict[str, Issue]:
    """The documents in the project's store."""
    async with store_of(folder) as store:
        return {issue.id: issue async for issue in store.issues()}


async def last_run(folder: Path) -> RunRecord:
    async with store_of(folder) as store:
        return (await store.runs(1))[0]


async def row_of(folder: Path, issue: str) -> LedgerRow:
    async with store_of(folder) as store:
        return next(row for row in await store.rows() if row.issue == issue and row.addresses)


def page_with(site: LoopbackWeChat, issue: str, handled: int, title: str | None = None) -> None:
    """Publish the page of *issue* that states so many handled incidents, perhaps under another *title*."""
    one = series.published(issue)
    printed = 400 + int(issue.replace("-", "")) % 97
    page = series.page_of(issue).decode().replace(f"{printed}起", f"{handled}起")
    site.add_article(one.url, page.replace(one.title, title or one.title).encode())
    site.add_picture(pages.ArticleSpec().cover, series.drawing(0))
    for url in one.pictures:
        site.add_picture(url, series.drawing(1))


def handled(issue: Issue) -> int | float | str:
    return next(figure.value for figure in issue.figures if figure.metric == "incidents.handled")


# Wrong titles


async def test_a_misnumbered_issue_displaces_no_right_one(site: LoopbackWeChat, tmp_path: Path) -> None:
    """A right issue; the next one under its number; CNCERT corrects the title: both are right at every step."""
    start = f"start={series.published(NEXT).url},{series.published(WEEK).url}"
    page_with(site, WEEK, 500)
    crawl(site, tmp_path, start, f"from={WEEK}", f"until={WEEK}")
    assert {name: handled(one) for name, one in (await issues(tmp_path)).items()} == {WEEK: 500}
    wrong = series.title_of(NEXT).replace("第17期", "第16期")
    page_with(site, NEXT, 600, title=wrong)
    for title, refresh in ((wrong, ()), (series.title_of(NEXT), ("refresh=1",))):
        page_with(site, NEXT, 600, title=title)
        await asyncio.sleep(1.1)  # an answer's clock tells seconds
        crawl(site, tmp_path, start, *BOUNDS, *refresh)
        found = await issues(tmp_path)
        assert {name: handled(one) for name, one in found.items()} == {WEEK: 500, NEXT: 600}
        assert found[NEXT].title == title
        codes = {warning.code for warning in found[NEXT].warnings}
        assert ("number_differs" in codes) is (title == wrong)
        run = await last_run(tmp_path)
        assert ("number_differs" in {note.code for note in run.notes}) is (title == wrong)
    assert len(found[NEXT].editions) == 2


async def test_a_title_copied_whole_leaves_its_week_once_the_right_issue_comes(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    page_with(site, NEXT, 600, title=series.title_of(WEEK))
    crawl(site, tmp_path, f"start={series.published(NEXT).url}", *BOUNDS)
    page_with(site, WEEK, 500)
    crawl(site, tmp_path, f"start={series.published(WEEK).url}", *BOUNDS)
    assert {name: handled(one) for name, one in (await issues(tmp_path)).items()} == {WEEK: 500, NEXT: 600}


# Pages that say less than before


async def test_an_emptied_page_empties_no_document(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The body of a page is only pictures later: the text stays, and the run says so."""
    one = series.published(WEEK)
    page_with(site, WEEK, 500)
    crawl(site, tmp_path, f"start={one.url}", f"from={WEEK}", f"until={WEEK}")
    body = f'<p><img data-src="{one.pictures[0]}"></p>'
    published = datetime(2024, 4, 25, 9, 30, tzinfo=UTC)
    spec = pages.ArticleSpec(title=one.title, body=body, mid=one.mid, idx=one.idx, published=published)
    await asyncio.sleep(1.1)  # an answer's clock tells seconds
    site.add_article(one.url, pages.render(spec))
    crawl(site, tmp_path, f"start={one.url}", f"from={WEEK}", f"until={WEEK}", "refresh=1")
    issue = (await issues(tmp_path))[WEEK]
    assert handled(issue) == 500
    assert "page_emptied" in {warning.code for warning in issue.warnings}
    assert "page_emptied" in {note.code for note in (await last_run(tmp_path)).notes}
    row = await row_of(tmp_path, WEEK)
    assert row.state is State.STORED


async def test_an_older_text_that_is_replayed_overwrites_no_newer_one(site: LoopbackWeChat, tmp_path: Path) -> None:
    one, archive = series.published(WEEK), str(tmp_path / "archive")
    bounds = (f"start={one.url}", f"from={WEEK}", f"until={WEEK}")
    (tmp_path / "first").mkdir()
    page_with(site, WEEK, 500)
    crawl(site, tmp_path / "first", *bounds, CNCERT_ARCHIVE=archive)
    await asyncio.sleep(1.1)  # an answer's clock tells seconds
    page_with(site, WEEK, 501)
    crawl(site, tmp_path, *bounds)
    crawl(site, tmp_path, *bounds, "refresh=1", f"replay={archive}")
    issue = (await issues(tmp_path))[WEEK]
    assert (handled(issue), len(issue.editions)) == (501, 2)


# Times that are not true


async def test_a_next_attempt_of_a_clock_that_was_ahead_is_not_waited_for(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.published(WEEK)
    bounds = (f"from={WEEK}", f"until={WEEK}")
    site.challenge_all = True
    crawl(site, tmp_path, f"start={one.url}", *bounds)
    site.challenge_all = False
    page_with(site, WEEK, 500)
    row = await row_of(tmp_path, WEEK)
    uri = f"sqlite:///{tmp_path.resolve() / 'cncert.db'}"
    rewrite(uri, "ledger", row.id, lambda document: document.update(next_try="2036-01-01T00:00:00Z"))
    crawl(site, tmp_path, *bounds)
    assert list(await issues(tmp_path)) == [WEEK]


async def test_a_feed_of_the_future_silences_no_alarm_and_wins_nothing(tmp_path: Path) -> None:
    """It names an issue of 2099, and has a copy of this week's that is dated then."""
    far = datetime(2099, 6, 1, tzinfo=UTC)
    posts = [
        feeds.Post(series.title_of(WEEK), series.published(WEEK).url, _copy(WEEK, 900), far),
        feeds.Post(_title(2099, 20), "https://mp.weixin.qq.com/s/FutureFuture0000000000", _copy("2099-20", 900), far),
    ]
    with LoopbackWeChat(hosts=[FEEDS]) as site:
        page_with(site, WEEK, 500)
        site.add_path(FEEDS, "/f.xml", feeds.wechat2rss(posts), content_type="application/rss+xml")
        crawl(site, tmp_path, f"from={WEEK}", CNCERT_FEEDS=f"https://{FEEDS}/f.xml")
    assert handled((await issues(tmp_path))[WEEK]) == 500
    status = json.loads(run_scrapy("status", "--json", env=project_env(None, tmp_path)).stdout)
    assert "stale" in [alert["name"] for alert in status["alerts"]]


def _copy(issue: str, number: int) -> str:
    return (
        f"<h1>{series.title_of(issue)}</h1><p>本周网络安全基本态势</p><p>本周，网络安全态势整体评价为良。</p>"
        f"<p>本周，共处理网络安全事件{number}起。</p>"
    )


# What pages name


async def test_a_misprinted_year_in_a_list_stretches_no_calendar(site: LoopbackWeChat, tmp_path: Path) -> None:
    page = series.page_of(WEEK).decode().replace("2024年第15期", "2016年第15期")
    site.add_article(series.published(WEEK).url, page.encode())
    crawl(site, tmp_path, f"start={series.published(WEEK).url}", f"from={WEEK}", f"until={WEEK}")
    async with store_of(tmp_path) as store:
        calendar = weeks(await store.rows(), await store.issue_sources())
    assert calendar[0].issue == "2022-27"  # the first of the bundled index


async def test_a_trap_of_pages_that_name_more_and_more_is_left(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Every page names ten new articles of two weeks before the index: a few are followed, and the run says so."""
    mids = iter(range(2_300_000_000, 2_300_100_000))

    def page(mid: int, number: int) -> bytes:
        links = "".join(f'<p>●<a href="{_address(next(mids))}">{_title(2018, 1 + n % 2)}</a></p>' for n in range(10))
        body = pages.report_body(pages.ReportFacts()) + f"<p>近期回顾</p>{links}"
        return pages.render(pages.ArticleSpec(title=_title(2018, number), body=body, mid=mid, idx=1))

    for mid in range(2_300_000_000, 2_300_000_100):
        site.add_article(_address(mid), page(mid, 1 + mid % 2))
    start = _address(2_300_000_000)
    crawl(site, tmp_path, f"start={start}", "from=2018-01", "until=2018-02")
    asked = len(site.asked("https://mp.weixin.qq.com/"))
    assert asked <= 1 + 2 * MAX_ARTICLES_A_WEEK <= MAX_ARTICLES_A_RUN
    async with store_of(tmp_path) as store:
        assert len([row for row in await store.rows() if row.issue in ("2018-01", "2018-02")]) > asked
    assert "not_followed" in {note.code for note in (await last_run(tmp_path)).notes}


def _address(mid: int) -> str:
    return pages.long_address(pages.CNCERT_BIZ, mid, 1, "5a" * 16) + "&chksm=97"


def _title(year: int, number: int) -> str:
    return series.title_of(f"{year}-{number:02d}")


# Persons


async def test_a_removed_document_comes_back_with_the_next_run(site: LoopbackWeChat, tmp_path: Path) -> None:
    page_with(site, WEEK, 500)
    bounds = (f"from={WEEK}", f"until={WEEK}")
    crawl(site, tmp_path, f"start={series.published(WEEK).url}", *bounds)
    before = await issues(tmp_path)
    async with store_of(tmp_path) as store:
        found = await store.load(Issue, [WEEK])
        await store.write_all([store.write(Issue, WEEK, found[WEEK], None)])
    site.reset_log()
    crawl(site, tmp_path, *bounds)
    assert await issues(tmp_path) == before
    assert site.asked("https://mp.weixin.qq.com/") == []


async def test_what_an_address_carries_of_its_reader_is_kept_nowhere(site: LoopbackWeChat, tmp_path: Path) -> None:
    page_with(site, WEEK, 500)
    url = f"{series.published(WEEK).url}&key={SECRET}&uin=777&pass_ticket={SECRET}"
    result = crawl(site, tmp_path, f"start={url}", f"from={WEEK}", f"until={WEEK}")
    assert list(await issues(tmp_path)) == [WEEK]
    assert (await last_run(tmp_path)).arguments["start"] == series.published(WEEK).url
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert SECRET not in result.stderr
    assert all(SECRET not in asked.url for asked in site.requests)


# Sample and real data


@pytest.mark.parametrize("first", ["sample", "real"])
async def test_sample_and_real_data_never_share_a_store(site: LoopbackWeChat, tmp_path: Path, first: str) -> None:
    """Whichever comes first, the other is refused in one line, and what is there stays."""
    page_with(site, WEEK, 500)
    sample = ROOT / "cncert" / "data" / "sample" / "weekly.warc.gz"
    commands = {
        "sample": lambda: crawl(site, tmp_path, "from=2025-01", "until=2025-03", f"replay={sample}"),
        "real": lambda: crawl(site, tmp_path, f"start={series.published(WEEK).url}", f"from={WEEK}", f"until={WEEK}"),
    }
    second = "real" if first == "sample" else "sample"
    commands[first]()
    before = await issues(tmp_path)
    assert before
    result = commands[second]()
    assert result.returncode == 1
    assert f"holds {first} data" in result.stderr and "Traceback" not in result.stderr
    assert await issues(tmp_path) == before


async def test_an_address_that_is_refused_again_and_again_hides_no_other_one(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    one, short = series.published(WEEK), "https://mp.weixin.qq.com/s/ShortShortShortShort00"
    site.add_article(one.url, pages.FAILURES["verification"].page)
    site.add_article(short, series.page_of(WEEK))
    async with store_of(tmp_path) as store:
        (row,) = await Ledger(store).add([FoundAddress(one.url, "index", WEEK)])
        assert row is not None
        found = row.with_address(short, "short", "index", datetime.now(UTC) - timedelta(days=1))
        await store.change_row(row.id, lambda _: found)
    for _ in range(2):
        crawl(site, tmp_path, f"from={WEEK}", f"until={WEEK}", "retry=1")
    assert list(await issues(tmp_path)) == [WEEK]
