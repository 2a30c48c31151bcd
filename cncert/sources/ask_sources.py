"""Reads feeds and albums page by page, with redirects and limits; the caller downloads."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from cncert.exceptions import SourceError
from cncert.sources.album import read_album
from cncert.sources.configured_sources import Source, may_ask
from cncert.sources.feed import read_feed
from cncert.sources.listed_articles import ListedArticle
from cncert.wechat.address import is_verification

MAX_BYTES = 8 * 1024 * 1024
"""Bytes of an answer; 20 articles in full have 2 MB."""
MAX_REDIRECTS = 3
"""Redirects of a request that are followed."""
MAX_ALBUM_PAGES = 25
"""Pages of an album that are read: 500 articles, ten years of the series."""
_ACCEPT = {"Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.8"}


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """The answer of a feed or an album."""

    status: int
    location: str
    """Where a redirect leads."""
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A page of a feed or an album, read."""

    articles: list[ListedArticle]
    fetched_at: datetime
    fault: str | None
    """Why the page could not be read to its end, if so."""


Download = Callable[[str, Mapping[str, str]], Awaitable[SourceAnswer]]
"""Downloads an address with the given headers. Raises SourceError."""


async def ask_source(
    source: Source, sources: tuple[Source, ...], download: Download
) -> AsyncGenerator[SourcePage, None]:
    """Yield the pages of *source*, the newest first. Raises SourceError.

    Redirects are followed within *sources* only.
    """
    url: str | None = source.url
    for _ in range(MAX_ALBUM_PAGES if source.kind == "album" else 1):
        if url is None:
            return
        answer = await _ask(source, url, sources, download)
        if source.kind == "album":
            page = read_album(answer.body, source.name)
            articles, url, fault = page.entries, page.next, None
        else:
            articles, fault = read_feed(answer.body)
        yield SourcePage(articles, answer.fetched_at, fault)


async def _ask(source: Source, url: str, sources: tuple[Source, ...], download: Download) -> SourceAnswer:
    for _ in range(1 + MAX_REDIRECTS):
        headers = dict(_ACCEPT)
        if source.authorization and urlsplit(url).netloc == urlsplit(source.url).netloc:
            headers["Authorization"] = source.authorization
        answer = await download(url, headers)
        if not 300 <= answer.status < 400:
            break
        url = _redirected(url, answer.location, sources)
    else:
        raise SourceError("redirect", "redirects without end")
    if answer.status != 200:
        raise SourceError("status", f"HTTP status {answer.status}")
    return answer


def _redirected(url: str, location: str, sources: tuple[Source, ...]) -> str:
    """Return the address to which *url* redirects. Raises SourceError if it is not within *sources*."""
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
    except ValueError:
        raise SourceError("redirect", "redirects to what is no address") from None
    if is_verification(target):
        raise SourceError("verification", "WeChat asks for a verification")
    if not may_ask(target, sources):
        raise SourceError("redirect", f"redirects to {parts.scheme}://{parts.hostname}, which is not asked")
    return target
