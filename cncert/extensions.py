"""The run: opens the store, keeps the run's record, decides whether the run was clean."""

import asyncio
import logging
import os
import secrets
import socket
from datetime import UTC, datetime
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from cncert import gaps
from cncert.discovery import bundled_index
from cncert.exceptions import CncertError, StoreError
from cncert.ledger import Ledger
from cncert.store import Store, open_store
from cncert.store.records import Outcome, RunRecord

logger = logging.getLogger(__name__)

CLEAN_REASONS = ("finished", "limit")


class RunRecorder:
    """Extension: the one place where a crawl's store is opened and closed, and what every run leaves behind.

    Others reach it by ``crawler.get_extension(RunRecorder)``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.store: Store = open_store(crawler.settings["CNCERT_STORE"])
        self.record: RunRecord | None = None
        self._store_lost = False
        self._stopped = False
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RunRecorder":
        """Raises StoreError for an address that is none of a store."""
        run = cls(crawler)
        crawler.signals.connect(run.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(run.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(run.item_error, signal=signals.item_error)
        return run

    async def spider_opened(self, spider: Spider) -> None:
        """Open the store, enter the bundled index, begin the record. Raises CloseSpider if the store is not there."""
        try:
            await self.store.open()
            ledger = Ledger(self.store)
            for entry in bundled_index():
                await ledger.enter(entry.url, source="index", issue=entry.issue)
            started = datetime.now(UTC)
            self.record = RunRecord(
                id=f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
                spider=spider.name,
                started_at=started,
                arguments=getattr(spider, "given", {}),
                host=socket.gethostname(),
                pid=os.getpid(),
                gaps_before=len(gaps.missing(await self.weeks())),
            )
            await self.store.put_run(self.record)
        except StoreError as error:
            raise self.store_failed(error, "store_unreachable") from error

    async def weeks(self) -> list[gaps.Week]:
        """The calendar of the range that the run was asked for."""
        arguments = getattr(self.crawler.spider, "arguments", None)
        return gaps.weeks(
            await self.store.rows(),
            await self.store.issue_ids(),
            first=getattr(arguments, "first", None),
            last=getattr(arguments, "last", None),
        )

    def store_failed(self, error: StoreError, reason: str = "store_failed") -> CloseSpider:
        """Say once that the store is lost; the exception to raise so that the spider closes."""
        if not self._store_lost:
            self._store_lost = True
            logger.error("%s", error)
        return CloseSpider(reason)

    async def stop(self, error: CncertError, reason: str = "store_failed") -> None:
        """Say once what is lost and close the run: for pipelines, from which Scrapy lets no exception close it."""
        if not self._stopped:
            self._stopped = True
            logger.error("%s", error)
            # Not awaited: closing waits for the very item that is asking for it.
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def item_error(self, item: Any, response: Any, spider: Spider, failure: Any) -> None:
        """Count an error of a pipeline: Scrapy only logs it."""
        self.crawler.stats.inc_value("cncert/item_errors")

    def count(self, outcome: Outcome, issue: str) -> None:
        """Note what became of an issue."""
        self.crawler.stats.inc_value(f"cncert/store/{outcome}")
        assert self.record is not None
        if outcome is Outcome.NEW:
            self.record.new.append(issue)
        elif outcome is Outcome.CHANGED:
            self.record.changed.append(issue)

    def warn(self, text: str) -> None:
        """Add a line to the record that a person should read."""
        logger.warning("%s", text)
        if self.record is not None:
            self.record.warnings.append(text)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Finish the record and close the store."""
        stats = self.crawler.stats
        stats.set_value("cncert/run/clean", False)
        if self.record is not None:
            record = self.record
            record.ended_at = datetime.now(UTC)
            record.close_reason = reason
            record.verdicts = self._counts("cncert/verdict/")
            record.pictures = self._counts("cncert/pictures/")
            try:
                if not self._store_lost:
                    record.gaps_after = len(gaps.missing(await self.weeks()))
                    record.warnings += self._troubles()
                    record.clean = self._is_clean(record)
                    await self.store.put_run(record)
                    stats.set_value("cncert/run/clean", record.clean)
            except StoreError as error:
                self.store_failed(error)
        await self.store.close()

    def _counts(self, prefix: str) -> dict[str, int]:
        stats: dict[str, Any] = self.crawler.stats.get_stats()
        return {key.removeprefix(prefix): value for key, value in sorted(stats.items()) if key.startswith(prefix)}

    def _troubles(self) -> list[str]:
        """What went wrong in this run, one line each."""
        get = self.crawler.stats.get_value
        found = (
            ("cncert/verdict/blocked", "{} pages were answered with a verification"),
            ("cncert/verdict/failed", "{} pages got no answer"),
            ("cncert/verdict/unavailable", "{} pages were not available"),
            ("cncert/verdict/unknown", "{} answers were no page that is known"),
            ("cncert/verdict/expired", "{} addresses led nowhere"),
            ("cncert/rejected/invalid", "{} issues were rejected by validation"),
            ("cncert/rejected/empty", "{} pages under a right title held nothing"),
            ("cncert/pictures/failed", "{} pictures could not be had"),
            ("cncert/robots", "robots.txt denied {} pages; ROBOTSTXT_OBEY decides whether that counts"),
            ("cncert/hosts/refused", "{} requests to other hosts were refused"),
            ("cncert/archive/failed", "the archive could not be written"),
            ("spider_exceptions/count", "{} errors in the program: see the log"),
            ("cncert/item_errors", "{} items failed in a pipeline: see the log"),
        )
        return [text.format(get(key)) for key, text in found if get(key)]

    def _is_clean(self, record: RunRecord) -> bool:
        """Finished, nothing went wrong, and no week more is missing than before."""
        grown = (record.gaps_after or 0) > (record.gaps_before or 0)
        if grown:
            record.warnings.append(f"{record.gaps_after} weeks are missing, {record.gaps_before} were before")
        return record.close_reason in CLEAN_REASONS and not record.warnings
