"""Reads a saved page: a page of WeChat, a copy of the report from elsewhere, or neither."""

import codecs
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from cncert.exceptions import NotAnIssue
from cncert.items import DocumentFile, Issue, Provenance
from cncert.pdf.read_document import is_pdf
from cncert.pdf.read_pdf import read_pdf
from cncert.pdf.reading import PdfState
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.report.publishers import safe_link
from cncert.report.series import CNCERT_NAMES
from cncert.sources.listed_articles import ListedArticle
from cncert.sources.saved_files.charset import decode
from cncert.sources.saved_files.first_look import OTHER_KINDS, names_series
from cncert.sources.saved_files.issue_documents import read_document, read_issue_document
from cncert.sources.saved_files.markdown_and_text import articles_in_text, read_plain_text
from cncert.sources.saved_files.mhtml import read_mhtml
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.pages_of_other_sites import articles_in_page, read_page_of_other_site, without_embedded
from cncert.sources.saved_files.pdf_files import read_pdf_copy
from cncert.wechat.address import read_address
from cncert.wechat.article import Article
from cncert.wechat.failure_pages import Page, Verdict, read_page
from cncert.wechat.markup import element_by_id
from cncert.wechat.sample_mark import is_sample_page

MAX_OTHER_PAGE_CHARACTERS = 4 * 1024 * 1024
"""Of a page that is not WeChat's, without embedded data: its tree may take forty times as much memory."""

_UNREADABLE_KINDS = {b"PK\x03\x04": "a ZIP archive or an Office document", **OTHER_KINDS}
NO_ISSUE = defaultdict(
    lambda: NoIssue.DOCUMENT,  # what became of the PDF of a page of CNCERT's site
    title=NoIssue.OTHER_TEXT,
    account=NoIssue.ACCOUNT,
    empty=NoIssue.STUB,
    identity=NoIssue.IDENTITY,
    several=NoIssue.SEVERAL,
)
"""What the reasons of :class:`NotAnIssue` are of a file."""
_TOO_LONG = f"no page of WeChat, and longer than {MAX_OTHER_PAGE_CHARACTERS} characters"
_MARKUP = re.compile(r"\s*<(?:[!?]|[a-z][a-z0-9]{0,15}[\s>/])", re.IGNORECASE)
_ROOT = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_HEAD_BYTES = 4096
"""Bytes in which the program that saved a page notes what it did."""
_SINGLE_FILE = re.compile(
    rb"Page saved with SingleFile\s+url:\s*(\S{1,2048})"
    rb"(?:\s+saved date:\s*\w{3} (\w{3} [0-9]{2} [0-9]{4} [0-9:]{8}) GMT([+-][0-9]{4}))?"
)
_BROWSER = re.compile(rb"saved from url=\([0-9]{4,5}\)([^\s>]{1,2048})")


@dataclass(frozen=True, slots=True)
class SavedPage:
    """The page or text in a file: its bytes, where and when it was saved, and whether it is as it was served."""

    data: bytes
    address: str | None
    saved_at: datetime
    as_served: bool
    is_answer: bool = False
    """Whether an archive of answers states when a server sent it."""
    name: str = ""
    """The name of its file, without folders: it may be the title."""


@dataclass(frozen=True, slots=True)
class SavedPageContent:
    """What a saved page is: the verdict, and the issue in it (not validated), or the reason why there is none."""

    page: Page
    issue: Issue | None
    reason: str
    """In words."""
    no_issue: NoIssue | None = None
    """The reason."""
    listed: tuple[ListedArticle, ...] = ()
    """Issues that it names with their addresses, if it is none itself."""


def unwrap_saved_page(data: bytes, written_at: datetime, name: str = "") -> SavedPage:
    """Return the page in *data*, a file of *written_at*: out of MHTML, with what SingleFile or a browser noted."""
    if (mailed := read_mhtml(data)) is not None:
        html, address, saved_at = mailed
        return SavedPage(html, address, _past(saved_at) or written_at, as_served=False, name=name)
    noted = _SINGLE_FILE.search(data, 0, _HEAD_BYTES)
    if noted is not None:
        url = noted[1].decode("utf-8", "replace")
        return SavedPage(data, url, _past(_noted_date(noted)) or written_at, as_served=False, name=name)
    saved_from = _BROWSER.search(data, 0, _HEAD_BYTES)
    if saved_from is not None:
        return SavedPage(data, saved_from[1].decode("utf-8", "replace"), written_at, as_served=False, name=name)
    return SavedPage(data, None, written_at, as_served=True, name=name)


def read_saved_page(saved: SavedPage) -> SavedPageContent:
    """Return the verdict on *saved* and the issue in it."""
    kind = next((kind for magic, kind in _UNREADABLE_KINDS.items() if saved.data.startswith(magic)), None)
    if kind is not None:
        return _unknown(f"{kind}, which is not read", NoIssue.OTHER_KIND)
    if is_pdf(saved.data):
        return _read_pdf(saved)
    # In UTF-8, as all of WeChat's pages are: other sites use other charsets, and editors too.
    try:
        saved.data.decode()
        page = saved.data.removeprefix(codecs.BOM_UTF8)
    except UnicodeDecodeError:
        if len(saved.data) > 4 * MAX_OTHER_PAGE_CHARACTERS:  # as many as a page of WeChat's may have in UTF-32
            return _unknown(_TOO_LONG, NoIssue.TOO_LONG)
        page = decode(saved.data).encode("utf-8", "replace")
    if element_by_id(page, "js_article") is not None:
        return _read_wechat(saved, page)
    return _read_other(saved, page)


def _read_wechat(saved: SavedPage, data: bytes) -> SavedPageContent:
    page = read_page(data, saved.address)
    article = page.article
    if article is None:
        return SavedPageContent(page, None, page.reason, no_issue_of(page.verdict))
    # A page that was saved without its scripts may have lost its identity with them.
    is_proven = article.key is not None and (article.published_at or article.published_on) is not None
    try:
        issue = read_issue(article, _provenance(saved, "page" if is_proven else "file", article))
    except NotAnIssue as error:
        if error.reason == "account" and not is_proven:
            # With its scripts a reprint lost WeChat's marks; what is left is a copy, if it says whose text it is.
            copy = _read_other(saved, data)
            stated = copy.issue.provenance.stated_source if copy.issue is not None else None
            if stated is not None and stated.name in CNCERT_NAMES:
                return copy
        empty = error.reason == "empty"
        addresses = [url for url in (article.link, saved.address) if url and empty]
        listed = tuple(ListedArticle(article.title, (url,)) for url in addresses)
        return SavedPageContent(page, None, f"no issue ({error.reason}): {error}", NO_ISSUE[error.reason], listed)
    return SavedPageContent(page, issue, page.reason)


def _read_other(saved: SavedPage, data: bytes) -> SavedPageContent:
    """Read a copy of the report, one of WeChat's failure pages, or neither."""
    text = data.decode()
    is_markup = _MARKUP.match(text) is not None or _ROOT.search(text) is not None
    text = without_embedded(text) if is_markup else text
    if len(text) > MAX_OTHER_PAGE_CHARACTERS:
        return _unknown(_TOO_LONG, NoIssue.UNREAD if names_series(text) else NoIssue.OTHER_TEXT)
    try:
        if (document := read_document(text)) is not None:
            article = read_issue_document(document)
        else:
            article = read_page_of_other_site(text, saved.address) if is_markup else read_plain_text(text)
        article = replace(article, sample=article.sample or (is_markup and is_sample_page(data)))
        issue = read_issue(article, _provenance(saved, "file", article))
    except NotAnIssue as error:
        page = read_page(data, saved.address)
        listed = _listed(saved, text, is_markup=is_markup)
        if page.verdict is not Verdict.UNKNOWN or page.message or not text.strip():
            return SavedPageContent(page, None, page.reason, no_issue_of(page.verdict), listed)
        no_issue = NO_ISSUE[error.reason]
        if no_issue in (NoIssue.OTHER_TEXT, NoIssue.STUB) and listed:
            no_issue = NoIssue.LIST if len({one.title for one in listed}) > 1 else NoIssue.STUB
        text = f"neither a page of WeChat nor a copy of the report ({error.reason}: {error})"
        return _unknown(text, no_issue, listed)
    page = Page(Verdict.ARTICLE, "a copy of the report", article)
    return SavedPageContent(page, issue, page.reason)


def _listed(saved: SavedPage, text: str, *, is_markup: bool) -> tuple[ListedArticle, ...]:
    """Return the issues that *text*, which is none, names with their addresses."""
    name, end = saved.name, saved.name.rfind(".")
    if is_markup and is_sample_page(saved.data):
        return ()
    if not any(map(names_series, (text, name))):
        return ()
    find = articles_in_page if is_markup else articles_in_text
    return tuple(find(text, [name[:end] if end > 0 else name], [saved.address] if saved.address else []))


def no_issue_of(verdict: Verdict) -> NoIssue:
    """Return the reason that a page without an article is."""
    return NoIssue.OTHER_TEXT if verdict in (Verdict.UNKNOWN, Verdict.ARTICLE) else NoIssue[verdict.name]


def _read_pdf(saved: SavedPage) -> SavedPageContent:
    """Read a PDF of the report."""
    reading = read_pdf(saved.data)
    if reading.state is not PdfState.TEXT:
        return _unknown(f"a PDF file, {reading.reason}", NoIssue.DOCUMENT)
    try:
        article = read_pdf_copy(reading)
        issue = read_issue(article, _provenance(saved, "file", article))
    except NotAnIssue as error:
        no_issue = NoIssue.OTHER_TEXT if error.reason == "title" else NoIssue.DOCUMENT
        return _unknown(f"a PDF file that is no copy of the report ({error.reason}: {error})", no_issue)
    document = DocumentFile(url=safe_link(saved.address), path=None, checksum=issue.provenance.sha256)
    page = Page(Verdict.ARTICLE, "a PDF of the report", article)
    return SavedPageContent(page, issue.model_copy(update={"documents": [document]}), page.reason)


def _unknown(reason: str, no_issue: NoIssue, listed: tuple[ListedArticle, ...] = ()) -> SavedPageContent:
    return SavedPageContent(Page(Verdict.UNKNOWN, reason), None, reason, no_issue, listed)


def _provenance(saved: SavedPage, source: Literal["page", "file"], article: Article) -> Provenance:
    asked = read_address(saved.address) if saved.address and article.kind is not None else None
    return Provenance(
        source=source,
        via="archive" if saved.is_answer else "file",
        fetched_at=saved.saved_at,
        address=article.link or (asked.url if asked else None),
        sha256=sha256(saved.data).hexdigest(),
        parser=PARSER,
    )


def _noted_date(note: re.Match[bytes]) -> datetime | None:
    if note[2] is None:
        return None
    try:
        return datetime.strptime(f"{note[2].decode()} {note[3].decode()}", "%b %d %Y %H:%M:%S %z")
    except ValueError:
        return None


def _past(moment: datetime | None) -> datetime | None:
    """Return *moment* if it may be true."""
    return moment if moment is not None and datetime(2009, 1, 1, tzinfo=UTC) < moment <= datetime.now(UTC) else None
