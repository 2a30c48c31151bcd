"""``scrapy status``: what it tells in a table, as JSON and as metrics, and with which exit status."""

import asyncio
import json
import os
import re
import socket
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cncert.commands.status import StatusCommand
from cncert.items import CHINA, issue_id
from cncert.monitoring.monitor_input import StoreSnapshot, take_snapshot
from cncert.monitoring.monitors import MONITORS
from cncert.monitoring.prometheus import metrics
from cncert.monitoring.store_status import status
from cncert.report.calendar import parse_week, period, previous_week, week_of
from cncert.store import open_store
from tests.calls import call
from tests.factories import NOW, make_issue, make_picture, make_reprint, make_row, make_run
from tests.site.crawl import ROOT, project_env, run_scrapy
from tests.stores import put_document

SIGNED = "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247499999&idx=1&sn=973acc0aa04d451c&chksm=973acc0aa04d"


def recent_weeks(number: int) -> list[str]:
    """The last weeks that have ended, oldest first."""
    week = previous_week(week_of(date.today()))
    weeks = [week]
    while len(weeks) < number:
        weeks.append(week := previous_week(week))
    return [issue_id(*week) for week in reversed(weeks)]


async def fill(uri: str, weeks: list[str], *, blocked: str | None = None, **last_run: Any) -> None:
    """A store with the issues of *weeks*, but one that is *blocked*, and a clean run."""
    started = datetime.now(UTC) - timedelta(hours=2)
    fields = {"started_at": started, "ended_at": started, "clean": True, "close_reason": "finished", **last_run}
    async with open_store(uri) as store:
        for week in weeks:
            row = make_row(f"issue-{week}", issue=week, state="stored")
            if week == blocked:
                address = {"url": SIGNED, "form": "signed", "sources": ["index"], "first_seen": NOW, "tries": 1}
                changes = {"state": "blocked", "reason": "verification page", "addresses": [address]}
                row = row.model_validate(row.model_dump() | changes)
            else:
                picture, ended = make_picture(f"mmbiz_png/issue{week}", "stored"), period(*parse_week(week)).end
                came = datetime.combine(ended + timedelta(days=1), time(), CHINA)
                issue = make_issue(*parse_week(week), images=[picture], figures=[], warnings=[], published_at=came)
                await put_document(store, issue)
            await store.change_row(row.id, lambda _, row=row: row)  # type: ignore[misc]
        await store.put_run(make_run(**fields))


def run_status(
    tmp_path: Path, *args: str | Path, store: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    return run_scrapy("status", *args, env=project_env(None, tmp_path, store=store, **env))


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Metrics as Prometheus reads them: by name and labels."""
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation and family.type == "gauge" for family in families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


async def test_where_all_is_well_it_says_so_and_exits_with_0(tmp_path: Path, uri: str) -> None:
    weeks = recent_weeks(8)
    await fill(uri, weeks)
    result = run_status(tmp_path, store=uri)
    assert (result.returncode, result.stderr) == (0, "")
    for words in (
        f"newest issue  {weeks[-1]}, published ",
        "8 stored, ",
        "stored from   8 page",
        "clean, 2 hours ago: 0 new",
    ):
        assert words in result.stdout
    assert result.stdout.rstrip().endswith("Nothing is wrong.")


async def test_what_is_wrong_stands_in_the_table_with_what_to_do(tmp_path: Path, sqlite_uri: str) -> None:
    weeks = recent_weeks(4)
    empty = {"kind": "feed", "name": "a.example/", "code": "empty", "detail": "empty"}
    await fill(sqlite_uri, weeks, blocked=weeks[2], clean=False, faults={"blocked": 1}, sources=[empty])
    result = run_status(tmp_path, store=sqlite_uri, CNCERT_LANGUAGE="zh", COLUMNS="80")
    assert result.returncode == 1
    assert f"缺少      {weeks[2]} 需验证" in result.stdout
    assert re.search(r"待处理    现在可取文章 [0-9]+ 篇，稍后 0 篇；图片 0 张", result.stdout)
    assert re.search(r"建议      缺少的 [0-9]+ 期：运行 scrapy crawl weekly", result.stdout)
    assert "不正常 (finished), 2 小时前" in result.stdout
    assert "! 遇到环境验证的页面：1" in result.stdout
    assert "· feed a.example/: empty" in result.stdout
    assert f"需处理  微信要求验证：{weeks[2]}" in result.stdout
    assert "→ 请稍后以更慢的速度" in result.stdout


async def test_json_holds_all_of_it(tmp_path: Path, sqlite_uri: str) -> None:
    weeks = recent_weeks(4)
    await fill(sqlite_uri, weeks, blocked=weeks[2])
    result = run_status(tmp_path, "--json", store=sqlite_uri)
    state = json.loads(result.stdout)
    assert result.returncode == 1
    assert state["attention"] is True
    assert (state["issues"], state["newest"]["issue"]) == (3, weeks[3])
    assert (state["weeks"]["stored"], state["weeks"]["blocked"], state["sources"]) == (3, 1, {"page": 3})
    assert state["due_now"] == sum(bool(week["addresses"]) for week in state["missing"])
    assert sum(state["advice"].values()) == len(state["missing"]) == sum(state["weeks"].values()) - 3
    (slower,) = [week for week in state["missing"] if week["issue"] == weeks[2]]
    assert (slower["advice"], slower["advice_en"][:20]) == ("slower", "run later and slower")
    assert "blocked" in [alert["name"] for alert in state["alerts"]]
    assert state["last_run"]["clean"] is True


async def test_metrics_are_what_prometheus_reads(tmp_path: Path, sqlite_uri: str) -> None:
    weeks = recent_weeks(4)
    await fill(sqlite_uri, weeks, blocked=weeks[2])
    file = tmp_path / "cncert.prom"
    file.write_text("of yesterday", encoding="utf-8")
    result = run_status(tmp_path, "--prometheus", file, store=sqlite_uri)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert [path.name for path in tmp_path.iterdir() if "prom" in path.name] == ["cncert.prom"]
    assert file.stat().st_mode & 0o777 == 0o644
    found = samples(file.read_text(encoding="utf-8"))
    assert found["cncert_store_up", ()] == 1
    assert found["cncert_issues", ()] == 3
    assert found["cncert_weeks", (("state", "never_named"),)] > 0
    assert found["cncert_stored_weeks", (("source", "page"),)] == 3
    assert found["cncert_weeks", (("state", "blocked"),)] == 1
    assert found["cncert_last_run_clean", ()] == 1
    assert found["cncert_alert", (("name", "blocked"),)] == 2
    assert found["cncert_alert", (("name", "stale"),)] == 0
    assert found["cncert_due_articles", (("when", "now"),)] == 201
    assert {labels[0][1] for name, labels in found if name == "cncert_alert"} == MONITORS.keys()
    described = re.findall(
        r"^\| `(cncert_[a-z_]+)", (ROOT / "docs" / "watch.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name for name, _ in found} == set(described)
    assert run_status(tmp_path, "--prometheus", "-", store=sqlite_uri).stdout.startswith("# HELP cncert_store_up")


def test_an_empty_store_has_metrics_too() -> None:
    state = status(StoreSnapshot(NOW, timedelta(days=9), []), [], "sqlite:///x")
    found = samples("".join(metrics(state)))
    assert found["cncert_issues", ()] == 0
    assert not {name for name, _ in found if "newest" in name or "last_run" in name}


def test_a_store_that_is_not_there_is_one_line_status_2_and_a_metric(tmp_path: Path) -> None:
    file = tmp_path / "cncert.prom"
    nowhere = "sqlite:////proc"
    result = run_status(tmp_path, "--prometheus", file, store=nowhere)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "/proc" in line
    assert samples(file.read_text(encoding="utf-8")) == {("cncert_store_up", ()): 0}


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["x"], {}, "status takes no argument 'x'"),
        (["--json", "--prometheus", "-"], {}, "--json and --prometheus exclude each other"),
        (["--prometheus", "/proc/no/x.prom"], {}, "/proc/no/x.prom cannot be written"),
        ([], {"CNCERT_FRESH_DAYS": "0"}, "CNCERT_FRESH_DAYS must be a number of days from 1 to 90, not '0'"),
        ([], {"CNCERT_LANGUAGE": "fr"}, "CNCERT_LANGUAGE must be one of en, zh, not 'fr'"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    sqlite_uri: str, args: list[str], env: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(StatusCommand(), *args, CNCERT_STORE=sqlite_uri, **env) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert said in line


@pytest.mark.parametrize(("source", "said"), [("reprint", "published by"), ("page", "published")])
async def test_it_says_where_only_the_time_of_a_reprint_is_known(
    tmp_path: Path, uri: str, source: str, said: str
) -> None:
    (week,) = recent_weeks(1)
    at = datetime.combine(period(*parse_week(week)).end + timedelta(days=1), time(8), CHINA)
    origin = {"source": source, "reprint": make_reprint(published_at=at) if source == "reprint" else None}
    issue = make_issue(*parse_week(week), published_at=at if source == "page" else None, provenance=origin, warnings=[])
    async with open_store(uri) as store:
        await put_document(store, issue)
    assert f"newest issue  {week}, {said} {at:%Y-%m-%d}:" in run_status(tmp_path, store=uri).stdout
    newest = json.loads(run_status(tmp_path, "--json", store=uri).stdout)["newest"]
    expected = [at.isoformat(timespec="seconds"), None] if source == "page" else [None, f"{at:%Y-%m-%d}"]
    assert [newest["published_at"], newest["published_by"]] == expected


async def test_it_says_where_only_the_day_is_known(tmp_path: Path, sqlite_uri: str) -> None:
    (week,) = recent_weeks(1)
    day = period(*parse_week(week)).end + timedelta(days=1)
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue(*parse_week(week), published_at=None, published_on=day, warnings=[]))
    assert f"newest issue  {week}, published {day}:" in run_status(tmp_path, store=sqlite_uri).stdout
    newest = json.loads(run_status(tmp_path, "--json", store=sqlite_uri).stdout)["newest"]
    assert [newest[f"published_{name}"] for name in ("at", "on", "by")] == [None, str(day), None]


async def test_the_future_is_neither_the_newest_issue_nor_the_last_run(tmp_path: Path, sqlite_uri: str) -> None:
    weeks, ahead = recent_weeks(4), datetime(2036, 1, 1, tzinfo=UTC)
    await fill(sqlite_uri, weeks[:1], faults={"failed": 1}, clean=False)
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue(*parse_week(weeks[1]), published_at=ahead, warnings=[]))
        await put_document(store, make_issue(2036, 1, warnings=[]))
        await store.put_run(make_run("ahead", started_at=ahead, ended_at=ahead, clean=True, close_reason="finished"))
    result = run_status(tmp_path, "--json", store=sqlite_uri)
    state = json.loads(result.stdout)
    assert (result.returncode, state["newest"]["issue"], state["newest"]["published_at"]) == (1, weeks[1], None)
    assert state["newest"]["age_seconds"] > 9 * 24 * 3600
    assert state["last_run"]["clean"] is False
    assert state["last_run"]["warnings"] == ["pages without an answer: 1"]
    (alert,) = [alert for alert in state["alerts"] if alert["name"] == "stale"]
    assert (alert["text"][:16], alert["text_zh"][:2]) == ("no new issue for", "已有")


@pytest.mark.parametrize("sample", [True, False])
async def test_a_replay_is_the_last_run_of_a_store_of_the_sample_only(sqlite_uri: str, sample: bool) -> None:
    replay = make_run(ended_at=NOW, clean=True, close_reason="finished", arguments={"replay": "weekly.warc.gz"})
    async with open_store(sqlite_uri) as store:
        await store.claim(sample=sample)
        await store.put_run(replay)
        snapshot = await take_snapshot(store, NOW, timedelta(days=9))
    assert snapshot.last_run == (replay if sample else None)


@pytest.mark.parametrize("ended_at", [None, datetime(2036, 1, 1, tzinfo=UTC)])
def test_the_time_of_a_run_of_the_future_is_not_known(ended_at: datetime | None) -> None:
    run = make_run(started_at=datetime(2036, 1, 1, tzinfo=UTC), ended_at=ended_at, clean=False, close_reason="shutdown")
    state = status(StoreSnapshot(NOW, timedelta(days=9), [], runs=[run]), [], "sqlite:///x")
    assert samples("".join(metrics(state)))["cncert_last_run_timestamp_seconds", ()] == 0


async def test_a_run_that_goes_on_and_one_that_died_are_told_apart(tmp_path: Path, sqlite_uri: str) -> None:
    here = {"host": socket.gethostname(), "started_at": datetime.now(UTC)}
    await fill(sqlite_uri, recent_weeks(2))
    async with open_store(sqlite_uri) as store:
        await store.put_run(make_run("going", pid=os.getpid(), **here))
        await store.put_run(make_run("dead", pid=2**22 + 1, **here))
    result = await asyncio.to_thread(run_status, tmp_path, store=sqlite_uri)
    assert result.returncode == 1
    assert "running       going" in result.stdout
    assert "last run      died, just now" in result.stdout
