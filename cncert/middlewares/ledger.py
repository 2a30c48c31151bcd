"""Sends the requests that the frontier plans, and tells it what comes back.

A spider yields a request for every issue it sees and knows no store; ``ledger/frontier.py`` decides which are sent.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    CloseSpider,
    DownloadConnectionRefusedError,
    IgnoreRequest,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from cncert.browser import chromium
from cncert.exceptions import NotAnIssue, StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue
from cncert.ledger.frontier import CHALLENGES_IN_A_ROW, SILENCES_IN_A_ROW, Frontier, PlannedRequest, Refusal
from cncert.middlewares.download_errors import describe_error, is_robots_denial, is_too_large
from cncert.middlewares.hosts import HostNotAllowed
from cncert.middlewares.picture_retries import retried_issue, retry_request
from cncert.middlewares.verdict import PageRefused
from cncert.options import Options
from cncert.spiders.series_spider import SeriesSpider
from cncert.store.backend import UNFINISHED
from cncert.wechat.failure_pages import Verdict

logger = logging.getLogger(__name__)


class LedgerMiddleware:
    """Spider middleware between a :class:`SeriesSpider` and the scheduler. Any other spider is left alone."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._planner: Frontier | None = None
        self._options = Options.of(crawler.settings)
        self._browsed: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "LedgerMiddleware":
        return cls(crawler)

    @property
    def _run(self) -> RunRecorder:
        return RunRecorder.of(self.crawler)

    @property
    def _spider(self) -> SeriesSpider:
        assert isinstance(self.crawler.spider, SeriesSpider)
        return self.crawler.spider

    @property
    def _frontier(self) -> Frontier:
        if self._planner is None:
            self._planner = Frontier(
                self._run.store,
                self._spider.arguments,
                reader=self._spider.read_address,
                count=self.crawler.stats.inc_value,
                note_failure=self._run.note_failure,
            )
        return self._planner

    # --- what goes out

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Yield the spider's start, then what the ledger knows and the store lacks, then pictures that failed."""
        if not isinstance(self.crawler.spider, SeriesSpider):
            async for thing in start:
                yield thing
            return
        try:
            async for thing in start:
                if (sent := await self._send(thing)) is not None:
                    yield sent
            async for planned in self._frontier.due():
                yield self._request(planned)
            async for issue in self._run.store.unfinished_pictures():
                if self._spider.arguments.wants(issue.id):
                    yield await self._send(retry_request(issue.id))
        except StoreError as error:
            raise self._run.store_failed(error) from error

    async def _send(self, thing: Any) -> Any:
        """Return an item as it is, a request as it should be sent, or None."""
        if not isinstance(thing, Request) or "row" in thing.meta:
            return thing  # an item, or what the errback decided to send
        if retried_issue(thing) is not None:
            return thing.replace(callback=self._retry_pictures)
        if self._spider.may_fetch(thing.url):
            return thing
        planned = await self._frontier.plan(thing.url, source=thing.meta.get("source"), issue=thing.meta.get("issue"))
        return self._request(planned) if planned is not None else None

    def _request(self, planned: PlannedRequest) -> Request:
        return Request(
            planned.url,
            callback=self._spider.parse,
            errback=self._failed,
            priority=int(planned.issue.replace("-", "")) if planned.issue else 1_000_000,
            # The frontier has decided: another address of an article that was asked for is no duplicate.
            dont_filter=True,
            meta={"row": planned.row, "form": planned.form, "issue": planned.issue, "moves": planned.moves},
        )

    async def _retry_pictures(self, response: Response) -> AsyncIterator[Issue]:
        """Yield the stored issue as it stands now, for the pipelines."""
        try:
            issue = await self._run.store.get_issue(retried_issue(response) or "")
        except StoreError as error:
            raise self._run.store_failed(error) from error
        if issue is not None and any(picture.status in UNFINISHED for picture in issue.images):
            self.crawler.stats.inc_value("cncert/pictures/retried_issues")
            yield issue

    # --- what comes back

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Enter and filter what the spider found on a page."""
        if not isinstance(self.crawler.spider, SeriesSpider):
            async for thing in result:
                yield thing
            return
        try:
            await self._article_came(response)
            async for thing in result:
                if isinstance(thing, Issue) and "row" in response.meta:
                    await self._frontier.issue_came(thing, response.meta["issue"])
                if (sent := await self._send(thing)) is not None:
                    yield sent
        except StoreError as error:
            raise self._run.store_failed(error) from error

    async def _article_came(self, response: Response) -> None:
        """Note which article the answer is: whatever its address, it belongs to the row of that."""
        # What the errback of a refused page yields comes along here too.
        if "row" not in response.meta or (page := self._spider.judge(response)).verdict is not Verdict.ARTICLE:
            return
        key = str(page.article.key) if page.article and page.article.key else response.meta["row"]
        await self._frontier.article_came(response.meta["row"], key)
        response.meta["row"] = key

    def process_spider_exception(self, response: Response, exception: Exception) -> AsyncIterator[Any] | None:
        """Reject an article that is no issue, with its reason."""
        if not isinstance(exception, NotAnIssue) or "row" not in response.meta:
            return None
        return self._reject(response, exception)

    async def _reject(self, response: Response, exception: NotAnIssue) -> AsyncIterator[Any]:
        try:
            await self._frontier.no_issue(_planned(response.meta, response.url), exception)
        except StoreError as error:
            raise self._run.store_failed(error) from error
        return
        yield  # an async generator without output

    async def _failed(self, failure: Failure) -> AsyncIterator[Any]:
        """Errback of every request for an issue: no article came."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        error = failure.value
        try:
            if isinstance(error, PageRefused):
                again = self._again(request, error.page.reason) if error.page.verdict is Verdict.UNKNOWN else None
                follow = again or await self._refused(request, error)
            elif isinstance(error, IgnoreRequest) and not is_too_large(error):
                follow = None
                await self._ignored(request, error)
            else:
                reason = describe_error(error, request.url)
                if (follow := self._again(request, reason)) is None:
                    await self._unanswered(request, error, reason)
        except StoreError as lost:
            raise self._run.store_failed(lost) from lost
        if follow is not None:
            yield follow

    async def _refused(self, request: Request, error: PageRefused) -> Request | None:
        """Record a refusal; return what is asked next: another address, or the same one in the browser."""
        browsed = bool(request.meta.get("playwright"))
        refusal = await self._frontier.page_refused(_planned(request.meta, request.url), error.page, browsed=browsed)
        if refusal.challenges:
            await self._slow_down(refusal.challenges)
        if refusal.then is not None:
            return self._request(refusal.then)
        return self._in_browser(request, refusal)

    def _in_browser(self, request: Request, refusal: Refusal) -> Request | None:
        """Return the request for the browser, which may read what plain HTTP could not: once for every article."""
        row = request.meta["row"]
        if row in self._browsed or refusal.verdict not in chromium.HELPS or self._spider.arguments.replaying:
            return None
        if not self._options.browser:
            return None
        self._browsed.add(row)
        self.crawler.stats.inc_value("cncert/browser/asked")
        return chromium.in_browser(request, self.crawler.settings)

    async def _ignored(self, request: Request, error: IgnoreRequest) -> None:
        """Record that nothing was asked: the archive lacks it, robots.txt denies it, or its host is not allowed."""
        if self._spider.arguments.replaying and not isinstance(error, HostNotAllowed):
            await self._frontier.not_archived(_planned(request.meta, request.url))
            return
        denied = is_robots_denial(error)
        self.crawler.stats.inc_value("cncert/robots" if denied else "cncert/ignored")
        (logger.debug if denied else logger.warning)("Not fetched: %s %s", error, request.url)

    async def _unanswered(self, request: Request, error: BaseException | None, reason: str) -> None:
        unreached = isinstance(error, (DownloadConnectionRefusedError, CannotResolveHostError))
        if await self._frontier.no_answer(_planned(request.meta, request.url), reason, unreached=unreached):
            logger.error("%d pages in a row got no answer: the network is down", SILENCES_IN_A_ROW)
            raise CloseSpider("network_failed")

    def _again(self, request: Request, reason: str) -> Request | None:
        """Return the same request once more, for what may be an accident; None if it has been repeated already."""
        settings, meta = self.crawler.settings, request.meta
        if any(meta.get(name) for name in ("again", "retry_times", "dont_retry")):
            return None
        if not settings.getbool("RETRY_ENABLED") or settings.getint("RETRY_TIMES") < 1:
            return None
        self.crawler.stats.inc_value("cncert/ledger/asked_again")
        logger.debug("Once more (%s): %s", reason, request.url)
        # Without what Scrapy noted of the first try.
        ours: dict[str, Any] = {name: meta[name] for name in ("row", "form", "issue", "moves")}
        return request.replace(meta={**ours, "again": True})

    async def _slow_down(self, challenges: int) -> None:
        """Wait after a verification page, longer after each in a row, and at last give up. Raises CloseSpider.

        Pages come one at a time, so waiting here holds back the next request.
        """
        if challenges >= CHALLENGES_IN_A_ROW:
            raise CloseSpider("verification_asked")
        pause = self._options.pause * 2 ** (challenges - 1)
        logger.warning("WeChat asks for a verification: waiting %.0f seconds", pause)
        self._run.waits_until = datetime.now(UTC) + timedelta(seconds=pause)
        until = time.monotonic() + pause
        # A stop is not kept waiting.
        while self.crawler.engine.running and time.monotonic() < until:  # noqa: ASYNC110  # the engine has no event
            await asyncio.sleep(min(0.5, pause))


def _planned(meta: dict[str, Any], url: str) -> PlannedRequest:
    """Return the planned request that *meta* was made of."""
    return PlannedRequest(meta["row"], url, meta["form"], meta["issue"], meta["moves"])
