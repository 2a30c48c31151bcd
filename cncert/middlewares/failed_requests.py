"""Handles requests that brought no article: records, repeats or replaces them, or ends the run."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from cncert.browser import chromium
from cncert.exceptions import FileDenied, NetworkError, StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.ledger.frontier import MAX_CHALLENGES, MAX_UNANSWERED, MAX_UNREACHED, Frontier, PlannedRequest
from cncert.middlewares.allowed_hosts import HostNotAllowed
from cncert.middlewares.download_errors import describe_error, is_too_large, why_unreached
from cncert.middlewares.verdict import PageRefused
from cncert.options import Options
from cncert.spiders.series_spider import SeriesSpider, is_robots_denial
from cncert.store.endings import Ending
from cncert.wechat.failure_pages import Verdict

logger = logging.getLogger(__name__)


class SuperfluousRequest(IgnoreRequest):
    """A page of the week came first. Raised from ``superfluous_requests.py``."""


class FailedRequests:
    """The errback of the requests that :class:`~cncert.middlewares.ledger.LedgerMiddleware` sends.

    *send* returns the Scrapy request of a planned one.
    """

    def __init__(self, crawler: Crawler, frontier: Frontier, send: Callable[[PlannedRequest], Request]) -> None:
        assert isinstance(crawler.spider, SeriesSpider)
        self.crawler = crawler
        self._replaying = crawler.spider.arguments.replaying
        self._frontier, self._send = frontier, send
        self._options = Options.of(crawler.settings)
        self._browsed: set[str] = set()

    async def handle(self, failure: Failure) -> AsyncIterator[Any]:
        """Record why no article came, and yield the next request, if there is one."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        error, follow = failure.value, None
        try:
            if isinstance(error, PageRefused):
                again = self._again(request, error.page.reason) if error.page.verdict is Verdict.UNKNOWN else None
                follow = again or await self._refused(request, error)
            elif isinstance(error, IgnoreRequest) and not is_too_large(error):
                await self._ignored(request, error)
            else:
                follow = await self._unanswered(request, error)
        except StoreError as lost:
            raise RunRecorder.of(self.crawler).store_failed(lost) from lost
        if follow is not None:
            yield follow

    async def handle_list(self, failure: Failure) -> AsyncIterator[Any]:
        """Note why a list of pages did not come."""
        request, error = failure.request, failure.value  # type: ignore[attr-defined]  # set by Scrapy
        if self._replaying and isinstance(error, IgnoreRequest) and not isinstance(error, HostNotAllowed):
            logger.debug("Not in the replayed archive: %s", request.url)
        elif isinstance(error, IgnoreRequest) and not is_too_large(error):
            await self._ignored(request, error)
        else:
            reason = await why_unreached(error, request) or describe_error(error, request.url)
            self.note_list(request.url, "failed", reason)
        return
        yield  # an async generator without output

    def note_list(self, url: str, kind: str, reason: str) -> None:
        """Note that the list of pages at *url* cannot be read, for a *kind* of failure: pages may be missing."""
        logger.warning("The list of pages %s cannot be read: %s", url, reason)
        RunRecorder.of(self.crawler).note_list(url, kind)

    async def record_denied_file(self, request: PlannedRequest, error: FileDenied) -> None:
        """Record that robots.txt denies the file of a page. The page is due at once: another run may be allowed it."""
        self.crawler.stats.inc_value("cncert/robots")
        logger.debug("Not fetched: %s", error)
        await self._frontier.ledger.record(request.row, Ending.UNAVAILABLE, str(error), url=request.url, at_once=True)

    async def _refused(self, request: Request, error: PageRefused) -> Request | None:
        """Record a refusal; return the next request: to another address, or to the same one in the browser."""
        row, browsed = request.meta["row"], bool(request.meta.get("playwright"))
        refusal = await self._frontier.record_refusal(planned_of(request), error.page, browsed=browsed)
        if refusal.challenges:
            await self._slow_down(refusal.challenges)
        if refusal.then is not None:
            return self._send(refusal.then)
        # The browser may read what plain HTTP could not; it is tried once for every article.
        if (
            row in self._browsed
            or refusal.verdict not in chromium.RETRIED_VERDICTS
            or self._replaying
            or not self._options.browser
        ):
            return None
        self._browsed.add(row)
        self.crawler.stats.inc_value("cncert/browser/asked")
        return chromium.in_browser(request, self.crawler.settings)

    async def _ignored(self, request: Request, error: IgnoreRequest) -> None:
        """Record that no request was sent: superfluous, not archived, denied by robots.txt, or to another host."""
        if isinstance(error, SuperfluousRequest):
            logger.debug("Not fetched: %s %s", error, request.url)
            return
        if self._replaying and not isinstance(error, HostNotAllowed):
            await self._frontier.record_replay_miss(planned_of(request))
            return
        denied = is_robots_denial(error)
        self.crawler.stats.inc_value("cncert/robots" if denied else "cncert/ignored")
        (logger.debug if denied else logger.warning)("Not fetched: %s %s", error, request.url)

    async def _unanswered(self, request: Request, error: BaseException | None) -> Request | None:
        """Return the same request once more, or record that no answer came. Raises CloseSpider if none comes any more.

        What reaches no server ends the run sooner: nothing else would reach one.
        """
        unreached = await why_unreached(error, request)
        # Scrapy repeats a time-out; each attempt counts.
        is_down = self._frontier.count_unreached(1 + request.meta.get("retry_times", 0) if unreached else 0)
        reason = unreached or describe_error(error, request.url)
        if not is_down and (again := self._again(request, reason)) is not None:
            if unreached:
                logger.warning("No server is reached, once more: %s", unreached)
            return again
        are_silent = await self._frontier.record_no_answer(planned_of(request), reason, unreached=bool(unreached))
        if is_down:
            raise self._network_failed(f"no server was reached, {MAX_UNREACHED} times in a row: {unreached}")
        if are_silent:
            raise self._network_failed(f"{MAX_UNANSWERED} pages in a row got no answer: the network is down")
        return None

    def _network_failed(self, text: str) -> CloseSpider:
        return RunRecorder.of(self.crawler).network_failed(NetworkError(text))

    def _again(self, request: Request, reason: str) -> Request | None:
        """Return the same request once more; None if it has been repeated already."""
        settings, meta = self.crawler.settings, request.meta
        if any(meta.get(name) for name in ("again", "retry_times", "dont_retry")):
            return None
        if not settings.getbool("RETRY_ENABLED") or settings.getint("RETRY_TIMES") < 1:
            return None
        self.crawler.stats.inc_value("cncert/ledger/asked_again")
        logger.debug("Once more (%s): %s", reason, request.url)
        # Without what Scrapy noted of the first attempt.
        ours: dict[str, Any] = {name: meta[name] for name in ("row", "form", "issue", "moves")}
        return request.replace(meta={**ours, "again": True})

    async def _slow_down(self, challenges: int) -> None:
        """Wait after a verification page, longer after each in a row.

        After the last WeChat is asked for no page any more. Raises CloseSpider then, unless the web archive comes next.
        Pages are requested one at a time, so waiting here delays the next request.
        """
        run = RunRecorder.of(self.crawler)
        if challenges >= MAX_CHALLENGES:
            run.is_refused = True
            if not run.asks_archive:
                raise CloseSpider("verification_asked")
            logger.warning("WeChat asks for a verification again: no page is requested any more")
            return
        pause = self._options.pause * 2 ** (challenges - 1)
        logger.warning("WeChat asks for a verification: waiting %.0f seconds", pause)
        run.waits_until = datetime.now(UTC) + timedelta(seconds=pause)
        until = time.monotonic() + pause
        # The pause ends when the run is stopped.
        while self.crawler.engine.running and time.monotonic() < until:  # noqa: ASYNC110  # the engine has no event
            await asyncio.sleep(min(0.5, pause))


def planned_of(message: Request | Response) -> PlannedRequest:
    """Return the planned request of *message*, which is its Scrapy request or the answer."""
    meta = message.meta
    return PlannedRequest(meta["row"], message.url, meta["form"], meta["issue"], meta["moves"])
