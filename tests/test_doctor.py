"""``scrapy doctor``: each check finds what is wrong, none hides another, and none takes longer than is said."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cncert.commands.doctor import DoctorCommand
from cncert.monitoring.doctor import local_checks
from cncert.options import Options
from cncert.store import open_store
from tests import series
from tests.calls import call
from tests.factories import make_run
from tests.site.crawl import project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat
from tests.webhook import SECRET, Webhooks

FEED_HOST = "feeds.example"
FEED = f"https://robot:{SECRET}@{FEED_HOST}/weekly.xml?token={SECRET}"


@pytest.fixture
def site() -> Iterator[LoopbackWeChat]:
    with LoopbackWeChat(hosts=(FEED_HOST,)) as loopback:
        yield loopback


def feed(title: str, url: str) -> Answer:
    item = f"<item><title>{title}</title><link>{url.replace('&', '&amp;')}</link></item>"
    return Answer(f"<rss><channel>{item}</channel></rss>".encode(), content_type="application/rss+xml")


def examine(
    tmp_path: Path, *args: str, site: LoopbackWeChat | None = None, status: int, store: str | None = None, **env: str
) -> dict[str, list[tuple[str, str]]]:
    """State and text of all results, by check."""
    environment = project_env(site, tmp_path, store=store, **env)
    result = run_scrapy("doctor", "--json", *args, env=environment, timeout=20)
    assert (result.returncode, result.stderr) == (status, "")
    assert SECRET not in result.stdout
    found: dict[str, list[tuple[str, str]]] = {}
    for line in json.loads(result.stdout):
        assert line["advice"] or line["state"] != "to do"
        found.setdefault(line["check"], []).append((line["state"], line["text"]))
    return found


def test_where_all_is_well_nothing_has_to_be_done(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.add_path(FEED_HOST, "/weekly.xml", feed(series.title_of("2026-36"), series.published("2026-36").url))
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "weekly.warc.gz").write_bytes(b"x" * 3000)
    kept = {"CNCERT_ARCHIVE": str(tmp_path / "archive"), "CNCERT_FEEDS": FEED}
    found = examine(tmp_path, site=site, status=0, **kept)
    assert {state for results in found.values() for state, _ in results} == {"ok"}
    options = dict(text.split("=", 1) for _, text in found["options"])
    assert options["CNCERT_PAUSE"] == "0"
    assert options["CNCERT_BROWSER"] == "off (default)"
    (network,) = found["network"]
    assert "mp.weixin.qq.com can be reached through the proxy 127.0.0.1" in network[1]
    assert "1 entries, the newest issue 2026-36" in found["feeds"][0][1]
    assert "a probe was written, read and removed" in found["store"][0][1]
    assert "which will be made: writable" in found["files"][0][1]
    assert "1 files, 3 KB" in found["archive"][0][1]
    assert "scrapy 2." in found["packages"][0][1]
    # No page of WeChat was asked for, and nothing stayed behind.
    assert {asked.host for asked in site.requests if asked.answered != "refused"} == {FEED_HOST}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "cncert.db"]
    assert [path.name for path in (tmp_path / "archive").iterdir()] == ["weekly.warc.gz"]
    with sqlite3.connect(tmp_path / "cncert.db") as db:
        assert db.execute("SELECT count(*) FROM ledger").fetchone() == (0,)


def test_all_that_is_wrong_is_reported_at_once(site: LoopbackWeChat, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    site.add_path(FEED_HOST, "/weekly.xml", Answer(status=503))
    env = {
        "DOWNLOAD_DELAY": "fast",
        "CNCERT_PAUSE": "-1",
        "CNCERT_ALERT": "json://127.0.0.1",
        "CNCERT_ENV": "/etc/cncert/cncert.env",  # which deploy/run reads: no setting, and no mistake
        "CNCERT_FILES": str(tmp_path / "file" / "pictures"),
        "CNCERT_ARCHIVE": str(tmp_path / "file"),
        "CNCERT_FEEDS": f"{FEED} https://{FEED_HOST}/none.xml https://elsewhere.example/x",
        "CNCERT_ALERTS": f"nosuch://{SECRET}",
        "CNCERT_BROWSER": "on",
        "CNCERT_CHROMIUM": "/no/such/program",
        "SSL_CERT_FILE": "/dev/null",
    }
    found = examine(tmp_path, site=site, status=1, store="sqlite:////proc/no/where.db", **env)
    wrong = {check: [text for state, text in results if state == "to do"] for check, results in found.items()}
    assert [text.partition(" ")[0] for text in wrong["settings"]] == ["DOWNLOAD_DELAY", "CNCERT_PAUSE", "the"]
    assert wrong["settings"][2] == "the environment has CNCERT_ALERT, which is no setting"
    assert wrong["store"] == ["/proc/no/where.db: the directory cannot be made: No such file or directory"]
    assert wrong["files"] == [f"{tmp_path / 'file'} is no directory"]
    assert wrong["archive"] == [f"{tmp_path / 'file'} is no directory"]
    assert "there is no such program" in wrong["browser"][0]
    assert wrong["alerts"] == ["CNCERT_ALERTS, address 1 (nosuch): no address that apprise understands"]
    assert "its certificate is not trusted" in wrong["network"][0]
    assert [text.partition(":")[0] for text in wrong["feeds"]] == [
        f"{FEED_HOST}/weekly.xml",
        f"{FEED_HOST}/none.xml",
        "elsewhere.example/x",
    ]


def test_each_feed_that_is_down_says_why(site: LoopbackWeChat, tmp_path: Path) -> None:
    answers = {
        "HTTP status 503": Answer(status=503),
        "the answer is no feed but <html>": Answer(b"<html>a login page</html>"),
        "redirects to evil.example, which is not asked": Answer(status=302, location="https://evil.example/x"),
        "no answer (RemoteDisconnected)": Answer(reset=True),
    }
    for number, answer in enumerate(answers.values()):
        site.add_path(FEED_HOST, f"/{number}.xml", answer)
    site.add_path(FEED_HOST, "/4.xml", feed("Weather", "https://weather.example/"))
    urls = " ".join(f"https://{FEED_HOST}/{number}.xml" for number in range(5))
    found = examine(tmp_path, site=site, status=1, CNCERT_FEEDS=urls)
    expected = [("to do", f"{FEED_HOST}/{number}.xml: {said}") for number, said in enumerate(answers)]
    assert found["feeds"] == [*expected, ("note", f"{FEED_HOST}/4.xml: 1 entries, no issue")]


def test_a_check_that_hangs_holds_up_neither_the_others_nor_the_end(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Another program holds the file; SQLite would wait half a minute for it. A feed never answers."""
    site.add_path(FEED_HOST, "/weekly.xml", Answer(hang=True))
    with sqlite3.connect(tmp_path / "cncert.db", isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        found = examine(tmp_path, "--seconds", "0.5", site=site, status=1, CNCERT_FEEDS=FEED)
    assert found["store"] == [("to do", "no answer within 0.5 s")]
    assert found["feeds"][0][0] == "to do"
    assert found["network"][0][0] == "ok"


def test_offline_asks_nobody(site: LoopbackWeChat, tmp_path: Path) -> None:
    found = examine(tmp_path, "--offline", site=site, status=0, CNCERT_FEEDS=FEED)
    assert not {"network", "feeds"} & found.keys()
    assert site.requests == []


def test_version_and_clock_of_mongodb_are_reported(tmp_path: Path, mongo_uri: str) -> None:
    found = examine(tmp_path, "--offline", status=0, store=mongo_uri)
    assert "MongoDB " in found["store"][0][1]
    assert "replica set rs0" in found["store"][0][1]
    assert ("ok", "agrees with that of the database") in found["clock"]


def test_a_test_alert_is_sent_where_that_is_asked_for(tmp_path: Path) -> None:
    with Webhooks() as hooks:
        urls = f"{hooks.url()} {hooks.url('broken')}"
        found = examine(tmp_path, "--send-test-alert", status=1, CNCERT_ALERTS=urls, CNCERT_LANGUAGE="zh")
        (message,) = hooks.messages
    assert found["alerts"] == [
        ("note", "1 of 2 addresses took a test message"),
        ("to do", "CNCERT_ALERTS, address 2 (json): HTTP status 500"),
    ]
    assert (message["title"], message["message"]) == ("cncert: 测试", "收到此消息，说明告警可以送达。")


def test_a_browser_is_started(tmp_path: Path, chromium: str) -> None:
    env = {"CNCERT_BROWSER": "on", "CNCERT_CHROMIUM": chromium}
    found = examine(tmp_path, "--offline", "--seconds", "15", status=0, **env)
    assert found["browser"][0][1].startswith("Chromium ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["x"], "doctor takes no argument 'x'"),
        (["--seconds", "0"], "--seconds 0 is not between 0 and 600"),
        (["--send-test-alert", "--offline"], "exclude each other"),
        (["--send-test-alert"], "CNCERT_ALERTS names nobody"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(DoctorCommand(), *args) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert said in line


def test_the_table_says_what_to_do(tmp_path: Path) -> None:
    result = run_scrapy("doctor", "--offline", env=project_env(None, tmp_path, CNCERT_FEDS="x"))
    assert result.returncode == 1
    assert "to do" in result.stdout
    assert "CNCERT_FEEDS was meant?" in result.stdout
    assert result.stdout.rstrip().endswith("1 to do.")


# --- checks by themselves


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "agrees with that of x"), (-600, "600 s ahead of that of x"), (600, "behind that of x")],
)
def test_a_clock_is_compared(seconds: int, expected: str) -> None:
    (result,) = local_checks.compare_clock("x", datetime.now(UTC) + timedelta(seconds=seconds))
    assert expected in result.text
    assert result.state == ("ok" if not seconds else "to do")


def test_a_clock_before_the_newest_known_issue_is_wrong() -> None:
    (result,) = local_checks.check_own_clock(datetime(2020, 1, 1, tzinfo=UTC))
    assert (result.state, result.text) == ("to do", "2020-01-01, but issue 2026-36 is known")
    assert local_checks.check_own_clock(datetime(2027, 1, 1, tzinfo=UTC))[0].state == "ok"


async def test_a_run_in_the_future_means_a_wrong_clock_until_there_is_another(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await store.put_run(make_run(started_at=datetime.now(UTC) + timedelta(hours=1)))
    results = await local_checks.check_store(Options(store=sqlite_uri))
    assert [result.check for result in results if result.state == "to do"] == ["clock"]
    async with open_store(sqlite_uri) as store:
        await store.put_run(make_run("the next one", started_at=datetime.now(UTC)))
    results = await local_checks.check_store(Options(store=sqlite_uri))
    assert [result.check for result in results if result.state == "to do"] == []


async def test_a_probe_leaves_nothing_behind(uri: str) -> None:
    async with open_store(uri) as store:
        await store.probe()
        assert await store.rows() == []
        server = await store.server()
    assert (server.free_bytes or 0) > 0
    assert server.problem is None


def test_packages_that_are_missing_or_of_another_version_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text(
        "# what\n-r other.txt\nscrapy>=99\nnot-there>=1  # why\nwin-only; sys_platform == 'win32'\n", encoding="utf-8"
    )
    monkeypatch.setattr(local_checks, "PROJECT", tmp_path)
    results = list(local_checks.check_packages(Options()))
    wrong = [result.text for result in results if result.state == "to do"]
    assert wrong[0].startswith("scrapy 2.")
    assert wrong[0].endswith("is installed, scrapy>=99 is needed")
    assert wrong[1:] == ["not-there>=1 is not installed"]
