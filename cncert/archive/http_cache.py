"""Raw answers kept as WARC, and WARC files that answer in place of the network: one storage for Scrapy's HTTPCACHE.

With ``CNCERT_ARCHIVE=DIR`` every answer, failure pages and pictures included, is appended to a file of this run in DIR.
With ``-a replay=FILE`` (or a directory) nothing goes out: an article is looked up by its identity, a picture by its
own, whatever form of the address is asked for; what the file lacks is ignored by Scrapy and noted by the ledger.
"""

import io
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings
from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert import __version__
from cncert.archive import warc_records
from cncert.exceptions import ArchiveError
from cncert.wechat.address import read_address, read_picture
from cncert.wechat.failure_pages import read_page

logger = logging.getLogger(__name__)

SUFFIXES = (".warc", ".warc.gz")


def replay_settings(path: Path) -> dict[str, object]:
    """Settings of a crawl that is answered from *path*: nothing goes out, so there is nobody to be polite to."""
    return {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_IGNORE_MISSING": True,
        "CNCERT_REPLAY": str(path),
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_SLOTS": {},
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
    }


def identity(url: str) -> str:
    """What *url* asks for, the same for all addresses of one article or picture."""
    if (address := read_address(url)) is not None:
        return str(address.key) if address.key else address.url
    picture = read_picture(url)
    return picture.key if picture else url


class ArchivePolicy:
    """HTTPCACHE policy: everything is kept, and what is replayed is never stale."""

    def __init__(self, settings: BaseSettings) -> None:
        self.settings = settings

    def should_cache_request(self, request: Request) -> bool:
        return True

    def should_cache_response(self, response: Response, request: Request) -> bool:
        return True

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        return True

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        return True


class Archive:
    """HTTPCACHE storage: a reader while replaying, else a writer."""

    def __init__(self, settings: BaseSettings) -> None:
        replay = settings.get("CNCERT_REPLAY")
        self._directory = Path(settings["HTTPCACHE_DIR"]) if not replay else None
        self._replay = Path(replay) if replay else None
        self._limit = settings.getint("DOWNLOAD_MAXSIZE")
        self._reader: ArchiveReader | None = None
        self._writer: ArchiveWriter | None = None

    def open_spider(self, spider: Spider) -> None:
        """Index the files to replay, or start a file. Raises CloseSpider with one line in the log if that fails."""
        try:
            if self._replay is not None:
                self._reader = ArchiveReader(self._replay, self._limit)
                logger.info("Replaying %s: %d answers", self._replay, len(self._reader))
            elif self._directory is not None:
                self._writer = ArchiveWriter(self._directory)
        except ArchiveError as error:
            logger.error("%s", error)
            raise CloseSpider("archive_failed") from error

    def close_spider(self, spider: Spider) -> None:
        if self._writer is not None:
            self._writer.close()

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """The kept answer to *request*, or None."""
        found = self._reader.get(_kept_url(request)) if self._reader is not None else None
        if found is None:
            return None
        request.meta["archived_at"] = found.date
        kind = responsetypes.from_args(headers=found.headers, url=request.url, body=found.body[:4096])
        return kind(url=request.url, status=found.status, headers=found.headers, body=found.body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Append the answer. An archive that cannot be written ends the run: it was asked for."""
        if self._writer is None:
            return
        try:
            if "playwright" in response.flags:
                self._writer.add_rendered(_kept_url(request), response)
            else:
                self._writer.add(_kept_url(request), response)
        except OSError as error:
            self._writer = None
            logger.error("The archive %s cannot be written: %s", self._directory, error.strerror or error)
            spider.crawler.stats.inc_value("cncert/archive/failed")


def _kept_url(request: Request) -> str:
    """The address under which the answer is kept: not always the one that is asked, which may hold a secret."""
    url: str = request.meta.get("archived_as", request.url)
    return url


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

    def add(self, url: str, response: Response, date: datetime | None = None) -> None:
        """Append *response* as it came, before anything was decompressed; *date* is when, if not just now."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
            if name.lower() not in (b"transfer-encoding", b"content-length")
        ]
        headers.append(("Content-Length", str(len(response.body))))
        status = StatusAndHeaders(str(response.status), headers, protocol="HTTP/1.1")
        record = self._warc.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(response.body),
            http_headers=status,
            warc_headers_dict=_dated(date),
        )
        self._warc.write_record(record)
        record.raw_stream.close()  # a temporary file of warcio's
        self._file.flush()

    def add_rendered(self, url: str, response: Response, date: datetime | None = None) -> None:
        """Append what a browser made of an answer. It is no answer: a conversion, which is never replayed."""
        record = self._warc.create_warc_record(
            url,
            "conversion",
            payload=io.BytesIO(response.body),
            warc_content_type="text/html; charset=UTF-8",
            warc_headers_dict=_dated(date),
        )
        self._warc.write_record(record)
        record.raw_stream.close()
        self._file.flush()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer, its content decoded."""

    status: int
    headers: Headers
    body: bytes
    date: datetime


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    offset: int
    rank: tuple[bool, datetime]


class ArchivedPages:
    """The article pages of WARC files by the SHA-256 of their content: also what only a browser was shown."""

    _KINDS = ("response", "conversion")

    def __init__(self, path: Path, limit: int) -> None:
        """Look through *path*, a file or a directory; pages of more than *limit* bytes are left out.

        Raises ArchiveError if there is no file; one that cannot be read stands in ``unreadable`` with the reason.
        """
        self.unreadable: list[str] = []
        self._limit = limit
        self._places: dict[str, tuple[Path, int]] = {}
        for name in warc_files(path):
            try:
                self._index(name)
            except ArchiveError as error:
                self.unreadable.append(str(error))

    def _index(self, path: Path) -> None:
        for records, record in _records(path, kinds=self._KINDS):
            if read_address(record.rec_headers.get_header("WARC-Target-URI") or "") is None:
                continue
            body = warc_records.content(record, self._limit)
            if body is not None:
                # Asking for the offset reads the record to its end: only now.
                self._places[sha256(body).hexdigest()] = (path, records.get_record_offset())

    def get(self, digest: str) -> bytes | None:
        """The page with this SHA-256, or None. Raises ArchiveError if its file can no longer be read."""
        if (place := self._places.get(digest)) is None:
            return None
        return next((warc_records.content(record, self._limit) for _, record in _records(*place, self._KINDS)), None)


class ArchiveReader:
    """The answers of WARC files by what they answer. Of several the newest counts, status 200 before any other."""

    def __init__(self, path: Path, limit: int) -> None:
        """Index *path*, a file or a directory; *limit* is the most bytes of one body.

        A file that breaks off (a run was killed) is read as far as it goes. Raises ArchiveError if nothing can be read.
        """
        self._limit = limit
        self._places: dict[str, _Place] = {}
        for name in warc_files(path):
            self._index(name)
        if not self._places:
            raise ArchiveError(f"{path} holds no answer that can be replayed")

    def __len__(self) -> int:
        return len(self._places)

    def _index(self, path: Path) -> None:
        for records, record in _records(path):
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            idents = [identity(url)]
            address, status = read_address(url), warc_records.status(record)
            if address is not None and address.key is None and status == 200:
                # A short address does not say which article it means; the page does.
                page = read_page(warc_records.content(record, self._limit) or b"", url)
                if page.article is not None and page.article.key is not None:
                    idents.append(str(page.article.key))
            # Asking for the offset reads the record to its end: only now.
            place = _Place(path, records.get_record_offset(), (status == 200, warc_records.date(record)))
            for ident in idents:
                self._note(ident, place)

    def _note(self, ident: str, place: _Place) -> None:
        known = self._places.get(ident)
        if known is None or place.rank >= known.rank:
            self._places[ident] = place

    def get(self, url: str) -> Answer | None:
        """The answer to *url*, or None if there is none (or it can no longer be read)."""
        place = self._places.get(identity(url))
        if place is None:
            return None
        for _, record in _records(place.path, place.offset):
            body = warc_records.content(record, self._limit)
            if body is None:
                logger.warning("The answer to %s in %s is larger than %d bytes: left out", url, place.path, self._limit)
                return None
            headers = Headers()
            for name, value in record.http_headers.headers:
                # The content is decoded already.
                if name.lower() not in ("content-encoding", "transfer-encoding", "content-length"):
                    headers.appendlist(name, value)
            return Answer(warc_records.status(record), headers, body, warc_records.date(record))
        return None


def warc_files(path: Path) -> list[Path]:
    """The WARC files at *path*, a file or a directory. Raises ArchiveError if a directory holds none."""
    names = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES)) if path.is_dir() else [path]
    if not names:
        raise ArchiveError(f"{path} holds no WARC file (.warc, .warc.gz)")
    return names


def _records(
    path: Path, offset: int = 0, kinds: tuple[str, ...] = ("response",)
) -> Iterator[tuple[ArchiveIterator, ArcWarcRecord]]:
    """The records of *path* from *offset* on, each with its iterator. Raises ArchiveError if there is none at all."""
    found = False
    try:
        with path.open("rb") as file:
            file.seek(offset)
            records = warc_records.records(file)
            for record in records:
                found = True
                if record.rec_type in kinds and (record.rec_type != "response" or record.http_headers is not None):
                    yield records, record
    except warc_records.BROKEN as error:
        if not found:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).split("\n")[0]
            raise ArchiveError(f"{path} cannot be read as a WARC file: {reason.strip()}") from error
        logger.warning("%s breaks off: read as far as it goes", path)


def _dated(date: datetime | None) -> dict[str, str]:
    return {"WARC-Date": f"{date.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if date else {}
