"""Alerts: what is said to whom, and that nobody who does not listen holds a run up or learns a secret."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cncert.monitoring.alert_channels import MESSAGE_BYTES, message, problems, send
from cncert.options import Options
from cncert.store import open_store
from cncert.store.run_records import Alert, RunRecord
from tests import series
from tests.factories import NOW
from tests.site import pages
from tests.site.crawl import crawl
from tests.site.server import Answer, LoopbackWeChat
from tests.webhook import SECRET, Webhooks

BOUNDS = ("from=2026-32", "until=2026-36")
LAST = series.published("2026-36").url


@pytest.fixture
def hooks() -> Iterator[Webhooks]:
    with Webhooks() as server:
        yield server


def alert(name: str = "rejected", **changes: Any) -> Alert:
    about = changes.pop("about", ["2025-03"])
    return Alert.model_validate(
        {"name": name, "level": "attention", "about": about, "number": len(about), "since": NOW, **changes}
    )


# --- what is said


def test_a_message_says_what_is_wrong_and_what_to_do() -> None:
    full = alert("disk", level="warning", about=["store"], facts={"limit_mb": 500})
    title, body = message([alert("archive", about=[]), full, alert("pictures", over=True)], "en", "host, run")
    assert title == "cncert: attention 1, warning 1, over 1"
    assert body.splitlines() == [
        "[attention] the archive of raw pages cannot be written",
        "→ make CNCERT_ARCHIVE writable, or free its disk",
        "[warning] less than 500 MB of disk space left: store",
        "→ free some space there, or move it to a larger disk",
        "[over] pictures could not be had: 2025-03",
        "host, run",
    ]


def test_a_message_is_chinese_where_that_is_asked_for() -> None:
    title, body = message([alert("died"), alert("died", over=True)], "zh", "主机")
    assert title == "cncert: 需处理 1, 已恢复 1"
    assert body.splitlines() == [
        "[需处理] 运行中途异常终止：2025-03",
        "→ 下次运行会从中断处继续；若反复出现，请检查内存以及是谁终止了进程",
        "[已恢复] 运行中途异常终止：2025-03",
        "主机",
    ]


def test_a_message_is_short_enough_for_wecom() -> None:
    title, body = message([alert("store", facts={"error": "长" * 100}) for _ in range(12)], "zh", "host")
    assert len(f"{title}\n{body}".encode()) < 2048
    assert body.splitlines()[-2:] == ["……另有8条（scrapy status）", "host"]
    assert len(body.encode()) > MESSAGE_BYTES / 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n", []),
        ("json://a", ["json://a"]),
        ("json://a/x,y wecombot://k", ["json://a/x,y", "wecombot://k"]),
        ("json://a, feishu://b,\n slack://c\n", ["json://a", "feishu://b", "slack://c"]),
        ("nonsense", ["nonsense"]),
    ],
)
def test_addresses_are_parted_by_spaces_or_commas(text: str, expected: list[str]) -> None:
    assert list(Options.of({"CNCERT_ALERTS": text}).alerts) == expected


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://abcdef01-2345-6789-abcd-ef0123456789",
        "dingtalk://abcdef0123456789",
        "feishu://abcdef01-2345-6789-abcd-ef0123456789",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "mailto://user:password@example.com",
        "json://127.0.0.1/x",
        "jsons://hooks.example/x",
    ],
)
def test_the_services_of_the_documents_are_understood(url: str) -> None:
    assert problems([url]) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"nosuch://{SECRET}", "CNCERT_ALERTS, address 2 (nosuch): no address that apprise understands"),
        (f"wecombot://{SECRET}!/\x00", "CNCERT_ALERTS, address 2 (wecombot): no address that apprise understands"),
        (SECRET, "CNCERT_ALERTS, address 2: no address that apprise understands"),
    ],
)
def test_an_address_that_is_none_is_named_by_its_place(url: str, shown: str) -> None:
    assert problems(["json://127.0.0.1", url]) == [shown]


# --- who does not listen


async def test_one_who_takes_it_is_enough_and_each_other_is_a_line(
    hooks: Webhooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    urls = [hooks.url("broken"), hooks.url("hang"), hooks.url(), hooks.url("refused"), f"nosuch://{SECRET}"]
    number, failures = await send(message([alert()], "zh", "host"), urls, seconds=1)
    assert number == 1
    assert failures == [
        "CNCERT_ALERTS, address 1 (json): HTTP status 500",
        "CNCERT_ALERTS, address 2 (json): no answer within 1 s",
        "CNCERT_ALERTS, address 4 (json): no connection, or no answer",
        "CNCERT_ALERTS, address 5 (nosuch): no address that apprise understands",
    ]
    (taken,) = hooks.messages
    assert taken["title"] == "cncert: 需处理 1"
    assert taken["message"].splitlines()[0] == "[需处理] 未通过校验而被拒收：2025-03"
    assert SECRET not in caplog.text


# --- whole crawls


async def last_run(tmp_path: Path) -> RunRecord:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        return (await store.runs(1))[0]


def alerting(hooks: Webhooks, *behaviours: str, **env: str) -> dict[str, str]:
    """The environment of a crawl that alerts *hooks*; they are not asked through the site, which is its proxy."""
    urls = " ".join(f"{hooks.url(behaviour)}&rto=0.5" for behaviour in behaviours or ("take",))
    return {"CNCERT_ALERTS": urls, "no_proxy": "127.0.0.1", "LOG_LEVEL": "DEBUG", **env}


def names(run: RunRecord) -> set[str]:
    return {one.name for one in run.alerts or []}


async def test_an_alert_is_sent_once_and_once_more_when_it_is_over(
    site: LoopbackWeChat, tmp_path: Path, hooks: Webhooks, mongo_uri: str
) -> None:
    """Blocked, rejected, not to be had, without its pictures: then all of it is mended."""
    series.publish(site, "2026-32", "2026-36", without=("2026-33",))
    site.add_article(series.published("2026-34").url, pages.FAILURES["verification"].page)
    site.add_article(series.published("2026-33").url, Answer(status=404))
    long = series.published("2026-32")
    site.add_article(
        long.url, pages.render(pages.ArticleSpec(title=long.title + "！" * 200, mid=long.mid, idx=long.idx))
    )
    for url in series.published("2026-35").pictures:
        site.add_picture(url, Answer(status=404))

    def run() -> str:
        env = alerting(hooks, CNCERT_REPRINTS="off")  # the index has one of 2026-32
        result = crawl(site, tmp_path, f"start={LAST}", *BOUNDS, "retry=1", store=mongo_uri, **env)
        assert SECRET not in result.stderr
        return result.stderr

    stderr = run()
    (first,) = hooks.messages
    assert first["title"] == "cncert: attention 5"
    for line in (
        "no new issue for",
        "weeks without their issue: 2026-33 unavailable, 2026-32 rejected",
        "WeChat asks for a verification: 2026-34",
        "issues refused because they break the model: 2026-32",
        "pictures could not be had: 2026-35",
    ):
        assert f"[attention] {line}" in first["message"]
        assert f"  attention: {line}" in stderr
    run()
    assert len(hooks.messages) == 1
    series.publish(site, "2026-32", "2026-36")
    run()
    assert len(hooks.messages) == 2
    assert hooks.messages[1]["title"] == "cncert: over 2"
    assert "[over] WeChat asks for a verification: 2026-34" in hooks.messages[1]["message"]
    async with open_store(mongo_uri) as store:
        runs = await store.runs()
    assert [names(run) for run in runs] == [{"stale", "gaps", "rejected"}, *[names(runs[1])] * 2]
    assert SECRET not in "".join(run.model_dump_json() for run in runs)


async def test_who_does_not_listen_changes_no_run(site: LoopbackWeChat, tmp_path: Path, hooks: Webhooks) -> None:
    published = series.publish(site, "2026-35", "2026-36")
    arguments = (f"start={published[-1].url}", "from=2026-35", "until=2026-36")
    result = crawl(site, tmp_path, *arguments, **alerting(hooks, "hang", "broken", "refused"))
    assert result.returncode == 0
    assert "clean (finished)" in result.stderr
    assert SECRET not in result.stderr
    said = re.findall(r"No alert was sent: (.*)", result.stderr)
    assert [line.partition(": ")[2] for line in said] == [
        "no connection, or no answer",
        "HTTP status 500",
        "no connection, or no answer",
    ]
    assert "'cncert/alerts/failed': 3" in result.stderr
    run = await last_run(tmp_path)
    assert run.clean
    assert [(one.name, one.news, one.told_at) for one in run.alerts or []] == [("stale", True, None)]


async def test_a_store_that_is_not_there_is_reported(site: LoopbackWeChat, tmp_path: Path, hooks: Webhooks) -> None:
    result = crawl(site, tmp_path, store="sqlite:////proc/no/where.db", **alerting(hooks, CNCERT_LANGUAGE="zh"))
    assert result.returncode == 1
    (said,) = hooks.messages
    assert said["message"].startswith("[需处理] 数据库故障：/proc/no")


async def test_a_replay_tells_nobody(site: LoopbackWeChat, tmp_path: Path, hooks: Webhooks) -> None:
    sample = "replay=cncert/data/sample/weekly.warc.gz"
    result = crawl(site, tmp_path, sample, "limit=1", **alerting(hooks))
    assert result.returncode == 0
    assert hooks.asked == []
    assert (await last_run(tmp_path)).alerts is None


async def test_without_apprise_a_run_says_so_at_its_beginning(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2026-36", "2026-36")
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['apprise'] = None\n", encoding="utf-8")
    arguments = (f"start={published[-1].url}", "from=2026-36", "until=2026-36")
    result = crawl(site, tmp_path, *arguments, CNCERT_ALERTS="json://x", PYTHONPATH=str(tmp_path))
    assert result.returncode == 0
    wanted = "CNCERT_ALERTS needs another library: pip install -r requirements-alerts.txt"
    assert f"No alert can be sent: {wanted}" in result.stderr
