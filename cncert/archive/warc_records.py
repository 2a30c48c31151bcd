"""Reads records of untrusted WARC files within limits: warcio reads headers of any size."""

import re
from datetime import UTC, datetime
from typing import Protocol

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.limitreader import LimitReader
from warcio.recordloader import ArcWarcRecord

from cncert.archive.compression import decompress

MAX_HEADER_BYTES = 1 << 18
"""Bytes of all headers of a record, or of the answer in it."""
MAX_CODINGS = 8
"""Codings of an answer that are undone; a server applies one or two."""
# The last one: warcio on a record without an address.
BROKEN = (ArchiveLoadFailed, EOFError, OSError, ValueError, AttributeError)
"""Exceptions that reading a file raises if it is broken, or no WARC file."""
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the date of a record that has none."""


_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")


class Readable(Protocol):
    """What is needed of a stream of records; it may return less than it is asked for."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""

    def tell(self) -> int:
        """Return how many bytes were read."""


def records(file: Readable, *, check_digests: bool = False) -> ArchiveIterator:
    """Return the records of *file* from its present position on. Raises one of BROKEN.

    With *check_digests* each has a ``digest_checker``, which is right once the record has been read.
    """
    found = ArchiveIterator(file, check_digests=check_digests)
    found.reader = _Reader(found.fh)
    return found


class _Reader(DecompressingBufferedReader):  # type: ignore[misc]  # warcio has no types
    """warcio's reader with a limit for headers."""

    _length = 0

    @property
    def is_in_headers(self) -> bool:
        """Whether the last line that was read is one of headers that have no end yet."""
        return self._length > 0

    def readline(self, length: int | None = None) -> bytes:
        """Return the next line. Raises ArchiveLoadFailed if too many bytes come before an empty line."""
        line: bytes = super().readline(MAX_HEADER_BYTES if length is None else min(length, MAX_HEADER_BYTES))
        self._length = self._length + len(line) if line.strip() or not line else 0
        if self._length >= MAX_HEADER_BYTES:
            raise ArchiveLoadFailed(f"headers of more than {MAX_HEADER_BYTES} bytes")
        return line


def content(record: ArcWarcRecord, limit: int) -> bytes | None:
    """Return the decoded content, or None if it has more than *limit* bytes, compressed or not."""
    stream = LimitReader(record.raw_stream, limit + 1)
    packed = stream.read(limit + 1)
    if stream.limit <= 0:
        return None
    transfer = _codings(record, "transfer-encoding")
    if transfer and transfer[-1] == "chunked":
        packed = _without_chunks(packed)
        transfer.pop()
    return decompress(packed, ",".join((*_codings(record, "content-encoding"), *transfer)), limit)


def _codings(record: ArcWarcRecord, name: str) -> list[str]:
    """Return the codings that all headers *name* of an answer list, in lower case, as they were applied."""
    headers = record.http_headers.headers if record.http_headers is not None else []
    values = [value for header, value in headers if header.strip().lower() == name]
    parts = (part.strip().lower() for value in values for part in value.split(","))
    codings = [coding for coding in parts if coding not in ("", "identity")]
    return codings if len(codings) <= MAX_CODINGS else []


def _without_chunks(data: bytes) -> bytes:
    """Return chunked *data* in one piece, as far as it goes; as it is if it has no chunks: some archives keep the
    header of joined content."""
    pieces, position = [], 0
    while size := _CHUNK_SIZE.match(data, position):
        length = int(size[1], 16)
        piece = data[size.end() : size.end() + length]
        pieces.append(piece)
        position = size.end() + length
        if length == 0 or len(piece) < length:
            break
        if data[position : position + 2] == b"\r\n":
            position += 2
        elif data[position : position + 1] == b"\n":
            position += 1
        else:
            break
    return b"".join(pieces) if pieces else data


def is_whole(record: ArcWarcRecord) -> bool:
    """Read *record* to its end; return whether it has all the bytes that its header states."""
    stream = record.raw_stream
    while stream.read(1 << 16):
        pass
    return not isinstance(stream, LimitReader) or stream.limit <= 0


def status(record: ArcWarcRecord) -> int:
    """Return the status of an answer; 0 if it has none."""
    code = record.http_headers.get_statuscode()
    return int(code) if code and re.fullmatch("[0-9]{3}", code) else 0


def date(record: ArcWarcRecord) -> datetime:
    """Return when the record was made; UNDATED if it does not say."""
    try:
        found = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return UNDATED
    return found if 1990 <= found.year < 2100 else UNDATED
