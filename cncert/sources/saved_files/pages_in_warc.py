"""Reads the pages in WARC files one after the other, because a file may be larger than the memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cncert.archive import warc_records
from cncert.archive.answer_clock import answered_at
from cncert.archive.http_codings import undo_codings
from cncert.archive.unpacked import ArchiveFault
from cncert.archive.warc_records import WarcRecord
from cncert.cert_site.addresses import read_file_address, read_page_address
from cncert.cert_site.pages import SitePage, read_site_page
from cncert.exceptions import ArchiveError, ReaderProcessError, SavedFileError, error_reason
from cncert.report.title import read_title
from cncert.sources.saved_files.known_records import (
    CONTENT_KINDS,
    HTML_TYPES,
    READ_ERRORS,
    KnownRecords,
    content_type,
    is_usable,
)
from cncert.sources.saved_files.warc_sources import WarcSource
from cncert.wechat.address import read_address

MAX_WAITING, MAX_WAITING_BYTES = 2_000, 32 << 20
"""Revisits, and pages of CNCERT's site with what they hold, that wait for other records."""
_FAULTS = {"damaged": "a record is passed over", "cut": "breaks off", "refused": "no more of it is read"}
_NO_PAGES = ("urn:", "metadata:", "dns:", "whois:")
"""Addresses of what crawlers note about pages: their text, pictures of them."""


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
    is_cut: bool = False
    """Whether its maker says that the end is missing."""
    site_page: SitePage | None = None
    """What it is if it is a page of CNCERT's site that may be an issue."""
    document: Callable[[str], bytes | None] | None = None
    """Returns a PDF that the page links to, if the files have it."""


Found = tuple[str, WarcAnswer | SavedFileError]
"""With the name of the file it is in."""


def read_answers(
    sources: Iterable[WarcSource], limit: int, others: Callable[[], Iterable[WarcSource]] = tuple
) -> Iterator[Found]:
    """Yield the pages in *sources*; an error in place of one with more than *limit* bytes, or that is damaged.

    Skips pictures and scripts. *others* has the files in which a revisit, or a page of CNCERT's site, may find what it
    refers to if *sources* lack it.
    """
    return _WarcPages(limit, others).read(sources)


class _WarcPages:
    """Reads files that belong together."""

    def __init__(self, limit: int, others: Callable[[], Iterable[WarcSource]]) -> None:
        self._limit, self._others = limit, others
        self._known = KnownRecords(limit)
        self._has_others = False
        self._revisits: list[tuple[str, WarcRecord]] = []
        self._site_pages: list[tuple[str, WarcAnswer]] = []
        self._waiting_bytes = 0
        self._documents: dict[str, tuple[str, WarcRecord]] = {}
        """PDFs of CNCERT's site, by their addresses."""

    def read(self, sources: Iterable[WarcSource]) -> Iterator[Found]:
        for source in sources:
            try:
                with source.open() as file:
                    for item in warc_records.RecordReader(file).items():
                        if isinstance(item, ArchiveFault):
                            text = f"{_FAULTS[item.kind]}, at byte {item.offset}: {item.reason}"
                            yield source.name, SavedFileError(text)
                        elif (found := self._read_record(source, item)) is not None:
                            yield source.name, found
            except ReaderProcessError:
                raise
            except ArchiveError as error:
                yield source.name, SavedFileError(str(error))
            except READ_ERRORS as error:
                yield source.name, SavedFileError(f"breaks off: {error_reason(error)}")
        for name, revisit in self._revisits:
            if (repeated := self._repeated(revisit)) is not None:
                yield name, repeated
        for name, answer in self._site_pages:
            files = answer.site_page.files if answer.site_page is not None else ()
            if any(url not in self._known.documents for url in files):
                self._look_at_others()
            for url in files:
                self._documents.pop(url, None)
            yield name, answer
        for url, (name, record) in self._documents.items():  # no page links to it
            if (data := self._known.document(url)) is not None:
                yield name, _answer(record, record, data)

    def _read_record(self, source: WarcSource, record: WarcRecord) -> WarcAnswer | SavedFileError | None:
        address = record.address
        if record.rec_type == "revisit" and len(self._revisits) < MAX_WAITING and _may_be_page(record):
            self._revisits.append((source.name, record))
        if record.rec_type not in CONTENT_KINDS or address.startswith(_NO_PAGES):
            return None
        if content_type(record) not in HTML_TYPES:
            url = read_file_address(address)
            if url is None:
                return None
            if source.can_reopen:  # it is read with the page that links to it
                if warc_records.is_whole(record) and self._known.add(source, record):
                    self._documents[url] = source.name, record
                return None
        packed = warc_records.payload(record, self._limit)
        if packed is not None and not is_usable(record, packed, self._limit):
            if warc_records.is_whole(record):
                return SavedFileError(f"the answer to {address[:200]} is damaged: it has another digest than it states")
            return None  # why, is the next item
        body = undo_codings(packed, record.http_headers, self._limit) if packed is not None else None
        if body is None:
            return SavedFileError(f"the answer to {address[:200]} is larger than {self._limit} bytes")
        self._known.add(source, record)
        return self._wait_or_return(source.name, _answer(record, record, body))

    def _wait_or_return(self, name: str, answer: WarcAnswer) -> WarcAnswer | None:
        """Return *answer*, or None if it waits for the PDFs that it links to."""
        url = read_page_address(answer.address)
        page = read_site_page(answer.body, url) if url is not None and answer.status == 200 else None
        self._waiting_bytes += len(answer.body) if page is not None else 0
        is_issue = page is not None and read_title(page.title) is not None
        if not is_issue or len(self._site_pages) >= MAX_WAITING or self._waiting_bytes > MAX_WAITING_BYTES:
            return answer
        self._site_pages.append((name, replace(answer, site_page=page, document=self._known.document)))
        return None

    def _repeated(self, revisit: WarcRecord) -> WarcAnswer | SavedFileError | None:
        """Return the page that *revisit* repeats, None if it is no page."""
        found = self._known.find_original(revisit)
        if found is None:
            self._look_at_others()
            found = self._known.find_original(revisit)
        if found is None:
            return SavedFileError(f"a record of {revisit.address[:200]} repeats one that is not there")
        original, body = found
        if content_type(original) not in HTML_TYPES:
            self._known.add_repeated(revisit)
            return None
        return _answer(revisit, original, body)

    def _look_at_others(self) -> None:
        if not self._has_others:
            self._has_others = True
            self._known.add_all(self._others())


def _answer(record: WarcRecord, original: WarcRecord, body: bytes) -> WarcAnswer:
    """Return the answer that *record* is of; its content is that of *original*, if it repeats one."""
    own = record.http_headers
    http = own if own is not None and warc_records.status(record) != 304 else original.http_headers
    source = record if http is own else original
    return WarcAnswer(
        record.address,
        status=warc_records.status(source) if http is not None else 200,
        location=http.get_header("Location") if http is not None else None,
        body=body,
        date=answered_at(own.get_header("Date") if own is not None else None, warc_records.date(record)),
        is_response=record.rec_type in ("response", "revisit") and http is not None,
        is_cut=bool(original.rec_headers.get_header("WARC-Truncated")),
    )


def _may_be_page(revisit: WarcRecord) -> bool:
    """Return whether what *revisit* repeats may be a page."""
    if revisit.http_headers is not None and content_type(revisit) in HTML_TYPES:
        return True
    return any(read(revisit.address) is not None for read in (read_address, read_page_address, read_file_address))
