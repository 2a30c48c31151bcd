"""Whole crawls that ask feeds and albums of the loopback site: what is found, what is asked, what a failure costs."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from warcio.archiveiterator import ArchiveIterator

from cncert.commands.gaps import wanted_lines
from cncert.items import Issue
from cncert.ledger import calendar_gaps
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.monitoring.run_lines import source_lines
from cncert.sources.album import album_page
from cncert.store import Store, open_store
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.factories import make_issue, make_picture
from tests.site import feeds, pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat, redirect
from tests.stores import put_document

HOST = "feeds.example"
FEED = f"https://{HOST}/weekly.xml"
NEWEST = "2024-16"
SHORT = "https://mp.weixin.qq.com/s/AnotherAddress00000000"


@pytest.fixture
def site() -> Iterator[LoopbackWeChat]:
    """A loopback WeChat beside a server of feeds."""
    with LoopbackWeChat(hosts=[HOST]) as loopback:
        yield loopback


def post(issue: str, *, full: bool = False, url: str | None = None) -> feeds.Post:
    """What a feed has of *issue*; *full*: the article itself too."""
    one = series.published(issue)
    review = [pages.ReviewLine(series.title_of(other), series.published(other).url) for other in earlier(issue)]
    body = pages.report_body(pages.ReportFacts(), [pages.Picture(picture) for picture in one.pictures], review)
    return feeds.Post(one.title, url or one.url, body if full else "")


def earlier(issue: str) -> list[str]:
    weeks = series.week_ids("2022-01", issue)
    return weeks[-2:-7:-1]


def serve(site: LoopbackWeChat, *posts: feeds.Post, path: str = "/weekly.xml", **behaviour: object) -> None:
    site.add_path(HOST, path, feeds.wechat2rss(posts), content_type="application/rss+xml", **behaviour)


def ask(site: LoopbackWeChat, tmp_path: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A crawl that asks the feed, of the weeks from 2024-10 to the newest unless *args* say otherwise."""
    bounds = () if any(argument.startswith("until=") for argument in args) else ("from=2024-10", f"until={NEWEST}")
    return crawl(site, tmp_path, *args, *bounds, settings={"DOWNLOAD_TIMEOUT": 2}, **{"CNCERT_FEEDS": FEED} | env)


def store_of(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path / 'cncert.db'}")


async def stored(tmp_path: Path) -> dict[str, Issue]:
    async with store_of(tmp_path) as store:
        return {issue.id: issue async for issue in store.issues()}


async def last_run(tmp_path: Path) -> RunRecord:
    async with store_of(tmp_path) as store:
        return (await store.runs(1))[0]


async def row_of(tmp_path: Path, issue: str) -> LedgerRow:
    async with store_of(tmp_path) as store:
        (row,) = [row for row in await store.rows() if row.issue == issue and row.addresses]
    return row


async def fill(tmp_path: Path, issues: Sequence[str], images: Sequence[dict[str, object]] = ()) -> None:
    """Put *issues* into the store as a crawl leaves them."""
    async with store_of(tmp_path) as store:
        ledger = Ledger(store)
        for issue in issues:
            one = series.published(issue)
            article = {"mid": one.mid, "idx": one.idx, "url": one.url}
            document = make_issue(int(issue[:4]), int(issue[5:]), article=article, images=list(images))
            await put_document(store, document.model_copy(update={"warnings": []}))
            (row,) = await ledger.add([FoundAddress(one.url, "start", issue)])
            assert row is not None
            await ledger.record(row.id, Ending.STORED, url=one.url, issue=issue)


def articles(site: LoopbackWeChat) -> list[str]:
    return [asked.url for asked in site.asked("https://mp.weixin.qq.com/s")]


# ---------------------------------------------------------------------------------------------------------------------
# What a feed brings


async def test_a_new_issue_costs_the_feed_and_its_page(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Sixty issues are stored; the five that the new one links to are not asked for again, nor those of the feed."""
    weeks = series.week_ids("2023-08", NEWEST)
    await fill(tmp_path, weeks[-61:-1])
    series.publish(site, NEWEST, NEWEST)
    serve(site, *map(post, weeks[-20:]))
    result = ask(site, tmp_path)
    assert result.returncode == 0, result.stderr[-2000:]
    assert [asked.url for asked in site.requests if asked.host != "mmbiz.qpic.cn"] == [
        FEED,
        series.published(NEWEST).url,
    ]
    assert (await last_run(tmp_path)).new == [NEWEST]
    site.reset_log()
    assert ask(site, tmp_path).returncode == 0
    assert [asked.url for asked in site.requests] == [FEED]


async def test_an_empty_store_begins_with_the_newest_issue_of_the_feed(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Its week is in no index, and its list leads on."""
    weeks = ("2022-29", "2022-35")
    series.publish(site, *weeks)
    serve(site, post(weeks[1]))
    result = ask(site, tmp_path, "from=2022-29", "until=2022-35")
    assert result.returncode == 0, result.stderr[-2000:]
    assert articles(site) == [series.published(issue).url for issue in reversed(series.week_ids(*weeks))]
    assert (await row_of(tmp_path, weeks[1])).addresses[0].sources[0] == f"feed:{HOST}"


async def test_limit_holds_for_what_a_feed_names(site: LoopbackWeChat, tmp_path: Path) -> None:
    series.publish(site, "2024-12", NEWEST)
    serve(site, *(post(issue, full=True) for issue in series.week_ids("2024-12", NEWEST)))
    assert ask(site, tmp_path, "limit=2").returncode == 0
    assert list(await stored(tmp_path)) == ["2024-15", NEWEST]
    assert len(articles(site)) == 2


async def test_a_range_holds_for_what_a_feed_names(site: LoopbackWeChat, tmp_path: Path) -> None:
    series.publish(site, "2024-12", NEWEST)
    serve(site, *(post(issue, full=True) for issue in series.week_ids("2024-12", NEWEST)))
    assert ask(site, tmp_path, "from=2024-14", "until=2024-15").returncode == 0
    assert list(await stored(tmp_path)) == ["2024-14", "2024-15"]
    assert len(articles(site)) == 2


async def test_short_addresses_of_stored_issues_are_not_asked(site: LoopbackWeChat, tmp_path: Path) -> None:
    """A feed with short addresses names issues that the store has by long ones: only the new one is opened."""
    weeks = series.week_ids("2022-29", "2022-35")
    await fill(tmp_path, weeks[:-1])
    posts = [post(issue, url=f"https://mp.weixin.qq.com/s/{pages.token(issue)}") for issue in weeks]
    series.publish(site, weeks[-1], weeks[-1])
    site.add_article(posts[-1].url, series.page_of(weeks[-1]))
    site.add_path(HOST, "/weekly.xml", feeds.wewe_rss(posts), content_type="application/atom+xml")
    for _ in range(2):
        assert ask(site, tmp_path, "from=2022-29", "until=2022-35").returncode == 0
    assert articles(site) == [posts[-1].url]
    assert (await row_of(tmp_path, weeks[-1])).state == "stored"


# ---------------------------------------------------------------------------------------------------------------------
# The copies that a feed carries


REFUSALS = {
    "2024-13": ("deleted_zh", "gone"),
    "2024-14": ("unavailable", "unavailable"),
    "2024-15": ("verification", "blocked"),
}


async def test_a_copy_stands_in_for_a_page_until_that_is_fetched(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = {one.issue: one for one in series.publish(site, "2024-13", NEWEST)}
    for issue, (failure, _) in REFUSALS.items():
        site.add_article(published[issue].url, pages.FAILURES[failure].page)
    serve(site, *(post(issue, full=True) for issue in published))
    bounds = ("from=2024-13", "until=2024-16")
    result = ask(site, tmp_path, *bounds)
    assert result.returncode == 1
    issues = await stored(tmp_path)
    assert {issue.id: issue.provenance.via for issue in issues.values()} == {
        **dict.fromkeys(REFUSALS, "feed"), NEWEST: "http",
    }  # fmt: skip
    copy = issues["2024-15"]
    assert [picture.status for picture in copy.images] == ["stored", "stored"]
    assert (len(copy.figures), len(copy.review), copy.article.mid, copy.rating) == (5, 5, None, "良")
    for issue, (_, state) in REFUSALS.items():
        assert (await row_of(tmp_path, issue)).state == state
    run = await last_run(tmp_path)
    assert (sorted(run.new), run.gaps_after, run.rejected) == (list(published), 0, [])
    series.publish(site, "2024-13", NEWEST)
    result = ask(site, tmp_path, *bounds, "retry=1")
    assert result.returncode == 0, result.stderr[-2000:]
    issues = await stored(tmp_path)
    assert {issue.id: issue.provenance.via for issue in issues.values()} == {
        "2024-13": "feed", "2024-14": "http", "2024-15": "http", NEWEST: "http",
    }  # fmt: skip
    (kept,) = [one for one in issues["2024-15"].editions if not one.chosen]
    assert kept.source == "feed"


async def test_copies_are_stored_though_wechat_shows_nothing(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Everything is challenged, the run ends early; the issues that the copies list are known to it."""
    site.challenge_all = True
    weeks = series.week_ids("2022-31", "2022-35")
    for issue in weeks:
        for url in series.published(issue).pictures:
            site.add_picture(url, series.drawing(1))
    serve(site, *(post(issue, full=True) for issue in weeks))
    result = ask(site, tmp_path, "from=2022-29", "until=2022-35")
    assert (result.returncode, "verification_asked" in result.stderr) == (1, True)
    assert {issue.id: issue.provenance.via for issue in (await stored(tmp_path)).values()} == dict.fromkeys(
        weeks, "feed"
    )
    assert (await row_of(tmp_path, "2022-30")).addresses[0].sources[0] == "2022-35"


async def test_a_run_that_ends_early_is_not_held_up_by_pictures(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Those of a former run were not had, and come slowly; meanwhile every page is challenged."""
    site.challenge_all = True
    key = "mmbiz_png/PictureOfAFormerRun"
    site.add_picture(key, Answer(series.drawing(1), content_type="image/png", delay=0.5))
    await fill(tmp_path, [NEWEST], images=[make_picture(key, "failed")])
    result = ask(site, tmp_path, "from=2024-10", f"until={NEWEST}", CNCERT_FEEDS="")
    assert (result.returncode, (await last_run(tmp_path)).close_reason) == (1, "verification_asked")


# ---------------------------------------------------------------------------------------------------------------------
# What may be wrong with a feed: one crawl asks them all, and the last one is fine

ITEM = f"<item><title>{series.title_of(NEWEST)}</title><link>{SHORT}</link></item>"
BOMB = '<!DOCTYPE r [<!ENTITY a "' + "x" * 9999 + '">]>'
OTHERS = {
    "other accounts": feeds.Post(series.title_of("2024-15"), pages.long_address(3266377905, 1, 1, "5a" * 16)),
    "other hosts": feeds.Post(series.title_of("2024-14"), "https://evil.example/s/AnotherAddress00000000"),
    "other titles": feeds.Post("CNVD漏洞周报2024年第40期", SHORT),
    "no title": feeds.Post("", SHORT),
}
FINE = feeds.wechat2rss([*OTHERS.values(), post(NEWEST), post(NEWEST)])
FAULTS: dict[str, tuple[Answer, str | None]] = {
    "down": (Answer(b"busy", status=503), "HTTP status 503"),
    "not found": (Answer(b"", status=404), "HTTP status 404"),
    "hanging": (Answer(hang=True), "no answer (DownloadTimeoutError)"),
    "slow": (Answer(FINE, slow=200), "no answer (DownloadTimeoutError)"),
    "truncated": (Answer(FINE, truncated=True), "no answer (ResponseDataLossError)"),
    "empty": (Answer(b""), "the answer is empty"),
    "without entries": (Answer(b"<rss><channel/></rss>"), "the feed holds no entry"),
    "50 MB": (Answer(FINE, oversize=50_000_000), "larger than 8388608 bytes"),
    "50 MB, chunked": (Answer(FINE, oversize=50_000_000, chunked=True), "larger than 8388608 bytes"),
    "50 MB, packed": (Answer(FINE, oversize=50_000_000, gzip=True), "larger than 8388608 bytes"),
    "bad XML": (
        Answer(f"<rss><channel>{ITEM}</rss>".encode()),
        "its XML is broken (line 1: Opening and ending tag mismatch: channel line 1 and rss): read up to there",
    ),
    "no XML": (Answer(b"\x00\x01\x02\xff"), "the answer is no feed"),
    "HTML": (Answer(b"<!DOCTYPE html><html><body>login</body></html>"), "the answer is no feed but <html>"),
    "bomb": (Answer(f"{BOMB}<rss><item><title>{'&a;' * 9999}</title></item></rss>".encode()), None),
    "elsewhere": (redirect("https://evil.example/feed.xml"), "redirects to https://evil.example, which is not asked"),
    "inwards": (redirect("http://169.254.169.254/latest"), "redirects to http://169.254.169.254, which is not asked"),
    "in the clear": (redirect(f"http://{HOST}/fine"), f"redirects to http://{HOST}, which is not asked"),
    "nonsense": (redirect("https://["), "redirects to what is no address"),
    "nowhere": (redirect(""), "redirects without end"),
    "in circles": (redirect(f"https://{HOST}/in%20circles"), "redirects without end"),
    "moved": (redirect("/fine", 301), None),
    "fine": (Answer(FINE, content_type="text/plain; charset=iso-8859-1"), None),
}


async def test_a_feed_that_fails_costs_a_line_and_nothing_else(site: LoopbackWeChat, tmp_path: Path) -> None:
    series.publish(site, NEWEST, NEWEST)
    site.add_article(SHORT, series.page_of(NEWEST))
    for name, (answer, _) in FAULTS.items():
        site.add_path(HOST, f"/{quote(name)}", answer)
    named = " ".join(f"https://{HOST}/{quote(name)}" for name in FAULTS)
    bounds, unknown = (f"from={NEWEST}", f"until={NEWEST}"), "unknown.example/x"
    result = crawl(
        site,
        tmp_path,
        *bounds,
        settings={"DOWNLOAD_TIMEOUT": 1},
        CNCERT_FEEDS=f"https://{unknown} {named}",
        CNCERT_REPRINTS="off",
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "Traceback" not in result.stderr
    run = await last_run(tmp_path)
    assert (run.clean, run.close_reason, run.faults, run.new) == (True, "finished", {}, [NEWEST])
    lines = {source.name: source.detail for source in run.sources}
    reasons = {f"{HOST}/{quote(name)}": reason for name, (_, reason) in FAULTS.items() if reason is not None}
    refused = lines.pop(unknown)
    assert re.fullmatch(r"no answer \(the proxy 127.0.0.1:\d+ does not connect to unknown.example .*\)", refused)
    assert lines == reasons
    assert all(f"· {line}" in result.stderr for line in source_lines(run))
    counts = {"failed": len(run.sources), "other_accounts": 2, "other_hosts": 2, "issues": 3}
    assert [name for name, number in counts.items() if f"'cncert/feeds/{name}': {number}," not in result.stderr] == []
    assert {asked.host for asked in site.requests} == {HOST, "mp.weixin.qq.com", "mmbiz.qpic.cn", "unknown.example"}
    assert len(site.asked(f"https://{HOST}/down")) == 2


# ---------------------------------------------------------------------------------------------------------------------
# Secrets, archives, robots.txt


async def test_a_secret_is_sent_to_its_host_and_shown_nowhere(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Also not by a feed that fails, an archive, or Scrapy's own lines; and the archive answers in its place."""
    series.publish(site, NEWEST, NEWEST)
    serve(site, post(NEWEST), path="/s/ok.xml")
    site.add_path(HOST, "/s/down.xml", Answer(b"", status=500))
    site.add_path(HOST, "/s/big.xml", Answer(b"", oversize=9_000_000))
    secret = "".join(f" https://reader:pa55word@{HOST}/s/{name}.xml?key=T0KEN" for name in ("ok", "down", "big"))
    bounds, archive = (f"from={NEWEST}", f"until={NEWEST}"), tmp_path / "archive"
    result = ask(
        site, tmp_path, *bounds, CNCERT_FEEDS=secret, CNCERT_ARCHIVE=str(archive), LOG_LEVEL="DEBUG"
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    asked = site.asked(f"https://{HOST}/s/ok.xml")
    assert [(one.path, one.headers["authorization"]) for one in asked] == [
        ("/s/ok.xml?key=T0KEN", "Basic cmVhZGVyOnBhNTV3b3Jk")
    ]
    (file,) = archive.glob("*.warc.gz")
    with file.open("rb") as kept:
        addresses = [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(kept)]
    database = (tmp_path / "cncert.db").read_bytes()
    for word in ("pa55word", "T0KEN", "cmVhZGVyOnBhNTV3b3Jk"):
        assert word not in result.stderr + result.stdout
        assert word not in str(addresses)
        assert word.encode() not in database
    assert sum(str(address).startswith(f"https://{HOST}/s/ok.xml?") for address in addresses) == 1
    site.reset_log()
    again = tmp_path / "again"
    again.mkdir()
    result = ask(site, again, *bounds, f"replay={archive}", CNCERT_FEEDS=secret)
    assert site.requests == []
    assert (list(await stored(again)), (await last_run(again)).sources[0].name[:19]) == (
        [NEWEST],
        "feeds.example/s/dow",
    )


def test_a_replay_without_the_feed_asks_nobody(site: LoopbackWeChat, tmp_path: Path) -> None:
    env = project_env(site, tmp_path)
    del env["CNCERT_FEEDS"]  # the default
    result = run_scrapy("demo", tmp_path / "demo", env=env)
    assert (result.returncode, site.requests) == (0, []), result.stderr[-2000:]


async def test_robots_txt_of_a_feed_is_obeyed_when_asked(site: LoopbackWeChat, tmp_path: Path) -> None:
    serve(site, post(NEWEST))
    site.add_path(HOST, "/robots.txt", Answer(b"User-agent: *\nDisallow: /\n", content_type="text/plain"))
    ask(site, tmp_path, "limit=1", ROBOTSTXT_OBEY="True")
    assert site.asked(FEED) == []
    (source,) = (await last_run(tmp_path)).sources
    assert (source.code, source.detail[:20]) == ("robots", "robots.txt denies it")


def test_a_source_that_is_none_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    result = run_scrapy("crawl", "weekly", env=project_env(None, tmp_path, CNCERT_FEEDS="nonsense"))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("cncert: CNCERT_FEEDS must name web addresses")


# ---------------------------------------------------------------------------------------------------------------------
# Albums


async def test_an_album_is_paged_through_once(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The next run looks at its first page only: all of that is stored, the newest first."""
    weeks = series.week_ids("2022-29", "2022-35")[::-1]
    series.publish(site, weeks[-1], weeks[0], linked=lambda _: None)
    first, second = [post(issue) for issue in weeks[:4]], [post(issue) for issue in weeks[4:]]
    start = album_page("1234567")
    site.add_path("mp.weixin.qq.com", start.removeprefix("https://mp.weixin.qq.com"), feeds.album(first, goes_on=True))
    behind = album_page("1234567", ("2247000003", "1"))
    site.add_path("mp.weixin.qq.com", behind.removeprefix("https://mp.weixin.qq.com"), feeds.album(second))
    bounds = ("from=2022-29", "until=2022-35")
    result = ask(site, tmp_path, *bounds, CNCERT_FEEDS="", CNCERT_ALBUMS="1234567")
    assert result.returncode == 0, result.stderr[-2000:]
    assert list(await stored(tmp_path)) == weeks[::-1]
    assert [asked.url for asked in site.asked(start.partition("?")[0])] == [start, behind]
    site.reset_log()
    assert ask(site, tmp_path, *bounds, CNCERT_FEEDS="", CNCERT_ALBUMS="1234567").returncode == 0
    assert [asked.url for asked in site.requests] == [start]


async def test_an_album_that_is_challenged_is_one_line(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.challenge_all = True
    ask(site, tmp_path, "limit=1", CNCERT_FEEDS="", CNCERT_ALBUMS="1234567")
    run = await last_run(tmp_path)
    assert [source.code for source in run.sources] == ["verification"]
    assert list(source_lines(run)) == ["album 1234567: WeChat asks for a verification"]


async def test_the_next_issue_in_the_album_is_found_by_its_neighbour(site: LoopbackWeChat, tmp_path: Path) -> None:
    one, after = series.published("2022-33"), series.published("2022-34")
    for issue, album_after in (("2022-33", (after.title, after.url)), ("2022-34", ("CNVD漏洞周报", SHORT))):
        site.add_article(
            series.published(issue).url, series.page_of(issue, album_after=album_after, linked=lambda _: None)
        )
    site.add_picture(pages.ArticleSpec().cover, series.drawing(0))
    for url in (*one.pictures, *after.pictures):
        site.add_picture(url, series.drawing(1))
    result = ask(site, tmp_path, f"start={one.url}", "from=2022-33", "until=2022-34", CNCERT_FEEDS="")
    assert result.returncode == 0, result.stderr[-2000:]
    assert articles(site) == [one.url, after.url]
    assert (await row_of(tmp_path, "2022-34")).addresses[0].sources[0] == "2022-33"


# ---------------------------------------------------------------------------------------------------------------------
# By hand


WANTED = "2022-33"
UNSIGNED = series.published(WANTED).url.partition("&chksm")[0]


async def test_the_missing_issues_are_listed_with_their_addresses_best_first(tmp_path: Path) -> None:
    """One with two addresses, and one that leads nowhere; one that is deleted; one of which nobody has an address."""
    async with store_of(tmp_path) as store:
        ledger = Ledger(store)
        found = [FoundAddress(url, "index", WANTED) for url in (UNSIGNED, SHORT, f"{SHORT}X")]
        deleted = FoundAddress(series.published("2022-32").url, "index", "2022-32")
        *_, row, gone, _ = await ledger.add([*found, deleted, FoundAddress(None, "index", "2022-31")])
        assert row is not None and gone is not None
        await ledger.record(row.id, Ending.EXPIRED, "wrong", url=f"{SHORT}X")
        await ledger.record(gone.id, Ending.GONE, "deleted by its author")
        rows = await store.rows()
    how_to, *lines = wanted_lines(calendar_gaps.weeks(rows, {}, first="2022-31", last="2022-33"))
    assert how_to.startswith("# Missing issues: 3. ")
    assert [line.partition(" → ")[0] for line in lines] == [
        "# 2022-33  2022-08-08 – 2022-08-14  unavailable: wrong",
        SHORT,
        UNSIGNED,
        "# 2022-32  2022-08-01 – 2022-08-07  gone: deleted by its author",
        "# 2022-31  2022-07-25 – 2022-07-31  known: no address is known",
    ]


def test_nothing_is_wanted() -> None:
    (line,) = wanted_lines(calendar_gaps.weeks([], {WANTED: "page"}, first=WANTED, last=WANTED))
    assert line == "# No issue is missing."


async def test_a_gap_is_closed_by_the_short_address_that_a_person_found(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The crawl had only a long address without signature. What ``gaps --wanted`` prints and a line more are a FILE."""
    site.challenge_unsigned = True
    bounds = (f"from={WANTED}", f"until={WANTED}")
    series.publish(site, WANTED, WANTED, linked=lambda _: None)
    site.add_article(SHORT, series.page_of(WANTED, linked=lambda _: None))
    async with store_of(tmp_path) as store:
        await Ledger(store).add([FoundAddress(UNSIGNED, "2022-34", WANTED)])
    assert ask(site, tmp_path, *bounds, CNCERT_FEEDS="").returncode == 1
    assert (await row_of(tmp_path, WANTED)).state == "blocked"
    file = tmp_path / "wanted.txt"
    printed = run_scrapy("gaps", "--wanted", env=project_env(None, tmp_path)).stdout
    file.write_text(f"{printed}{SHORT}  \n", encoding="utf-8")
    ask(site, tmp_path, f"start=@{file}", *bounds, CNCERT_FEEDS="")
    assert list(await stored(tmp_path)) == [WANTED]
    row = await row_of(tmp_path, WANTED)
    assert (row.state, row.reason, {SHORT, UNSIGNED} <= {address.url for address in row.addresses}) == (
        "stored",
        None,
        True,
    )


async def test_the_result_of_a_row_that_was_merged_meanwhile_belongs_to_the_article(uri: str) -> None:
    """Two runs at once: one fetched the article behind the short address, the other is told to verify itself."""
    short = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
    long = "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247499624&idx=1"
    async with open_store(uri) as store:
        ledger = Ledger(store)
        found = [FoundAddress(address, "start", "2024-16") for address in (short, long)]
        unresolved, article = [row.id for row in await ledger.add(found) if row is not None]
        await ledger.merge_into(article, unresolved)
        await ledger.record(unresolved, Ending.BLOCKED, "verification page", url=short)
        await ledger.record_replay_miss(unresolved)
        (row,) = await store.rows()
        assert (row.id, row.state, row.attempts) == (article, State.BLOCKED, 1)
