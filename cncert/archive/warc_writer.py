"""Writes raw answers into a WARC file."""

import io
import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert import __version__
from cncert.exceptions import ArchiveError, error_reason

Headers = Iterable[tuple[str, str]]


class ArchiveWriter:
    """The WARC file of a run, a gzip member for each answer; if the run is killed, at most the last answer is lost."""

    def __init__(self, directory: Path) -> None:
        """Create a file in *directory*. Raises ArchiveError."""
        now = datetime.now(UTC)
        path = directory / f"weekly-{now:%Y%m%dT%H%M%S}-{socket.gethostname()}-{os.getpid()}.warc.gz"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("xb")
            self._warc = WARCWriter(self._file, gzip=True)
            self._warc.write_record(
                self._warc.create_warcinfo_record(
                    path.name, {"software": f"cncert/{__version__}", "format": "WARC File Format 1.0"}
                )
            )
            self._file.flush()
        except OSError as error:
            raise ArchiveError(f"no archive can be written in {directory}: {error_reason(error)}") from error

    def add(self, url: str, status: int, headers: Headers, body: bytes, date: datetime | None = None) -> None:
        """Append an answer with its *body* as the server sent it, before decompression; *date* is now if not given."""
        lengths = ("transfer-encoding", "content-length")
        kept = [(name, value) for name, value in headers if name.lower() not in lengths]
        kept.append(("Content-Length", str(len(body))))
        http_headers = StatusAndHeaders(str(status), kept, protocol="HTTP/1.1")
        self._write("response", url, body, date, http_headers=http_headers)

    def add_rendered(self, url: str, html: bytes, date: datetime | None = None) -> None:
        """Append a page that a browser rendered: a conversion record, which is never replayed."""
        self._write("conversion", url, html, date, warc_content_type="text/html; charset=UTF-8")

    def _write(self, kind: str, url: str, body: bytes, date: datetime | None, **details: object) -> None:
        dated = {"WARC-Date": f"{date.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if date else {}
        record = self._warc.create_warc_record(url, kind, payload=io.BytesIO(body), warc_headers_dict=dated, **details)
        self._warc.write_record(record)
        record.raw_stream.close()  # a temporary file of warcio's
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
