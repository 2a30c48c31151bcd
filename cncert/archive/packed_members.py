"""Walks files that are compressed record by record: gzip members, or Zstandard frames with a dictionary before them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from cncert.archive.compression import zstd
from cncert.exceptions import ArchiveError

MAX_DICTIONARY_BYTES = 1 << 23
"""Of a dictionary, packed or not, and of a window: what the draft for .warc.zst asks of those who read it."""
DICTIONARY_FRAME = b"\x5d\x2a\x4d\x18"
"""Begins a frame with the dictionary of the file, which other programs skip."""
OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 23}
MAX_RATIO, MIN_BOMB_BYTES = 200, 64 << 20
"""A member that unpacks to more than both, times its size and in bytes, is a bomb."""
_FRAME, _DICTIONARY = b"\x28\xb5\x2f\xfd", b"\x37\xa4\x30\xec"
_PIECE = 1 << 17

UNPACK_ERRORS = (zlib.error, zstd.ZstdError, EOFError)


@dataclass(frozen=True, slots=True)
class PackedMember:
    """A piece of a file that was compressed on its own."""

    offset: int
    length: int
    size: int
    """Unpacked."""
    digest: bytes
    """SHA-256 of what it unpacks to."""
    is_record: bool
    """Whether a record begins it."""


class _GzipDecompressor:
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


class PackedFile:
    """The members of a file."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the beginning of *file*. Raises ArchiveError if its dictionary is none, or too large; and OSError."""
        self._file, self._start, self._end = file, 0, 0
        self._dictionary: zstd.ZstdDict | None = None
        self.size = file.seek(0, 2)
        file.seek(0)
        head = file.read(8)
        self._is_gzip = head.startswith(b"\x1f\x8b")
        if head.startswith(DICTIONARY_FRAME):
            length = int.from_bytes(head[4:], "little")
            if length > MAX_DICTIONARY_BYTES:
                raise ArchiveError(f"its dictionary has more than {MAX_DICTIONARY_BYTES} bytes")
            self._dictionary = read_dictionary(file.read(length))
            self._start = 8 + length

    def members(self) -> Iterator[PackedMember]:
        """Yield all members. Raises ArchiveError if something else is there, and OSError."""
        place = self._start
        while place < self.size:
            digest, size, head = sha256(), 0, b""
            try:
                for piece in self.unpacked(place):
                    digest.update(piece)
                    size += len(piece)
                    head += piece[: 5 - len(head)]
                    if size > MIN_BOMB_BYTES and size > MAX_RATIO * (self._file.tell() - place):
                        raise ArchiveError(
                            f"the record at byte {place} unpacks to more than {MAX_RATIO} times its size"
                        )
            except UNPACK_ERRORS as error:
                raise ArchiveError(f"what comes behind byte {place} cannot be unpacked: {error}") from error
            yield PackedMember(place, self._end - place, size, digest.digest(), head == b"WARC/")
            place = self._end

    def unpacked(self, place: int) -> Iterator[bytes]:
        """Yield what the member at byte *place* unpacks to. Raises one of UNPACK_ERRORS, and OSError."""
        self._file.seek(place)
        decompressor = _GzipDecompressor() if self._is_gzip else zstd.ZstdDecompressor(self._dictionary, OPTIONS)
        while not decompressor.eof:
            data = self._file.read(_PIECE) if decompressor.needs_input else b""
            piece = decompressor.decompress(data, _PIECE)
            if not piece and not data and not decompressor.eof:
                raise EOFError("the file ends there")
            yield piece
        self._end = self._file.tell() - len(decompressor.unused_data)


def read_dictionary(data: bytes) -> zstd.ZstdDict:
    """Return the dictionary in *data*, which may be compressed itself. Raises ArchiveError if none is there."""
    try:
        if data.startswith(_FRAME):
            decompressor = zstd.ZstdDecompressor(options=OPTIONS)
            data = decompressor.decompress(data, MAX_DICTIONARY_BYTES + 1)
            if not decompressor.eof or len(data) > MAX_DICTIONARY_BYTES:
                raise ArchiveError(f"its dictionary breaks off, or has more than {MAX_DICTIONARY_BYTES} bytes")
        if not data.startswith(_DICTIONARY):
            raise ArchiveError("its dictionary is none")
        return zstd.ZstdDict(data)
    except (zstd.ZstdError, ValueError) as error:
        raise ArchiveError(f"its dictionary is none: {error}") from error
