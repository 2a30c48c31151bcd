"""Run records: which runs died, which is the newest, what a record of the first version becomes."""

import asyncio
import contextlib
import copy
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cncert.exceptions import StoreError
from cncert.items import china_time
from cncert.monitoring.alert_words import text_and_advice
from cncert.monitoring.believed_times import newest_runs
from cncert.monitoring.dead_runs import close_dead_runs, has_died
from cncert.monitoring.exit_status import failure_lines, is_clean
from cncert.monitoring.run_lines import all_lines, run_document
from cncert.monitoring.run_log import RunLog
from cncert.store import open_store
from cncert.store.close_reasons import CloseReason
from cncert.store.former_runs import upgraded_run
from cncert.store.run_records import RunRecord
from tests import series
from tests.calls import call
from tests.factories import make_run
from tests.site.crawl import ROOT, begin_crawl, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat

HERE = socket.gethostname()
NOW = datetime.now(UTC)
LONG_AGO, AHEAD = NOW - timedelta(days=3), datetime(2036, 1, 1, tzinfo=UTC)


def record(name: str = "run", /, **changes: object) -> RunRecord:
    """A run of this very process that has just begun."""
    return make_run(name, **{"host": HERE, "pid": os.getpid(), "started_at": datetime.now(UTC), **changes})


@pytest.mark.parametrize(
    ("changes", "died"),
    [
        ({}, False),
        ({"clean": True}, False),
        ({"clean": False, "pid": 2**22 + 1}, False),  # it ended
        ({"pid": 2**22 + 1}, True),  # Linux has no such number
        ({"pid": 2**70}, True),
        ({"pid": 0}, True),
        ({"pid": -1}, True),
        ({"started_at": NOW - timedelta(minutes=8)}, True),  # the number has been given to another process since
        ({"heartbeat_at": NOW - timedelta(minutes=8)}, True),
        ({"heartbeat_at": NOW - timedelta(minutes=11)}, True),
        ({"started_at": LONG_AGO, "heartbeat_at": NOW}, False),
        ({"host": "another"}, False),
        ({"host": "another", "started_at": NOW - timedelta(minutes=9)}, False),
        ({"host": "another", "started_at": NOW - timedelta(minutes=11)}, True),  # it never had a heartbeat
        ({"host": "another", "started_at": LONG_AGO, "heartbeat_at": NOW - timedelta(minutes=9)}, False),
        ({"host": "another", "started_at": LONG_AGO, "heartbeat_at": NOW - timedelta(minutes=11)}, True),
        ({"host": "another", "started_at": LONG_AGO, "heartbeat_at": NOW + timedelta(seconds=30)}, False),
        ({"host": "another", "started_at": LONG_AGO, "heartbeat_at": AHEAD}, True),
        ({"host": "another", "started_at": AHEAD, "heartbeat_at": AHEAD}, True),
        ({"host": "another", "started_at": AHEAD, "heartbeat_at": NOW}, False),  # its clock was set right
        ({"started_at": AHEAD, "heartbeat_at": NOW}, False),
        ({"host": "another", "started_at": NOW, "heartbeat_at": AHEAD}, False),
    ],
)
def test_a_run_died_if_its_process_is_gone_or_its_heartbeat_is_old(changes: dict[str, object], died: bool) -> None:
    assert has_died(record(**{"started_at": NOW, **changes}), NOW) is died


def test_a_process_that_nobody_has_waited_for_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        run = record(pid=process.pid)
        assert not has_died(run, datetime.now(UTC))
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert has_died(run, datetime.now(UTC))


async def test_records_of_dead_runs_are_closed_and_others_left_alone(tmp_path: Path) -> None:
    going, ended = record("going"), record("ended", clean=True, close_reason="finished")
    dead = record("dead", pid=2**22 + 1, new=["2025-03"])
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        for run in (going, ended, dead):
            await store.put_run(run)
        assert [run.id for run in await close_dead_runs(store)] == ["dead"]
        assert await close_dead_runs(store) == []
        found = {run.id: run for run in await store.runs()}
    assert (found["going"], found["ended"]) == (going, ended)
    assert found["dead"] == dead.model_copy(update={"close_reason": CloseReason.DIED, "clean": False})


async def test_runs_tells_all_states(tmp_path: Path) -> None:
    runs = {
        "running": record("1"),
        "died": record("2", pid=2**22 + 1),
        "clean": record("3", clean=True, close_reason="finished"),
        "not clean": record("4", clean=False, close_reason="shutdown"),
    }
    for state, run in runs.items():
        folder = tmp_path / state
        folder.mkdir()
        async with open_store(f"sqlite:///{folder / 'cncert.db'}") as store:
            await store.put_run(run)
        assert f"  {state}  " in run_scrapy("runs", env=project_env(None, folder)).stdout


# --- how a run ended


@pytest.mark.parametrize(
    ("name", "reason", "other"),
    [
        ("finished", CloseReason.FINISHED, None),
        ("cancelled", CloseReason.CANCELLED, None),
        ("closespider_timeout", CloseReason.OTHER, "closespider_timeout"),
        ("", CloseReason.OTHER, ""),
    ],
)
async def test_a_close_reason_is_a_known_one_or_keeps_its_name(
    sqlite_uri: str, name: str, reason: CloseReason, other: str | None
) -> None:
    async with open_store(sqlite_uri) as store:
        log = RunLog(store, "weekly", {})
        log.close(name)
        await log.end()
        (run,) = await store.runs()
    assert (run.close_reason, run.other_reason, run.reason) == (reason, other, name or "other")
    assert run.clean is (reason is CloseReason.FINISHED)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        ({"close_reason": "imported", "gaps_before": 0, "gaps_after": 4}, []),
        ({"sources": [{"kind": "feed", "name": "a/b", "code": "empty", "detail": "empty"}]}, []),
        ({"notes": [{"issue": "2025-03", "code": "figures_unread"}]}, []),
        ({"gaps_before": 1, "gaps_after": 2}, ["2 weeks are missing, 1 were before"]),
        ({"error": "disk full", "faults": {"failed": 2}}, ["disk full", "pages without an answer: 2"]),
        ({"faults": {"of_tomorrow": 1, "empty": 3}}, ["pages with nothing under a right title: 3", "of_tomorrow: 1"]),
    ],
)
def test_a_run_is_clean_if_no_line_says_why_not(changes: dict[str, object], lines: list[str]) -> None:
    run = record(**{"close_reason": "finished", **changes})
    assert list(failure_lines(run)) == lines
    assert is_clean(run) is not bool(lines)
    assert run_document(run)["warnings"] == lines


# --- times


async def test_a_live_run_renews_its_heartbeat_and_a_store_that_fails_stops_nothing(
    uri: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_store(uri) as store:
        log = RunLog(store, "weekly", {})
        await log.save()
        first = log.record.heartbeat_at
        await log.beat()  # it has just been saved
        assert log.record.heartbeat_at == first
        monkeypatch.setattr("cncert.monitoring.run_log.HEARTBEAT_SECONDS", 0.0)
        await log.beat()
        (run,) = await store.runs()
        assert first is not None and run.heartbeat_at is not None and run.heartbeat_at >= china_time(first)
    await store.close()
    monkeypatch.setattr(store, "put_run", _refuse)
    await log.beat()
    assert "could not be renewed: no disk" in caplog.text


async def test_a_crawl_that_waits_for_a_page_goes_on_until_it_is_killed(
    site: LoopbackWeChat, tmp_path: Path, uri: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from cncert.monitoring import run_log\nrun_log.HEARTBEAT_SECONDS = 0.05\n", encoding="utf-8"
    )
    page = series.published("2026-36").url
    site.add_article(page, Answer(b"", hang=True))
    bounds, path = ("from=2026-36", "until=2026-36"), os.pathsep.join([str(tmp_path), str(ROOT)])
    process = begin_crawl(site, tmp_path, tmp_path / "log", f"start={page}", *bounds, store=uri, PYTHONPATH=path)
    beats: set[datetime] = set()
    async with open_store(uri) as store:
        try:
            async with asyncio.timeout(30):
                while len(beats) < 4:
                    await asyncio.sleep(0.02)
                    beats |= {run.heartbeat_at for run in await store.runs() if run.heartbeat_at and site.asked(page)}
        finally:
            process.kill()
            process.wait()
        (run,) = await store.runs()
    assert run.heartbeat_at is not None and run.clean is None
    elsewhere = run.model_copy(update={"host": "another"})
    assert [has_died(one, run.heartbeat_at) for one in (run, elsewhere)] == [True, False]
    assert has_died(elsewhere, run.heartbeat_at + timedelta(minutes=11))


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_import_renews_its_record_at_each_file_and_a_trial_writes_none(
    sqlite_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    files, beats = [tmp_path / f"{number}.html" for number in range(3)], []

    async def beat(log: RunLog) -> None:
        beats.append(log)

    monkeypatch.setattr(RunLog, "beat", beat)
    for file in files:
        file.write_bytes(b"<html>")
    command = import_module("cncert.commands.import").ImportCommand()
    words = [*map(str, files), *(["--dry-run"] if dry_run else [])]
    assert call(command, *words, CNCERT_STORE=sqlite_uri) == 0
    assert len(beats) == (0 if dry_run else 3)


async def _refuse(_: RunRecord) -> None:
    raise StoreError("no disk")


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        ({}, ["1 hour", "3 hours", "ahead"]),
        ({"ended_at": AHEAD}, ["1 hour", "3 hours", "ahead"]),
        ({"ended_at": NOW - timedelta(hours=2)}, ["1 hour", "ahead", "3 hours"]),  # its clock was set right
        ({"heartbeat_at": NOW}, ["ahead", "1 hour", "3 hours"]),
    ],
)
async def test_a_run_that_began_in_the_future_is_not_the_newest(
    uri: str, ahead: dict[str, object], expected: list[str]
) -> None:
    async with open_store(uri) as store:
        await store.put_run(record("ahead", started_at=AHEAD, **ahead))
        await store.put_run(record("3 hours", started_at=NOW - timedelta(hours=3)))
        await store.put_run(record("1 hour", started_at=NOW - timedelta(hours=1)))
        for limit in (1, 2, 3, None):
            assert [run.id for run in await newest_runs(store, NOW, limit)] == expected[:limit]


async def test_runs_fails_for_the_newest_run_whatever_a_wrong_clock_wrote(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        for run in (
            record("ahead", started_at=AHEAD, ended_at=NOW - timedelta(days=1), clean=True, close_reason="finished"),
            record("today", ended_at=NOW, clean=False, close_reason="other", other_reason="closespider_timeout"),
        ):
            await store.put_run(run)
    result = run_scrapy("runs", "--fail", "-n", "1", env=project_env(None, tmp_path))
    assert (result.returncode, "closespider_timeout" in result.stdout, "2036" in result.stdout) == (1, True, False)


# --- records of the first version

FIRST_VERSION = {
    "_id": "20250124T010203-1", "spider": "weekly", "started_at": "2025-01-24T09:02:03+08:00", "ended_at": None,
    "arguments": {}, "job": None, "host": "crawler", "pid": 1, "verdicts": {}, "new": ["2025-03"], "changed": [],
    "rejected": [], "pictures": {}, "gaps_before": 1, "gaps_after": 1, "faults": {}, "clean": False,
    "close_reason": "finished", "warnings": [], "notes": [], "sources": [], "alerts": None,
}  # fmt: skip
DISK = "pictures cannot be written to data/pictures: No space left on device"


def former_alert(name: str, text: str, *about: str) -> dict[str, object]:
    words = {"text": text, "advice": "look", "text_zh": "…", "advice_zh": "…"}
    return {"name": name, "level": "attention", "about": [*about], "since": "2025-01-24T09:02:03+08:00", **words}


@pytest.mark.parametrize(
    ("former", "expected"),
    [
        ({}, {}),
        ({"close_reason": None, "clean": None}, {"close_reason": None}),
        ({"close_reason": "verification_asked"}, {"close_reason": CloseReason.VERIFICATION_ASKED}),
        (
            {"close_reason": "closespider_timeout"},
            {"close_reason": CloseReason.OTHER, "other_reason": "closespider_timeout"},
        ),
        (
            {"warnings": ["pages answered with a verification: 2"], "faults": {"blocked": 2}},
            {"faults": {"blocked": 2}, "error": None, "former_lines": []},
        ),
        ({"warnings": ["the archive could not be written"]}, {"faults": {"archive": 1}}),
        ({"warnings": ["files, no issue: 2", "files, unread: 1"]}, {"faults": {"no_issue": 2, "unread": 1}}),
        (
            {"warnings": ["4 weeks are missing, 3 were before"], "gaps_before": None, "gaps_after": None},
            {"gaps_before": 3, "gaps_after": 4, "former_lines": []},
        ),
        (
            {"close_reason": "files_failed", "warnings": [DISK, "pictures that could not be had: 1"]},
            {"error": DISK, "faults": {"pictures": 1}, "former_lines": []},
        ),
        ({"warnings": ["one", "two"]}, {"error": "one", "former_lines": ["two"]}),
        (
            {"notes": ["7 issues with numbers that nothing read: 2025-03, 2025-04 and 5 more"]},
            {"notes": [], "former_lines": ["7 issues with numbers that nothing read: 2025-03, 2025-04 and 5 more"]},
        ),
        ({"sources": ["neither feed nor album"]}, {"sources": [], "former_lines": ["neither feed nor album"]}),
    ],
)
def test_a_record_of_the_first_version_is_upgraded_and_loses_nothing(
    former: dict[str, Any], expected: dict[str, object]
) -> None:
    document = FIRST_VERSION | former
    before = copy.deepcopy(document)
    upgraded = upgraded_run(document)
    assert document == before
    assert upgraded_run(upgraded) is upgraded  # it is in the present version
    run = RunRecord.model_validate(upgraded)
    assert run == RunRecord.model_validate(document)  # a store that is not upgraded yet
    assert {name: getattr(run, name) for name in expected} == expected
    assert upgraded_run(run.model_dump(mode="json")) == run.model_dump(mode="json")
    assert set(all_lines(run)) >= {*former.get("warnings", []), *former.get("notes", []), *former.get("sources", [])}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("feed a.example/x: no answer (TunnelError)", "no_answer"),
        ("feed a.example/x: robots.txt denies it (ROBOTSTXT_OBEY decides whether that counts)", "robots"),
        ("feed a.example/x: larger than 8388608 bytes", "too_large"),
        ("feed a.example/x: refused (IgnoreRequest)", "refused"),
        ("feed a.example/x: HTTP status 503", "status"),
        ("album 1234567: WeChat asks for a verification", "verification"),
        ("feed a.example/x: redirects to https://b.example, which is not asked", "redirect"),
        ("feed a.example/x: the feed holds no entry", "empty"),
        ("feed a.example/x: the answer is no feed but <html>", "unreadable"),
        ("feed a.example/x: its XML is broken (line 3: x: y): read up to there", "incomplete"),
        ("album 1234567: something else", "other"),
    ],
)
def test_a_failed_source_of_the_first_version_gets_its_code(line: str, code: str) -> None:
    run = RunRecord.model_validate(FIRST_VERSION | {"sources": [line]})
    assert [source.code for source in run.sources] == [code]
    assert (all_lines(run), run.failed_sources) == ([line], [line.partition(": ")[0]])


@pytest.mark.parametrize(
    ("name", "text", "about"),
    [
        ("stale", "no new issue for 10 days: the newest is 2025-03, the next was due by 2025-02-01", ["2025-03"]),
        ("stale", "no issue is stored: scrapy crawl weekly has not run yet, or brought none", []),
        ("gaps", "weeks without their issue: 2025-02 never seen, 2025-01 unavailable", ["2025-02", "2025-01"]),
        (
            "gaps",
            "weeks without their issue: 2025-07 known, 2025-06 known, 2025-05 known, 2025-04 known, 2025-03 known (+1)",
            ["2025-07", "2025-06", "2025-05", "2025-04", "2025-03", "2025-02"],
        ),
        ("blocked", "WeChat asks for a verification: 2025-02", ["2025-02"]),
        ("blocked", "WeChat asks for a verification: the last run stopped at it", []),
        ("disk", "less than 500 MB of disk space left: store", ["store"]),
        ("died", "runs died before their end: 2025-01-22 09:02", ["2025-01-22 09:02"]),
        ("run", "the last run: errors in the program", ["program"]),
        ("run", "the last run ended with store_failed", ["store_failed"]),
        ("idle", "no run for 10 days", []),
    ],
)
def test_an_alert_of_the_first_version_says_the_same(name: str, text: str, about: list[str]) -> None:
    run = RunRecord.model_validate(FIRST_VERSION | {"alerts": [former_alert(name, text, *about)]})
    assert run.alerts is not None
    assert [text_and_advice(alert, "en")[0] for alert in run.alerts] == [text.replace("never seen", "never named")]
    assert (run.alerts[0].about, run.former_lines) == (about, [])
    assert upgraded_run(run.model_dump(mode="json")) == run.model_dump(mode="json")


def test_an_alert_of_an_earlier_version_has_the_present_names_of_states() -> None:
    alert = {"name": "gaps", "level": "attention", "about": ["2025-02", "2025-01"], "number": 2, "since": NOW}
    states = ["never seen", "unavailable"]
    run = make_run(alerts=[alert | {"facts": {"states": states}}, alert])
    assert run.alerts is not None
    assert [one.facts.states for one in run.alerts] == [["never named", "unavailable"], []]


@pytest.mark.parametrize(("name", "text"), [("stale", "something else"), ("of yesterday", "gone")])
def test_an_alert_of_another_version_is_shown_all_the_same(name: str, text: str) -> None:
    run = RunRecord.model_validate(FIRST_VERSION | {"alerts": [former_alert(name, text, "2025-03")]})
    assert run.alerts is not None
    assert all(text_and_advice(run.alerts[0], "zh"))
    assert run.former_lines == ([text] if name == "stale" else [])


@pytest.mark.parametrize(
    "change", [{"warnings": 5}, {"faults": 5, "warnings": ["x"]}, {"alerts": 5}, {"notes": [5]}, {"close_reason": 5}]
)
def test_a_broken_record_is_refused_and_not_more(change: dict[str, object]) -> None:
    with contextlib.suppress(ValidationError):
        RunRecord.model_validate(FIRST_VERSION | change)
