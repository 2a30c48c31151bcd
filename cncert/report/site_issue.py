"""Reads what CNCERT's site has of the series: the issues that a list names, and an issue from its page and PDF."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from shlex import quote
from typing import NamedTuple

from cncert.cert_site.addresses import NEWEST_LIST
from cncert.cert_site.pages import SitePage, read_list_page, read_texts
from cncert.exceptions import FileDenied, ListError, NotAnIssue, StoreError
from cncert.items import DocumentFile, Issue, Provenance, issue_id
from cncert.pdf.read_pdf import read_pdf
from cncert.pdf.reading import PdfState
from cncert.report.calendar import is_week
from cncert.report.issue import read_issue
from cncert.report.report_lines import is_report_heading
from cncert.report.series import SERIES
from cncert.report.title import MAX_LINE_CHARACTERS, find_titles, read_title
from cncert.report.which_week import claims_of
from cncert.terminal.atomic_write import FileWriter
from cncert.wechat.article import Article
from cncert.wechat.body import Body, Line
from cncert.wechat.text import dense

logger = logging.getLogger(__name__)

COMES_LATER = ("unanswered", "not_archived")
"""Why a file did not come that may come later: the text of its page does not take its place then."""
_ENDINGS = {PdfState.NO_TEXT: "no_text", PdfState.ENCRYPTED: "encrypted"}
"""The reasons of PDFs without a text; that of all others is that they are broken."""
_MAX_HEAD_LINES = 12
"""Lines before the first heading in which a PDF names its issue."""
_NUMBER = re.compile(r"(20[0-9]{2})年第([0-9]{1,2})期")


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of a page, as it was served."""

    url: str
    data: bytes


class SiteList(NamedTuple):
    """The issues of the series that a list page names."""

    issues: dict[str, str | None]
    """By the addresses of their pages; None where the title, which may be cut, names the series and no week."""
    lost: tuple[str, ...]
    """The titles of those whose address is none that a page of the site has."""
    is_end: bool = False
    """Whether nothing is behind it: it is no page of the list any more, or the last one once more."""


def read_site_list(status: int, data: bytes, address: str, known: Mapping[str, str | None] | None) -> SiteList:
    """Return what the list page at *address* names. Raises ListError if the answer shows no list.

    *known*: the issues that lists have named in this run, None if no list was read. Once one was, another page that
    has no list is the end, whatever its status says: a site may show a page of its own for what it does not have. It is
    none if it shows nothing, as a script that is to be run first, or if it names issues that no list has named: then it
    is laid out otherwise.
    """
    if status == 404 and address != NEWEST_LIST:  # the older list may be no more
        return _end(address)
    if status != 200:
        raise ListError("unavailable", f"status {status}")
    listed = read_list_page(data, address)
    if not listed:
        texts = [text for text in read_texts(data) if len(text) <= MAX_LINE_CHARACTERS]
        titles = (title for text in texts for title, _, _ in find_titles(dense(text)))
        others = {issue_id(*title.week) for title in titles}.difference((known or {}).values())
        if known is not None and address != NEWEST_LIST and not others and (texts or listed == []):
            return _end(address)
        named = f", though it names {len(others)} issues, such as {max(others)}" if others else ""
        raise ListError("unknown", f"no list is found in it{named}: has its layout changed?")
    issues, lost = dict[str, str | None](), list[str]()
    for page in listed:
        title = read_title(page.title)
        if title is None and SERIES not in dense(page.title):
            continue
        if page.url is None:
            lost.append(page.title)
        elif title is not None:
            issues[page.url] = issue_id(*title.week)
        else:
            issues.setdefault(page.url, None)
    return SiteList(issues, tuple(lost), is_end=bool(issues) and issues.keys() <= (known or {}).keys())


def _end(address: str) -> SiteList:
    logger.info("The list ends before %s", address)
    return SiteList({}, (), is_end=True)


async def fetch_site_issue(
    page: SitePage, fetch: Callable[[str], Awaitable[bytes]], write: FileWriter, provenance: Provenance
) -> tuple[Issue, dict[str, bytes]]:
    """Return the issue of *page*, from the first of its files that has one, else from itself; and that file.

    *fetch* returns a file, or raises NotAnIssue with the reason why it did not come. Raises NotAnIssue for the first
    of the files if there is no issue; those without text are written then, for ``scrapy ocr``. Of files that robots.txt
    denies nobody knows what they have: then it raises FileDenied.
    """
    faults, without_text = list[NotAnIssue](), list[bytes]()
    for url in page.files:
        try:
            file = SiteFile(url, await fetch(url))
            issue = await asyncio.to_thread(read_site_issue, page, file, provenance)
            return issue, {document.checksum: file.data for document in issue.documents}
        except NotAnIssue as fault:
            faults.append(fault)
            if fault.reason == _ENDINGS[PdfState.NO_TEXT]:
                without_text.append(file.data)
    if any(fault.reason in COMES_LATER for fault in faults):
        raise faults[0]
    try:
        issue = read_site_issue(page, None, provenance)
        if issue.figures or not faults:  # beside a PDF the page may have a sentence about it
            return issue, {}
        first = faults[0]
    except NotAnIssue as fault:
        first = (faults or [fault])[0]
    if denied := [fault for fault in faults if isinstance(fault, FileDenied)]:
        raise denied[0]
    with suppress(StoreError):  # the run ends for it
        if (title := read_title(page.title)) is not None and without_text:
            paths = [_document_path(issue_id(*title.week), sha256(data).hexdigest()) for data in without_text]
            places = [await write(path, data) for path, data in zip(paths, without_text, strict=True)]
            names = " ".join(quote(str(place or f"COPY/{path}")) for path, place in zip(paths, places, strict=True))
            raise NotAnIssue(first.reason, f"{first} (kept; its pages are read by: scrapy ocr {names})")
    raise first


def _document_path(issue: str, checksum: str) -> str:
    """Return where a PDF of *issue* is kept below ``CNCERT_FILES``."""
    return f"{issue}/{checksum[:32]}.pdf"


def read_site_issue(page: SitePage, file: SiteFile | None, provenance: Provenance) -> Issue:
    """Return the issue in the PDF *file* of *page*, or without one in the page itself, not yet validated.

    Raises NotAnIssue if there is none: with the state of a PDF that has no text. Reads the PDF in a process
    of its own, so it may take seconds.
    """
    lines, documents = page.lines, list[DocumentFile]()
    if file is not None:
        reading = read_pdf(file.data)
        if reading.state is not PdfState.TEXT:
            raise NotAnIssue(_ENDINGS.get(reading.state, "broken"), f"{reading.reason}: {file.url}")
        lines = reading.lines
    start = next((place for place, line in enumerate(lines) if is_report_heading(line)), 0)  # behind a cover
    article = Article(title=page.title, published_on=page.published_on, body=Body(lines=tuple(lines[start:])))
    issue = read_issue(article, provenance)
    if file is not None:
        named, claimed = _named_weeks(lines), claims_of(issue).weeks
        if named and not named.intersection(claimed):
            raise NotAnIssue("wrong_document", f"the PDF is issue {', '.join(sorted(named))}: {file.url}")
        checksum = sha256(file.data).hexdigest()
        documents = [DocumentFile(url=file.url, path=_document_path(issue.id, checksum), checksum=checksum)]
    return issue.model_copy(update={"documents": documents})


def _named_weeks(lines: Sequence[Line]) -> set[str]:
    """Return the issues that the lines before the first heading name as the one that they are of."""
    head = takewhile(lambda line: not is_report_heading(line), lines[:_MAX_HEAD_LINES])
    text = dense("".join(line.text for line in head)[:2_000])
    weeks = {title.week for title, _, _ in find_titles(text)}
    weeks |= {(int(year), int(number)) for year, number in _NUMBER.findall(text)}
    return {issue_id(*week) for week in weeks if is_week(*week)}
