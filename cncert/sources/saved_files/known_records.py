"""Remembers where records of WARC files are, for others that refer to them."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cncert.archive.digests import agrees, is_digest_of, read_digest
from cncert.archive.http_codings import undo_codings
from cncert.archive.unpacked import ArchiveFault
from cncert.archive.warc_records import BROKEN, RecordReader, WarcRecord, is_whole, payload, status
from cncert.cert_site.addresses import read_file_address
from cncert.exceptions import ArchiveError, ReaderProcessError, SavedFileError
from cncert.sources.saved_files.warc_sources import WarcSource

MAX_KNOWN = 300_000
"""Keys that are remembered, in some 60 MB."""
HTML_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "")
_PDF_TYPES = ("application/pdf", "application/x-pdf", "application/octet-stream", "application/download", "")
CONTENT_KINDS = ("response", "resource", "conversion")
READ_ERRORS = (*BROKEN, ArchiveError, SavedFileError)


@dataclass(frozen=True, slots=True)
class _Place:
    source: WarcSource
    offset: int
    inner: int


class KnownRecords:
    """Where the pages and PDFs of some WARC files are, by digest, by address and time, and by the record's id."""

    def __init__(self, limit: int) -> None:
        """Contents of more than *limit* bytes are not read."""
        self._limit = limit
        self._places: dict[tuple[str, str], _Place] = {}
        self.documents: dict[str, _Place] = {}
        """PDFs of CNCERT's site, by their addresses."""

    def add(self, source: WarcSource, record: WarcRecord) -> bool:
        """Remember *record*, a page or a PDF; return whether it can be read again."""
        if not source.can_reopen or len(self._places) + len(self.documents) > MAX_KNOWN:
            return False
        place = _Place(source, *record.place)
        for key in _own_keys(record):
            self._places.setdefault(key, place)
        url = read_file_address(record.address)
        if url is not None and content_type(record) in _PDF_TYPES and status(record) in (0, 200):
            self.documents[url] = place
        return True

    def add_repeated(self, revisit: WarcRecord) -> None:
        """Remember the PDF that *revisit* repeats under its own address."""
        url = read_file_address(revisit.address)
        place = next((self._places[key] for key in _keys_of_original(revisit) if key in self._places), None)
        if url is not None and place is not None:
            self.documents[url] = place

    def add_all(self, sources: Iterable[WarcSource]) -> None:
        """Remember the records of *sources*, as far as they can be read."""
        for source in sources:
            try:
                with source.open() as file:
                    for record in RecordReader(file).items():
                        if not isinstance(record, ArchiveFault) and record.rec_type in CONTENT_KINDS:
                            self.add(source, record)
            except ReaderProcessError:
                raise
            except READ_ERRORS:
                continue  # whoever reads this file says so

    def find_original(self, revisit: WarcRecord) -> tuple[WarcRecord, bytes] | None:
        """Return the record that *revisit* repeats, which is read, and its content; None if it is not known."""
        digest = read_digest(revisit.rec_headers.get_header("WARC-Payload-Digest"))
        found = (self._read(self._places[key], digest) for key in _keys_of_original(revisit) if key in self._places)
        return next((one for one in found if one is not None), None)

    def document(self, url: str) -> bytes | None:
        """Return the PDF at *url*, None if it is not known, or damaged."""
        place = self.documents.get(url)
        found = self._read(place, None) if place is not None else None
        return found[1] if found else None

    def _read(self, place: _Place, digest: tuple[str, bytes] | None) -> tuple[WarcRecord, bytes] | None:
        """Return the record at *place* and its content; None if that is damaged, or has another *digest*."""
        try:
            with _opened_at(place) as record:
                packed = payload(record, self._limit)
                if packed is None or not is_usable(record, packed, self._limit):
                    return None
                if digest is not None and not is_digest_of(digest, record, packed, self._limit):
                    return None
                body = undo_codings(packed, record.http_headers, self._limit)
                return (record, body) if body is not None else None
        except ReaderProcessError:
            raise
        except READ_ERRORS:
            return None


@contextmanager
def _opened_at(place: _Place) -> Iterator[WarcRecord]:
    with place.source.open() as file:
        file.seek(place.offset)
        record = next(RecordReader(file, place.inner), None)
        if record is None:
            raise ArchiveError(f"{place.source.name} has no record there")
        yield record


def is_usable(record: WarcRecord, packed: bytes, limit: int) -> bool:
    """Return whether *packed* is all of the payload of *record*, undamaged, as far as the archive can tell."""
    agreed = agrees(record, packed, limit)
    if agreed:
        record.raw_stream.finish()
        record.raw_stream.fault = None  # its length may be wrong, or the file break off right behind it
    return agreed is not False and is_whole(record)


def content_type(record: WarcRecord) -> str:
    """Return the type of the content: as the server stated it, else as the record does."""
    headers = record.http_headers or record.rec_headers
    stated = (headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return "" if stated.startswith("application/http") else stated


def _own_keys(record: WarcRecord) -> Iterator[tuple[str, str]]:
    headers = record.rec_headers
    digest = read_digest(headers.get_header("WARC-Payload-Digest"))
    if digest is not None:
        yield digest[0], digest[1].hex()
    yield record.address, _digits(headers.get_header("WARC-Date"))
    if name := headers.get_header("WARC-Record-ID"):
        yield "id", name


def _keys_of_original(revisit: WarcRecord) -> Iterator[tuple[str, str]]:
    headers = revisit.rec_headers
    digest = read_digest(headers.get_header("WARC-Payload-Digest"))
    if digest is not None:
        yield digest[0], digest[1].hex()
    if name := headers.get_header("WARC-Refers-To"):
        yield "id", name
    address = headers.get_header("WARC-Refers-To-Target-URI") or revisit.address
    yield address, _digits(headers.get_header("WARC-Refers-To-Date"))


def _digits(date: str | None) -> str:
    """Return a time as its 14 digits: makers print more or fewer fractions of a second."""
    return re.sub("[^0-9]", "", date or "")[:14]
