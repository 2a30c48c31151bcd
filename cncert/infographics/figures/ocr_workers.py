"""Many pictures at once: worker processes with an engine each.

A worker that dies, or takes too long over a picture, costs that picture and is replaced.
"""

import ctypes
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cncert.exceptions import OcrError, SavedFileError
from cncert.infographics.figures.picture_files import NoPictureFile, PicturePlace, read_file
from cncert.infographics.labels.read_labelled_numbers import Limits
from cncert.store.picture_readings import PictureReading
from cncert.terminal.worker_pool import results_as_completed

if TYPE_CHECKING:  # what a worker needs only it imports
    from cncert.infographics.words.ocr_engine import Engine

WORKER_BYTES = 1_000_000_000
"""Memory that a worker with its engine may need (measured: benchmarks/ocr.py)."""

PictureGroup = tuple[PicturePlace, ...]
"""Pictures that stand side by side in one issue: slices of one picture are among them."""


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What came of a picture: its reading, or why its file could not be opened."""

    picture: PicturePlace
    reading: PictureReading | None
    lost: str | None = None
    """Why there is no file."""

    @property
    def state(self) -> str:
        """That of the reading, or ``lost``."""
        return self.reading.state if self.reading is not None else "lost"

    @property
    def problem(self) -> str | None:
        """Why there is no reading of what is in it."""
        if self.reading is None or self.reading.is_complete:
            return self.lost
        return self.reading.reason or self.reading.state


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """Which engine reads, and how."""

    folder: Path
    """The directory of the pictures."""
    engine: str
    version: str
    """The engine's name with its version."""
    limits: Limits
    seconds: float = 300.0
    """How long a picture may take, with the start of the engine."""

    @property
    def name(self) -> tuple[str, str]:
        """As :attr:`PictureReading.reader` has it."""
        return self.version, self.limits.rules


def usual_jobs() -> int:
    """Return how many workers there are cores and memory for."""
    fit = int(psutil.virtual_memory().available) // WORKER_BYTES
    return max(1, min(os.cpu_count() or 1, fit))


def read_all(groups: Sequence[PictureGroup], reader: ReaderOptions, jobs: int) -> Generator[PictureResult | None]:
    """Yield the result of each picture as soon as it is there, None about once a second while there is none.

    Raises OcrError if the engine cannot be opened.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    work = partial(_read_group, reader=reader, threads=threads)
    while groups:
        left = [dict.fromkeys(group) for group in groups]
        with closing(results_as_completed(work, groups, min(jobs, len(groups)), __name__, reader.seconds)) as arrivals:
            for arrival in arrivals:
                if arrival is None:
                    yield None
                    continue
                place, result = arrival
                if isinstance(result, OcrError):
                    raise result
                if isinstance(result, PictureResult):
                    del left[place][result.picture]
                    yield result
                elif left[place]:
                    culprit = next(iter(left[place]))
                    del left[place][culprit]
                    yield PictureResult(culprit, _failed(reader, str(result)))
        # What stood behind a picture that cost its worker.
        groups = [tuple(group) for group in left if group]


def _read_group(group: PictureGroup, reader: ReaderOptions, threads: int) -> Iterator[PictureResult | OcrError]:
    """The work of a worker on one group."""
    from cncert.infographics.words.read_picture import PictureFile, read_pictures

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
            yield PictureResult(picture, None, str(error))
        else:
            there.append(picture)
    # Read once more when their turn comes: all at a time may be too much to hold.
    files = (PictureFile(str(picture), read_file(reader.folder, picture)) for picture in there)
    try:
        for picture, (_, reading) in zip(there, read_pictures(files, engine, reader.limits), strict=True):
            yield PictureResult(picture, reading)
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


def _failed(reader: ReaderOptions, reason: str) -> PictureReading:
    return PictureReading(
        state="failed", reason=reason, engine=reader.version, rules=reader.limits.rules, read_at=datetime.now(UTC)
    )
