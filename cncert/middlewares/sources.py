"""Asks feeds and albums for issues before the ledger decides what is sent. What they name goes through the ledger too.

A feed that is down, broken or lies costs its line in the record of the run and nothing else.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response

from cncert.exceptions import NotAnIssue, SourceError, StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import issue_id
from cncert.ledger.article_rows import Ledger
from cncert.middlewares.unfinished import unfinished_request
from cncert.pipelines.clean import clean
from cncert.pipelines.validate import validated
from cncert.quality import renew_warnings
from cncert.sources.album import read_album
from cncert.sources.configured_sources import Source, archived_as, may_ask, read_sources, shown
from cncert.sources.feed import read_feed
from cncert.sources.feed_copy import read_entry
from cncert.sources.listed_articles import Entry, Named, find_issues
from cncert.spiders.weekly import WeeklySpider
from cncert.wechat.address import is_verification

logger = logging.getLogger(__name__)

MAX_BYTES = 8 * 1024 * 1024
"""Of one answer; 20 articles in full have 2 MB."""
TIMEOUT = 30.0
"""Seconds for one answer."""
MAX_REDIRECTS = 3
MAX_PAGES = 25
"""Of an album: 500 articles, ten years of the series."""

BEFORE_PAGES = 10_000_000
"""Added to the priority of requests; pages have that of their week, 202503."""


class SourceRequest(Request):
    """A request of which nothing but host and path is ever shown: the rest of a feed's address may be a secret."""

    def __repr__(self) -> str:
        return f"<{self.method} {shown(self.url)}>"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered."""

    body: bytes
    fetched_at: datetime


class NotArchived(Exception):
    """The replayed archive has no answer of a source. Raised from :class:`SourcesMiddleware`."""


class SourcesMiddleware:
    """Spider middleware between the spider and the ledger."""

    def __init__(self, crawler: Crawler) -> None:
        """Raises SettingError for a feed or an album that is none."""
        self.crawler = crawler
        self.sources = read_sources(crawler.settings)
        self._copies: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SourcesMiddleware":
        return cls(crawler)

    @property
    def run(self) -> RunRecorder:
        """The run: it holds the store."""
        return RunRecorder.of(self.crawler)

    @property
    def spider(self) -> WeeklySpider:
        assert isinstance(self.crawler.spider, WeeklySpider)
        return self.crawler.spider

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """The spider's start, once the ledger knows what the sources name, then the pictures of copies.

        The sources are asked first: a run that is closing for what a page says must not be asking anything here.
        """
        for source in self.sources:
            await self._read(source)
        async for thing in start:
            yield thing
        for issue in self._copies:
            yield unfinished_request(issue, priority=BEFORE_PAGES + int(issue.replace("-", "")))

    async def _read(self, source: Source) -> None:
        """Enter what *source* names into the ledger, and store the copies that it carries."""
        ledger = Ledger(self.run.store)
        try:
            async for answer, entries in self._pages(source):
                issues, others = find_issues(entries)
                self.crawler.stats.inc_value("cncert/feeds/issues", len(issues))
                for kind, number in others.items():
                    self.crawler.stats.inc_value(f"cncert/feeds/{kind}", number)
                for named in sorted(issues, key=lambda named: named.issue, reverse=True):
                    await ledger.enter(named.address.url, source.label, named.issue)
                    await self._take_copy(named, answer)
                if source.kind == "album" and await self._goes_back_from_here([named.issue for named in issues]):
                    return
        except NotArchived:
            logger.debug("%s %s: not in the replayed archive", source.kind, source.name)
        except SourceError as error:
            self._fail(source, str(error))
        except StoreError as error:
            raise self.run.store_failed(error) from error
        except Exception:  # a fault of the program in what one source says: the crawl goes on, and is not clean
            logger.exception("%s %s", source.kind, source.name)
            self.crawler.stats.inc_value("spider_exceptions/count")

    async def _goes_back_from_here(self, issues: list[str]) -> bool:
        """Whether pages behind one that names *issues* hold nothing new: all are stored, the newest stand first."""
        if not issues or issues != sorted(issues, reverse=True):
            return False
        stored = [await self.run.store.get_issue(issue) for issue in issues]
        return all(issue is not None and not issue.provenance.is_copy for issue in stored)

    def _fail(self, source: Source, reason: str) -> None:
        self.crawler.stats.inc_value("cncert/feeds/failed")
        self.run.remark(f"{source.kind} {source.name}: {reason}")

    # --- copies

    async def _take_copy(self, named: Named, answer: Answer) -> None:
        """Store the feed's own copy of the issue, if the store lacks it, and enter its list of earlier ones.

        The page replaces it. Whatever becomes of that, the issue is had.
        """
        arguments, entry, store = self.spider.arguments, named.entry, self.run.store
        if not entry.html or not arguments.wants(named.issue) or len(self._copies) == arguments.limit:
            return
        if await store.get_issue(named.issue) is not None:
            return
        try:
            copy = read_entry(entry.title, entry.html, named.address.url, entry.published, answer.fetched_at)
            issue = validated(clean(copy))
        except (NotAnIssue, ValidationError) as error:
            logger.debug("No copy of %s: %s", named.issue, error)
            return
        self.run.count(await store.put_issue(issue), issue.id)
        await renew_warnings.renew(store, issue.id)
        for line in issue.review:
            await Ledger(store).enter(line.url, issue.id, issue_id(line.year, line.number))
        logger.info("%s: taken from a feed until its page is had", issue.id)
        self.crawler.stats.inc_value("cncert/feeds/copies")
        self._copies.append(issue.id)

    # --- asking

    async def _pages(self, source: Source) -> AsyncIterator[tuple[Answer, list[Entry]]]:
        """The answers of *source* with their entries. Raises SourceError, NotArchived."""
        url: str | None = source.url
        for _ in range(MAX_PAGES if source.kind == "album" else 1):
            if url is None:
                return
            answer = await self._ask(source, url)
            if source.kind == "album":
                page = read_album(answer.body, source.name)
                entries, url = page.entries, page.next
            else:
                entries, fault = read_feed(answer.body)
                if fault is not None:
                    self._fail(source, f"{fault}: read up to there")
            self.crawler.stats.inc_value("cncert/feeds/entries", len(entries))
            yield answer, entries

    async def _ask(self, source: Source, url: str) -> Answer:
        for _ in range(1 + MAX_REDIRECTS):
            response = await self._download(source, url)
            if not 300 <= response.status < 400:
                break
            url = self._redirected(url, (response.headers.get("Location") or b"").decode("latin-1"))
        else:
            raise SourceError("redirects without end")
        if response.status != 200:
            raise SourceError(f"HTTP status {response.status}")
        self.crawler.stats.inc_value("cncert/feeds/answered")
        return Answer(response.body, response.meta.get("archived_at") or datetime.now(UTC))

    def _redirected(self, url: str, location: str) -> str:
        """Where an answer of *url* leads. Raises SourceError if nobody is asked there."""
        try:
            target = urljoin(url, location)
            parts = urlsplit(target)
        except ValueError:
            raise SourceError("redirects to what is no address") from None
        if is_verification(target):
            raise SourceError("WeChat asks for a verification")
        if not may_ask(target, self.sources):
            raise SourceError(f"redirects to {parts.scheme}://{parts.hostname}, which is not asked")
        return target

    async def _download(self, source: Source, url: str) -> Response:
        """What *url* answers; it is asked once more if it does not."""
        request = SourceRequest(
            url,
            headers={"Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.8"},
            meta={
                "archived_as": archived_as(url),
                "shown_as": "feeds, albums",
                "dont_retry": True,  # Scrapy's retries end with an ERROR line
                "download_maxsize": MAX_BYTES,
                "download_timeout": min(TIMEOUT, self.crawler.settings.getfloat("DOWNLOAD_TIMEOUT")),
            },
        )
        if source.authorization and urlsplit(url).netloc == urlsplit(source.url).netloc:
            request.headers["Authorization"] = source.authorization
        for is_last in (False, True):
            try:
                response: Response = await self.crawler.engine.download_async(request.copy())
            except (IgnoreRequest, DownloadCancelledError) as error:
                raise self._refusal(error) from error
            except Exception as error:
                # Whatever the network does; its text may hold the address.
                if is_last:
                    raise SourceError(f"no answer ({type(error).__name__})") from error
            else:
                if response.status < 500 or is_last:
                    return response
        raise AssertionError("asked twice")

    def _refusal(self, error: Exception) -> Exception:
        if "robots.txt" in str(error):
            return SourceError("robots.txt denies it (ROBOTSTXT_OBEY decides whether that counts)")
        if self.spider.arguments.replaying:
            return NotArchived()
        if isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(error):
            return SourceError(f"larger than {MAX_BYTES} bytes")
        return SourceError(f"refused ({type(error).__name__})")
