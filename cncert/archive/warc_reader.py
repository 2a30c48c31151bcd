"""Finds answers and pages in WARC files."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord

from cncert.archive import warc_records
from cncert.cert_site.addresses import read_file_address, read_page_address
from cncert.exceptions import ArchiveError, error_reason
from cncert.wechat.address import read_address, read_picture
from cncert.wechat.failure_pages import read_page

logger = logging.getLogger(__name__)

SUFFIXES = (".warc", ".warc.gz")


def identity_of(url: str) -> str:
    """Return what *url* identifies, the same for all addresses of one article or picture."""
    if (address := read_address(url)) is not None:
        return str(address.key) if address.key else address.url
    picture = read_picture(url)
    return picture.key if picture else url


@dataclass(frozen=True, slots=True)
class ArchivedAnswer:
    """An archived answer, its content decoded."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    date: datetime


@dataclass(frozen=True, slots=True)
class _RecordPlace:
    path: Path
    offset: int
    rank: tuple[bool, datetime]


class ArchivedPages:
    """The pages of articles and of CNCERT's site, and its PDFs, by SHA-256, with what a browser rendered."""

    _KINDS = ("response", "conversion")

    def __init__(self, path: Path, limit: int) -> None:
        """Index *path*, a file or a directory; pages of more than *limit* bytes are left out.

        Raises ArchiveError if there is no file; ``unreadable`` says which files cannot be read, and why.
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
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            if not any(read(url) for read in (read_address, read_page_address, read_file_address)):
                continue
            body = warc_records.content(record, self._limit)
            if body is not None:
                # Asking for the offset reads the record to its end: only now.
                self._places[sha256(body).hexdigest()] = (path, records.get_record_offset())

    def get(self, digest: str) -> bytes | None:
        """Return the page with this SHA-256, or None. Raises ArchiveError if its file can no longer be read."""
        if (place := self._places.get(digest)) is None:
            return None
        return next((warc_records.content(record, self._limit) for _, record in _records(*place, self._KINDS)), None)


class ArchiveReader:
    """The answers of WARC files by what was requested: the newest with status 200, else the newest."""

    def __init__(self, path: Path, limit: int) -> None:
        """Index *path*, a file or a directory; bodies of more than *limit* bytes are left out.

        A file that breaks off (a run was killed) is read as far as it goes. Raises ArchiveError if nothing can be read.
        """
        self._limit = limit
        self._places: dict[str, _RecordPlace] = {}
        for name in warc_files(path):
            self._index(name)
        if not self._places:
            raise ArchiveError(f"{path} holds no answer that can be replayed")

    def __len__(self) -> int:
        return len(self._places)

    def _index(self, path: Path) -> None:
        for records, record in _records(path):
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            identities = [identity_of(url)]
            address, status = read_address(url), warc_records.status(record)
            if address is not None and address.key is None and status == 200:
                # A short address does not say which article it means; the page does.
                page = read_page(warc_records.content(record, self._limit) or b"", url)
                if page.article is not None and page.article.key is not None:
                    identities.append(str(page.article.key))
            # Asking for the offset reads the record to its end: only now.
            place = _RecordPlace(path, records.get_record_offset(), (status == 200, warc_records.date(record)))
            for identity in identities:
                self._note(identity, place)

    def _note(self, identity: str, place: _RecordPlace) -> None:
        known = self._places.get(identity)
        if known is None or place.rank >= known.rank:
            self._places[identity] = place

    def get(self, url: str) -> ArchivedAnswer | None:
        """Return the answer to *url*, or None if there is none, or it can no longer be read."""
        place = self._places.get(identity_of(url))
        if place is None:
            return None
        for _, record in _records(place.path, place.offset):
            body = warc_records.content(record, self._limit)
            if body is None:
                logger.warning("The answer to %s in %s is larger than %d bytes: left out", url, place.path, self._limit)
                return None
            decoded = ("content-encoding", "transfer-encoding", "content-length")
            headers = [(name, value) for name, value in record.http_headers.headers if name.lower() not in decoded]
            return ArchivedAnswer(warc_records.status(record), headers, body, warc_records.date(record))
        return None


def warc_files(path: Path) -> list[Path]:
    """Return the WARC files at *path*, a file or a directory. Raises ArchiveError if a directory has none."""
    names = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES)) if path.is_dir() else [path]
    if not names:
        raise ArchiveError(f"{path} holds no WARC file (.warc, .warc.gz)")
    return names


def _records(
    path: Path, offset: int = 0, kinds: tuple[str, ...] = ("response",)
) -> Iterator[tuple[ArchiveIterator, ArcWarcRecord]]:
    """Yield the records of *path* from *offset* on, each with its iterator. Raises ArchiveError if there is none."""
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
            raise ArchiveError(f"{path} cannot be read as a WARC file: {error_reason(error)}") from error
        logger.warning("%s breaks off: read as far as it goes", path)
