"""Reads records of untrusted WARC files within limits: warcio reads headers of any size."""

import re
from datetime import UTC, datetime
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader, DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.limitreader import LimitReader
from warcio.recordloader import ArcWarcRecord

from cncert.archive.compression import decompress

MAX_HEADER_BYTES = 1 << 18
"""Bytes of all headers of a record, or of the answer in it."""
# The last one: warcio on a record without an address.
BROKEN = (ArchiveLoadFailed, EOFError, OSError, ValueError, AttributeError)
"""Exceptions that reading a file raises if it is broken, or no WARC file."""
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the date of a record that has none."""


def records(file: BinaryIO) -> ArchiveIterator:
    """Return the records of *file* from its present position on. Raises one of BROKEN."""
    found = ArchiveIterator(file)
    found.reader = _Reader(found.fh)
    return found


class _Reader(DecompressingBufferedReader):  # type: ignore[misc]  # warcio has no types
    """warcio's reader with a limit for headers."""

    _length = 0

    def readline(self, length: int | None = None) -> bytes:
        """Return the next line. Raises ArchiveLoadFailed if too many bytes come before an empty line."""
        line: bytes = super().readline(MAX_HEADER_BYTES if length is None else min(length, MAX_HEADER_BYTES))
        self._length = self._length + len(line) if line.strip() else 0
        if self._length >= MAX_HEADER_BYTES:
            raise ArchiveLoadFailed(f"headers of more than {MAX_HEADER_BYTES} bytes")
        return line


def content(record: ArcWarcRecord, limit: int) -> bytes | None:
    """Return the decoded content, or None if it has more than *limit* bytes, compressed or not."""
    headers = record.http_headers
    stream = LimitReader(record.raw_stream, limit + 1)
    chunked = headers is not None and headers.get_header("Transfer-Encoding") == "chunked"
    packed = (ChunkedDataReader(stream) if chunked else stream).read(limit + 1)
    encodings = headers.get_header("Content-Encoding") if headers is not None else None
    return decompress(packed, encodings or "", limit) if stream.limit > 0 else None


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
