"""Scrapy's habits: its own commands, options and ways to run a spider do here what a Scrapy user expects of them."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cncert.extensions.item_exporters import XmlDocuments
from cncert.store import open_store
from tests import series
from tests.factories import make_issue
from tests.site import pages
from tests.site.cert_site import HOST, CertSite
from tests.site.crawl import ROOT, project_env, run_scrapy, scrapy_command
from tests.site.server import Answer, LoopbackWeChat
from tests.test_schema import validator

ISSUE = "2024-16"
PUBLISHED = series.published(ISSUE)
CONTRACT = "https://mp.weixin.qq.com/s/1lrCvS2QhNiaX6iHwVVyeQ"
"""The address of the contract of WeeklySpider.parse."""
OWN_SPIDER = """
import scrapy

class Own(scrapy.Spider):
    name = "own"
    start_urls = ["https://mp.weixin.qq.com/own.txt"]

    def parse(self, response):
        yield {"text": response.text}
"""
SERIES_SPIDER = """
from cncert.spiders.weekly import WeeklySpider

class Mine(WeeklySpider):
    name = "mine"
    custom_settings = {"EXTENSIONS": {"scrapy.extensions.memdebug.MemoryDebugger": 1}, "MEMDEBUG_ENABLED": True}
"""
SCRIPT = """
import sys
from scrapy.crawler import AsyncCrawlerProcess, CrawlerProcess
from scrapy.utils.project import get_project_settings
from cncert.spiders.weekly import WeeklySpider

process = %s
process.crawl(%s, **dict(argument.split("=", 1) for argument in sys.argv[1:]))
process.start()
"""
DELETED = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
OWN_TEXT = "https://mp.weixin.qq.com/own.txt"
FEED = "https://wechat2rss.xlab.app/feed.xml"
SAMPLE = "cncert/data/sample"
LIST = f"https://{HOST}/publish/main/44/index.html"
ROBOTS = f"https://{HOST}/robots.txt"
BOUNDS = (f"from={ISSUE}", f"until={ISSUE}")
ARGUMENTS = [part for argument in (f"start={PUBLISHED.url}", *BOUNDS) for part in ("-a", argument)]
ANOTHER_REACTOR = "TWISTED_REACTOR=twisted.internet.selectreactor.SelectReactor"


@pytest.fixture(scope="module")
def site() -> Iterator[LoopbackWeChat]:
    """A WeChat with the issue, also at the address of the contract, a deleted page and a text; CNCERT's own site."""
    with LoopbackWeChat(hosts=[HOST]) as loopback:
        series.publish(loopback, "2024-15", ISSUE)
        loopback.add_article(CONTRACT, series.page_of(ISSUE))
        loopback.add_article(DELETED, pages.FAILURES["deleted_zh"].page)
        loopback.add_path("mp.weixin.qq.com", "/own.txt", Answer(b"own", content_type="text/plain"))
        CertSite(loopback, [(2026, 9), (2026, 10)])
        yield loopback


@pytest.fixture(autouse=True)
def _files(site: LoopbackWeChat, tmp_path: Path) -> None:
    """What the calls name: Python files of a user, and a saved page."""
    site.reset_log()
    (tmp_path / "own.py").write_text(OWN_SPIDER, encoding="utf-8")
    (tmp_path / "mine.py").write_text(SERIES_SPIDER, encoding="utf-8")
    (tmp_path / "page.html").write_bytes(series.page_of(ISSUE))


@dataclass(frozen=True)
class Habit:
    """A call, and what is expected of it; FOLDER stands for the folder of the test's files."""

    call: Sequence[str]
    prints: str = ""
    """What stands on stdout."""
    says: str = ""
    """What stands on stderr."""
    status: int = 0
    asks: Sequence[str] = ()
    """The addresses that are requested."""

    def __str__(self) -> str:
        return " ".join(self.call)


LOOKS = [
    Habit(["shell", "--nolog", PUBLISHED.url, "-c", "issue.id"], ISSUE, "issue 2024-16", asks=[PUBLISHED.url]),
    Habit(["shell", "--nolog", PUBLISHED.url, "-c", "article.title"], PUBLISHED.title, asks=[PUBLISHED.url]),
    Habit(["shell", "--nolog", PUBLISHED.url, "-c", "page.verdict.value"], "article", asks=[PUBLISHED.url]),
    Habit(["shell", "--nolog", DELETED, "-c", "(page.verdict.value, issue)"], "('gone', None)", asks=[DELETED]),
    Habit(["shell", "--nolog", "FOLDER/page.html", "-c", "(issue.id, response.status)"], f"('{ISSUE}', 200)"),
    Habit(["shell", "--nolog", "FOLDER/own.py", "-c", "(page.verdict.value, article, issue)"], "None, None)"),
    Habit(["shell", "--nolog", LIST, "-c", "spider.name"], "official", asks=[ROBOTS, LIST]),
    Habit(["shell", "--nolog", "-c", "settings['BOT_NAME']"], "cncert"),
    Habit(
        ["parse", "--nolog", "--nocolour", "--spider=weekly", PUBLISHED.url], f"'id': '{ISSUE}'", asks=[PUBLISHED.url]
    ),
    Habit(["parse", "--nolog", "--noitems", PUBLISHED.url], series.published("2024-15").url, asks=[PUBLISHED.url]),
    Habit(["parse", "--nolog", "--nolinks", "--pipelines", PUBLISHED.url], ISSUE, asks=[PUBLISHED.url]),
    Habit(["parse", "--nolog", "--spider=weekly", "FOLDER_URL/page.html"], ISSUE),
    Habit(
        ["parse", "--nolog", "--spider=weekly", "-a", f"replay={SAMPLE}", series.published("2024-18").url], "2024-18"
    ),
    Habit(["parse", "--nolog", "--spider=official", "-c", "parse_list", LIST], "2026", asks=[ROBOTS, LIST]),
    Habit(["parse", "-L", "WARNING", "--spider=weekly", DELETED], "[]", "deleted", asks=[DELETED]),
    Habit(["fetch", "--nolog", PUBLISHED.url], 'id="js_article"', asks=[PUBLISHED.url]),
    Habit(["fetch", "--nolog", "--headers", PUBLISHED.url], "< Content-Type: text/html", asks=[PUBLISHED.url]),
    Habit(["fetch", "--nolog", "--spider=weekly", OWN_TEXT], "own", asks=[OWN_TEXT]),
    Habit(["view", PUBLISHED.url], says="Spider closed (finished)", asks=[PUBLISHED.url]),
    Habit(["check", "weekly"], says="Ran 2 contracts", asks=[CONTRACT]),
    Habit(["check", "official"], says="OK", asks=[ROBOTS, LIST]),
    Habit(["check", "--list"], "official\n  * parse_list\nweekly\n  * parse"),
    Habit(["list"], "official\nweekly"),
    Habit(["settings", "--get", "CNCERT_FILES"], "/pictures"),
    Habit(["settings", "--getbool", "COOKIES_ENABLED"], "False"),
    Habit(["version"], "Scrapy 2."),
    Habit(["runspider", "FOLDER/own.py", "-O", "-:json"], '[\n{"text": "own"}\n]', asks=[OWN_TEXT]),
    Habit(["runspider", "-a", "strat=x", "FOLDER/mine.py"], says="unknown argument 'strat'", status=2),
    Habit(["crawl", "nothing"], says="there is no spider 'nothing'; known are official, weekly", status=2),
    Habit(["crawl"], "scrapy crawl [options] <spider>", status=2),
    Habit(["crawl", "weekly", "-s", ANOTHER_REACTOR], says="this project needs twisted.internet.asyncio", status=2),
    Habit(["crawl", "weekly", "-O", "FOLDER/issues.txt"], says="Unrecognized output format 'txt'", status=2),
    Habit(["fetch", "--spider=nothing", PUBLISHED.url], says="there is no spider 'nothing'", status=2),
    Habit(["check", "nothing"], says="there is no spider 'nothing'", status=2),
    Habit(["parse", "--spider=weekly", "-a", "strat=x", PUBLISHED.url], says="unknown argument 'strat'", status=2),
    Habit(["shell", "-s", "DOWNLOAD_DELAY=fast", PUBLISHED.url], says="DOWNLOAD_DELAY must be a number", status=2),
]


@pytest.mark.parametrize("habit", LOOKS, ids=str)
def test_a_command_that_is_no_crawl_keeps_nothing(site: LoopbackWeChat, tmp_path: Path, habit: Habit) -> None:
    before = sorted(tmp_path.rglob("*"))
    call = [part.replace("FOLDER_URL", tmp_path.as_uri()).replace("FOLDER", str(tmp_path)) for part in habit.call]
    done = run_scrapy(*call, env=environment(site, tmp_path))
    assert done.returncode == habit.status, done.stderr
    assert habit.prints in done.stdout
    assert habit.says in done.stderr
    assert "Traceback" not in done.stderr
    assert [request.url for request in site.requests] == list(habit.asks)
    assert sorted(tmp_path.rglob("*")) == before


def environment(site: LoopbackWeChat, tmp_path: Path) -> dict[str, str]:
    """As a user has it, with feeds and the archive; pages are shown in the browser ``true``."""
    return project_env(site, tmp_path, CNCERT_ARCHIVE=str(tmp_path / "archive"), CNCERT_FEEDS=FEED, BROWSER="true")


@pytest.mark.parametrize("option", ["EXTENSIONS", "JOBDIR", "TWISTED_REACTOR_ENABLED"])
def test_a_crawl_with_settings_of_scrapy_is_a_run(site: LoopbackWeChat, tmp_path: Path, option: str) -> None:
    value = {
        "EXTENSIONS": '{"scrapy.extensions.memdebug.MemoryDebugger": 1}',
        "JOBDIR": str(tmp_path / "job"),
        "TWISTED_REACTOR_ENABLED": "False",
    }[option]
    for _ in range(2):
        done = run_scrapy("crawl", "weekly", *ARGUMENTS, "-s", f"{option}={value}", env=project_env(site, tmp_path))
        assert done.returncode == 0, done.stderr
        assert "clean (finished)" in done.stderr
    assert (tmp_path / "cncert.db").exists()


def test_runspider_of_a_spider_of_the_series_is_a_run(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Also with extensions of its own, which stand beside the record of the run."""
    done = run_scrapy("runspider", tmp_path / "mine.py", *ARGUMENTS, env=project_env(site, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "clean (finished)" in done.stderr
    assert "memdebug/" in done.stderr
    gone = run_scrapy(
        "runspider", tmp_path / "mine.py", "-a", f"start={DELETED}", "-a", "limit=1", env=project_env(site, tmp_path)
    )
    assert gone.returncode == 1


@pytest.mark.parametrize("process", ["CrawlerProcess", "AsyncCrawlerProcess"])
@pytest.mark.parametrize("spider", ["'weekly'", "WeeklySpider"])
def test_a_script_runs_the_spider(site: LoopbackWeChat, tmp_path: Path, process: str, spider: str) -> None:
    done = run_script(site, tmp_path, SCRIPT % (f"{process}(get_project_settings())", spider))
    assert done.returncode == 0, done.stderr
    assert "'cncert/run/clean': True" in done.stderr


def test_a_script_without_the_settings_of_the_project_asks_nobody(site: LoopbackWeChat, tmp_path: Path) -> None:
    done = run_script(site, tmp_path, SCRIPT % ("CrawlerProcess()", "WeeklySpider"))
    assert "this spider needs the settings of its project" in done.stderr
    assert site.requests == []


def run_script(site: LoopbackWeChat, tmp_path: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a Python script of a user in the project's root."""
    _, env = scrapy_command((), project_env(site, tmp_path), ())
    call = [sys.executable, "-c", script, f"start={PUBLISHED.url}", *BOUNDS]
    return subprocess.run(call, env=env, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)


def test_outside_of_the_project_scrapy_says_so(tmp_path: Path) -> None:
    done = run_scrapy("crawl", "weekly", cwd=tmp_path)
    assert done.returncode == 2
    assert "The crawl command is not available from this location." in done.stdout


def test_outside_of_the_project_its_settings_can_be_named(site: LoopbackWeChat, tmp_path: Path) -> None:
    named = {"SCRAPY_SETTINGS_MODULE": "cncert.settings", "PYTHONPATH": str(ROOT)}
    done = run_scrapy("crawl", "weekly", *ARGUMENTS, env=project_env(site, tmp_path) | named, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "clean (finished)" in done.stderr


@pytest.fixture(scope="module")
def feeds(site: LoopbackWeChat, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two crawls, each into a store of its own: one with ``-O`` in all formats, one with FEEDS."""
    folder = tmp_path_factory.mktemp("feeds")
    call = [
        part for name in ("o.json", "o.jsonl", "o.jl", "o.csv", "o.xml", "o.pickle") for part in ("-O", folder / name)
    ]
    feed = {f"file://{folder}/%(name)s.json": {"format": "json", "fields": ["_id", "rating"], "indent": 1}}
    for given, store in ((call, "other.db"), (["-s", f"FEEDS={json.dumps(feed)}"], "cncert.db")):
        env = project_env(site, folder, store=f"sqlite:///{folder / store}")
        done = run_scrapy("crawl", "weekly", *ARGUMENTS, *given, env=env)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", ["o.json", "o.jsonl", "o.jl"])
async def test_json_is_the_stored_document(feeds: Path, name: str) -> None:
    text = (feeds / name).read_text(encoding="utf-8")
    (document,) = json.loads(text) if name == "o.json" else map(json.loads, text.splitlines())
    async with open_store(f"sqlite:///{feeds}/other.db", read_only=True) as store:
        stored = await store.get_issue(ISSUE)
    assert stored is not None
    assert document == stored.model_dump(mode="json")
    assert PUBLISHED.title in text
    validator().validate(document)


def test_a_feed_may_choose_fields(feeds: Path) -> None:
    assert json.loads((feeds / "weekly.json").read_text(encoding="utf-8")) == [{"_id": ISSUE, "rating": "良"}]


def test_csv_is_the_row_of_the_table_wide(feeds: Path) -> None:
    env = project_env(None, feeds, store=f"sqlite:///{feeds}/other.db")
    exported = run_scrapy("export", "--table", "wide", "--format", "csv", "--out", "-", env=env)
    assert (feeds / "o.csv").read_text(encoding="utf-8").splitlines() == exported.stdout.splitlines()


def test_xml_has_the_fields_of_the_document(feeds: Path) -> None:
    (item,) = ElementTree.parse(feeds / "o.xml").getroot()
    assert item.findtext("_id") == ISSUE
    assert item.findtext("period/start") == "2024-04-15"
    assert item.findtext("figures/value/metric") == "incidents.handled"
    assert item.findtext("article/modified_at") == ""
    assert item.findtext("provenance/sample") == "false"


def test_xml_is_well_formed_whatever_a_page_says() -> None:
    file = io.BytesIO()
    exporter = XmlDocuments(file)
    exporter.start_exporting()
    exporter.export_item(make_issue(title="\x00\x0b<&>\ufffe"))
    exporter.finish_exporting()
    assert ElementTree.fromstring(file.getvalue()).findtext("item/title") == "\ufffd\ufffd<&>\ufffd"


@pytest.mark.parametrize("place", ["ftp://user:secret@127.0.0.1:9/x.json", "/proc/none/x.json"])
def test_a_feed_that_is_not_written_makes_status_1(tmp_path: Path, place: str) -> None:
    call = ("crawl", "weekly", "-a", f"replay={SAMPLE}", "-a", "limit=1", "-O", place, "-O", tmp_path / "fine.json")
    done = run_scrapy(*call, env=project_env(None, tmp_path))
    assert done.returncode == 1
    assert done.stderr.endswith("cncert: a file of -O, -o or FEEDS was not written: the ERROR line says why\n")
    assert "secret" not in done.stderr
