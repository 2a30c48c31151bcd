"""Which runs died, by their records, their host and their process."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cncert.monitoring.dead_runs import DIED, close_dead_runs, has_died
from cncert.store import open_store
from cncert.store.run_records import RunRecord
from tests.factories import make_run
from tests.site.crawl import project_env, run_scrapy

HERE = socket.gethostname()
NOW = datetime.now(UTC)


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
        ({"started_at": NOW - timedelta(days=1)}, True),  # the number has been given to another process since
        ({"host": "another", "started_at": NOW - timedelta(hours=23)}, False),
        ({"host": "another", "started_at": NOW - timedelta(hours=25)}, True),
    ],
)
def test_a_run_died_if_its_process_is_gone(changes: dict[str, object], died: bool) -> None:
    assert has_died(record(**changes), datetime.now(UTC)) is died


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
    assert found["dead"] == dead.model_copy(update={"close_reason": DIED, "clean": False})


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
        (line,) = run_scrapy("runs", env=project_env(None, folder)).stdout.splitlines()[-1:]
        assert f"  {state}  " in line
