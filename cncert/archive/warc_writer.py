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
from cncert.exceptions import ArchiveError

Headers = Iterable[tuple[str, str]]


class ArchiveWriter:
    """One WARC file of one run, a member per answer; a kill loses at most the answer being written."""

    def __init__(self, directory: Path) -> None:
        """Raises ArchiveError if no file can be made in *directory*."""
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
            raise ArchiveError(f"no archive can be written in {directory}: {error.strerror or error}") from error

    def add(self, url: str, status: int, headers: Headers, body: bytes, date: datetime | None = None) -> None:
        """Append an answer with its *body* as it came, before it was decompressed; *date* is when, now if not given."""
        lengths = ("transfer-encoding", "content-length")
        kept = [(name, value) for name, value in headers if name.lower() not in lengths]
        kept.append(("Content-Length", str(len(body))))
        http_headers = StatusAndHeaders(str(status), kept, protocol="HTTP/1.1")
        self._write("response", url, body, date, http_headers=http_headers)

    def add_rendered(self, url: str, html: bytes, date: datetime | None = None) -> None:
        """Append what a browser made of an answer: a conversion record, which is never replayed as an answer."""
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
