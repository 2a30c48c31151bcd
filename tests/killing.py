"""Crawls that are killed with SIGKILL, and whether what they leave behind ends up as if nobody had killed them."""

import asyncio
import hashlib
import random
import re
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo

from cncert.store import open_store
from cncert.store.close_reasons import CloseReason
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.site.crawl import begin_crawl
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


def begin(site: LoopbackWeChat, place: Place, log: Path, pause: str = "0") -> subprocess.Popen[bytes]:
    """Begin a crawl of the series that says everything to *log*."""
    bounds = (f"start={series.published(LAST).url}", f"from={FIRST}", f"until={LAST}")
    return begin_crawl(site, place.directory, log, *bounds, store=place.uri, LOG_LEVEL="DEBUG", CNCERT_PAUSE=pause)


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run leaves behind, and how long it takes."""

    dump: Dump
    seconds: float
    answers: int
    """Pages and pictures."""


def undisturbed(site: LoopbackWeChat, place: Place) -> Reference:
    """Run once without a kill, to know what should come of it."""
    log = place.directory / "log"
    began = time.monotonic()
    status = begin(site, place, log).wait(120)
    seconds = time.monotonic() - began
    assert status == 0, log.read_text(encoding="utf-8")[-3000:]
    answers = log.read_bytes().count(ANSWER)
    log.unlink()
    dump, runs = asyncio.run(contents(place))
    assert len(dump["issues"]) == 12
    assert [run.clean for run in runs] == [True]
    return Reference(dump, seconds, answers)


@dataclass
class Result:
    """What came of a trial."""

    phases: list[str] = field(default_factory=list)
    """Where each kill struck."""
    early: int = 0
    """Runs that were at their end before they could be killed."""
    differences: list[str] = field(default_factory=list)


def trial(site: LoopbackWeChat, place: Place, reference: Reference, rng: random.Random) -> Result:
    """Kill one to three runs at random moments, let one run to its end, and compare."""
    result, begun = Result(), set()
    for number in range(rng.randint(1, 3)):
        log = place.directory / f"log-{number}"
        process = begin(site, place, log)
        result.early += not struck(process, log, reference, rng)
        text = log.read_text(encoding="utf-8")
        log.unlink()
        if process.returncode < 0:
            result.phases.append(phase(text))
        result.differences += [
            f"file {path} is not whole"
            for path, digest in files(place.directory / "pictures")
            if not path.endswith(".part") and digest != reference.dump["file"].get(path)
        ]
        begun |= set(re.findall(r"Run (\S+) begins", text))
    log = place.directory / "log"
    status = begin(site, place, log).wait(120)
    text = log.read_text(encoding="utf-8")
    log.unlink()
    if status != 0:
        result.differences.append(f"the last run ended with status {status}")
    if "Traceback" in text or " ERROR: " in text:
        result.differences.append(f"the last run complains: {text[-3000:]}")
    left = {path.name for path in place.directory.iterdir()} - {"pictures", "cncert.db"}
    result.differences += [f"left behind: {name}" for name in sorted(left)]
    dump, runs = asyncio.run(contents(place))
    result.differences += [*differences(reference.dump, dump), *runs_without_record(runs, begun)]
    return result


def struck(process: subprocess.Popen[bytes], log: Path, reference: Reference, rng: random.Random) -> bool:
    """Kill a run unless it ends before that: at any moment of its time, or (a start is half of it) of its work."""
    if rng.random() < 0.5:
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, reference.seconds))
    else:
        answers, after = rng.randint(1, reference.answers), rng.uniform(0, reference.seconds / reference.answers)
        while process.poll() is None and log.read_bytes().count(ANSWER) < answers:
            time.sleep(0.002)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
    process.kill()
    return process.wait() < 0


def phase(log: str) -> str:
    """What a run was doing, by the last of its log that tells."""
    now, pictures = "start", 0
    for line in log.splitlines():
        if "Crawled (200) <GET https://mp.weixin" in line:
            now, pictures = "pictures", 0
        elif "Crawled (200) <GET https://mmbiz" in line:
            pictures += 1
            now = "store" if pictures >= 2 else "pictures"
        elif "Scraped from" in line:
            now = "page"
        elif "Closing spider" in line:
            now = "close"
    return "index" if now == "start" and "Spider opened" in log else now


def runs_without_record(runs: list[RunRecord], begun: set[str]) -> Iterator[str]:
    """Runs that are not in the records, or whose record does not say how they ended. *runs* is newest first."""
    for missing in sorted(begun - {run.id for run in runs}):
        yield f"run {missing} left no record"
    for run in runs[1:]:
        # One that was killed on its very last steps had said all that there was to say.
        if (run.close_reason, run.clean) not in ((CloseReason.DIED, False), (CloseReason.FINISHED, True)):
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
            elif one[name] != other[name]:
                yield f"{kind} {name}: {str(other[name])[:600]} instead of {str(one[name])[:600]}"


async def contents(place: Place) -> tuple[Dump, list[RunRecord]]:
    """All that a trial's runs left, without times and counts of attempts; and the records of the runs."""
    dump: Dump = {"file": dict(files(place.directory / "pictures"))}
    async with open_store(place.uri) as store:
        provenance = {"provenance": {"fetched_at"}}
        dump["issues"] = {issue.id: issue.model_dump(exclude=provenance) async for issue in store.issues()}
        dump["ledger"] = {row.id: ledger_row(row) for row in await store.rows()}
        dump["rejects"] = {reject.id: reject.reason for reject in await store.rejects()}
        dump["revisions"] = {r.id: r.issue for issue in dump["issues"] for r in await store.revisions(issue)}
        runs = await store.runs()
    dump["table"] = dict(side_tables(place.directory / "cncert.db")) if place.mongo is None else {}
    return dump, runs


def ledger_row(row: LedgerRow) -> tuple[Any, ...]:
    """A row without times and counts."""
    addresses = sorted((one.url, one.form, sorted(one.sources), one.last_result) for one in row.addresses)
    return row.issue, str(row.state), row.reason, row.last_error, addresses


def files(directory: Path) -> Iterator[tuple[str, str]]:
    """Every file below *directory*, hidden ones too, with its hash."""
    for path in directory.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(directory)), hashlib.sha256(path.read_bytes()).hexdigest()


def side_tables(path: Path) -> Iterator[tuple[str, object]]:
    """What SQLite's triggers keep beside the documents, and whether the file is whole."""
    with closing(sqlite3.connect(path)) as db:
        yield "integrity", db.execute("PRAGMA integrity_check").fetchall()
        for table in ("pictures", "addresses"):
            yield table, sorted(db.execute(f"SELECT * FROM {table}").fetchall())


def counted(results: list[Result]) -> str:
    """How many kills struck where."""
    phases = Counter(phase for result in results for phase in result.phases)
    order = ("start", "index", "page", "pictures", "store", "close")
    return ", ".join(f"{phases[name]} {name}" for name in order)
