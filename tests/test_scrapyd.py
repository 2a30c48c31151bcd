"""Scheduled runs: a Scrapyd set up as docs/deploy.md says, with its password, eggs, jobs, and a MongoDB behind it."""

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from ruamel.yaml import YAML

from cncert.items import CHINA
from cncert.store import open_store
from cncert.store.endings import State
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.nodes import Node, commands
from tests.site.crawl import ROOT, project_env
from tests.site.server import Answer, LoopbackWeChat

COMPOSE = ROOT / "deploy" / "compose.yaml"
FEED_HOST = "feeds.example.org"


def feed(issues: list[str]) -> bytes:
    """An RSS feed of *issues*."""
    named = (series.published(issue) for issue in issues)
    items = "".join(f"<item><title>{one.title}</title><link>{escape(one.url)}</link></item>" for one in named)
    return f"<rss version='2.0'><channel><title>CNCERT</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def wechat() -> Iterator[LoopbackWeChat]:
    with LoopbackWeChat(hosts=[FEED_HOST]) as site:
        yield site


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory,
    wechat: LoopbackWeChat,
    curl_and_openssl: None,  # noqa: ARG001  # the page calls them
) -> Iterator[Node]:
    """A machine with the project deployed; every test names the store of its jobs."""
    directory = tmp_path_factory.mktemp("node")
    with Node(directory, project_env(wechat, directory)) as running:
        yield running


async def records(uri: str) -> list[RunRecord]:
    """The runs of a store, oldest first."""
    async with open_store(uri) as store:
        return (await store.runs())[::-1]


async def stored(uri: str) -> tuple[list[str], list[str | None], list[LedgerRow]]:
    """Issues, the issues of the editions, and rows of a store."""
    async with open_store(uri) as store:
        editions = [one.document async for one in store.editions()]
        return await store.issue_ids(), sorted(editions, key=str), await store.rows()


def test_an_egg_holds_all_that_a_job_reads_and_is_small(node: Node) -> None:
    (egg,) = (node.home / "eggs" / "cncert").glob("*.egg")
    with zipfile.ZipFile(egg) as archive:
        names = set(archive.namelist())
    package = ROOT / "cncert"
    code = {str(path.relative_to(ROOT)) for path in package.rglob("*.py")}
    data = {str(path.relative_to(ROOT)) for kind in ("toml", "csv", "json") for path in package.rglob(f"*.{kind}")}
    assert {name for name in code | data if "/sample/" not in name} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks")) or name.endswith(".gz")]
    assert egg.stat().st_size < 2_500_000  # without what "make demo" and the page need: 3.6 MB more


def test_a_week_later_the_same_call_adds_the_new_issue_and_asks_for_no_other(
    node: Node, wechat: LoopbackWeChat, mongo_uri: str
) -> None:
    *weeks, new = series.week_ids("2026-33", "2026-37")  # the last one came after the bundled index

    def run(newest: str) -> str:
        """A job like any other: a feed tells what is new."""
        series.publish(wechat, weeks[0], newest)
        wechat.add_path(FEED_HOST, "/weekly.xml", Answer(feed([newest]), content_type="application/rss+xml"))
        feeds = f"setting=CNCERT_FEEDS=https://{FEED_HOST}/weekly.xml"
        job = node.schedule(f"setting=CNCERT_STORE='{mongo_uri}'", feeds, f"from={weeks[0]}")
        node.finish(job)
        return job

    first = run(weeks[-1])
    wechat.reset_log()
    second = run(new)

    issues, editions, rows = asyncio.run(stored(mongo_uri))
    assert issues == editions == [*weeks, new]
    assert {row.issue for row in rows if row.state is State.STORED} == set(issues)
    one, other = asyncio.run(records(mongo_uri))
    assert (one.job, one.clean, sorted(one.new)) == (first, True, weeks)
    assert (other.job, other.clean, other.new) == (second, True, [new])
    assert one.arguments == {"from": weeks[0]}
    assert len(wechat.asked("https://mp.weixin.qq.com/s")) <= 3
    assert len(wechat.asked(answered="article")) == 1
    assert "clean (finished)" in node.job_log(second)
    assert node.runs("--fail", "--job", first, "-s", f"CNCERT_STORE='{mongo_uri}'").returncode == 0


def test_scrapyd_calls_a_failed_run_finished_and_cron_mails_it(node: Node) -> None:
    lines = (ROOT / "deploy" / "cron").read_text(encoding="utf-8").splitlines()
    commands = [line.split(maxsplit=6)[6] for line in lines if not line.startswith("#")]
    hours = [re.fullmatch(r"case \$\((.*)\) in ([0-9|]+)\) (.*) ;; esac", command) for command in commands]
    assert [hour and hour[2] for hour in hours] == ["08|20", "08|20", "06"]
    schedule, official, look = (hour[3] for hour in hours if hour)
    asked = subprocess.run(["sh", "-c", hours[0][1] if hours[0] else ""], capture_output=True, text=True, check=True)
    assert int(asked.stdout) == datetime.now(CHINA).hour
    assert official == schedule.replace("weekly", "official")
    missing = series.published("2010-20")
    words = f"start='{missing.url}' from=2010-20 until=2010-20"
    result = node.run(schedule.replace(" >/dev/null", f" {words}"))
    assert result.returncode == 0, result.stderr
    job = json.loads(result.stdout)["jobid"]
    node.finish(job)
    result = node.run(look)
    assert (result.returncode, result.stderr) == (0, "")
    assert "not clean" in result.stdout
    assert node.runs("--fail", "--job", job).returncode == 1


def test_a_job_with_a_wrong_argument_leaves_one_line_and_no_run(node: Node) -> None:
    job = node.schedule("from=yesterday")
    node.finish(job)
    assert re.fullmatch(r"cncert: from='yesterday': .*\n", node.job_log(job))
    assert "Process died: exitstatus=2" in node.log.read_text(encoding="utf-8")
    result = node.runs("--job", job)
    assert (result.returncode, result.stdout) == (1, "")
    assert job in result.stderr


def test_a_wrong_password_is_refused(node: Node) -> None:
    before = node.ask("listversions.json", "project=cncert")
    for command in ("deploy/ask schedule.json project=cncert spider=weekly", "make deploy"):
        result = node.run(command, SCRAPYD_PASSWORD="guess")
        assert result.returncode != 0
        assert "Unauthorized" in result.stdout + result.stderr
    assert node.ask("listversions.json", "project=cncert") == before
    assert node.ask("listjobs.json")["pending"] == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("schedule.json project=nobody spider=weekly", 1, "project 'nobody' not found"),
        ("schedule.json project=cncert spider=nobody", 1, "spider 'nobody' not found"),
        ("nothing.json", 1, "404"),
        ("", 2, "usage:"),
    ],
)
def test_what_scrapyd_refuses_is_an_error(node: Node, words: str, status: int, said: str) -> None:
    result = node.run(f"deploy/run deploy/ask {words}")
    assert (result.returncode, result.stdout) == (status, "")
    assert said in result.stderr


def test_scrapyd_does_not_start_without_a_password(tmp_path: Path) -> None:
    conf = (ROOT / "deploy" / "scrapyd.conf").read_text(encoding="utf-8")
    (tmp_path / "scrapyd.conf").write_text(conf, encoding="utf-8")
    result = subprocess.run(
        [Path(sys.prefix) / "bin" / "scrapyd", "--pidfile="], cwd=tmp_path, env={"HOME": str(tmp_path)},
        timeout=30, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert "scrapyd_password is not set" in result.stdout + result.stderr


def test_two_nodes_with_overlapping_ranges_bring_every_issue_once(
    node: Node, wechat: LoopbackWeChat, mongo_uri: str, tmp_path: Path
) -> None:
    """Of weeks that no index knows: each node is given an address to begin with, and finds the way itself."""
    weeks = [week.issue for week in series.publish(wechat, "2020-05", "2020-14")]
    halves = (("2020-05", "2020-10"), ("2020-09", "2020-14"))
    with Node(tmp_path, project_env(wechat, tmp_path), project=node.directory) as other:

        def work(machine: Node, first: str, last: str) -> None:
            start = f"start='{series.published(last).url}'"
            machine.finish(
                machine.schedule(f"setting=CNCERT_STORE='{mongo_uri}'", f"from={first}", f"until={last}", start)
            )

        with ThreadPoolExecutor() as pool:
            list(pool.map(work, (node, other), *zip(*halves, strict=True)))

    issues, editions, rows = asyncio.run(stored(mongo_uri))
    assert issues == editions == weeks
    assert {row.issue for row in rows if row.state is State.STORED} == set(weeks)
    runs = asyncio.run(records(mongo_uri))
    assert sorted(issue for run in runs for issue in run.new) == weeks
    assert [(run.clean, run.changed) for run in runs] == [(True, []), (True, [])]


@pytest.mark.parametrize("line", [line for line in commands("Does it work?") if line.startswith("deploy/run")][:3])
def test_what_the_page_tells_to_look_at_can_be_looked_at(node: Node, line: str) -> None:
    result = node.run(line)
    assert result.returncode == 0, result.stderr


def test_the_compose_file_is_valid() -> None:
    check = [Path(sys.prefix) / "bin" / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    result = subprocess.run(check, capture_output=True, encoding="utf-8", timeout=30, check=False)
    assert result.returncode == 0, result.stdout


def test_containers_are_pinned_listen_on_loopback_and_have_no_password_of_their_own() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    compose = YAML(typ="safe").load(text)
    services = compose["services"].values()
    assert all(re.search(r":\d+\.\d+\.\d+$", service["image"]) for service in services)
    assert all(port.startswith("127.0.0.1:") for service in services for port in service.get("ports", ()))
    volumes = {volume.partition(":")[0] for service in services for volume in service.get("volumes", ())}
    assert volumes == set(compose["volumes"])
    assert {name for service in services for name in service.get("depends_on", ())} <= set(compose["services"])
    secrets = [value for service in services for name, value in service["environment"].items() if "PASSWORD" in name]
    assert len(secrets) == 3
    assert all(secret.startswith("${") for secret in secrets)
    for name in ("SCRAPYD_PASSWORD", "MONGO_PASSWORD"):  # compose refuses to start without
        assert f"${{{name}:?" in text
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^FROM \S+:\d+\.\d+\.\d+-", dockerfile, re.MULTILINE)
    sources = [source for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE) for source in line.split()[:-1]]
    assert [source for source in sources if not (ROOT / source).exists()] == []
