"""``scrapy doctor --live`` against the loopback WeChat: all well, then each part broken in turn; nothing is kept."""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from cncert.commands.doctor import DoctorCommand
from cncert.items import CHINA
from cncert.monitoring.doctor.field_test import CARDS_BY, MAX_DELETED, REPRINTS_BY
from cncert.monitoring.doctor.live_report import report_document
from cncert.report.calendar import parse_week, period
from cncert.sources import bundled_index, bundled_reprints
from cncert.sources.album import album_page
from cncert.wechat.address import read_address
from cncert.wechat.page_marks import page_marks
from tests import series
from tests.calls import call
from tests.site import feeds, pages, wayback
from tests.site.crawl import project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat, placeholder, redirect
from tests.webhook import SECRET

FEED_HOST = "feeds.example"
FEED = f"https://robot:{SECRET}@{FEED_HOST}/{SECRET}/weekly.xml?token={SECRET}"
ALBUM = "1234567890"
DELETED, SHELL = pages.FAILURES["deleted_zh"].page, pages.FAILURES["verification_shell"].page


def of_form(form: str, rows: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """The issues and addresses of this form, the newest first."""
    known = [(issue, url, read_address(url)) for issue, url in rows if url]
    return [(issue, url) for issue, url, address in reversed(known) if address and address.form == form]


OWN = [(row.issue, row.url) for row in bundled_index()]
SIGNED, UNSIGNED = of_form("signed", OWN), of_form("unsigned", OWN)
CARDS = of_form("signed", [(row.issue, row.url) for row in bundled_reprints() if row.account == CARDS_BY])
SHORT = of_form("short", [(row.issue, row.url) for row in bundled_reprints() if row.account == REPRINTS_BY])


def reprint(issue: str, account: str, kind: Literal[2, 3], *, marked: bool = True) -> bytes:
    """The page of *account* that shows *issue*."""
    original = series.published(issue)
    mark = pages.Reprint(
        pages.CNCERT_BIZ, original.mid, original.idx, "5a" * 16, pages.CNCERT_ID, pages.CNCERT_NAME, kind
    )
    spec = pages.ArticleSpec(
        title=original.title,
        body=pages.report_body(pages.ReportFacts(), [pages.Picture(url) for url in original.pictures]),
        account_name=account,
        account_id="gh_ffffffffffff",
        biz=3_070_000_000,
        mid=2_650_000_001,
        original=False,
        published=datetime.combine(period(*parse_week(issue)).end, datetime.min.time(), CHINA) + timedelta(days=5),
        reprint=mark if marked else None,
    )
    return pages.render(spec)


def publish(site: LoopbackWeChat) -> None:
    """All that the field test asks for; an address without a signature is challenged."""
    site.challenge_unsigned = True
    for issue, url in SIGNED[:MAX_DELETED]:
        site.add_article(url, series.page_of(issue))
    site.add_article(CARDS[0][1], reprint(CARDS[0][0], CARDS_BY, 2))
    for issue, url in SHORT:
        site.add_article(url, reprint(issue, REPRINTS_BY, 3))
    for issue, _ in (*SIGNED[:MAX_DELETED], *SHORT):
        for url in series.published(issue).pictures:
            site.add_picture(url, series.drawing(1))
    posts = [feeds.Post(series.title_of("2024-16"), series.published("2024-16").url)]
    site.add_path(FEED_HOST, f"/{SECRET}/weekly.xml", Answer(feeds.wechat2rss(posts), content_type="text/xml"))
    site.add_path("mp.weixin.qq.com", album_page(ALBUM).partition("qq.com")[2], feeds.album(posts))


@pytest.fixture
def world() -> Any:
    with LoopbackWeChat(hosts=(FEED_HOST,)) as site:
        publish(site)
        yield site


@dataclass
class Found:
    """What the command printed and wrote."""

    status: int
    stderr: str
    rows: list[dict[str, Any]]
    report: dict[str, Any]

    def __post_init__(self) -> None:
        self.by_kind = {row["kind"]: row for row in self.rows}


def examine(site: LoopbackWeChat, tmp_path: Path, *args: str, **env: str) -> Found:
    given = {"CNCERT_FEEDS": FEED, "CNCERT_ALBUMS": ALBUM, "CNCERT_ARCHIVE": str(tmp_path / "archive"), **env}
    report = tmp_path / "report.json"
    result = run_scrapy(
        "doctor", "--live", "--json", "--report", report, "-s", "DOWNLOAD_VERIFY_CERTIFICATES=True", *args,
        env=project_env(site, tmp_path, **given),
    )  # fmt: skip
    assert "Traceback" not in result.stderr, result.stderr[-3000:]
    text = report.read_text(encoding="utf-8")
    assert SECRET not in text + result.stdout.replace(f"{FEED_HOST}/{SECRET}/", "") + result.stderr
    for hidden in ("127.0.0.1", str(tmp_path), "poc_token=", "mid=", "https:"):
        assert hidden not in text
    assert len(text) < 10_000
    # Nothing else was made.
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    return Found(result.returncode, result.stderr, json.loads(result.stdout), json.loads(text))


def test_where_all_is_well_every_kind_of_address_gives_what_it_should(world: LoopbackWeChat, tmp_path: Path) -> None:
    found = examine(world, tmp_path)
    assert (found.status, {row["state"] for row in found.rows}) == (0, {"ok"})
    assert [(row["kind"], row["outcome"]) for row in found.rows] == [
        ("signed", "issue"), ("short", "issue"), ("unsigned", "blocked"), ("card", "issue"), ("reprint", "issue"),
        ("picture", "picture"), ("feed", "list"), ("album", "list"),
    ]  # fmt: skip
    assert re.search(
        r"国家互联网应急中心CNCERT, '网络安全.*': week 2025-13, 5 figures, 3 pictures \(page\)",
        found.by_kind["signed"]["text"],
    )
    assert found.by_kind["unsigned"]["text"].endswith("(redirected to the verification page), as expected")
    assert [found.by_kind[kind]["found"]["source"] for kind in ("card", "reprint")] == ["reprint_card", "reprint"]
    assert found.by_kind["feed"]["text"].endswith("1 entries, the newest issue 2024-16")
    # One of each, in the form of a crawl.
    asked = [(one.host, one.answered) for one in world.requests]
    assert asked == [
        *[("mp.weixin.qq.com", answered) for answered in ("article", "article", "challenge", "article", "article")],
        ("mmbiz.qpic.cn", "picture"),
        (FEED_HOST, "path"),
        ("mp.weixin.qq.com", "path"),
    ]
    assert {one.headers["user-agent"][:11] for one in world.requests} == {"Mozilla/5.0"}
    assert "cncert: 1 of 8: a signed address; about " in found.stderr
    # What can be attached to a report.
    assert found.report.keys() == {"cncert", "scrapy", "python", "system", "day", "asked"}
    assert [one["host"] for one in found.report["asked"]] == [host for host, _ in asked]
    card = next(one for one in found.report["asked"] if one["kind"] == "card")
    assert (card["issue"], card["week"], card["status"]) == (CARDS[0][0], CARDS[0][0], 200)
    assert {"copyright_stat=2", "reprint_type=2", "era:2025-", "#content_tpl"} <= set(card["marks"].split())


@dataclass(frozen=True)
class Break:
    """A part that is broken, and what has to be said of it."""

    id: str
    prepare: Callable[[LoopbackWeChat], object]
    kind: str
    outcome: str
    said: str
    state: str = "to do"
    env: Mapping[str, str] = field(default_factory=dict)


def article(url: str, answer: Answer | bytes) -> Callable[[LoopbackWeChat], object]:
    return lambda site: site.add_article(url, answer)


def signed(answer: Answer | bytes) -> Callable[[LoopbackWeChat], object]:
    return article(SIGNED[0][1], answer)


def picture(answer: Answer | bytes) -> Callable[[LoopbackWeChat], object]:
    return lambda site: site.add_picture(series.published(SIGNED[0][0]).pictures[0], answer)


def feed(answer: Answer | bytes) -> Callable[[LoopbackWeChat], object]:
    return lambda site: site.add_path(FEED_HOST, f"/{SECRET}/weekly.xml", answer)


def album(answer: Answer | bytes) -> Callable[[LoopbackWeChat], object]:
    return lambda site: site.add_path("mp.weixin.qq.com", album_page(ALBUM).partition("qq.com")[2], answer)


def no_short_address_works(site: LoopbackWeChat) -> None:
    for _, url in SHORT[1:]:
        site.add_article(url, DELETED)


def delete_unsigned(site: LoopbackWeChat) -> None:
    site.challenge_unsigned = False
    for _, url in UNSIGNED:
        site.add_article(url, DELETED)


def answer_unsigned(site: LoopbackWeChat) -> None:
    site.challenge_unsigned = False
    site.add_article(UNSIGNED[0][1], series.page_of(UNSIGNED[0][0]))


def card(kind: Literal[2, 3], *, marked: bool = True) -> Callable[[LoopbackWeChat], object]:
    return article(CARDS[0][1], reprint(CARDS[0][0], CARDS_BY, kind, marked=marked))


def unmark(site: LoopbackWeChat) -> None:
    issue, url = SHORT[1]
    site.add_article(url, reprint(issue, REPRINTS_BY, 3, marked=False))


WRONG, UNKNOWN = pages.FAILURES["parameter_error"].page, b"<html>?</html>"
WEATHER = feeds.Post("Weather", "https://weather.example/")
CHALLENGE = pages.verification_address("https://mp.weixin.qq.com/mp/appmsgalbum")
BREAKS = [
    Break("signed, challenged", signed(SHELL), "signed", "blocked", "a verification page"),
    Break("signed, unknown", signed(UNKNOWN), "signed", "unknown", "a page that is not known"),
    Break("signed, 503", signed(Answer(status=503)), "signed", "unknown", "(HTTP status 503)"),
    Break("signed, reset", signed(Answer(reset=True)), "signed", "no_answer", "no answer: DownloadFailed"),
    Break("signed, silent", signed(Answer(hang=True)), "signed", "no_answer", "no answer: DownloadTime"),
    Break(
        "signed, another account",
        signed(series.page_of(SIGNED[0][0], account_name="某公司", biz=3266377905)),
        "signed",
        "not_issue",
        "published by another account",
    ),
    Break("short, wrong", article(SHORT[0][1], WRONG), "short", "expired", "leads nowhere"),
    Break("unsigned, deleted", delete_unsigned, "unsigned", "gone", "deleted by its author", "note"),
    Break("unsigned, answered", answer_unsigned, "unsigned", "issue", "(page)", "ok"),
    Break("card, without marks", card(2, marked=False), "card", "not_issue", CARDS_BY),
    Break("card, as a whole reprint", card(3), "card", "issue", "(reprint)", "note"),
    Break("reprint, without marks", unmark, "reprint", "not_issue", REPRINTS_BY),
    Break("reprint, all gone", no_short_address_works, "reprint", "gone", "deleted by its author"),
    Break("picture, 404", picture(Answer(status=404)), "picture", "failed", "HTTP status 404"),
    Break("picture, placeholder", picture(placeholder()), "picture", "placeholder", "hot-link placeholder"),
    Break("picture, text", picture(b"<html>"), "picture", "failed", "not a picture"),
    Break("feed, 500", feed(Answer(status=500)), "feed", "status", "HTTP status 500"),
    Break("feed, broken", feed(b"<rss><channel><item"), "feed", "unreadable", "its XML is broken"),
    Break("feed, a page", feed(b"<html>a login page</html>"), "feed", "unreadable", "no feed but <html>"),
    Break("feed, empty", feed(b""), "feed", "empty", "the answer is empty"),
    Break("feed, of something else", feed(feeds.rsshub([WEATHER])), "feed", "list", "no issue", "note"),
    Break("feed, elsewhere", feed(redirect("https://evil.example/")), "feed", "redirect", "which is not asked"),
    Break("feed, silent", feed(Answer(hang=True)), "feed", "no_answer", "no answer: DownloadTimeoutError"),
    Break("album, unreadable", album(b"<html>"), "album", "unreadable", "the answer is no album"),
    Break("album, empty", album(feeds.album([])), "album", "list", "no issue", "note"),
    Break("album, challenged", album(redirect(CHALLENGE)), "album", "verification", "asks for a verification"),
]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.id)
def test_each_part_that_is_broken_is_named_and_hides_no_other(
    world: LoopbackWeChat, tmp_path: Path, broken: Break
) -> None:
    broken.prepare(world)
    limits = ("-s", "DOWNLOAD_TIMEOUT=1", "-s", "RETRY_TIMES=1")
    found = examine(world, tmp_path, *limits, **broken.env)
    row = [row for row in found.rows if row["kind"] == broken.kind][-1]
    assert (row["state"], row["outcome"]) == (broken.state, broken.outcome), row
    assert broken.said in row["text"]
    assert row["advice"] or row["state"] != "to do"
    others = [row for row in found.rows if row["kind"] != broken.kind]
    assert {row["state"] for row in others} == {"ok"}
    assert found.status == int(broken.state == "to do")


def test_a_deleted_article_is_no_failure_if_another_comes(world: LoopbackWeChat, tmp_path: Path) -> None:
    world.add_article(SIGNED[0][1], DELETED)
    found = examine(world, tmp_path)
    assert [(row["outcome"], row["state"]) for row in found.rows[:2]] == [("gone", "note"), ("issue", "ok")]
    assert found.status == 0


def test_after_two_verification_pages_wechat_is_asked_nothing_more(world: LoopbackWeChat, tmp_path: Path) -> None:
    world.challenge_all = True
    found = examine(world, tmp_path, CNCERT_PAUSE="1")
    assert [row["outcome"] for row in found.rows] == ["blocked", "blocked", *["skipped"] * 4, "list", "skipped"]
    assert found.by_kind["card"]["text"] == "not asked: WeChat asks for a verification"
    assert found.status == 1
    first, second = world.asked(answered="challenge")
    assert second.time - first.time >= 1
    assert "waiting 1 seconds" in found.stderr
    assert "it is asked nothing more" in found.stderr
    assert {one.host for one in world.requests[2:]} == {FEED_HOST}


def test_without_a_network_it_says_so_and_ends_soon(world: LoopbackWeChat, tmp_path: Path) -> None:
    found = examine(world, tmp_path, https_proxy="http://127.0.0.1:1")
    assert [row["outcome"] for row in found.rows] == [*["unreached"] * 3, *["skipped"] * 5]
    assert "the proxy 127.0.0.1:1 refuses the connection" in found.rows[0]["text"]
    assert found.status == 1
    assert world.requests == []


def test_robots_txt_is_obeyed(world: LoopbackWeChat, tmp_path: Path) -> None:
    found = examine(world, tmp_path, ROBOTSTXT_OBEY="True")
    assert [row["outcome"] for row in found.rows[:5]] == ["robots"] * 5
    assert found.status == 1
    assert {one.path for one in world.asked("https://mp.weixin.qq.com")} == {"/robots.txt"}


def test_pages_are_asked_at_the_pace_of_a_crawl(world: LoopbackWeChat, tmp_path: Path) -> None:
    examine(world, tmp_path, "-s", "DOWNLOAD_DELAY_JITTER=0", DOWNLOAD_DELAY="0.5", CNCERT_FEEDS="", CNCERT_ALBUMS="")
    times = [one.time for one in world.asked("https://mp.weixin.qq.com/")]
    assert len(times) == 5
    assert all(later - earlier >= 0.45 for earlier, later in itertools.pairwise(times))


def test_the_browser_asks_for_a_page_if_it_is_on(world: LoopbackWeChat, tmp_path: Path, chromium: str) -> None:
    args = ("-s", "DOWNLOAD_VERIFY_CERTIFICATES=False")
    found = examine(world, tmp_path, *args, CNCERT_BROWSER="on", CNCERT_CHROMIUM=chromium)
    row = found.by_kind["browser"]
    assert (row["state"], row["outcome"], row["issue"]) == ("ok", "issue", SIGNED[1][0]), row


@pytest.mark.parametrize(
    ("args", "given", "said"),
    [
        (["--live", "--offline"], {}, "--live and --offline exclude each other"),
        (["--live", "--send-test-alert"], {}, "--live and --send-test-alert exclude each other"),
        (["--live", "--report", "/no/such/place/x.json"], {}, "no place for a file"),
        (["--report", "x.json"], {}, "--report belongs to --live"),
        (["--live", "x"], {}, "doctor takes no argument 'x'"),
        (["--live"], {"CNCERT_PAUSE": "-1"}, "CNCERT_PAUSE must be a number"),
        (["--live"], {"CNCERT_BROWSER": "on", "CNCERT_CHROMIUM": "/no/such"}, "there is no such program"),
    ],
)
def test_a_wrong_call_asks_nothing(
    args: list[str], given: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(DoctorCommand(), *args, **given) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err


def test_the_table_and_the_name_of_the_file(world: LoopbackWeChat, tmp_path: Path) -> None:
    """The default is a file in the current directory."""
    env = project_env(world, tmp_path, CNCERT_FEEDS=FEED, SCRAPY_SETTINGS_MODULE="cncert.settings")
    place = tmp_path / "place"
    place.mkdir()
    (place / "scrapy.cfg").write_text("[settings]\ndefault = cncert.settings\n", encoding="utf-8")
    result = run_scrapy("doctor", "--live", "-s", "DOWNLOAD_VERIFY_CERTIFICATES=True", env=env, cwd=place)
    assert result.returncode == 0, result.stderr
    assert result.stdout.rstrip().endswith("Nothing has to be done.")
    assert re.search("a reprint card +ok +20..-..: 深信服千里目安全技术中心", result.stdout)
    assert "cncert: cncert-live.json: what came" in result.stderr
    assert {path.name for path in place.iterdir()} == {"scrapy.cfg", "cncert-live.json"}


def test_marks_hold_nothing_that_somebody_wrote() -> None:
    marks = page_marks(reprint(CARDS[0][0], CARDS_BY, 3))
    assert all(re.fullmatch(r"[#.]?[\w-]+(=\d+|:\d*-\d*)?|secitptpage/verify|TCaptcha\.js", mark) for mark in marks)
    assert {"#js_content", "copyright_stat=2", "reprint_type=3", "cgiDataNew"} <= set(marks)
    assert page_marks(SHELL)
    assert report_document([])["asked"] == []


@pytest.mark.parametrize(
    ("answer", "state", "outcome", "said"),
    [
        (None, "ok", "list", "1 captures"),
        (Answer(b"[]"), "ok", "list", "0 captures"),
        (Answer(status=429), "note", "status", "HTTP status 429"),
        (Answer(b"<html>"), "note", "unreadable", "its index answers with what is no JSON"),
        (Answer(reset=True), "note", "no_answer", "no answer"),
    ],
)
def test_the_web_archive_is_asked_once_and_is_never_to_do(
    tmp_path: Path, answer: Answer | None, state: str, outcome: str, said: str
) -> None:
    with LoopbackWeChat(hosts=(FEED_HOST, wayback.HOST)) as site:
        publish(site)
        archive = wayback.LoopbackWayback(site)
        archive.add(SIGNED[0][1], "20250501020304", series.page_of(SIGNED[0][0]))
        if answer is not None:
            archive.index_answer = lambda _: answer
        found = examine(site, tmp_path, CNCERT_WAYBACK="on")
        row = found.by_kind["wayback"]
        assert (row["state"], row["outcome"], found.status) == (state, outcome, 0)
        assert said in row["text"]
        assert (len(archive.looked_up()), archive.replayed(), archive.others()) == (1, [], [])
