"""Verifies WARC and WACZ files: digests and headers of records, ends, indexes, and what revisit records repeat."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from rich.filesize import decimal

from cncert.archive import warc_records
from cncert.archive.digests import StatedDigests
from cncert.archive.index import ANSWERS, IndexEntry, end_of, entry_of, index_path, places_of, read_kept
from cncert.archive.own_files import is_being_written
from cncert.archive.verify_wacz import package_faults
from cncert.archive.wacz import is_zip, warc_members
from cncert.archive.warc_records import WarcRecord
from cncert.exceptions import ArchiveError, error_reason


@dataclass
class Verification:
    """What was verified, in sums."""

    files: int = 0
    size: int = 0
    """Bytes of the files."""
    records: int = 0
    digests: int = 0
    """Records whose digests were compared with their content."""
    indexed: int = 0
    """Files that have an index beside them."""
    faults: int = 0
    _contents: set[tuple[str, str]] = field(default_factory=set)
    """Address and digest of each answer, which revisit records may repeat."""
    _revisits: list[tuple[Path, IndexEntry]] = field(default_factory=list)

    def verify_file(self, path: Path, limit: int, advance: Callable[[int], object]) -> Iterator[str]:
        """Yield a line for each fault of *path*. *advance* is called with bytes read.

        Content of more than *limit* bytes is compared with its digests, and not looked into.
        """
        for text in self._faults_of(path, limit, advance):
            self.faults += 1
            yield f"{path}: {text}"

    def lost_originals(self) -> Iterator[str]:
        """Yield a line for each record that repeats one which none of the files has."""
        for path, revisit in self._revisits:
            if (revisit.key, revisit.digest) not in self._contents:
                self.faults += 1
                yield f"{path}: the record at byte {revisit.offset} repeats one that is not there: {revisit.url}"

    def summary(self) -> str:
        """Return the sums in a line."""
        found = f"{self.faults} fault{'s'[: self.faults - 1]}" if self.faults else "no fault"
        counts = f"{self.files} files ({self.indexed} with an index), {decimal(self.size)}, {self.records} records"
        return f"{found}: {counts}, {self.digests} digests compared"

    def _faults_of(self, path: Path, limit: int, advance: Callable[[int], object]) -> Iterator[str]:
        self.files += 1
        try:
            self.size += path.stat().st_size
            if is_zip(path):
                yield from self._faults_of_wacz(path, limit, advance)
                return
            # Before the file: another process may append to both.
            is_unfinished, kept = is_being_written(path), read_kept(index_path(path))[0]
            found: dict[tuple[int, int], bytes] = {}
            with path.open("rb") as file:
                yield from self._faults_of_records(path, file, limit, advance, found, is_unfinished=is_unfinished)
        except (OSError, ArchiveError) as error:
            yield f"cannot be read as a WARC file: {error_reason(error)}"
            return
        if index_path(path).is_file():
            self.indexed += 1
            yield from _index_faults(path, kept, found, is_unfinished)

    def _faults_of_wacz(self, path: Path, limit: int, advance: Callable[[int], object]) -> Iterator[str]:
        """Raises OSError, and ArchiveError if no WARC file is in it."""
        unread: list[tuple[str, str]] = []
        places: dict[str, dict[tuple[int, int], bytes]] = {}
        for name, content in warc_members(path, lambda *fault: unread.append(fault)):
            member, found = Path(name), dict[tuple[int, int], bytes]()
            for fault in self._faults_of_records(member, content, limit, advance, found):
                yield f"{member.relative_to(path)}: {fault}"
            places[member.name] = found
        yield from (f"{Path(name).relative_to(path)}: {reason}" for name, reason in unread)
        yield from package_faults(path, places)

    def _faults_of_records(
        self,
        path: Path,
        file: BinaryIO,
        limit: int,
        advance: Callable[[int], object],
        found: dict[tuple[int, int], bytes],
        *,
        is_unfinished: bool = False,
    ) -> Iterator[str]:
        """Yield what is wrong with the records of *file*; add the lines that an index has of them to *found*."""
        end, count, reason = 0, self.records, ""
        try:
            records = warc_records.records(file)
            for record in records:
                digests = StatedDigests(record)
                payload = digests.read(limit)
                entry = entry_of(record, payload, limit)
                if not warc_records.is_whole(record):
                    reason = "a record has no end"
                    break
                place = records.get_record_offset(), records.get_record_length()
                advance(place[1])
                self.records += 1
                end = sum(place)
                self.digests += digests.is_stated
                if wrong := [*digests.wrong(), *_wrong_headers(record)]:
                    url = record.address or record.rec_type
                    yield f"the record at byte {place[0]} is damaged, {' and '.join(wrong)}: {url}"
                if entry is not None:
                    entry = replace(entry, offset=place[0], length=place[1])
                    found[place] = entry.line(path.name)
                    self._note(path, entry)
        except warc_records.BROKEN as error:
            reason = error_reason(error)
        if self.records == count and not is_unfinished:
            yield f"cannot be read as a WARC file: {reason or 'no record is in it'}"
        elif reason and not is_unfinished:
            yield f"what comes behind byte {end} cannot be read: {reason}"

    def _note(self, path: Path, entry: IndexEntry) -> None:
        if entry.kind in ANSWERS and entry.digest:
            self._contents.add((entry.key, entry.digest))
        elif entry.kind == "revisit":
            self._revisits.append((path, entry))


def _wrong_headers(record: WarcRecord) -> Iterator[str]:
    """Yield which headers of *record*, which was read, say what cannot be."""
    stated, read = record.rec_headers.get_header("Content-Length") or "", record.raw_stream.tell()
    if stated.strip() != str(read):
        yield f"Content-Length is {stated[:40]!r} and not {read}"
    if warc_records.date(record) == warc_records.UNDATED:
        yield f"its date {(record.rec_headers.get_header('WARC-Date') or '')[:40]!r} is none"


def _index_faults(path: Path, kept: bytes, found: dict[tuple[int, int], bytes], is_unfinished: bool) -> Iterator[str]:
    """Yield what is wrong with the lines *kept* in the index of *path*, which has the records *found*."""
    name = index_path(path).name
    end = end_of(kept, path.name)
    if end is None:
        yield f"{name} is no index of it"
        return
    lines = dict(zip(places_of(kept), kept.splitlines(keepends=True), strict=True))
    for place in sorted(found.keys() | lines.keys()):
        if place not in lines:
            if not is_unfinished or place[0] < end:
                yield f"{name} lacks the record at byte {place[0]}"
        elif place not in found:
            if not is_unfinished:
                yield f"{name} names a record at byte {place[0]}, where none of this length is"
        elif found[place] != lines[place]:
            yield f"{name} says something else of the record at byte {place[0]} than stands there"
