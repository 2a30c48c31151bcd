"""Reads feeds and albums before the spider starts, and adds the issues that they name to the ledger.

A feed that is down, broken or wrong gets a line in the run's record; the crawl goes on.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest

from cncert.archive.answer_clock import answered_at
from cncert.editions.take_issue import take
from cncert.exceptions import DocumentError, NotAnIssue, SourceError, SourceFault, StoreError
from cncert.extensions.run_recorder import RunComponent
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.middlewares.archive import archived
from cncert.middlewares.download_errors import is_too_large, why_unreached
from cncert.middlewares.picture_retries import retry_request
from cncert.monitoring.believed_times import believed
from cncert.monitoring.feed_looks import look_before
from cncert.options import Options
from cncert.sources.ask_sources import MAX_BYTES, SourceAnswer, SourcePage, ask_source
from cncert.sources.configured_sources import Source, archived_as, host_and_path, read_sources
from cncert.sources.feed_copy import read_feed_copy
from cncert.sources.listed_articles import ListedIssue, find_issues
from cncert.spiders.series_spider import SeriesSpider, is_robots_denial
from cncert.store.run_records import FailedSource, FeedLook

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
"""How long an answer of a source may take."""
PRIORITY_BEFORE_PAGES = 100_000_000
"""Added to the priority of requests; the priority of pages is ten times their week, 2025030."""


class SourceRequest(Request):
    """A request of which only host and path are logged: the rest of a feed's address may be a secret."""

    def __repr__(self) -> str:
        return f"<{self.method} {host_and_path(self.url)}>"


class SourceNotArchived(Exception):
    """The replayed archive has no answer of a source. Raised from :class:`SourcesMiddleware`."""


class SourcesMiddleware(RunComponent):
    """Spider middleware for spiders with ``asks_sources``."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the settings. Raises SettingError for a wrong feed or album."""
        super().__init__(crawler)
        options = Options.of(crawler.settings)
        self.sources, self._reprints = read_sources(options), options.reprints
        self._copies: list[str] = []
        self._version = self._versions = 0

    @property
    def _spider(self) -> SeriesSpider:
        assert isinstance(self.crawler.spider, SeriesSpider)
        return self.crawler.spider

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Read the sources, then yield the spider's start, then requests for the pictures of copies.

        The sources come first: a run that a page closes must not wait for a source here.
        """
        if self._spider.asks_sources:
            for source in self.sources:
                self._version, self._versions = 0, 1
                while self._version < self._versions:  # a replayed archive may have several, the newest first
                    await self._read(source)
                    self._version += 1
        async for thing in start:
            yield thing
        for issue in self._copies:
            yield retry_request(issue, priority=PRIORITY_BEFORE_PAGES + int(issue.replace("-", "")))

    async def _read(self, source: Source) -> None:
        """Add the issues that *source* names to the ledger, and store the copies in it."""
        stats, ledger = self.crawler.stats, Ledger(self.run.store)
        try:
            async for page in ask_source(source, self.sources, self._download):
                if page.fault is not None:
                    self._fail(source, "incomplete", f"{page.fault}: read up to there")
                issues, others = find_issues(page.articles, reprints=self._reprints)
                stats.inc_value("cncert/feeds/entries", len(page.articles))
                stats.inc_value("cncert/feeds/issues", len(issues))
                for kind, number in others.items():
                    stats.inc_value(f"cncert/feeds/{kind}", number)
                issues = sorted(issues, key=lambda named: named.issue, reverse=True)
                await ledger.add(
                    [
                        FoundAddress(named.address.url, source.label, named.issue, says_own=named.says_own)
                        for named in issues
                    ]
                )
                for named in issues:
                    await self._take_copy(named, page.fetched_at)
                if source.kind == "album" and await self._are_stored([named.issue for named in issues]):
                    return
                if source.kind == "feed":
                    await self._note_look(source, page, len(issues))
        except SourceNotArchived:
            logger.debug("%s %s: not in the replayed archive", source.kind, source.name)
        except SourceError as error:
            self._fail(source, error.code, str(error))
        except StoreError as error:
            raise self.run.store_failed(error) from error
        except Exception:  # an error of the program with one source: the crawl goes on, and is not clean
            logger.exception("%s %s", source.kind, source.name)
            stats.inc_value("spider_exceptions/count")

    async def _note_look(self, source: Source, page: SourcePage, issues: int) -> None:
        """Note in the run's record what was seen in the feed *source*."""
        now = datetime.now(UTC)
        times = sorted(at for article in page.articles if (at := believed(article.published, now)) is not None)
        look = FeedLook(
            name=source.name,
            at=now,
            entries=len(page.articles),
            issues=issues,
            oldest=times[len(times) // 20] if times else None,  # an old entry that stays on top says nothing
            before=await look_before(self.run.store, source.name, now),
        )
        if not self._spider.arguments.replaying:
            self.run.feed_read(look)

    async def _are_stored(self, issues: list[str]) -> bool:
        """Whether the pages behind one that names *issues* name nothing new: these are sorted, and all are stored."""
        if not issues or issues != sorted(issues, reverse=True):
            return False
        stored = await self.run.store.get_issues(issues)
        return all(issue in stored and not stored[issue].provenance.is_copy for issue in issues)

    def _fail(self, source: Source, code: SourceFault, detail: str) -> None:
        self.crawler.stats.inc_value("cncert/feeds/failed")
        self.run.source_failed(FailedSource(kind=source.kind, name=source.name, code=code, detail=detail))

    async def _take_copy(self, named: ListedIssue, fetched_at: datetime) -> None:
        """Take in the feed's copy of the issue: an edition that counts until its page is stored."""
        arguments, store = self._spider.arguments, self.run.store
        if not named.article.html or not arguments.wants(named.issue) or len(self._copies) == arguments.limit:
            return
        try:
            issue = read_feed_copy(named, fetched_at)
        except (NotAnIssue, ValidationError) as error:
            logger.debug("No copy of %s: %s", named.issue, error)
            return
        try:
            await archived(self.crawler)
            taken = await take(store, issue, "feed")
        except DocumentError:  # what is stored of it cannot be read, and stays
            self.run.note_failure(f"issue-{issue.id}", "not_stored")
            return
        self.run.count(taken)
        if taken.is_chosen and taken.outcomes:
            logger.info("%s: taken from a feed until its page is stored", issue.id)
            self.crawler.stats.inc_value("cncert/feeds/copies")
            self._copies.append(issue.id)

    async def _download(self, url: str, headers: Mapping[str, str]) -> SourceAnswer:
        """Return the answer of *url*, which is requested a second time if none comes."""
        request = SourceRequest(
            url,
            headers=dict(headers),
            meta={
                "archived_as": archived_as(url),
                "answer": self._version,
                "shown_as": "feeds, albums",
                "dont_retry": True,  # Scrapy's retries end with an ERROR line
                "download_maxsize": MAX_BYTES,
                "download_timeout": min(TIMEOUT_SECONDS, self.crawler.settings.getfloat("DOWNLOAD_TIMEOUT")),
            },
        )
        for is_last in (False, True):
            sent = request.copy()
            try:
                response = await self.crawler.engine.download_async(sent)
            except (IgnoreRequest, DownloadCancelledError) as error:
                raise self._refusal(error) from error
            except Exception as error:
                if is_last:
                    # Not its text, which may contain the address.
                    reason = await why_unreached(error, sent) or type(error).__name__
                    raise SourceError("no_answer", f"no answer ({reason})") from error
            else:
                if response.status < 500 or is_last:
                    break
        self._versions = max(self._versions, response.meta.get("answers", 1))
        if response.status == 200:
            self.crawler.stats.inc_value("cncert/feeds/answered")
        location = (response.headers.get("Location") or b"").decode("latin-1")
        date = (response.headers.get("Date") or b"").decode("latin-1")
        fetched_at = answered_at(date, response.meta.get("archived_at") or datetime.now(UTC))
        return SourceAnswer(response.status, location, response.body, fetched_at)

    def _refusal(self, error: Exception) -> Exception:
        if is_robots_denial(error):
            return SourceError("robots", "robots.txt denies it (ROBOTSTXT_OBEY decides whether that counts)")
        if self._spider.arguments.replaying:
            return SourceNotArchived()
        if is_too_large(error):
            return SourceError("too_large", f"larger than {MAX_BYTES} bytes")
        return SourceError("refused", f"refused ({type(error).__name__})")
