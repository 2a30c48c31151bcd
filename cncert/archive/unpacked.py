"""Decompresses archives made of gzip members or Zstandard frames, and knows where in the file each of them begins.

In a ``.warc.gz`` or ``.warc.zst`` each record has a member of its own, as a rule: what is damaged costs one record,
and one record can be opened without the others.
"""

import re
import zlib
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from cncert.archive.compression import ZSTD_OPTIONS, zstd
from cncert.exceptions import ArchiveError, ReaderProcessError, SavedFileError, error_reason

PIECE = 1 << 16
"""Bytes that are read or unpacked at once."""
MAX_DICTIONARY_BYTES = 1 << 23
"""Of a dictionary, packed or not: what the draft for .warc.zst wants to be read."""
MAX_RATIO, MIN_BOMB_BYTES = 200, 64 << 20
"""A member that unpacks to more than both, times its size and in bytes, is a bomb. Pages have a ratio of ten."""
MAX_TRIES = 2_000
"""Places in a file at which a member could begin behind a damaged one."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)
DICTIONARY_FRAME = b"\x5d\x2a\x4d\x18"
_DICTIONARY = b"\x37\xa4\x30\xec"
_TRIED_BYTES = {_GZIP: 4096, _ZSTD: (1 << 17) + 4096}
"""Of a possible member: the first block of a Zstandard frame gives nothing before it is whole."""
_BEGINNING = {_GZIP: re.compile(rb"\x1f\x8b\x08[\x00-\x1f]", re.DOTALL), _ZSTD: re.compile(re.escape(_ZSTD))}
_UNPACK_ERRORS = (zlib.error, zstd.ZstdError, EOFError)
_READ_ERRORS = (OSError, ValueError, SavedFileError, *_UNPACK_ERRORS)

FaultKind = Literal["damaged", "cut", "refused"]


@dataclass(frozen=True, slots=True)
class ArchiveFault:
    """What of an archive cannot be read, and why."""

    offset: int
    """Where it begins in the file: a member, or a record."""
    reason: str
    kind: FaultKind = "damaged"
    """``damaged``: what follows may be read. ``cut``: the file breaks off. ``refused``: no more of it is read."""


@dataclass(slots=True)
class _Member:
    """A piece of a file that was compressed on its own."""

    offset: int
    """Where it begins in the file."""
    position: int
    """Where it begins in what is unpacked."""
    end: tuple[int, int] | None = None
    """Its end in the file and in what is unpacked."""


class GzipMember:
    """A gzip member, with the methods of ZstdDecompressor."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data


@lru_cache(maxsize=2)  # a file is opened anew for each record that is looked up
def read_dictionary(data: bytes) -> zstd.ZstdDict:
    """Return the dictionary in *data*, which may be compressed itself. Raises ArchiveError if none is there."""
    try:
        if data.startswith(_ZSTD):
            decompressor = zstd.ZstdDecompressor(options=ZSTD_OPTIONS)
            data = decompressor.decompress(data, MAX_DICTIONARY_BYTES + 1)
            if not decompressor.eof or len(data) > MAX_DICTIONARY_BYTES:
                raise ValueError("it is no whole one, or too large")
        if not data.startswith(_DICTIONARY):
            raise ValueError("it is none")
        return zstd.ZstdDict(data)
    except (ValueError, EOFError, zstd.ZstdError) as error:
        raise ArchiveError(f"its dictionary cannot be used: {error_reason(error)}") from error


def is_dictionary(head: bytes) -> bool:
    """Return whether a file that begins with *head* begins with the dictionary of a .warc.zst."""
    return head.startswith(DICTIONARY_FRAME)


class Unpacked:
    """The bytes of a file, decompressed as they are taken; a file that is not compressed as it is."""

    def __init__(self, file: Any) -> None:
        """Begin at the present position of *file*, where a member begins. It may return less than it is asked for."""
        self._file = file
        self._read = getattr(file, "read1", file.read)  # what comes before an error is not lost
        self._fed: int = file.tell() if self.is_seekable else 0
        """Where in the file the bytes end that were read."""
        self._raw = b""
        self.data = bytearray()
        """Unpacked, and not yet taken."""
        self.position = 0
        """Number of bytes that were taken."""
        self.fault: ArchiveFault | None = None
        """Why there is no more than ``data``, if that is not the end of the file."""
        self._members: deque[_Member] = deque()
        self._decompressor: Any = None
        self._dictionary: zstd.ZstdDict | None = None
        self._tries = 0
        self._start: int = self._fed
        head = self._peek_raw(4)
        self._magic = _GZIP if head.startswith(_GZIP) else _ZSTD
        self.is_plain = not (head.startswith((_GZIP, _ZSTD)) or _SKIPPABLE.match(head))
        if self._start and self._magic == _ZSTD and not self.is_plain:
            self._load_first_dictionary()

    @property
    def is_seekable(self) -> bool:
        """Whether the file can be read again from another place."""
        return bool(self._file.seekable()) if hasattr(self._file, "seekable") else False

    @property
    def read_to(self) -> int:
        """How far the file was read and unpacked."""
        return self._fed - len(self._raw)

    # --- taking bytes

    def ready(self, count: int) -> int:
        """Unpack until *count* bytes can be taken; return how many of them can be, fewer at the end or a fault."""
        while len(self.data) < count and self._fill():
            pass
        return min(count, len(self.data))

    def peek(self, count: int) -> bytes:
        """Return the next *count* bytes without taking them, fewer at the end or before a fault."""
        available = self.ready(count)  # before the view, which keeps the data as it is
        return bytes(memoryview(self.data)[:available])

    def take(self, count: int) -> bytes:
        """Take and return up to *count* of the bytes that are there."""
        taken = bytes(memoryview(self.data)[:count])
        del self.data[:count]
        self.position += len(taken)
        while len(self._members) > 1 and self._members[1].position <= self.position - 1:
            self._members.popleft()
        return taken

    def skip(self, count: int) -> None:
        """Take *count* bytes."""
        while count > 0 and self.peek(1):
            count -= len(self.take(min(count, PIECE)))

    def skip_line_ends(self) -> None:
        """Take all CR and LF that come next."""
        while self.peek(1) in (b"\r", b"\n"):
            self.take(len(self.data) - len(self.data.lstrip(b"\r\n")))

    # --- where what stands

    def place(self) -> tuple[int, int]:
        """Return where the next byte is: the member's place in the file, and its own within what that unpacks to."""
        self.peek(1)
        if self.is_plain:
            return self._start + self.position, 0
        member = next((one for one in reversed(self._members) if one.position <= self.position), None)
        return (member.offset, self.position - member.position) if member else (self._fed, 0)

    def member_before(self) -> int:
        """Return where the member begins that has the last byte that was taken."""
        members = [one for one in self._members if one.position < self.position]
        return members[-1].offset if members else self._start

    def end_before(self) -> int | None:
        """Return where in the file the bytes end that were taken; None if that is in the middle of a member."""
        if self.is_plain:
            return self._start + self.position
        ends = (one.end for one in self._members if one.end is not None)
        return next((offset for offset, position in ends if position == self.position), None)

    def members_ahead(self) -> list[int]:
        """Return after how many bytes of ``data`` members begin, the next one first."""
        distances = (one.position - self.position for one in self._members)
        return [distance for distance in distances if 0 <= distance < len(self.data)]

    def size_left(self) -> int | None:
        """Return how many bytes come; None if that cannot be known at once."""
        seeks_slowly = getattr(getattr(self._file, "raw", None), "seeks_slowly", False)
        if not (self.is_plain and self.is_seekable) or seeks_slowly:
            return None
        end = self._file.seek(0, 2)
        self._file.seek(self._fed)
        return int(end) - self._start - self.position

    def look_ahead(self, distance: int, count: int) -> bytes:
        """Return *count* bytes from *distance* bytes on; only of a file that ``size_left`` knows the size of."""
        if distance + count <= len(self.data):
            return bytes(self.data[distance : distance + count])
        self._file.seek(self._start + self.position + distance)
        found: bytes = self._file.read(count)
        self._file.seek(self._fed)
        return found

    # --- unpacking

    def _fill(self) -> bool:
        """Unpack some more; return False at the end and at a fault."""
        while self.fault is None:
            try:
                if self.is_plain:
                    data, self._raw = self._raw or self._read_raw(), b""
                    self.data += data
                    return bool(data)
                if self._decompressor is None and not self._begin_member():
                    return False
                data = self._unpack()
            except ReaderProcessError:
                raise  # the time is over
            except ArchiveError as error:
                self._fail(str(error), "refused")
                return False
            except _READ_ERRORS as error:
                kind: FaultKind = "damaged" if isinstance(error, _UNPACK_ERRORS) else "cut"
                self._fail(error_reason(error.__cause__ or error), kind)
                return False
            if data:
                self.data += data
                return True
        return False

    def _read_raw(self) -> bytes:
        data: bytes = self._read(PIECE)
        self._fed += len(data)
        return data

    def _peek_raw(self, count: int) -> bytes:
        while len(self._raw) < count and (more := self._read_raw()):
            self._raw += more
        return self._raw[:count]

    def _take_raw(self, count: int) -> int:
        """Take up to *count* bytes of the file; return how many there were."""
        left = count
        while left > 0 and self._peek_raw(1):
            part = min(left, len(self._raw))
            self._raw, left = self._raw[part:], left - part
        return count - left

    def _fail(self, reason: str, kind: FaultKind = "damaged") -> None:
        offset = self._members[-1].offset if self._members and self._decompressor else self._fed - len(self._raw)
        self.fault = ArchiveFault(offset, reason, kind)
        self._decompressor = None

    def _begin_member(self) -> bool:
        """Begin the next member; return whether there is one."""
        while (head := self._peek_raw(8)) and self.fault is None:
            offset = self._fed - len(self._raw)
            if head.startswith(_GZIP):
                self._decompressor = GzipMember()
            elif head.startswith(_ZSTD):
                self._decompressor = zstd.ZstdDecompressor(self._dictionary, ZSTD_OPTIONS)
            elif _SKIPPABLE.match(head):
                self._skip_frame(head)
                continue
            elif not head.strip(b"\0\r\n"):
                self._raw = self._raw.lstrip(b"\0\r\n")  # files are filled up with zeros
                continue
            else:
                if len(head) < 4:
                    self._fail("the file ends", "cut")
                else:
                    self._fail("neither gzip nor Zstandard goes on there")
                return False
            self._members.append(_Member(offset, self.position + len(self.data)))
            return True
        return False

    def _skip_frame(self, head: bytes) -> None:
        """Take a frame without content; the dictionary out of one that has it."""
        size = int.from_bytes(head[4:8], "little")
        if len(head) == 8 and head.startswith(DICTIONARY_FRAME):
            if size > MAX_DICTIONARY_BYTES:
                self._fail(f"its dictionary has more than {MAX_DICTIONARY_BYTES} bytes", "refused")
            elif len(data := self._peek_raw(8 + size)[8:]) == size:
                self._load_dictionary(data)
        if self._take_raw(8 + size) < 8 + size and self.fault is None:
            self._fail("the file ends inside of a frame without content", "cut")

    def _load_first_dictionary(self) -> None:
        """Load the dictionary at the beginning of the file, which holds for all records of it."""
        if not self.is_seekable:
            return
        self._file.seek(0)
        head = self._file.read(8)
        size = int.from_bytes(head[4:8], "little")
        if head.startswith(DICTIONARY_FRAME) and size <= MAX_DICTIONARY_BYTES:
            self._load_dictionary(self._file.read(size))
        self._file.seek(self._fed)

    def _load_dictionary(self, data: bytes) -> None:
        try:
            self._dictionary = read_dictionary(data)
        except ArchiveError as error:
            self._fail(str(error), "refused")

    def _unpack(self) -> bytes:
        """Return some of what the member holds, nothing at its end."""
        decompressor, member = self._decompressor, self._members[-1]
        data = b""
        if decompressor.needs_input:
            data, self._raw = self._raw or self._read_raw(), b""
        is_last = decompressor.needs_input and not data
        unpacked: bytes = decompressor.decompress(data, 4 * PIECE)
        size = self.position + len(self.data) + len(unpacked) - member.position
        if decompressor.eof:
            self._raw, self._decompressor = decompressor.unused_data, None
            member.end = self._fed - len(self._raw), self.position + len(self.data) + len(unpacked)
        elif is_last and not unpacked:
            self._fail("the file ends inside of a compressed record", "cut")
        elif size > MIN_BOMB_BYTES and size > MAX_RATIO * (self._fed - member.offset):
            self._fail(f"unpacks to more than {MAX_RATIO} times its size")
        return unpacked

    # --- behind a fault

    def resume(self) -> bool:
        """Go on behind a fault with the next member in which a record begins; return whether there is one."""
        fault, self.data = self.fault, bytearray()
        if fault is None or fault.kind != "damaged" or self.is_plain or not self.is_seekable:
            return False
        self._members.clear()
        self._file.seek(fault.offset + 1)
        tried, window, start = _TRIED_BYTES[self._magic], b"", fault.offset + 1
        is_last = False
        while not is_last:
            chunk = self._file.read(PIECE)
            window, is_last = window + chunk, not chunk
            for match in _BEGINNING[self._magic].finditer(window):
                if match.start() + tried > len(window) and not is_last:
                    break
                self._tries += 1
                if self._tries > MAX_TRIES:
                    return False
                if self._begins_record(window[match.start() : match.start() + tried]):
                    self._fed = self._file.seek(start + match.start())
                    self._raw, self.fault = b"", None
                    return True
            kept = min(len(window), tried - 1)
            start, window = start + len(window) - kept, window[len(window) - kept :]
        return False

    def _begins_record(self, packed: bytes) -> bool:
        try:
            unpacked = (
                GzipMember().decompress(packed, 5)
                if self._magic == _GZIP
                else zstd.ZstdDecompressor(self._dictionary).decompress(packed, 5)
            )
        except _UNPACK_ERRORS:
            return False
        return unpacked == b"WARC/"
