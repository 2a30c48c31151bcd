"""Walks files that are compressed record by record: gzip members, or Zstandard frames with a dictionary before them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from cncert.archive.compression import ZSTD_OPTIONS, zstd
from cncert.archive.unpacked import DICTIONARY_FRAME, MAX_DICTIONARY_BYTES, GzipMember, read_dictionary
from cncert.exceptions import ArchiveError

MAX_RATIO, MIN_BOMB_BYTES = 200, 64 << 20
"""A member that unpacks to more than both, times its size and in bytes, is a bomb."""
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
        decompressor = GzipMember() if self._is_gzip else zstd.ZstdDecompressor(self._dictionary, ZSTD_OPTIONS)
        while not decompressor.eof:
            wants_more = decompressor.needs_input
            data = self._file.read(_PIECE) if wants_more else b""
            if wants_more and not data:
                raise EOFError("the file ends there")
            yield decompressor.decompress(data, _PIECE)
        self._end = self._file.tell() - len(decompressor.unused_data)
