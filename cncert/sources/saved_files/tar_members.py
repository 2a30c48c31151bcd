"""Reads the members of a tar file (ustar, GNU, pax) as a stream: bounded, with flat memory, nothing goes to the disk.

The standard library's tarfile keeps all members in memory and reads a header of any length at once.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BufferedReader

from cncert.exceptions import SavedFileError
from cncert.sources.saved_files.find_files import MAX_PAGE_BYTES
from cncert.sources.saved_files.kept_members import KeptMember, fingerprint, is_hidden
from cncert.sources.saved_files.no_issue import NoIssue

BLOCK_BYTES = 512
MAX_HEADER_BYTES = 1 << 20
"""Of the names and records that stand before a member. A path has some hundred bytes."""
MAX_RATIO, MIN_BOMB_BYTES = 200, 1 << 30
"""A file that unpacks to more than both, times what is read and in bytes, is a bomb. Texts have a ratio of ten."""
_PIECE = 1 << 16
_FILES, _FOLDER, _LINKS = b"0\0" + b"7", b"5", b"12346"
_LONG_NAME, _LONG_TARGET, _PAX, _PAX_OF_ALL, _SPARSE = b"L", b"K", b"xX", b"g", b"S"
_WITHOUT_CONTENT = _FOLDER + _LINKS
_NUMBER = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_RECORD = re.compile(rb"([0-9]{1,7}) ([^=\n]{1,200})=")


def is_tar(head: bytes) -> bool:
    """Return whether a tar file begins with *head*, its first block."""
    return len(head) >= BLOCK_BYTES and b"\0" in head[:BLOCK_BYTES] and _is_header(head[:BLOCK_BYTES])


def tar_members(
    stream: BufferedReader, archive: bytes | None, packed: Callable[[], int] | None
) -> Iterator[KeptMember]:
    """Yield the files in the tar file *stream*, without hidden ones.

    *archive* identifies the file; *packed* returns how much of it was read from the disk.
    Raises SavedFileError for what ends the reading.
    """
    return _TarReader(stream, archive, packed).members()


class _TarReader:
    """Reads a stream, block by block."""

    def __init__(self, stream: BufferedReader, archive: bytes | None, packed: Callable[[], int] | None) -> None:
        self._stream, self._archive, self._packed = stream, archive, packed
        self._position = 0
        self._left = 0
        """Bytes of the member that were not read."""

    def members(self) -> Iterator[KeptMember]:
        stated: dict[str, bytes] = {}
        while (block := self._block()).strip(b"\0"):
            if not _is_header(block):
                raise SavedFileError(f"is damaged: no member begins at byte {self._position - BLOCK_BYTES}")
            kind, size = block[156:157], _number(block[124:136])
            if kind in _LONG_NAME + _LONG_TARGET + _PAX:
                if size > MAX_HEADER_BYTES:
                    raise SavedFileError(f"is damaged: a name of {size} bytes, at byte {self._position}")
                data = self._take(-(-size // BLOCK_BYTES) * BLOCK_BYTES)[:size]
                if kind in _PAX:
                    stated |= _records(data)
                elif kind == _LONG_NAME:
                    stated["path"] = data.rstrip(b"\0")
                continue
            yield from self._member(block, kind, size, stated)
            stated = {}

    def _member(self, block: bytes, kind: bytes, size: int, stated: dict[str, bytes]) -> Iterator[KeptMember]:
        offset, name = self._position, _name(block, stated)
        if kind in _WITHOUT_CONTENT:
            size = 0
        elif (stated_size := stated.get("size", b"")).isdigit():
            size = int(stated_size[:20])
        if kind == _SPARSE:
            more = block[482:483]
            while more.strip(b"\0"):  # a list of its parts goes on
                more = self._block()[504:505]
        is_folder = kind == _FOLDER or name.endswith("/")
        self._left = size
        if not is_folder and kind not in _PAX_OF_ALL and not is_hidden(name):
            known = self._archive
            yield KeptMember(
                name=name,
                size=size,
                written_at=datetime.fromtimestamp(min(_number(block[136:148]), 1 << 33), UTC),
                read=self._read,
                fingerprint=fingerprint("tar", known, offset, name, size) if known is not None else None,
                fault=_fault(kind, name, size, stated),
            )
        self._skip(self._left + -size % BLOCK_BYTES)

    def _read(self, count: int) -> bytes:
        data = self._take(min(count, self._left))
        self._left -= len(data)
        return data

    def _block(self) -> bytes:
        """Return the next block. A file that has none at its end was cut: the end is a block of zeros."""
        return self._take(BLOCK_BYTES)

    def _take(self, count: int) -> bytes:
        data = self._stream.read(count)
        self._position += len(data)
        if len(data) < count:
            raise SavedFileError("breaks off: the end of the tar file is missing")
        return data

    def _skip(self, count: int) -> None:
        while count > 0:
            count -= len(self._take(min(count, _PIECE)))
            if self._packed is not None and self._position > max(MIN_BOMB_BYTES, MAX_RATIO * self._packed()):
                raise SavedFileError(f"unpacks to more than {MAX_RATIO} times its size: given up")


def _fault(kind: bytes, name: str, size: int, stated: dict[str, bytes]) -> NoIssue | None:
    """Return why a member is not read."""
    if kind == _SPARSE or any(key.startswith("GNU.sparse") for key in stated):
        return NoIssue.SPARSE
    if kind not in _FILES:
        return NoIssue.NO_FILE
    if ".." in name.split("/"):
        return NoIssue.UNSAFE_NAME
    return NoIssue.TOO_LARGE if size > MAX_PAGE_BYTES else None


def _is_header(block: bytes) -> bool:
    """Return whether the checksum of *block* is right: that of unsigned bytes, or of signed ones, as some made it."""
    stated = _NUMBER.fullmatch(block[148:156])
    if stated is None or not stated[1]:
        return False
    total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    high = sum(byte > 127 for byte in block[:148] + block[156:])
    return int(stated[1], 8) in (total, total - 256 * high)


def _number(field: bytes) -> int:
    """Return a number, in octal digits or, if it is large, in binary; 0 for none. Raises SavedFileError."""
    if field[0] & 0x80:
        number = int.from_bytes(field, "big", signed=field[0] == 0xFF)
        number = number if field[0] == 0xFF else number - (0x80 << 8 * (len(field) - 1))
    elif (found := _NUMBER.match(field)) is not None:
        number = int(found[1] or b"0", 8)
    if number < 0:
        return 0
    return number


def _records(data: bytes) -> dict[str, bytes]:
    """Return the records of a pax header: length, name and value, each with a line end."""
    found: dict[str, bytes] = {}
    position = 0
    while (record := _RECORD.match(data, position)) is not None:
        length = int(record[1])
        found[record[2].decode("utf-8", "replace")] = data[record.end() : position + length - 1]
        if length <= record.end() - position:
            break
        position += length
    return found


def _name(block: bytes, stated: dict[str, bytes]) -> str:
    """Return the name of a member: in UTF-8, else as older Chinese programs wrote it."""
    name = stated.get("path")
    if name is None:
        name = block[:100].partition(b"\0")[0]
        if block[257:263] == b"ustar\0" and (folder := block[345:500].partition(b"\0")[0]):
            name = folder + b"/" + name
    for codec in ("utf-8", "gb18030"):
        try:
            return name.decode(codec)
        except UnicodeDecodeError:
            continue
    return name.decode("utf-8", "replace")
