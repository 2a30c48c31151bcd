"""Opens what a ZIP file holds, a WACZ or any other: in place, one after the other, nothing is written to the disk."""

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from cncert.archive.warc_records import is_warc
from cncert.exceptions import ArchiveError, error_reason

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
MAX_MEMBERS = 20_000
MAX_DIRECTORY_BYTES = 4 << 20
"""Of the list of members: it takes the tenfold in memory."""
MAX_DEPTH = 2
"""Archives that are opened one within the other."""
MAX_RATIO, MIN_BOMB_BYTES = 200, 64 << 20
"""A member that unpacks to more than both, times its size and in bytes, is a bomb. Pages have a ratio of ten."""
MAX_TOTAL_RATIO, MIN_TOTAL_BYTES = 100, 512 << 20
"""The same for all that is read of a file."""
_PIECE = 1 << 16
_LOCAL_HEADER = b"PK\x03\x04"
_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OverflowError, RuntimeError, OSError, zlib.error)
"""What opening a broken ZIP file raises; NotImplementedError is a RuntimeError, struct.error is caught by zipfile."""


class _Budget:
    """Counts what is read of a file, so that a few kilobytes do not become terabytes."""

    def __init__(self, size: int) -> None:
        self._left = max(MIN_TOTAL_BYTES, MAX_TOTAL_RATIO * size)

    @property
    def is_spent(self) -> bool:
        """Whether no more is read of the file."""
        return self._left < 0

    def spend(self, count: int) -> None:
        """Count bytes that were read. Raises ArchiveError if they are too many."""
        self._left -= count
        if self._left < 0:
            raise ArchiveError(f"the archive unpacks to more than {MAX_TOTAL_RATIO} times its size: given up")


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file in a ZIP file."""

    name: str
    """As it stands there: it may be any text, and is good for being shown."""
    fault: str
    """Why it cannot be opened; empty if it can."""
    _file: BinaryIO
    _budget: _Budget
    _info: zipfile.ZipInfo

    @property
    def is_last(self) -> bool:
        """Whether so much was read of the archive that no other member can be."""
        return self._budget.is_spent

    def open(self) -> io.BufferedReader:
        """Return its content, which can be sought in. While it is read, ArchiveError says what is wrong with it."""
        if self.fault:
            raise ArchiveError(self.fault)
        info = self._info
        self._file.seek(info.header_offset)
        head = self._file.read(30)
        if len(head) < 30 or not head.startswith(_LOCAL_HEADER):
            raise ArchiveError("it is not where the archive says")
        start = info.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        raw: Any = _MemberStream(self._file, start, info, self._budget)
        return io.BufferedReader(raw, _PIECE)


class _MemberStream(io.RawIOBase):
    """The content of a member, stored or deflated."""

    def __init__(self, file: BinaryIO, start: int, info: zipfile.ZipInfo, budget: _Budget) -> None:
        self._file, self._start, self._info, self._budget = file, start, info, budget
        self._rewind()

    def _rewind(self) -> None:
        self._position = self._read = 0
        self._checksum: int | None = 0
        self._stream = zlib.decompressobj(wbits=-15) if self._info.compress_type == zipfile.ZIP_DEFLATED else None
        self._at_end = False

    @property
    def seeks_slowly(self) -> bool:
        """Whether all that comes before a place has to be unpacked."""
        return self._stream is not None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = self._next(min(len(buffer), _PIECE))
        self._budget.spend(len(data))
        self._position += len(data)
        if self._position > MIN_BOMB_BYTES and self._stream and self._position > MAX_RATIO * self._read:
            raise ArchiveError(f"unpacks to more than {MAX_RATIO} times its size")
        if self._checksum is not None:
            self._checksum = zlib.crc32(data, self._checksum)
        if not data and not self._at_end:
            self._at_end = True
            self._check_end()
        buffer[: len(data)] = data
        return len(data)

    def _next(self, count: int) -> bytes:
        if self._stream is None:
            self._file.seek(self._start + self._position)
            return self._file.read(max(0, min(count, self._info.compress_size - self._position)))
        while not self._stream.eof:
            packed = self._stream.unconsumed_tail
            if not packed:
                self._file.seek(self._start + self._read)
                packed = self._file.read(max(0, min(_PIECE, self._info.compress_size - self._read)))
                self._read += len(packed)
            try:
                data = self._stream.decompress(packed, count)
            except zlib.error as error:
                raise ArchiveError(f"cannot be decompressed: {error_reason(error)}") from error
            if data or not packed:
                return data
        return b""

    def _check_end(self) -> None:
        if self._position < self._info.file_size:
            raise ArchiveError("its end is missing")
        if self._checksum is not None and self._checksum != self._info.CRC:
            raise ArchiveError("is damaged: it has another checksum than the archive says")

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._info.file_size}[whence]
        wanted = max(0, base + offset)
        if wanted == self._position:
            return wanted
        if self._stream is None:
            self._position, self._checksum = wanted, None if wanted else 0
            self._at_end = False
            return wanted
        if wanted < self._position:
            self._rewind()
        while self._position < wanted:
            piece = self._next(min(_PIECE, wanted - self._position))
            if not piece:
                break
            self._budget.spend(len(piece))
            self._position += len(piece)
            self._checksum = None
        return self._position


class _Guarded:
    """A file of which no more is read at once than the list of members may have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise ArchiveError(f"its list of members has more than {MAX_DIRECTORY_BYTES} bytes")
        return self._file.read(min(size, MAX_DIRECTORY_BYTES) if size >= 0 else MAX_DIRECTORY_BYTES)

    def seekable(self) -> bool:
        return True


@contextmanager
def opened_zip(file: BinaryIO) -> Iterator[list[ZipMember]]:
    """Return the members of the ZIP file *file*, without directories, and those of the ZIP files among them.

    What is wrong with an archive is a member with that fault and the archive's name, which is empty for *file* itself.
    Of an archive that lost its end, the list of members too, those before it are found. Raises ArchiveError if there
    are too many.
    """
    with ExitStack() as copies:
        yield list(_members(file, "", 1, _Budget(file.seek(0, io.SEEK_END)), copies))


def _members(file: BinaryIO, folder: str, depth: int, budget: _Budget, copies: ExitStack) -> Iterator[ZipMember]:
    nothing = zipfile.ZipInfo()
    for info, fault in _listed(file):
        if info is None:
            yield ZipMember(folder.removesuffix("/"), fault, file, budget, nothing)
            continue
        member = ZipMember(folder + _name(info), fault or _fault_of(info), file, budget, info)
        try:
            with member.open() as content:
                is_archive = content.peek(4).startswith(ZIP_MAGICS)
                if is_archive and depth < MAX_DEPTH:
                    copy: Any = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115  # the next line
                    copies.enter_context(copy)
                    shutil.copyfileobj(content, copy)
            if not is_archive:
                yield member
            elif depth < MAX_DEPTH:
                yield from _members(copy, f"{member.name}/", depth + 1, budget, copies)
            else:
                yield replace(member, fault=f"an archive within {depth} others, which is not read")
        except ArchiveError as error:
            yield replace(member, fault=str(error))


def _listed(file: BinaryIO) -> Iterator[tuple[zipfile.ZipInfo | None, str]]:
    """Yield the files of an archive; None with what is wrong with the archive itself."""
    fault = ""
    try:
        guarded: Any = _Guarded(file)
        with zipfile.ZipFile(guarded) as archive:
            found = archive.infolist()
    except ArchiveError as error:
        found, fault = [], str(error)
    except _ERRORS:
        found, fault = (
            list(_local_members(file, file.seek(0, io.SEEK_END))),
            "breaks off: its list of members cannot be read",
        )
    if len(found) > MAX_MEMBERS:
        found, fault = [], f"has more than {MAX_MEMBERS} members"
    elif _overlap(found):
        found, fault = [], "its members lie one over the other"
    elif not found and not fault:
        fault = "is an empty archive"
    yield from ((info, "") for info in found if not info.filename.endswith("/"))  # a name may be empty
    if fault:
        yield None, fault


def _overlap(found: Sequence[zipfile.ZipInfo]) -> bool:
    """Return whether one content stands for several members, as in some bombs."""
    places = sorted((one.header_offset, one.compress_size) for one in found)
    return any(offset + size > following for (offset, size), (following, _) in pairwise(places))


def _local_members(file: BinaryIO, size: int) -> Iterator[zipfile.ZipInfo]:
    """Yield the members that follow each other from the beginning of the file, by the headers before their content."""
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(30)
        if len(head) < 30 or not head.startswith(_LOCAL_HEADER):
            return
        names, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        name = file.read(names)
        info = zipfile.ZipInfo(name.decode("utf-8", "replace") or "-")
        info.header_offset, info.flag_bits = position, int.from_bytes(head[6:8], "little") | 0x800
        info.compress_type, info.CRC = int.from_bytes(head[8:10], "little"), int.from_bytes(head[14:18], "little")
        info.compress_size, info.file_size = (int.from_bytes(head[at : at + 4], "little") for at in (18, 22))
        position += 30 + names + extra
        is_sized = not info.flag_bits & 8 and 0xFFFFFFFF not in (info.compress_size, info.file_size)
        if not is_sized:  # its size stands behind it, or in a place of its own
            info.compress_size = info.file_size = size - position
        yield info
        position += info.compress_size


def _fault_of(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed by method {info.compress_type}, which is not read"
    return ""


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member; older Chinese programs write names in GBK, which ZIP does not know."""
    name = info.filename or "-"
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            raw = name.encode("cp437")
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return raw.decode("gb18030")
    return name


def opened_warcs(path: Path, say: Callable[[str, str], object]) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the file *path* with its name, or the WARC files in a WACZ as :func:`warc_members` does.

    Raises OSError or ArchiveError if that cannot be opened.
    """
    if is_zip(path):
        yield from warc_members(path, say)
    else:
        with path.open("rb") as file:
            yield str(path), file


def is_zip(path: Path) -> bool:
    """Return whether *path* begins as a ZIP file does; False for what cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(4) in ZIP_MAGICS
    except OSError:
        return False


def copy_warcs(path: Path, directory: Path, say: Callable[[str, str], object]) -> list[Path]:
    """Copy the WARC files in the WACZ *path* into *directory*, under names of ours; return the copies.

    *say* is called with the name of each that cannot be read, or not to its end, and why. Raises ArchiveError if there
    is none, or one cannot be written.
    """
    copies = list[Path]()
    for name, content in warc_members(path, say):
        copies.append(directory / f"{path.stem}-{len(copies)}.warc")
        try:
            with copies[-1].open("xb") as copy:
                shutil.copyfileobj(content, copy)
        except ArchiveError as error:
            say(name, str(error))
        except OSError as error:
            raise ArchiveError(f"{name} cannot be unpacked: {error_reason(error)}") from error
    return copies


def warc_members(path: Path, say: Callable[[str, str], object]) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the WARC files in the WACZ *path* with their names: each can be sought in until the next one is taken.

    Their content tells what they are. *say* is called with the name of what cannot be read, and why. Raises
    ArchiveError if that is all.
    """
    found = False
    try:
        with path.open("rb") as file, opened_zip(file) as members:
            for member in members:
                if member.fault:
                    say(f"{path}/{member.name}" if member.name else str(path), member.fault)
                else:
                    with member.open() as content:
                        if is_warc(content):
                            found = True
                            yield f"{path}/{member.name}", content
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error_reason(error)}") from error
    if not found:
        fault = next((f": {member.name or 'it'} {member.fault}" for member in members if member.fault), "")
        raise ArchiveError(f"{path} holds no WARC file{fault}")
