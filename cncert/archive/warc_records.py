"""Records of WARC files within bounds: such a file may be anybody's, and warcio takes in headers of any size."""

import re
from datetime import UTC, datetime
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader, DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.limitreader import LimitReader
from warcio.recordloader import ArcWarcRecord

from cncert.archive.compression import unpack

LONGEST_HEADER = 1 << 18
"""Bytes of all headers of a record, or of the answer in it."""
# The last one: warcio on a record without an address.
BROKEN = (ArchiveLoadFailed, EOFError, OSError, ValueError, AttributeError)
"""What reading a file that is broken, or no WARC file, raises."""
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of records that have none."""


def records(file: BinaryIO) -> ArchiveIterator:
    """The records of *file* from where it stands. Raises one of BROKEN."""
    found = ArchiveIterator(file)
    found.reader = _Reader(found.fh)
    return found


class _Reader(DecompressingBufferedReader):  # type: ignore[misc]  # warcio has no types
    """warcio's reader, but headers come to an end."""

    _length = 0

    def readline(self, length: int | None = None) -> bytes:
        """The next line. Raises ArchiveLoadFailed if too many bytes came without an empty line."""
        line: bytes = super().readline(LONGEST_HEADER if length is None else min(length, LONGEST_HEADER))
        self._length = self._length + len(line) if line.strip() else 0
        if self._length >= LONGEST_HEADER:
            raise ArchiveLoadFailed(f"headers of more than {LONGEST_HEADER} bytes")
        return line


def content(record: ArcWarcRecord, limit: int) -> bytes | None:
    """The decoded content, or None if it has more than *limit* bytes, packed or not."""
    headers = record.http_headers
    stream = LimitReader(record.raw_stream, limit + 1)
    chunked = headers is not None and headers.get_header("Transfer-Encoding") == "chunked"
    packed = (ChunkedDataReader(stream) if chunked else stream).read(limit + 1)
    encodings = headers.get_header("Content-Encoding") if headers is not None else None
    return unpack(packed, encodings or "", limit) if stream.limit > 0 else None


def status(record: ArcWarcRecord) -> int:
    """The status of an answer; 0 if it states none."""
    code = record.http_headers.get_statuscode()
    return int(code) if code and re.fullmatch("[0-9]{3}", code) else 0


def date(record: ArcWarcRecord) -> datetime:
    """When the record was made; 1970 if it does not say."""
    try:
        found = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return UNDATED
    return found if 1990 <= found.year < 2100 else UNDATED
