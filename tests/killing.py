"""Commands that are killed with SIGKILL, and whether what they leave behind ends up as if nobody had killed them."""

import asyncio
import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo

from cncert.store import open_store
from cncert.store.close_reasons import CloseReason
from cncert.store.editions import Answer
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.site.crawl import Process, begin_crawl
from tests.site.server import LoopbackWeChat

FIRST, LAST = "2024-05", "2024-16"
"""Twelve issues, each with two pictures and a cover that all share."""

ANSWER = b"Crawled (200)"

Dump = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """A store of a trial and the directory of its pictures."""

    directory: Path
    mongo: str | None = None
    """Address of a MongoDB database; None: SQLite in the directory."""

    @property
    def uri(self) -> str:
        return self.mongo or f"sqlite:///{self.directory.resolve() / 'cncert.db'}"

    def forget(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.directory)
        if self.mongo is not None:
            client: pymongo.MongoClient[dict[str, object]]
            with pymongo.MongoClient(self.mongo) as client:
                client.drop_database(client.get_default_database())


def publish(site: LoopbackWeChat) -> None:
    """Put the series of the trials on the site."""
    series.publish(site, FIRST, LAST)


def begin(site: LoopbackWeChat, place: Place, log: Path, pause: str = "0") -> Process:
    """Begin a crawl of the series, which the bundled index knows, that says everything to *log*."""
    bounds = (f"from={FIRST}", f"until={LAST}")
    return begin_crawl(site, place.directory, log, *bounds, store=place.uri, LOG_LEVEL="DEBUG", CNCERT_PAUSE=pause)


class Step(ABC):
    """A command that is killed, and in the end runs to its end."""

    name: str
    site: LoopbackWeChat

    @abstractmethod
    def begin(self, place: Place, log: Path) -> Process:
        """Begin the command; it says everything to *log*."""

    @abstractmethod
    def progress(self, place: Place, log: Path) -> int:
        """How much of its work is done: a number that grows."""

    @abstractmethod
    def phase(self, place: Place, log: Path) -> str:
        """What it was doing when it was killed."""


class Crawl(Step):
    """The crawl of the series."""

    name = "crawl"

    def __init__(self, site: LoopbackWeChat) -> None:
        self.site = site

    def begin(self, place: Place, log: Path) -> Process:
        return begin(self.site, place, log)

    def progress(self, place: Place, log: Path) -> int:
        return log.read_bytes().count(ANSWER)

    def phase(self, place: Place, log: Path) -> str:
        """By the last line of the log that tells."""
        now, pictures, text = "start", 0, log.read_text(encoding="utf-8")
        for line in text.splitlines():
            if "Crawled (200) <GET https://mp.weixin" in line:
                now, pictures = "pictures", 0
            elif "Crawled (200) <GET https://mmbiz" in line:
                pictures += 1
                now = "store" if pictures >= 2 else "pictures"
            elif "Scraped from" in line:
                now = "page"
            elif "Closing spider" in line:
                now = "close"
        return "index" if now == "start" and "Spider opened" in text else now


@dataclass(frozen=True)
class Reference:
    """What undisturbed commands leave behind, how long each takes and how much it does."""

    dump: Dump
    seconds: Mapping[str, float]
    amounts: Mapping[str, int]


def undisturbed(place: Place, steps: Sequence[Step]) -> Reference:
    """Run the *steps* once without a kill, to know what should come of it."""
    seconds: dict[str, float] = {}
    amounts: dict[str, int] = {}
    for step in steps:
        log = place.directory / "log"
        began = time.monotonic()
        status = step.begin(place, log).wait(120)
        seconds[step.name] = time.monotonic() - began
        amounts[step.name] = step.progress(place, log)
        assert status == 0, log.read_text(encoding="utf-8")[-3000:]
        log.unlink()
    dump, runs = asyncio.run(contents(place))
    assert all(run.clean for run in runs)
    return Reference(dump, seconds, amounts)


@dataclass
class Result:
    """What came of a trial."""

    phases: list[str] = field(default_factory=list)
    """Where each kill struck."""
    early: int = 0
    """Runs that were at their end before they could be killed."""
    differences: list[str] = field(default_factory=list)


def trial(place: Place, steps: Sequence[Step], reference: Reference, rng: random.Random) -> Result:
    """Kill each of the *steps* one to three times at random moments before it runs to its end, and compare."""
    result, begun = Result(), set[str]()
    for step in steps:
        for number in range(rng.randint(1, 3)):
            log = place.directory / f"log-{number}"
            process = step.begin(place, log)
            result.early += not struck(process, step, place, log, reference, rng)
            text = log.read_text(encoding="utf-8")
            if process.returncode < 0:
                result.phases.append(f"{step.name}: {step.phase(place, log)}")
            log.unlink()
            result.differences += [
                f"file {path} is not whole"
                for path, digest in files(place.directory / "pictures")
                if not path.endswith(".part") and digest != reference.dump["file"].get(path)
            ]
            begun |= set(re.findall(r"Run (\S+) begins", text))
        log = place.directory / "log"
        status = step.begin(place, log).wait(120)
        text = log.read_text(encoding="utf-8")
        log.unlink()
        if status != 0:
            result.differences.append(f"the last {step.name} ended with status {status}: {text[-3000:]}")
        if "Traceback" in text or " ERROR: " in text:
            result.differences.append(f"the last {step.name} complains: {text[-3000:]}")
    left = {path.name for path in place.directory.iterdir()} - {"pictures", "cncert.db"}
    result.differences += [f"left behind: {name}" for name in sorted(left)]
    dump, runs = asyncio.run(contents(place))
    result.differences += [*differences(reference.dump, dump), *runs_without_record(runs, begun)]
    return result


def struck(process: Process, step: Step, place: Place, log: Path, reference: Reference, rng: random.Random) -> bool:
    """Kill a run unless it ends before that: at any moment of its time, or (a start is half of it) of its work."""
    seconds, amount = reference.seconds[step.name], reference.amounts[step.name]
    if rng.random() < 0.3:
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, 0.9 * seconds))
    else:
        before, done = step.progress(place, log), rng.randint(1, amount)
        after = rng.choice((0.0, rng.uniform(0, min(0.2, seconds / amount))))
        while process.poll() is None and step.progress(place, log) < max(done, min(before + 1, amount)):
            time.sleep(0.002)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
    process.kill()
    return process.wait() < 0


def runs_without_record(runs: list[RunRecord], begun: set[str]) -> Iterator[str]:
    """Runs that are not in the records, or whose record does not say how they ended. *runs* is newest first."""
    for missing in sorted(begun - {run.id for run in runs}):
        yield f"run {missing} left no record"
    ends = ((CloseReason.DIED, False), (CloseReason.FINISHED, True), (CloseReason.IMPORTED, True))
    for run in runs[1:]:
        # One that was killed on its very last steps had said all that there was to say.
        if (run.close_reason, run.clean) not in ends:
            yield f"run {run.id}: {run.close_reason}, clean {run.clean}"
    if not runs or runs[0].clean is not True:
        yield "the last run is not clean"


def differences(expected: Dump, found: Dump) -> Iterator[str]:
    """What is lost, added or other, a line each."""
    for kind in expected:
        one, other = expected[kind], found[kind]
        for name in sorted(one.keys() | other.keys()):
            if name not in other:
                yield f"{kind} {name} is lost"
            elif name not in one:
                yield f"{kind} {name} should not be there: {str(other[name])[:200]}"
            else:
                for path, before, after in _changes(one[name], other[name]):
                    yield f"{kind} {name}{path}: {str(after)[:300]} instead of {str(before)[:300]}"


def _changes(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The values that differ, and where they are."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for name in before:
            yield from _changes(before[name], after[name], f"{path}.{name}")
    elif isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _changes(one, other, f"{path}[{number}]")
    elif before != after:
        yield path, before, after


async def contents(place: Place) -> tuple[Dump, list[RunRecord]]:
    """All that a trial's runs left, without times and counts of attempts; and the records of the runs."""
    dump: Dump = {"file": dict(files(place.directory / "pictures"))}
    read = {"provenance": {"fetched_at"}}
    seen = {"__all__": {"first_seen", "last_seen"}}
    async with open_store(place.uri) as store:
        dump["issues"] = {one.id: one.model_dump(exclude={**read, "editions": seen}) async for one in store.issues()}
        dump["editions"] = {
            one.id: one.model_dump(exclude={"issue": read, "first": True, "last": True})
            | {"answers": (answer(one.first), answer(one.last))}
            async for one in store.editions()
        }
        keys = {picture["key"] for issue in dump["issues"].values() for picture in issue["images"]}
        pictures = await store.get_pictures(keys)
        dump["pictures"] = {key: one.model_dump(exclude={"tried_at"}) for key, one in pictures.items()}
        dump["readings"] = {one.id: one.model_dump() async for one in store.read_pictures()}
        dump["ledger"] = {row.id: ledger_row(row) for row in await store.rows()}
        dump["rejects"] = {reject.id: reject.reason for reject in await store.rejects()}
        dump["unsettled"] = dict.fromkeys(await store.unsettled_weeks())
        runs = await store.runs()
    dump["table"] = dict(side_tables(place.directory / "cncert.db")) if place.mongo is None else {}
    return dump, runs


def answer(one: Answer) -> tuple[str, bool]:
    """An answer without its time."""
    return one.sha256, one.seen_at is None


def ledger_row(row: LedgerRow) -> tuple[Any, ...]:
    """A row without times and counts."""
    addresses = sorted(
        (one.url, one.form, sorted(one.sources), str(one.history[-1].ending) if one.history else "")
        for one in row.addresses
    )
    return row.issue, str(row.state), row.ending, row.reason, addresses


def files(directory: Path) -> Iterator[tuple[str, str]]:
    """Every file below *directory*, hidden ones too, with its hash."""
    for path in directory.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(directory)), hashlib.sha256(path.read_bytes()).hexdigest()


def side_tables(path: Path) -> Iterator[tuple[str, object]]:
    """What SQLite's triggers keep beside the documents, and whether the file is whole."""
    with closing(sqlite3.connect(path)) as db:
        yield "integrity", db.execute("PRAGMA integrity_check").fetchall()
        for table in ("issue_pictures", "edition_keys", "addresses"):
            yield table, sorted(db.execute(f"SELECT * FROM {table}").fetchall())


def counted(results: list[Result]) -> str:
    """How many kills struck where."""
    phases = Counter(phase for result in results for phase in result.phases)
    return ", ".join(f"{number} {name}" for name, number in sorted(phases.items()))


def die_at(step: int) -> None:
    """Kill this process at the *step*-th file that it writes, moves or removes, or ``cncert.write`` that it audits."""
    left = step

    def count(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        changes = ("os.rename", "os.remove", "cncert.write")
        if event in changes or (event == "open" and str(args[0]).endswith(".part")):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
