"""Repacks WARC files: those of a year, packed by gzip, become one file in Zstandard, whose records share a dictionary.

The form is the draft of the IIPC (https://iipc.github.io/warc-specifications/specifications/warc-zstd/): a frame for
each record, and before them the dictionary in a frame of its own. One file for a year, because a dictionary takes as
much as some pages: a run of the crawl brings one page, which would be the dictionary of its own file.

A file goes when the new one is on the disk and has every record of it, byte by byte.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cncert.archive.compression import zstd
from cncert.archive.index import ANSWERS, FileIndex, IndexEntry, WrongIndex, index_path
from cncert.archive.own_files import is_being_written
from cncert.archive.packed_members import PackedFile, PackedMember
from cncert.archive.page_dictionary import dictionary_frame, make_dictionary, pack
from cncert.archive.warc_reader import warc_files
from cncert.exceptions import ArchiveError, error_reason
from cncert.terminal.atomic_write import write_whole, written_whole

SUFFIX = ".warc.gz"
MAX_PAGES, MAX_PAGE_BYTES = 12, 48 << 20
"""Pages, and their bytes, of which some become the dictionary."""
MIN_PAGE_BYTES, MIN_PAGE_RATIO = 50_000, 2
"""Of a page for the dictionary; one that was served compressed packs no better."""


@dataclass(frozen=True, slots=True)
class RepackedYear:
    """What was repacked into one file."""

    path: Path
    files: int
    """That it replaces."""
    records: int
    """That it has now."""
    before: int
    """Bytes of all these files, and of the one that was there."""
    after: int


@dataclass(frozen=True, slots=True)
class UnrepackedFile:
    """A file that stays as it is."""

    path: Path
    reason: str
    is_fault: bool = True
    """Whether something is wrong: otherwise it will be repacked later."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A file whose records are repacked."""

    path: Path
    stat: tuple[int, int]
    """Its size, and when it was changed."""
    members: list[PackedMember]
    entries: dict[int, IndexEntry]
    """Those of its index, by their offsets."""

    @property
    def year(self) -> str:
        """The year of its oldest record."""
        return min((entry.date for entry in self.entries.values()), default="1970")[:4]

    def pages(self) -> list[PackedMember]:
        """The members that are pages, and pack well."""
        return [
            member
            for member in self.members
            if (entry := self.entries.get(member.offset)) is not None
            and entry.kind in ANSWERS
            and entry.mime == "text/html"
            and member.size >= max(MIN_PAGE_BYTES, MIN_PAGE_RATIO * member.length)
        ]


def repack(
    path: Path, limit: int, *, keep: bool, begin: Callable[[int], object], advance: Callable[[int], object]
) -> Iterator[RepackedYear | UnrepackedFile]:
    """Repack the gzip files at *path*, a file or a directory, and yield what came of them; *keep* them beside it.

    *begin* is called with the bytes that are to be read, *advance* with those that were. Raises ArchiveError if another
    process does the same.
    """
    files = [file for file in warc_files(path) if file.name.endswith(SUFFIX)]
    free = [file for file in files if not is_being_written(file)]
    for file in sorted(set(files) - set(free)):
        yield UnrepackedFile(file, "it is being written", is_fault=False)
    sizes = {file: file.stat().st_size for file in free if file.is_file()}
    begin(3 * sum(sizes.values()))
    for directory in sorted({file.parent for file in free}):
        with _only_here(directory) as number:
            years: dict[str, list[_Source]] = {}
            for file in free:
                if file.parent == directory:
                    source = _read_source(file, limit)
                    if isinstance(source, _Source):
                        years.setdefault(source.year, []).append(source)
                    else:
                        yield source
                    advance(sizes.get(file, 0))
            for year in sorted(years):
                target = directory / f"repacked-{year}.warc.zst"
                try:
                    yield _repack_year(target, years[year], limit, advance)
                    os.fsync(number)
                    if not keep:
                        for one in years[year]:
                            _remove(one)
                except (OSError, ArchiveError) as error:
                    yield UnrepackedFile(target, error_reason(error))


@contextmanager
def _only_here(directory: Path) -> Iterator[int]:
    """Keep other processes from repacking in *directory*. Raises ArchiveError, and on Windows always."""
    if sys.platform == "win32":
        raise ArchiveError("archives are not repacked on Windows: a directory cannot be locked there")
    import fcntl

    number = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield number
    except BlockingIOError as error:
        raise ArchiveError(f"{directory} is being repacked by another process") from error
    finally:
        os.close(number)


def _read_source(path: Path, limit: int, *, keep: bool = False) -> _Source | UnrepackedFile:
    """Return the records of *path*, if they can be repacked one by one; *keep*: write its index."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            members = list(PackedFile(file).members())
        index = FileIndex(path, limit, keep=keep)
        index.rebuild()
        entries = list(index.entries())
    except (ArchiveError, OSError, WrongIndex) as error:
        return UnrepackedFile(path, error_reason(error))
    if index.unreadable or index.is_broken_off:
        return UnrepackedFile(path, index.unreadable or "not all of it can be read")
    places = {(one.offset, one.length) for one in members}
    if not all(one.is_record for one in members) or not places.issuperset((one.offset, one.length) for one in entries):
        return UnrepackedFile(path, "its records are not compressed one by one")
    return _Source(path, (found.st_size, found.st_mtime_ns), members, {one.offset: one for one in entries})


def _repack_year(
    target: Path, sources: Sequence[_Source], limit: int, advance: Callable[[int], object]
) -> RepackedYear:
    """Write all records of *sources*, and those of *target* if it is there, into *target*.

    Raises OSError, and ArchiveError if *target* cannot be read, or would not be what it should: it is as it was then.
    """
    former: list[_Source] = []
    if target.exists():
        there = _read_source(target, limit, keep=True)
        if isinstance(there, UnrepackedFile):
            raise ArchiveError(f"{target} is there, and cannot be read: {there.reason}")
        former = [there]
    known = {member.digest for source in former for member in source.members}
    before = sum(source.stat[0] for source in (*former, *sources))
    chosen: list[tuple[_Source, list[PackedMember]]] = [(source, source.members) for source in former]
    for source in sources:
        new = {member.digest: member for member in source.members if member.digest not in known}
        known |= new.keys()
        chosen.append((source, list(new.values())))
    if former and not any(members for source, members in chosen[1:]):
        return RepackedYear(target, len(sources), len(known), before, former[0].stat[0])
    with written_whole(target) as file:
        written = _write(file, chosen, _choose_dictionary([*former, *sources]), advance)
        file.flush()
        digests = [member.digest for _, members in chosen for member in members]
        for number, member in enumerate(PackedFile(file).members()):
            if number >= len(digests) or member.digest != digests[number]:
                raise ArchiveError(f"{target} was not written: a record of it is another one when it is read again")
            digests[number] = b""
        if any(digests):
            raise ArchiveError(f"{target} was not written: a record of it is missing when it is read again")
        if {*FileIndex(Path(file.name), limit).entries()} != {*written}:
            raise ArchiveError(f"{target} was not written: it is not read as the files are that it was made of")
        index_path(target).unlink(missing_ok=True)  # it is that of the former file
    write_whole(index_path(target), b"".join(sorted(entry.line(target.name) for entry in written)))
    return RepackedYear(target, len(sources), len(known), before, target.stat().st_size)


def _choose_dictionary(sources: Sequence[_Source]) -> zstd.ZstdDict | None:
    """Return a dictionary made of some of the pages of *sources*, which were served at different times."""
    dated = {
        source.entries[member.offset].sha256: (source.entries[member.offset].date, source, member)
        for source in sources
        for member in source.pages()
    }
    ordered = sorted(dated.values(), key=lambda one: one[0], reverse=True)
    step = max(1, -(-len(ordered) // MAX_PAGES))
    pages, room = [], MAX_PAGE_BYTES
    for _, source, member in ordered[::step]:
        if (room := room - member.size) < 0:
            break
        with source.path.open("rb") as file:
            pages.append(b"".join(PackedFile(file).unpacked(member.offset)))
    return make_dictionary(pages)


def _write(
    file: BinaryIO,
    chosen: Sequence[tuple[_Source, Sequence[PackedMember]]],
    dictionary: zstd.ZstdDict | None,
    advance: Callable[[int], object],
) -> list[IndexEntry]:
    """Write the members that are *chosen* of files into *file*; return what its index has to say."""
    entries = []
    place = file.write(dictionary_frame(dictionary)) if dictionary is not None else 0
    for source, members in chosen:
        with source.path.open("rb") as packed:
            opened = PackedFile(packed)
            for member in members:
                length = sum(map(file.write, pack(opened.unpacked(member.offset), member.size, dictionary)))
                if (entry := source.entries.get(member.offset)) is not None:
                    entries.append(replace(entry, offset=place, length=length))
                place += length
                advance(member.length)
    return entries


def _remove(source: _Source) -> None:
    """Remove a file that was repacked, unless it has been changed since. Raises OSError."""
    found = source.path.stat()
    if (found.st_size, found.st_mtime_ns) == source.stat:
        index_path(source.path).unlink(missing_ok=True)
        source.path.unlink()
