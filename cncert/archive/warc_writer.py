"""Writes raw answers into a WARC file, and its index beside it."""

import io
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from isal import isal_zlib
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert import __version__
from cncert.archive.index import FileIndex, IndexEntry, WrongIndex, entry_of, index_path
from cncert.archive.own_files import new_name, repair
from cncert.archive.warc_reader import read_indexes, warc_files_of
from cncert.exceptions import ArchiveError, error_reason

logger = logging.getLogger(__name__)

Headers = Iterable[tuple[str, str]]

GZIP_LEVEL = 2
"""Of ISA-L: a true page of 3.7 MB is packed in 5 ms to 787 kB.

zlib takes 23 ms for 784 kB (level 1), 61 ms for 653 kB (6), 151 ms for 644 kB (9): more than a crawl may cost more for
its archive (``benchmarks/archive.py``). What a repacked archive has in common packs better than any level.
"""
CONTENT_LIMIT = 32 * 1024 * 1024
"""Bytes of a decoded answer, beyond which it is not looked into, if ``DOWNLOAD_MAXSIZE`` sets no limit."""


class ArchiveWriter:
    """The WARC file of a run, a gzip member for each answer; if the run is killed, at most the last answer is lost."""

    def __init__(self, directory: Path, writer: str = "weekly", limit: int = CONTENT_LIMIT) -> None:
        """Create a file of *writer* in *directory*, and repair what killed runs left there. Raises ArchiveError."""
        self.path = directory / new_name(writer)
        self._limit = limit
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for line in repair(directory):
                logger.warning("%s", line)
            self._others = read_indexes(warc_files_of(directory), limit, str(directory))
            self._file = self.path.open("xb", buffering=0)
            self._lines = index_path(self.path).open("ab", buffering=0)
            info = {"software": f"cncert/{__version__}", "format": "WARC File Format 1.0"}
            self._write(WARCWriter(None).create_warcinfo_record(self.path.name, info))
            self._index = FileIndex(self.path, limit)
        except OSError as error:
            raise ArchiveError(f"no archive can be written in {directory}: {error_reason(error)}") from error

    def add(self, url: str, status: int, headers: Headers, body: bytes, date: datetime | None = None) -> None:
        """Append an answer with its *body*, best without compression; *date* is now if not given.

        Of content that the archive has under this address already, only that it came again. Raises OSError.
        """
        lengths = ("transfer-encoding", "content-length")
        kept = [(name, value) for name, value in headers if name.lower() not in lengths]
        kept.append(("Content-Length", str(len(body))))
        self._add("response", url, body, date, http_headers=StatusAndHeaders(str(status), kept, protocol="HTTP/1.1"))

    def add_rendered(self, url: str, html: bytes, date: datetime | None = None) -> None:
        """Append a page that a browser rendered: a conversion record. Raises OSError."""
        self._add("conversion", url, html, date, warc_content_type="text/html; charset=UTF-8")

    def has(self, url: str, content: bytes, date: datetime | None = None) -> bool:
        """Whether this archive has the decoded *content* under *url*; with *date* as it was then."""
        digest, moment = sha256(content).hexdigest(), f"{date.astimezone(UTC):%Y%m%d%H%M%S}" if date else None
        indexes = (*self._others, self._index)
        with suppress(WrongIndex):  # then it is kept once more
            same = [one for index in indexes for one in index.find(digest) if (one.url, one.sha256) == (url, digest)]
            if moment is None or any(one.date == moment for one in same):
                return bool(same)
            repeated = (one for index in indexes for entry in same[:1] for one in index.find(entry.digest))
            return any((one.kind, one.url, one.date) == ("revisit", url, moment) for one in repeated)
        return False

    def _add(self, kind: str, url: str, body: bytes, date: datetime | None, **details: object) -> None:
        builder = WARCWriter(None)
        dated = {"WARC-Date": f"{(date or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        record = builder.create_warc_record(
            url, kind, payload=io.BytesIO(body), length=len(body), warc_headers_dict=dated, **details
        )
        record.rec_headers.replace_header("Content-Type", record.content_type)
        entry = entry_of(record, body if len(body) <= self._limit else None, self._limit)
        assert entry is not None
        if kind == "response" and body and (original := self._original(entry)) is not None:
            of = datetime.strptime(original.date, "%Y%m%d%H%M%S")  # noqa: DTZ007  # in UTC, as it is written
            record = builder.create_revisit_record(
                url, entry.digest, original.url, f"{of:%Y-%m-%dT%H:%M:%SZ}", details["http_headers"], dated
            )
            entry = replace(
                entry, kind="revisit", mime="warc/revisit", sha256="", verdict=None, article=None, issue=None
            )
        place, length = self._write(record)
        line = replace(entry, offset=place, length=length).line(self.path.name)
        self._index.lines += line
        self._lines.write(line)

    def _original(self, entry: IndexEntry) -> IndexEntry | None:
        """Return the record of this archive that has the content of *entry* under the same address."""
        for index in (*self._others, self._index):
            with suppress(WrongIndex):
                for one in index.find(entry.digest):
                    if (one.kind, one.url, one.sha256) == ("response", entry.url, entry.sha256) and entry.sha256:
                        index.read(one, judged=False)  # is it there?
                        return one
        return None

    def _write(self, record: ArcWarcRecord) -> tuple[int, int]:
        """Append *record*; return where it begins, and its length. Raises OSError, and leaves nothing of it then."""
        member = _GzipMember()
        WARCWriter(member, gzip=False).write_record(record)
        start, data = self._file.tell(), member.finished()
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(start)
            raise
        return start, len(data)

    def close(self) -> None:
        """Close the file, and sort its index; without an answer neither stays."""
        self._file.close()
        self._lines.close()
        if self._index.lines:
            self._index.save()
            return
        with suppress(OSError):
            self.path.unlink()
            index_path(self.path).unlink()


class _GzipMember:
    """What is written to it, packed."""

    def __init__(self) -> None:
        self._packer = isal_zlib.compressobj(GZIP_LEVEL, wbits=31)
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._parts.append(self._packer.compress(data))

    def flush(self) -> None:
        """Needed of a file; a member is finished once."""

    def finished(self) -> bytes:
        """Return the whole member."""
        return b"".join((*self._parts, self._packer.flush()))
