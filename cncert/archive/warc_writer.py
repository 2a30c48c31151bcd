"""Writes raw answers into a WARC file, and its index beside it."""

import io
import logging
import threading
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert import __version__
from cncert.archive import warc_records
from cncert.archive.index import FileIndex, IndexEntry, WrongIndex, entry_of, index_path
from cncert.archive.own_files import new_name, repair
from cncert.archive.warc_reader import read_indexes, warc_files_of
from cncert.exceptions import ArchiveError, error_reason

logger = logging.getLogger(__name__)

Headers = Iterable[tuple[str, str]]

GZIP_LEVEL = 6
"""Of true pages of 3 MB: level 9 takes 151 ms and 644 kB, 6: 62 ms, 650 kB, 4: 32 ms, 686 kB, 1: 22 ms, 785 kB."""
CONTENT_LIMIT = 32 * 1024 * 1024
"""Bytes of a decoded answer, beyond which it is not looked into (``DOWNLOAD_MAXSIZE``)."""


class ArchiveWriter:
    """The WARC file of a run, a gzip member for each answer; if the run is killed, at most the last answer is lost.

    Its methods may be called from several threads.
    """

    def __init__(self, directory: Path, writer: str = "weekly", limit: int = CONTENT_LIMIT) -> None:
        """Create a file of *writer* in *directory*, and repair what killed runs left there. Raises ArchiveError."""
        self.path = directory / new_name(writer)
        self._limit, self._lock = limit, threading.Lock()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for line in repair(directory):
                logger.warning("%s", line)
            self._others = read_indexes(warc_files_of(directory), limit, str(directory))
            self._file = self.path.open("xb", buffering=0)
            self._lines = index_path(self.path).open("ab", buffering=0)
            info = {"software": f"cncert/{__version__}", "format": "WARC File Format 1.0"}
            about = _serialized(WARCWriter(None).create_warcinfo_record(self.path.name, info))
            self._write(zlib.compress(about, GZIP_LEVEL, wbits=31))
            self._index = FileIndex(self.path, limit)
        except OSError as error:
            raise ArchiveError(f"no archive can be written in {directory}: {error_reason(error)}") from error

    def add(self, url: str, status: int, headers: Headers, body: bytes, date: datetime | None = None) -> None:
        """Append an answer with its *body* as the server sent it, before decompression; *date* is now if not given.

        Of content that the archive has under this address already, only that it came again. Raises OSError.
        """
        lengths = ("transfer-encoding", "content-length")
        kept = [(name, value) for name, value in headers if name.lower() not in lengths]
        kept.append(("Content-Length", str(len(body))))
        http_headers = StatusAndHeaders(str(status), kept, protocol="HTTP/1.1")
        self._add("response", url, body, date, http_headers=http_headers)

    def add_rendered(self, url: str, html: bytes, date: datetime | None = None) -> None:
        """Append a page that a browser rendered: a conversion record, which is never replayed. Raises OSError."""
        self._add("conversion", url, html, date, warc_content_type="text/html; charset=UTF-8")

    def _add(self, kind: str, url: str, body: bytes, date: datetime | None, **details: object) -> None:
        builder = WARCWriter(None)
        dated = {"WARC-Date": f"{(date or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        record = builder.create_warc_record(
            url, kind, payload=io.BytesIO(body), length=len(body), warc_headers_dict=dated, **details
        )
        data = _serialized(record)
        with self._lock:
            entry = self._entry_of(data)
            original = self._original(entry) if kind == "response" and body and entry is not None else None
            if original is not None and entry is not None:
                of = datetime.strptime(original.date, "%Y%m%d%H%M%S")  # noqa: DTZ007  # in UTC, as it is written
                again = builder.create_revisit_record(
                    url, entry.digest, original.url, f"{of:%Y-%m-%dT%H:%M:%SZ}", details["http_headers"], dated
                )
                data = _serialized(again)
                entry = self._entry_of(data)
            packed = zlib.compress(data, GZIP_LEVEL, wbits=31)
            place = self._write(packed)
            if entry is not None:
                line = replace(entry, offset=place, length=len(packed)).line(self.path.name)
                self._index.lines += line
                self._lines.write(line)

    def _entry_of(self, data: bytes) -> IndexEntry | None:
        """Return what the index says of a record: what anybody reads in it."""
        return entry_of(next(iter(warc_records.records(io.BytesIO(data)))), self._limit)

    def _original(self, entry: IndexEntry) -> IndexEntry | None:
        """Return the record of this archive that has the content of *entry* under the same address."""
        for index in (*self._others, self._index):
            with suppress(WrongIndex):
                for one in index.find(entry.digest):
                    if (one.kind, one.url, one.sha256) == ("response", entry.url, entry.sha256) and entry.sha256:
                        index.read(one, judged=False)  # is it there?
                        return one
        return None

    def _write(self, data: bytes) -> int:
        """Append *data*; return where it begins. Raises OSError, and leaves nothing of it then."""
        start, rest = self._file.tell(), memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(start)
            raise
        return start

    def close(self) -> None:
        """Close the file, and sort its index; without an answer neither stays."""
        with self._lock:
            self._file.close()
            self._lines.close()
            if self._index.lines:
                self._index.save()
                return
            with suppress(OSError):
                self.path.unlink()
                index_path(self.path).unlink()


def _serialized(record: ArcWarcRecord) -> bytes:
    buffer = io.BytesIO()
    WARCWriter(buffer, gzip=False).write_record(record)
    return buffer.getvalue()
