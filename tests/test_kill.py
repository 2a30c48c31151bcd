"""Nothing is lost: runs that are killed or stopped, and stores, disks and networks that fail in the middle of a run.

After each of these, one more run leaves the store as if nothing had happened. ``benchmarks/kill.py`` kills hundreds.
"""

import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cncert.store.close_reasons import CloseReason
from cncert.store.run_records import RunRecord
from tests import series
from tests.killed_steps import all_steps, put_former_store
from tests.killing import (
    FIRST,
    LAST,
    Crawl,
    Place,
    Reference,
    begin,
    contents,
    differences,
    publish,
    trial,
    undisturbed,
)
from tests.mongod import Mongod
from tests.site.crawl import crawl
from tests.site.server import LoopbackWeChat
from tests.small_disk import UNSHARE, needs_mount

BOUNDS = (f"from={FIRST}", f"until={LAST}")
MIDDLE = series.published("2024-10")
"""The seventh of twelve that a run asks for."""
PLACE = series.week_ids(FIRST, LAST).index(MIDDLE.issue)
ERA = series.ERAS[PLACE % len(series.ERAS)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """What should always come of it."""
    with LoopbackWeChat() as site:
        publish(site)
        found = undisturbed(Place(tmp_path_factory.mktemp("undisturbed")), [Crawl(site)])
    assert len(found.dump["issues"]) == 12
    return found


def while_asked(site: LoopbackWeChat, event: Callable[[], object]) -> None:
    """Let *event* happen while the crawl waits for the page of MIDDLE."""

    def answer(_: object) -> bytes:
        event()
        return series.page_of(MIDDLE.issue, era=ERA)

    site.add_article(MIDDLE.url, answer)


def check_end(result: subprocess.CompletedProcess[str], reason: str, error: str) -> None:
    """The run ended for *reason*, which it said in one line."""
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if re.search(" (ERROR|CRITICAL): (?!Gave up retrying)", line)]
    assert len(errors) == 1, errors
    assert error in errors[0]
    assert f"Spider closed ({reason})" in result.stderr


async def check_completed(
    site: LoopbackWeChat, place: Place, reference: Reference, *, table: bool = True
) -> list[RunRecord]:
    """The next run completes it and is clean; all runs before it, newest first."""
    publish(site)
    result = crawl(site, place.directory, *BOUNDS, store=place.uri)
    assert result.returncode == 0, result.stderr[-3000:]
    dump, runs = await contents(place)
    if not table:
        dump["table"] = reference.dump["table"]
    assert list(differences(reference.dump, dump)) == []
    assert runs[0].clean is True
    assert all(run.clean is not None for run in runs)
    return runs[1:]


def test_killed_commands_lose_nothing(tmp_path: Path, mongod: str) -> None:
    """An upgrade of a former store, an import and a crawl, each killed: 30 s. benchmarks/kill.py tries SQLite too."""
    places = [Place(tmp_path / str(n), place_uri(mongod, n)) for n in range(2)]
    with LoopbackWeChat() as site:
        publish(site)
        steps = all_steps(site, tmp_path)
        for place in places:
            place.directory.mkdir()
            put_former_store(place)
        reference = undisturbed(places[0], steps)
        assert len(reference.dump["issues"]) == 12
        result = trial(places[1], steps, reference, random.Random("a trial"))
    assert result.differences == []
    assert len(result.phases) >= 3
    for place in places:
        place.forget()


def place_uri(mongod: str, number: int) -> str:
    """A database of its own."""
    return mongod.replace("/?", f"/cncert_kill_{number}?")


@pytest.mark.needs("mongod")
@pytest.mark.parametrize(("how", "when", "option"), [("kill", "page", ""), ("freeze", "picture", "&timeoutMS=3000")])
async def test_a_database_that_stops_ends_the_run(
    site: LoopbackWeChat, tmp_path: Path, reference: Reference, how: str, when: str, option: str
) -> None:
    """A killed server refuses, a frozen one says nothing; each is waited for, but not for long."""
    publish(site)
    (tmp_path / "mongod").mkdir()
    (tmp_path / "crawl").mkdir()
    stopped: list[float] = []
    with Mongod(tmp_path / "mongod") as mongod:

        def stop() -> None:
            if not stopped:
                stopped.append(time.monotonic())
                getattr(mongod, how)()

        def picture(_: object) -> bytes:
            stop()
            return series.drawing(1 + 2 * PLACE)

        if when == "page":
            while_asked(site, stop)
        else:
            site.add_picture(MIDDLE.pictures[0], picture)
        place = Place(tmp_path / "crawl", mongod.uri("cncert") + option)
        result = crawl(site, place.directory, *BOUNDS, store=place.uri)
        assert time.monotonic() - stopped[0] < 30
        check_end(result, "store_failed", "MongoDB")
        mongod.kill()
        mongod.start()
        (run,) = await check_completed(site, place, reference, table=False)
    assert run.close_reason is CloseReason.DIED


FULL = """
mount -t tmpfs -o "size=$0" tmpfs db && cp -a kept/. db || exit
"$@"; status=$?
cp -a db/. kept; umount db
exit $status
"""


@pytest.mark.parametrize("disk", [pytest.param("full", marks=needs_mount), "quota"])
async def test_a_disk_that_gets_full_ends_the_run(
    site: LoopbackWeChat, tmp_path: Path, reference: Reference, disk: str
) -> None:
    """There is room for a few issues after the first two; then there is none; then there is."""
    publish(site)
    kept, db = Place(tmp_path / "kept"), tmp_path / "db"
    kept.directory.mkdir()
    assert crawl(site, kept.directory, "from=2024-15", f"until={LAST}").returncode == 0
    room = str((kept.directory / "cncert.db").stat().st_size + 300_000)
    if disk == "full":
        db.mkdir()
        prefix = ["env", "-C", str(tmp_path), *UNSHARE, "sh", "-c", FULL, room, "env", "-C", str(Path.cwd())]
        result = crawl(site, kept.directory, *BOUNDS, store=f"sqlite:///{db}/cncert.db", prefix=prefix)
    else:
        result = crawl(site, kept.directory, *BOUNDS, prefix=["prlimit", f"--fsize={room}"])
    check_end(result, "store_failed", {"full": "the disk is full", "quota": "disk I/O error"}[disk])
    dump, _ = await contents(kept)
    assert 2 < len(dump["issues"]) < 12
    runs = await check_completed(site, kept, reference)
    assert runs[0].close_reason in (CloseReason.STORE_FAILED, CloseReason.DIED)  # whether there was room for the record


async def test_a_network_that_dies_ends_the_run(tmp_path: Path, reference: Reference) -> None:
    """Of a hundred weeks that are due two or three are asked for; all of them are due again at once."""
    with LoopbackWeChat() as site:
        publish(site)
        while_asked(site, site.stop)
        result = crawl(site, tmp_path, "from=2022-01", f"until={LAST}")
    check_end(result, "network_failed", "no server was reached, 3 times in a row: the proxy 127.0.0.1")
    with LoopbackWeChat() as site:
        place = Place(tmp_path)
        publish(site)
        assert crawl(site, tmp_path, *BOUNDS).returncode == 0
        dump, runs = await contents(place)
    for kind in ("issues", "file"):
        assert dump[kind] == reference.dump[kind]
    assert [run.close_reason for run in runs] == ["finished", "network_failed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_stop_is_prompt_and_complete(
    site: LoopbackWeChat, tmp_path: Path, reference: Reference, number: signal.Signals
) -> None:
    publish(site)
    log, place = tmp_path / "log", Place(tmp_path)
    stopped: list[float] = []

    def stop() -> None:
        stopped.append(time.monotonic())
        process.send_signal(number)

    while_asked(site, stop)
    process = begin(site, place, log)
    assert process.wait(30) == 1
    assert time.monotonic() - stopped[0] < 5
    assert len(site.asked(answered="article")) == 7
    assert "Traceback" not in log.read_text(encoding="utf-8")
    (run,) = await check_completed(site, place, reference)
    assert (run.close_reason, run.clean) == ("shutdown", False)


def test_a_stop_does_not_wait_for_the_end_of_a_pause(site: LoopbackWeChat, tmp_path: Path) -> None:
    publish(site)
    site.challenge_all = True
    log = tmp_path / "log"
    process = begin(site, Place(tmp_path), log, pause="600")
    while "waiting 600 seconds" not in log.read_text(encoding="utf-8"):
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    assert process.wait(5) == 1
    assert "Spider closed (shutdown)" in log.read_text(encoding="utf-8")
