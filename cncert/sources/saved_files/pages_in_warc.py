"""Reads the answers in a WARC file one after the other, because the file may be larger than the memory."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from warcio.recordloader import ArcWarcRecord

from cncert.archive import warc_records
from cncert.archive.answer_clock import answered_at
from cncert.exceptions import SavedFileError, error_reason
from cncert.sources.saved_files.find_files import DECOMPRESSION_ERRORS

WARC_MAGIC = b"WARC/"
_PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "")


@dataclass(frozen=True, slots=True)
class WarcAnswer:
    """A page as a server sent it, decoded."""

    address: str
    status: int
    location: str | None
    """Where a redirect leads."""
    body: bytes
    date: datetime
    """When the server sent it, or a browser made it."""
    is_response: bool


def read_answers(stream: io.BufferedReader, limit: int) -> Iterator[WarcAnswer | SavedFileError]:
    """Yield the pages in *stream*, a decompressed WARC file; an error in place of one with more than *limit* bytes.

    Skips pictures and scripts. Raises SavedFileError if the file breaks off.
    """
    try:
        records = warc_records.records(_Partial(stream))
        reader = records.reader
        for record in records:
            if _content_type(record) not in _PAGE_TYPES:
                _require_whole(record)
                continue
            address = record.rec_headers.get_header("WARC-Target-URI") or ""
            body = warc_records.content(record, limit)
            _require_whole(record)
            if body is None:
                yield SavedFileError(f"the answer to {address[:200]} is larger than {limit} bytes")
                continue
            http = record.http_headers if record.rec_type == "response" else None
            status = warc_records.status(record) if http else 200
            location = http.get_header("Location") if http else None
            date = answered_at(http.get_header("Date") if http else None, warc_records.date(record))
            yield WarcAnswer(address, status, location, body, date, is_response=http is not None)
        if reader.is_in_headers:
            raise SavedFileError("breaks off in the headers of a record")
    except (*DECOMPRESSION_ERRORS, *warc_records.BROKEN) as error:
        raise SavedFileError(f"breaks off: {error_reason(error)}") from error


class _Partial:
    """Reads a stream as far as it goes before it raises: warcio takes what is left before an error for nothing."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read1(size)

    def tell(self) -> int:
        return self._stream.tell()


def _require_whole(record: ArcWarcRecord) -> None:
    """Raise SavedFileError if *record* has fewer bytes than its header states."""
    if not warc_records.is_whole(record):
        raise SavedFileError("breaks off inside of a record")


def _content_type(record: ArcWarcRecord) -> str | None:
    """Return the type of an answer, or of what a browser made of one; None for any other record."""
    headers = {"response": record.http_headers, "conversion": record.rec_headers}.get(record.rec_type)
    if headers is None:
        return None
    return (headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
