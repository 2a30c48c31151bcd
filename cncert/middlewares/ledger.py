"""The ledger at work: what goes out is entered, skipped if stored, sent to its best address; what comes back is noted.

The spider yields a request for every issue it sees and knows no store; here is decided which of them are sent.
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
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    IgnoreRequest,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from cncert.browser import chromium
from cncert.exceptions import NotAnIssue, StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue, issue_id
from cncert.ledger.article_rows import DEAD, Ledger, best_address, is_due, is_unopened
from cncert.middlewares.hosts import HostNotAllowed
from cncert.middlewares.unfinished import unfinished_issue, unfinished_request
from cncert.middlewares.verdict import PageRefused, page_of
from cncert.spiders.weekly import WeeklySpider
from cncert.store.backend import UNFINISHED
from cncert.store.records import LedgerRow, State
from cncert.wechat.address import read_address
from cncert.wechat.failure_pages import Page, Verdict

logger = logging.getLogger(__name__)

NOT_ARCHIVED = "not in the replayed archive"
CHALLENGES_IN_A_ROW = 3
"""So many challenges of addresses that are answered as a rule mean that WeChat has had enough of us."""
SILENCES_IN_A_ROW = 10
"""So many pages without any answer mean that the network is down; each was asked for three times."""
MAX_MOVES = 3
"""So many times an article is followed to another address in one run."""

_STATES = {
    Verdict.BLOCKED: State.BLOCKED,
    Verdict.GONE: State.GONE,
    Verdict.EXPIRED: State.UNAVAILABLE,
    Verdict.UNAVAILABLE: State.UNAVAILABLE,
    Verdict.UNKNOWN: State.UNAVAILABLE,
}


class LedgerMiddleware:
    """Spider middleware between the spider and the scheduler."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.stats = crawler.stats
        self._asked: dict[str, set[str]] = {}
        self._browsed: set[str] = set()
        self._challenges = 0
        self._silences = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "LedgerMiddleware":
        return cls(crawler)

    @property
    def run(self) -> RunRecorder:
        """The run: it holds the store."""
        return RunRecorder.of(self.crawler)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.run.store)

    @property
    def spider(self) -> WeeklySpider:
        assert isinstance(self.crawler.spider, WeeklySpider)
        return self.crawler.spider

    # --- what goes out

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """The spider's start, then what the ledger knows and the store lacks, then pictures that failed before."""
        try:
            async for thing in start:
                if (sent := await self._send(thing)) is not None:
                    yield sent
            rows = [row for row in await self.run.store.rows() if row.addresses]
            for row in sorted(rows, key=lambda row: row.issue or "", reverse=True):
                if (request := await self._request(row)) is not None:
                    yield request
            async for issue in self.run.store.unfinished_pictures():
                if self.spider.arguments.wants(issue.id):
                    yield await self._send(unfinished_request(issue.id))
        except StoreError as error:
            raise self.run.store_failed(error) from error

    async def retry_pictures(self, response: Response) -> AsyncIterator[Issue]:
        """The stored issue as it stands now, for the pipelines."""
        try:
            issue = await self.run.store.get_issue(unfinished_issue(response) or "")
        except StoreError as error:
            raise self.run.store_failed(error) from error
        if issue is not None and any(picture.status in UNFINISHED for picture in issue.images):
            self.stats.inc_value("cncert/pictures/retried_issues")
            yield issue

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Enter and filter what the spider found on an article."""
        try:
            await self._learn(response)
            async for thing in result:
                if isinstance(thing, Issue):
                    await self._check_claim(response, thing)
                    await self._enter_review(thing)
                if (sent := await self._send(thing)) is not None:
                    yield sent
        except StoreError as error:
            raise self.run.store_failed(error) from error

    async def _check_claim(self, response: Response, issue: Issue) -> None:
        """Say so if the address was given for another issue than it leads to: that one is still missing."""
        claimed = response.meta.get("issue")
        if claimed not in (None, issue.id) and await self._expected(claimed, f"issue-{claimed}"):
            reason = f"the address that was given for it leads to {issue.id}"
            logger.warning("%s: %s %s", claimed, reason, response.url)
            await self.ledger.settle(f"issue-{claimed}", State.REJECTED, reason, issue=claimed)

    async def _expected(self, claimed: str | None, row: str) -> bool:
        """Note that *row* is not the issue *claimed*, unless that is had from another article; whether it is not."""
        if claimed is not None and await self.run.store.get_issue(claimed) is not None:
            return False
        self.run.note(f"issue-{claimed}" if claimed else row, State.REJECTED)
        return True

    async def _enter_review(self, issue: Issue) -> None:
        """Every line of the review list, with or without a link."""
        for line in issue.review:
            await self.ledger.enter(line.url, source=issue.id, issue=issue_id(line.year, line.number))

    async def _send(self, thing: Any) -> Any:
        """An item as it is; a request as it should be sent, or None."""
        if not isinstance(thing, Request) or "row" in thing.meta:
            return thing  # an item, or what the errback decided to send
        if unfinished_issue(thing) is not None:
            return thing.replace(callback=self.retry_pictures)
        issue = thing.meta.get("issue")
        row = await self.ledger.enter(thing.url, thing.meta.get("source", "start"), issue)
        return await self._request(row, asked_for="source" not in thing.meta) if row else None

    async def _request(self, row: LedgerRow, *, asked_for: bool = False) -> Request | None:
        """The request for *row* by its best address, or None if there is no need for one.

        *asked_for*: a person named the address, so neither the range nor what came of it before counts.
        """
        arguments, now = self.spider.arguments, datetime.now(UTC)
        wanted = asked_for or row.issue is None or arguments.wants(row.issue)
        stored = row.state is State.STORED
        due = (
            arguments.refresh
            if stored
            else asked_for or is_due(row, now=now, retry=arguments.retry or arguments.replaying)
        )
        if not wanted or not due or (not asked_for and await self._is_had(row)):
            self.stats.inc_value(f"cncert/ledger/{'skipped' if wanted else 'out_of_range'}")
            return None
        if row.id in self._asked:
            return None
        return self._next(row)

    async def _is_had(self, row: LedgerRow) -> bool:
        """Whether the issue that *row*, short addresses as a rule, claims to be is stored: it says nothing more."""
        if row.state is State.STORED or row.issue is None or not is_unopened(row):
            return False
        issue = await self.run.store.get_issue(row.issue)
        return issue is not None and not issue.provenance.is_copy

    def _next(self, row: LedgerRow) -> Request | None:
        """A request to the best address of *row* that this run has not asked yet."""
        asked = self._asked.setdefault(row.id, set())
        address = best_address(row, without=asked)
        if address is None:
            return None
        asked.add(address.url)
        self.stats.inc_value("cncert/ledger/asked")
        return Request(
            address.url,
            callback=self.spider.parse,
            errback=self.failed,
            priority=int(row.issue.replace("-", "")) if row.issue else 1_000_000,
            # The ledger has decided: another address of an article that was asked for is no duplicate.
            dont_filter=True,
            meta={"row": row.id, "form": address.form, "issue": row.issue},
        )

    # --- what comes back

    async def _learn(self, response: Response) -> None:
        """An article came: whatever its address, it belongs to the row of its key."""
        if unfinished_issue(response) is not None:
            return
        article = page_of(response).article
        if article is None or (key := article.key) is None:
            return
        self._challenges = self._silences = 0
        self.run.note(response.meta["row"], None)
        await self.ledger.learn(response.meta["row"], str(key))
        response.meta["row"] = str(key)
        self._asked.setdefault(str(key), set())

    def process_spider_exception(self, response: Response, exception: Exception) -> AsyncIterator[Any] | None:
        """An article that is no issue is rejected with its reason."""
        if not isinstance(exception, NotAnIssue):
            return None
        return self._reject(response, exception)

    async def _reject(self, response: Response, exception: NotAnIssue) -> AsyncIterator[Any]:
        self.stats.inc_value(f"cncert/rejected/{exception.reason}")
        logger.info("No issue (%s): %s %s", exception.reason, exception, response.url)
        # A page that shows nothing yet may show it later: it stays due.
        state = State.UNAVAILABLE if exception.reason == "empty" else State.REJECTED
        try:
            row = await self.ledger.settle(
                response.meta["row"], state, f"{exception.reason}: {exception}", url=response.url
            )
            if state is State.REJECTED and row.state is not State.STORED:
                await self._expected(response.meta.get("issue"), row.id)
            else:
                self.run.note(row.id, exception.reason if exception.reason == "empty" else State.REJECTED)
        except StoreError as error:
            raise self.run.store_failed(error) from error
        return
        yield  # an async generator without output

    async def failed(self, failure: Failure) -> AsyncIterator[Any]:
        """Errback of every article request: no article came."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        try:
            async for retry in self._failed(request, failure.value):
                yield retry
        except StoreError as error:
            raise self.run.store_failed(error) from error

    async def _failed(self, request: Request, error: BaseException | None) -> AsyncIterator[Any]:
        ident, url = request.meta["row"], request.url
        if isinstance(error, PageRefused):
            self._silences = 0
            if error.page.verdict is Verdict.UNKNOWN and (again := self._again(request, error.page.reason)):
                yield again
                return
            async for retry in self._refused(request, error.page):
                yield retry
        elif isinstance(error, IgnoreRequest) and "DOWNLOAD_MAXSIZE" not in str(error):
            if self.spider.arguments.replaying and not isinstance(error, HostNotAllowed):
                self.stats.inc_value("cncert/verdict/not_archived")
                await self.ledger.miss(ident, NOT_ARCHIVED)
                return
            # robots.txt, or an address that may not be fetched: nothing was asked, so the row stays as it is.
            kind = "robots" if "robots.txt" in str(error) else "ignored"
            self.stats.inc_value(f"cncert/{kind}")
            (logger.debug if kind == "robots" else logger.warning)("Not fetched: %s %s", error, url)
        else:
            text = str(error).replace(url, "…")
            if isinstance(error, DownloadCancelledError):
                text = text or "larger than DOWNLOAD_MAXSIZE"
            reason = f"{type(error).__name__}: {text}".splitlines()[0][:200]
            if again := self._again(request, reason):
                yield again
                return
            self.stats.inc_value("cncert/verdict/failed")
            logger.warning("No answer (%s): %s", reason, url)
            self.run.note(ident, "failed")
            # Where nobody was reached nothing was learnt of the article: it is due again at once.
            unreached = isinstance(error, (DownloadConnectionRefusedError, CannotResolveHostError))
            await self.ledger.settle(ident, State.UNAVAILABLE, reason, url=url, at_once=unreached)
            self._silences += 1
            if self._silences >= SILENCES_IN_A_ROW:
                logger.error("%d pages in a row got no answer: the network is down", self._silences)
                raise CloseSpider("network_failed")

    def _again(self, request: Request, reason: str) -> Request | None:
        """The same request once more, for what may be an accident; None if it has been repeated already."""
        settings, meta = self.crawler.settings, request.meta
        if any(meta.get(name) for name in ("again", "retry_times", "dont_retry")):
            return None
        if not settings.getbool("RETRY_ENABLED") or settings.getint("RETRY_TIMES") < 1:
            return None
        self.stats.inc_value("cncert/ledger/asked_again")
        logger.debug("Once more (%s): %s", reason, request.url)
        # Without what Scrapy noted of the first try.
        ours: dict[str, Any] = {name: meta[name] for name in ("row", "form", "issue", "moves") if name in meta}
        return request.replace(meta={**ours, "again": True})

    async def _refused(self, request: Request, page: Page) -> AsyncIterator[Any]:
        """WeChat answered, but with no article."""
        ident, url = request.meta["row"], request.url
        if page.verdict is Verdict.MOVED and page.moved_to is not None:
            target, moves = read_address(page.moved_to), request.meta.get("moves", 0)
            if target is not None and page.moved_to not in self._asked[ident] and moves < MAX_MOVES:
                row = await self.ledger.store.change_row(
                    ident, lambda row: _known(row).with_address(target.url, target.form, "moved", datetime.now(UTC))
                )
                logger.info("Moved: %s to %s", url, target.url)
                self._asked[ident] |= {address.url for address in row.addresses if address.url != target.url}
                if (request_again := self._next(row)) is not None:
                    request_again.meta["moves"] = moves + 1
                    yield request_again
                    return
            why = f"it moved {moves + 1} times" if moves == MAX_MOVES else "it moved to where it came from"
            page = Page(Verdict.UNAVAILABLE, why)
        reason = page.reason
        if page.verdict is Verdict.EXPIRED:
            reason = DEAD + reason
        elif page.verdict is Verdict.BLOCKED and request.meta["form"] == "unsigned":
            reason += " (address without signature)"
        browsed = bool(request.meta.get("playwright"))
        if browsed:
            reason += " (in the browser too)"
        logger.info("%s (%s): %s", page.verdict.capitalize(), page.reason, url)
        self.run.note(ident, page.verdict)
        row = await self.ledger.settle(ident, _STATES[page.verdict], reason, url=url)
        if page.verdict is Verdict.BLOCKED and request.meta["form"] != "unsigned" and not browsed:
            await self._slow_down()
        # Some failures belong to the address: another address of the article may do.
        of_address = page.verdict is Verdict.EXPIRED or request.meta["form"] == "unsigned"
        if of_address and page.verdict is not Verdict.GONE and (request_again := self._next(row)) is not None:
            yield request_again
        elif self._may_browse(ident, page):
            self._browsed.add(ident)
            self.stats.inc_value("cncert/browser/asked")
            yield chromium.in_browser(request, self.crawler.settings)

    def _may_browse(self, ident: str, page: Page) -> bool:
        """Whether the browser may read what plain HTTP could not: once for every article."""
        if ident in self._browsed or page.verdict not in chromium.HELPS or self.spider.arguments.replaying:
            return False
        return chromium.is_on(self.crawler.settings)

    async def _slow_down(self) -> None:
        """WeChat challenged an address that is answered as a rule: wait, longer each time, and at last give up.

        Pages come one at a time, so waiting here holds back the next request. Raises CloseSpider.
        """
        if self.spider.arguments.replaying:
            return
        self._challenges += 1
        if self._challenges >= CHALLENGES_IN_A_ROW:
            raise CloseSpider("verification_asked")
        pause = self.crawler.settings.getfloat("CNCERT_PAUSE") * 2 ** (self._challenges - 1)
        logger.warning("WeChat asks for a verification: waiting %.0f seconds", pause)
        self.run.waits_until = datetime.now(UTC) + timedelta(seconds=pause)
        until = time.monotonic() + pause
        # A stop is not kept waiting.
        while self.crawler.engine.running and time.monotonic() < until:  # noqa: ASYNC110  # the engine has no event
            await asyncio.sleep(min(0.5, pause))


def _known(row: LedgerRow | None) -> LedgerRow:
    assert row is not None
    return row
