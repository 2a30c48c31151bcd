"""Many pictures at once: worker processes with an engine each.

A worker that dies, or takes too long over a picture, costs that picture and is replaced.
"""

import ctypes
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cncert.exceptions import OcrError, SavedFileError
from cncert.infographics.figures.picture_files import NoPictureFile, PicturePlace, read_file
from cncert.report.numbers import LARGEST_NUMBER
from cncert.report.parser_version import PICTURE_RULES
from cncert.store.picture_readings import Reading, ReadPair
from cncert.terminal.worker_pool import as_they_come

if TYPE_CHECKING:  # what a worker needs only it imports
    from cncert.infographics.words.ocr_engine import Engine
    from cncert.infographics.words.read_picture import Limits, PictureReading

SECONDS = 300.0
"""How long a picture may take, with the start of the engine."""
WORKER_BYTES = 1_000_000_000
"""What a worker with its engine may need of the memory (measured: benchmarks/ocr.py)."""

Group = tuple[PicturePlace, ...]
"""Pictures that stand side by side in one issue: slices of one picture are among them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a picture: its reading, or why its file could not even be had."""

    picture: PicturePlace
    reading: Reading | None
    lost: str | None = None
    """Why there is no file."""

    @property
    def state(self) -> str:
        """That of the reading, or ``lost``."""
        return self.reading.state if self.reading is not None else "lost"

    @property
    def trouble(self) -> str | None:
        """Why there is no reading of what is in it."""
        if self.reading is None or self.reading.is_complete:
            return self.lost
        return self.reading.reason or self.reading.state


@dataclass(frozen=True, slots=True)
class Reader:
    """Which engine reads, and how."""

    folder: Path
    """The directory of the pictures."""
    engine: str
    version: str
    """The engine's name with its version."""
    limits: "Limits"
    seconds: float = SECONDS

    @property
    def rules(self) -> str:
        """What makes figures of words: code, tables and thresholds."""
        levels = self.limits.thresholds
        return f"{PICTURE_RULES} {levels.word:g}/{levels.pairing:g}/{levels.drop:g}"

    @property
    def name(self) -> tuple[str, str]:
        """As :attr:`Reading.reader` has it."""
        return self.version, self.rules


def usual_jobs() -> int:
    """As many workers as there are cores, and room for in the memory."""
    room = int(psutil.virtual_memory().available) // WORKER_BYTES
    return max(1, min(os.cpu_count() or 1, room))


def read_all(groups: Sequence[Group], reader: Reader, jobs: int) -> Generator[Taken | None]:
    """What comes of each picture, as soon as it is there; None about once a second while there is none.

    Raises OcrError if the engine cannot be opened.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    work = partial(_read_group, reader=reader, threads=threads)
    while groups:
        left = [dict.fromkeys(group) for group in groups]
        with closing(as_they_come(work, groups, min(jobs, len(groups)), __name__, reader.seconds)) as arrivals:
            for arrival in arrivals:
                if arrival is None:
                    yield None
                    continue
                place, result = arrival
                if isinstance(result, OcrError):
                    raise result
                if isinstance(result, Taken):
                    del left[place][result.picture]
                    yield result
                elif left[place]:
                    culprit = next(iter(left[place]))
                    del left[place][culprit]
                    yield Taken(culprit, _failed(reader, str(result)))
        # What stood behind a picture that cost its worker.
        groups = [tuple(group) for group in left if group]


def _read_group(group: Group, reader: Reader, threads: int) -> Iterator[Taken | OcrError]:
    """The work of a worker on one group."""
    from cncert.infographics.words.read_picture import PictureFile, each_picture

    try:
        engine = _engine(reader.engine, threads)
    except OcrError as error:
        yield error
        return
    there = []
    for picture in group:
        try:
            read_file(reader.folder, picture)
        except NoPictureFile as error:
            yield Taken(picture, None, str(error))
        else:
            there.append(picture)
    # Read once more when their turn comes: all at a time may be too much to hold.
    files = (PictureFile(str(picture), read_file(reader.folder, picture)) for picture in there)
    try:
        for picture, found in zip(there, each_picture(files, engine, reader.limits), strict=True):
            yield Taken(picture, _kept(found, reader))
            _give_back()
    except MemoryError:
        raise SavedFileError("takes more memory than there is") from None
    except Exception as error:  # an engine may be anybody's: the other pictures can still be read
        raise SavedFileError(f"the engine fails with {error!r:.200}") from error


@cache
def _engine(name: str, threads: int) -> "Engine":
    """The engine of this process."""
    from cncert.infographics.words.ocr_engine import open_engine

    return open_engine(name, threads)


def _give_back() -> None:
    """Let the system have the memory of a picture: glibc keeps it in pieces else, and the worker grows."""
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _kept(found: "PictureReading", reader: Reader) -> Reading:
    """What was *found* in a picture, as a store keeps it."""
    return Reading(
        state=found.state,
        reason=found.reason,
        width=found.width,
        height=found.height,
        engine=reader.version,
        rules=reader.rules,
        read_at=datetime.now(UTC),
        seconds=found.seconds,
        engine_seconds=found.engine_seconds,
        words=found.words,
        joined=found.joined,
        pairs=[ReadPair.model_validate(asdict(pair)) for pair in found.pairs if pair.value <= LARGEST_NUMBER],
    )


def _failed(reader: Reader, reason: str) -> Reading:
    return Reading(state="failed", reason=reason, engine=reader.version, rules=reader.rules, read_at=datetime.now(UTC))
