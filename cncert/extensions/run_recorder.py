"""Opens the store of a crawl, keeps the run's record, and decides whether the run was clean."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, NotConfigured

from cncert.editions.remake_documents import heal
from cncert.editions.take_issue import Outcome, Taken
from cncert.exceptions import CncertError, DocumentError, NetworkError, StoreError
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.ledger.week_order import still_missing
from cncert.monitoring import after_run, alert_channels
from cncert.monitoring.believed_times import newest_runs
from cncert.monitoring.dead_runs import close_dead_runs
from cncert.monitoring.exit_status import count_failures
from cncert.monitoring.feed_looks import may_have_missed
from cncert.monitoring.run_log import HEARTBEAT_SECONDS, RunLog
from cncert.options import Options
from cncert.sources import bundled_index, bundled_reprints
from cncert.spiders.series_spider import RECORDS_RUN, SeriesSpider
from cncert.store import Store, open_store
from cncert.store.run_records import FailedSource, FeedLook, IssueNote, RunRecord

logger = logging.getLogger(__name__)

FINAL_RECORD_SECONDS = 3
"""How long a store that failed may take to save the final record of the run."""


class RunRecorder:
    """Extension that opens and closes the store of a crawl, and keeps the record of the run.

    Other components get it by :meth:`of`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.log: RunLog | None = None
        self.waits_until: datetime | None = None
        """When the last pause after a verification page ends or ended."""
        self.before_end: list[Callable[[], Awaitable[None]]] = []
        """What other components have to finish before the run is judged."""
        self.asks_archive = False
        """Whether the run asks the Wayback Machine once WeChat is asked nothing more."""
        self.is_refused = False
        """Whether WeChat is asked for no page any more: it has asked for a verification again and again."""
        self.lost_pictures: set[str] = set()
        """Keys of pictures that their host has lost, as it said in this run."""
        self.captured_pictures: dict[str, str] = {}
        """Captures of such pictures in the Wayback Machine, by key."""
        self._options = Options.of(crawler.settings)
        self._store: Store = open_store(self._options.store)
        self._first_failure: Exception | None = None
        self._store_failure: StoreError | None = None
        self._closing: asyncio.Future[None] | None = None
        self._next_heartbeat: asyncio.TimerHandle | None = None
        self._heartbeat: asyncio.Future[None] | None = None
        self._failed: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RunRecorder":
        """Return the connected extension. Raises StoreError if the store's address is wrong.

        Raises NotConfigured where nothing is recorded: for a spider of another kind, and for a command that only looks
        at a page (``RECORDS_RUN``). Whatever works with the run is then left out too.
        """
        if not (issubclass(crawler.spidercls, SeriesSpider) and crawler.settings.getbool(RECORDS_RUN)):
            raise NotConfigured
        run = cls(crawler)
        crawler.signals.connect(run.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(run.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(run.item_error, signal=signals.item_error)
        return run

    @classmethod
    def of(cls, crawler: Crawler) -> "RunRecorder":
        """Return the recorder of *crawler*."""
        run = crawler.get_extension(cls)
        assert run is not None
        return run

    @property
    def record(self) -> RunRecord | None:
        """The record of the run, None before it begins."""
        return self.log.record if self.log is not None else None

    @property
    def store(self) -> Store:
        """The open store. Raises StoreError once it has failed, so that its timeout passes only once."""
        if self._store_failure is not None:
            raise self._store_failure
        return self._store

    async def spider_opened(self, spider: Spider) -> None:
        """Open the store, begin the record, add the bundled index to the ledger. Raises CloseSpider if that fails."""
        try:
            await self.store.open()
            for died in await close_dead_runs(self.store):
                logger.warning("Run %s died before its end: what it left undone is due", died.id)
            arguments = getattr(spider, "arguments", None)
            log = RunLog(
                self.store,
                spider.name,
                getattr(spider, "given", {}),
                job=getattr(arguments, "job", None),
                first=getattr(arguments, "first", None),
                last=getattr(arguments, "last", None),
            )
            if isinstance(spider, SeriesSpider) and not self._is_replay():
                if (last := await last_run(self.store, spider.name)) is not None:
                    log.record.unread_lists = list(last.unread_lists)
                    log.record.wayback_list = last.wayback_list
                spider.unread_lists = tuple(log.record.unread_lists)
            await log.save()  # before anything else: a run that dies leaves its record
            self.log = log
            self._wait_for_heartbeat(log)
            logger.info("Run %s begins", log.record.id)
            if not self._is_replay():
                for problem in alert_channels.problems(self._options.alerts):
                    logger.warning("No alert can be sent: %s", problem)
            await Ledger(self.store).add(indexed_addresses(self._options))
            for issue in await heal(self.store):
                logger.warning("%s: its document did not show all that is known of it, and was made anew", issue)
            log.record.gaps_before = await log.missing_weeks()
            await log.save()
        except StoreError as error:
            raise self.store_failed(error, "store_failed" if self.record else "store_unreachable") from error

    def _wait_for_heartbeat(self, log: RunLog) -> None:
        """Renew the record after a while, and again until the run ends."""

        def beat() -> None:
            self._heartbeat = asyncio.ensure_future(log.beat())
            self._wait_for_heartbeat(log)

        # A timer, not a task that sleeps: a run that is stopped at once leaves no task behind.
        self._next_heartbeat = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, beat)

    def store_failed(self, error: StoreError, reason: str = "store_failed") -> CloseSpider:
        """Log the first failure of the store; return the exception that closes the spider."""
        self._store_failure = self._store_failure or error
        self._log_first_failure(error)
        return CloseSpider(reason)

    def network_failed(self, error: NetworkError) -> CloseSpider:
        """Log why nothing answers; return the exception that closes the spider."""
        self._log_first_failure(error)
        return CloseSpider("network_failed")

    async def stop(self, error: CncertError, reason: str = "store_failed") -> None:
        """Log the first failure and close the spider: for pipelines, whose exceptions cannot close it."""
        if reason == "store_failed" and isinstance(error, StoreError):
            self._store_failure = self._store_failure or error
        self._log_first_failure(error)
        if self._closing is None:
            # Not awaited: closing waits for the item whose pipeline calls this.
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def _log_first_failure(self, error: Exception) -> None:
        if self._first_failure is None:  # the first failure is the cause of the others
            self._first_failure = error
            logger.error("%s", error)

    def item_error(self, item: Any, response: Any, spider: Spider, failure: Any) -> None:
        """Count an error of a pipeline: Scrapy only logs it."""
        self.crawler.stats.inc_value("cncert/item_errors")

    def note_failure(self, row: str, failure: str | None) -> None:
        """Note why the ledger's *row* failed, None if it did not: a later success of a row cancels its failure."""
        self._failed.pop(row, None)
        if failure is not None:
            self._failed[row] = failure

    def note_list(self, url: str, failure: str | None) -> None:
        """Note why the list of pages at *url* cannot be read, None if it was."""
        self.note_failure(url, failure)
        if self.record is not None:
            others = [one for one in self.record.unread_lists if one != url]
            self.record.unread_lists = others if failure is None else [*others, url]

    def note(self, issue: str, code: str) -> None:
        """Note what a person should know of *issue*; the run may be clean all the same."""
        note = IssueNote(issue=issue, code=code)
        if self.record is not None and note not in self.record.notes:
            self.record.notes.append(note)

    def count(self, taken: Taken) -> None:
        """Note what became of an issue that was taken in."""
        for issue, outcome in taken.outcomes.items():
            self.crawler.stats.inc_value(f"cncert/store/{outcome}")
            self.note_failure(f"issue-{issue}", None)
        if not taken.outcomes:
            self.crawler.stats.inc_value(f"cncert/store/{Outcome.SAME if taken.is_chosen else 'not_chosen'}")
        if taken.document is not None:
            self.note_failure(f"issue-{taken.document.id}", None)
        assert self.log is not None
        self.log.count(taken)

    def rejected(self, issue: str) -> None:
        """Note that an issue was not valid."""
        assert self.log is not None
        self.log.record.rejected.append(issue)

    def source_failed(self, source: FailedSource) -> None:
        """Note that a feed, an album or a web archive could not be read; the run may be clean all the same."""
        logger.warning("%s %s: %s", source.kind, source.name, source.detail)
        if self.record is not None:
            self.record.sources.append(source)

    def feed_read(self, look: FeedLook) -> None:
        """Note what was seen in a feed."""
        if self.record is not None:
            self.record.feeds.append(look)
        if may_have_missed(look):
            logger.warning("feed %s: entries between two runs may have been missed", look.name)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Finish the record and close the store."""
        self.crawler.stats.set_value("cncert/run/clean", False)
        for finish in self.before_end:
            await finish()
        for waiting in (self._next_heartbeat, self._heartbeat):
            if waiting is not None:
                waiting.cancel()
        if self.log is not None:
            self.log.close(reason)
            self.log.record.verdicts = self._counts("cncert/verdict/")
            self.log.record.pictures = self._counts("cncert/pictures/")
            self.log.record.wayback = self._counts("cncert/wayback/")
            try:
                async with asyncio.timeout(FINAL_RECORD_SECONDS if self._store_failure else None):
                    await self._finish(self.log)
            except (StoreError, TimeoutError) as error:
                self.log.record.clean = False
                self._log_first_failure(error)
                if isinstance(error, StoreError) and not isinstance(error, DocumentError):
                    self._store_failure = self._store_failure or error
        if not self._is_replay() and (
            unreached := await after_run.run_monitors(self._store, self._options, self.record, self._store_failure)
        ):
            self.crawler.stats.inc_value("cncert/alerts/failed", unreached)
        for line in self._store.unreadable.values():
            logger.warning("%s", line)
        self.crawler.stats.set_value("cncert/run/clean", bool(self.record and self.record.clean))
        await self._store.close()

    async def _finish(self, log: RunLog) -> None:
        """Decide whether the run is clean, and save its record, also to a store that failed: it may work again."""
        record, stats = log.record, self.crawler.stats
        if self._store_failure is None:
            await log.note_gaps_after()
            for counter, numbers in (await log.note_issues()).items():
                stats.set_value(f"cncert/figures/{counter}", sum(numbers.values()))
        if self._first_failure is not None:
            record.error = str(self._first_failure)
        failed = self._failed.keys() if self._store_failure else await still_missing(self._store, self._failed.keys())
        record.faults = count_failures(Counter(self._failed[row] for row in failed), stats.get_value)
        await log.end()

    def _counts(self, prefix: str) -> dict[str, int]:
        stats: dict[str, Any] = self.crawler.stats.get_stats()
        return {
            key.removeprefix(prefix): value for key, value in sorted(stats.items()) if key.startswith(prefix) and value
        }

    def _is_replay(self) -> bool:
        """Whether an archive answers instead of the network: the run says nothing about WeChat."""
        return bool(getattr(getattr(self.crawler.spider, "arguments", None), "replaying", False))


async def last_run(store: Store, spider: str) -> RunRecord | None:
    """Return the last run of *spider*, which knows what it left unread. May raise StoreError."""
    runs = await newest_runs(store, datetime.now(UTC))
    return next((run for run in runs if run.spider == spider and "replay" not in run.arguments), None)


def indexed_addresses(options: Options) -> list[FoundAddress]:
    """Return the addresses that every run knows."""
    known = [FoundAddress(one.url, "index", one.issue) for one in bundled_index()]
    if options.reprints:
        known += [FoundAddress(one.url, "index", one.issue) for one in bundled_reprints()]
    return known


class RunComponent:
    """A middleware or pipeline that works with the run of its crawler, and is left out where nothing is recorded."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the component. Raises NotConfigured if *crawler* records no run."""
        if crawler.get_extension(RunRecorder) is None:
            raise NotConfigured
        return cls(crawler)

    @property
    def run(self) -> RunRecorder:
        """The run, which has the store."""
        return RunRecorder.of(self.crawler)
