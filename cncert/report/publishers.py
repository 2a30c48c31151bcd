"""Who publishes the series, WeChat and CNCERT's site: their addresses, what an answer is, and how a kept page is read.

To add a site: its package beside ``wechat`` and ``cert_site``, its spider, and a line in PUBLISHERS.
"""

from collections.abc import Callable
from typing import NamedTuple

from cncert.cert_site.addresses import read_file_address, read_page_address
from cncert.cert_site.pages import judge_page, read_site_page
from cncert.exceptions import NotAnIssue
from cncert.items import CHINA, DocumentFile, Issue, Provenance, Source
from cncert.report.issue import read_issue
from cncert.report.site_issue import SiteFile, read_site_issue
from cncert.wechat.address import Address, may_fetch, read_address
from cncert.wechat.failure_pages import Verdict, read_page
from cncert.wechat.judge_answer import judge_answer
from cncert.wechat.wayback import judge_capture, read_capture

KeptContent = Callable[[str], bytes | None]
"""Returns what was served, by its SHA-256; None if it is not kept."""


class JudgedAnswer(NamedTuple):
    """What an answer to a request for a page is."""

    verdict: Verdict
    title: str | None = None
    article: str | None = None
    """The key of the article that the page shows, if it states one."""


class ShownPage(NamedTuple):
    """What a page shows to a person."""

    title: str
    account: str | None
    published: str
    """When, as it is known: to the minute, to the day, or not at all."""
    text: str
    files: tuple[str, ...]
    """Addresses of its pictures, and of the files that it links to."""
    is_sample: bool = False
    """Whether it is one of the sample series."""


class Publisher(NamedTuple):
    """A place that publishes the series."""

    sources: tuple[Source, ...]
    """The sources of editions that are read as its pages are."""
    link: Callable[[str], str | None]
    """Returns the address in a text if it is one of this place; None otherwise."""
    judge: Callable[[str, int | None, str, bytes], JudgedAnswer | None]
    """Judges the answer to an address by its status, where it redirects to, and its content; None if that is no address
    of a page. What a browser made of an answer has no status."""
    show: Callable[[str, bytes], ShownPage | None]
    """Returns what the page at an address shows; None if that is no address of a page, or shows none."""
    read_kept: Callable[[bytes, Provenance, list[DocumentFile], KeptContent], Issue]
    """Reads the issue in a kept page and its files, not yet validated. Raises NotAnIssue."""


def _article_link(text: str) -> str | None:
    address = read_address(text) if may_fetch(text) else None
    return address.url if address else None


def _judge_article(url: str, status: int | None, location: str, content: bytes) -> JudgedAnswer | None:
    capture = read_capture(url)
    if capture is not None and isinstance(capture.address, Address):
        page = judge_capture(capture, status or 200, location, content)
    elif read_address(url) is None:
        return None
    else:
        page = read_page(content, url) if status is None else judge_answer(url, status, location, content)
    article = page.article
    if article is None:
        return JudgedAnswer(page.verdict)
    return JudgedAnswer(page.verdict, article.title, str(article.key) if article.key is not None else None)


def _show_article(url: str, content: bytes) -> ShownPage | None:
    article = read_page(content, url).article if read_address(url) is not None else None
    if article is None:
        return None
    pictures = [*article.body.images, *([article.cover] if article.cover else [])]
    when = f"{article.published_at.astimezone(CHINA):%Y-%m-%d %H:%M}" if article.published_at else ""
    files = tuple(picture.url for picture in pictures)
    return ShownPage(article.title, article.account_name, when, article.body.text, files, article.sample)


def _judge_site(url: str, status: int | None, _location: str, content: bytes) -> JudgedAnswer | None:
    if read_page_address(url) is None:
        return None
    page = read_site_page(content, url)
    return JudgedAnswer(judge_page(url, status or 200, content).verdict, page.title if page is not None else None)


def _show_site(url: str, content: bytes) -> ShownPage | None:
    page = read_site_page(content, url) if read_page_address(url) is not None else None
    if page is None:
        return None
    day = str(page.published_on or "")
    return ShownPage(page.title, None, day, "\n".join(line.text for line in page.lines), page.files)


def _read_article(page: bytes, provenance: Provenance, _files: list[DocumentFile], _kept: KeptContent) -> Issue:
    read = read_page(page, provenance.address or "")
    if read.article is None:
        raise NotAnIssue("empty", f"its page is no article ({read.verdict}: {read.reason})")
    return read_issue(read.article, provenance)


def _read_site(page: bytes, provenance: Provenance, files: list[DocumentFile], kept: KeptContent) -> Issue:
    found = read_site_page(page, provenance.address or "")
    if found is None:
        raise NotAnIssue("empty", "its page is not laid out as one of CNCERT's site")
    if not files:
        return read_site_issue(found, None, provenance)
    if (data := kept(files[0].checksum)) is None:
        raise NotAnIssue("no_document", "its PDF is not in the archive")
    issue = read_site_issue(found, SiteFile(files[0].url or "", data), provenance)
    return issue.model_copy(update={"documents": files})


PUBLISHERS = (
    Publisher(
        ("page", "reprint_card", "reprint", "feed", "file"),
        _article_link,
        _judge_article,
        _show_article,
        _read_article,
    ),
    Publisher(
        ("site",),
        lambda text: read_page_address(text) or read_file_address(text),
        _judge_site,
        _show_site,
        _read_site,
    ),
)


def judge(url: str, status: int | None, location: str, content: bytes) -> JudgedAnswer | None:
    """Return what the answer to *url* is (see ``Publisher.judge``); None if nobody publishes the series there."""
    answers = (publisher.judge(url, status, location, content) for publisher in PUBLISHERS)
    return next((answer for answer in answers if answer is not None), None)


def show(url: str, content: bytes) -> ShownPage | None:
    """Return what the page at *url* shows; None if it is none of the series' publishers, or shows none."""
    pages = (publisher.show(url, content) for publisher in PUBLISHERS)
    return next((page for page in pages if page is not None), None)


def read_kept(page: bytes, provenance: Provenance, files: list[DocumentFile], kept: KeptContent) -> Issue:
    """Return the issue in the kept *page* of the edition with *provenance* and *files*, not yet validated.

    Raises NotAnIssue if there is none.
    """
    publisher = next(one for one in PUBLISHERS if provenance.source in one.sources)
    return publisher.read_kept(page, provenance, files, kept)


def safe_link(text: str | None) -> str | None:
    """Return the address in *text* if it may be a link: of a page or file of a place that publishes the series."""
    return next((link for one in PUBLISHERS if text and (link := one.link(text))), None)


def article_link(issue: Issue) -> str | None:
    """Return the best address of the page of *issue* that may be a link."""
    known = (issue.article.url, *issue.article.aliases, issue.provenance.address)
    return next((link for text in known if (link := safe_link(text))), None)
