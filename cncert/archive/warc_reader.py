"""Finds answers and pages in WARC files, by their indexes."""

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cncert.archive import warc_records
from cncert.archive.index import ANSWERS, CONTENTS, FileIndex, IndexEntry, WrongIndex, identity_of
from cncert.archive.own_files import is_being_written
from cncert.archive.wacz import copy_warcs, is_zip
from cncert.exceptions import ArchiveError, error_reason
from cncert.wechat.failure_pages import Verdict

logger = logging.getLogger(__name__)

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
RENDERED = "rendered"
"""The flag of a replayed page that a browser made: it counts as a kept file, for anybody may have made it."""
_DECODED = ("content-encoding", "transfer-encoding", "content-length")
"""Headers that are not true of decoded content."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class ArchivedAnswer:
    """An archived answer, its content decoded."""

    url: str
    """The address that was requested then: another one may have been looked up."""
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    date: datetime
    is_page: bool
    """Whether it answers a request for a page that may be an issue."""
    is_rendered: bool
    """Whether a browser made it of what was served: then ``date`` says when, not what WeChat had at that time."""


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """An answer, and the record that has its content: another one for a revisit record."""

    index: FileIndex
    entry: IndexEntry
    content_index: FileIndex
    content: IndexEntry

    @property
    def is_good(self) -> bool:
        """Whether it was answered with what was requested."""
        return self.content.verdict is Verdict.ARTICLE or (self.content.verdict is None and self.status == 200)

    @property
    def status(self) -> int:
        """The status; that of a resource record, which has none, is 200."""
        return self.entry.status or 200


class ArchiveReader:
    """The answers of WARC files by what was requested, and the content of their records by SHA-256."""

    def __init__(self, path: Path, limit: int, *, own: str = "") -> None:
        """Read or make the indexes of *path*, a WARC or WACZ file or a directory, without content over *limit* bytes.

        Those that are made for files in *own*, the directory of our archive, are written. A file that breaks off (a run
        was killed) is read as far as it goes; ``faults`` says which files cannot be read, or not to their end, and why.
        Raises ArchiveError if there is no file, or nothing can be read.
        """
        self._limit = limit
        self._copies: Path | None = None
        self.faults: list[str] = []
        files = [one for file in warc_files(path) for one in (self._copied(file) if is_zip(file) else [file])]
        self.indexes = read_indexes(files, limit, own)
        for index in self.indexes:
            if index.unreadable is not None:
                self.faults.append(index.unreadable)
            elif index.is_broken_off and not is_being_written(index.path):
                self.faults.append(f"{index.path} is damaged or breaks off: what can be read of it is")
        if not len(self):
            reasons = [*self.faults, f"{path} holds no answer that can be replayed"]
            raise ArchiveError(reasons[0])

    def _copied(self, path: Path) -> list[Path]:
        """Return copies of the WARC files in the WACZ *path*, which last as long as this reader."""
        if self._copies is None:
            self._copies = Path(tempfile.mkdtemp(prefix="cncert-"))
            weakref.finalize(self, shutil.rmtree, self._copies, ignore_errors=True)
        place = self._copies / str(len(list(self._copies.iterdir())))
        place.mkdir()
        return copy_warcs(path, place, lambda name, reason: self.faults.append(f"{name}: {reason}"))

    def __len__(self) -> int:
        return sum(index.lines.count(b"\n") for index in self.indexes)

    # --- by what was requested

    def get(self, url: str, number: int = 0, *, near: datetime | None = None) -> ArchivedAnswer | None:
        """Return the answer to *url*, *number* 0 is the best of :meth:`count`; None if it is not there or not readable.

        With *near* the first one from that time on, else the last one before it.
        """

        def find() -> ArchivedAnswer | None:
            places, chosen = self._answers(url), number
            if near is not None:
                chosen = max(0, sum(place.entry.date >= f"{near:%Y%m%d%H%M%S}" for place in places) - 1)
            return read_answer(places[chosen]) if chosen < len(places) else None

        return self.trusted(find, None)

    def count(self, url: str) -> int:
        """Return how many answers to *url* are to be replayed.

        All that are good (an article, or whatever else with status 200) and differ, the newest first: an article, a
        list or a feed may be another one each time. If none is good, the newest one.
        """
        return self.trusted(lambda: len(self._answers(url)), 0)

    def issues(self) -> Iterator[tuple[str, str]]:
        """Yield the address of each article whose title names an issue, and that issue."""

        def find() -> dict[str, IndexEntry]:
            named = (one for index in self.indexes for one in index.with_field("issue") if one.kind in ANSWERS)
            return {one.article or one.key: one for one in named if one.verdict is Verdict.ARTICLE}

        found = self.trusted(find, dict[str, IndexEntry]())
        for entry in found.values():
            if entry.issue is not None:
                yield entry.url, entry.issue

    def _answers(self, url: str) -> list[AnswerPlace]:
        """Return the answers that :meth:`count` counts. Raises WrongIndex."""
        key = identity_of(url)
        known = [place for place in self.places(key) if key in (place.content.key, place.content.article)]
        for other in {place.content.key for place in known} - {key}:  # a short address that leads to the article
            known += [place for place in self.places(other) if place.entry.kind == "revisit"]
        good = [place for place in known if place.is_good]
        if not good:
            return sorted(known, key=lambda place: (place.status == 200, place.entry.date))[-1:]
        different: dict[str, list[AnswerPlace]] = {}
        for place in sorted(good, key=lambda place: place.entry.date):
            different.setdefault(place.content.sha256, []).append(place)
        # When the same was seen first and last is known of an edition.
        ends = [place for same in different.values() for place in (same[:1] if len(same) == 1 else (same[0], same[-1]))]
        return sorted(ends, key=lambda place: place.entry.date, reverse=True)

    def places(self, key: str) -> Iterator[AnswerPlace]:
        """Yield the answers whose entries state *key*, also those that repeat one. Raises WrongIndex."""
        for index in self.indexes:
            for entry in index.find(key):
                if entry.kind in CONTENTS and entry.sha256:
                    yield AnswerPlace(index, entry, index, entry)
                elif entry.kind == "revisit":
                    originals = (
                        AnswerPlace(index, entry, other, one)
                        for other in self.indexes
                        for one in other.find(entry.digest)
                        if one.kind in ANSWERS and one.digest == entry.digest and one.key == entry.key and one.sha256
                    )
                    if (place := next(originals, None)) is not None:
                        yield place
                elif entry.kind in CONTENTS:
                    logger.warning(
                        "The answer to %s in %s is larger than %d bytes: left out", entry.url, index.path, self._limit
                    )

    # --- by content

    def page(self, digest: str) -> bytes | None:
        """Return the decoded content with the SHA-256 *digest*, whatever record has it; None if none has."""

        def find() -> bytes | None:
            for index in self.indexes:
                for entry in index.find(digest):
                    if entry.sha256 == digest:
                        return index.read(entry, judged=False)[1]
            return None

        return self.trusted(find, None)

    def trusted(self, look: Callable[[], _Found], otherwise: _Found) -> _Found:
        """Return what *look* returns; make an index anew that turns out to be wrong."""
        for _ in range(1 + len(self.indexes)):
            try:
                return look()
            except WrongIndex as error:
                if not error.index.rebuild():
                    logger.warning("%s can no longer be read: %s", error.index.path, error)
                    break
        return otherwise


def warc_files(path: Path) -> list[Path]:
    """Return the WARC and WACZ files at *path*, a file or a directory.

    Raises ArchiveError if a directory has none, or cannot be listed.
    """
    names = _files_below(path, (*SUFFIXES, ".wacz")) if path.is_dir() else [path]
    if not names:
        raise ArchiveError(f"{path} holds no WARC file (.warc, .warc.gz, .warc.zst)")
    return names


def warc_files_of(directory: Path) -> list[Path]:
    """Return the WARC files in *directory*, links that lead to nothing too; none if there is no such directory.

    Raises ArchiveError if it cannot be listed.
    """
    return _files_below(directory, SUFFIXES) if directory.exists() else []


def _files_below(directory: Path, suffixes: tuple[str, ...]) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise ArchiveError(f"{error.filename} cannot be listed: {error_reason(error)}") from error

    found = (Path(place, name) for place, _, names in os.walk(directory, onerror=refuse) for name in names)
    named = (path for path in found if path.name.endswith(suffixes))
    return sorted(path for path in named if path.is_file() or not path.exists())


def read_indexes(files: Sequence[Path], limit: int, own: str) -> list[FileIndex]:
    """Return the index of each file; those of files in *own* that nobody writes any more are kept beside them."""
    place = Path(own).resolve() if own else None
    return [
        FileIndex(
            path,
            limit,
            keep=place is not None and path.resolve().is_relative_to(place) and not is_being_written(path),
        )
        for path in files
    ]


def read_answer(place: AnswerPlace) -> ArchivedAnswer | None:
    """Return the answer; None if it is over the limit. Raises WrongIndex."""
    record, body = place.content_index.read(place.content)
    if place.entry is not place.content:
        record, _ = place.index.read(place.entry)
    if body is None:
        return None
    http = record.http_headers.headers if record.http_headers is not None else [("Content-Type", place.entry.mime)]
    headers = [(name, value) for name, value in http if name.lower() not in _DECODED]
    is_page, is_rendered = place.content.verdict is not None, place.entry.kind == "conversion"
    return ArchivedAnswer(place.entry.url, place.status, headers, body, warc_records.date(record), is_page, is_rendered)
