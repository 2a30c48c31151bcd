"""Sends the requests that the frontier plans, and records their results.

A spider yields a request for every issue that a page names; ``ledger/frontier.py`` decides which are sent.
"""

from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from typing import Any

from scrapy import Request
from scrapy.http import Response

from cncert.archive.warc_reader import ArchiveReader
from cncert.exceptions import FileDenied, ListError, NotAnIssue, StoreError
from cncert.extensions.run_recorder import RunComponent
from cncert.items import Issue
from cncert.ledger.article_ledger import FoundAddress
from cncert.ledger.frontier import Frontier, PlannedRequest
from cncert.middlewares.archive import ArchiveMiddleware
from cncert.middlewares.failed_requests import FailedRequests, planned_of
from cncert.middlewares.picture_retries import retried_issue, retry_request
from cncert.options import Options
from cncert.spiders.series_spider import SeriesSpider
from cncert.wechat.failure_pages import Verdict


class LedgerMiddleware(RunComponent):
    """Spider middleware between a :class:`SeriesSpider` and the scheduler."""

    @property
    def _spider(self) -> SeriesSpider:
        assert isinstance(self.crawler.spider, SeriesSpider)
        return self.crawler.spider

    @cached_property
    def _frontier(self) -> Frontier:
        return Frontier(
            self.run.store,
            self._spider.arguments,
            reader=self._spider.read_address,
            reprints=Options.of(self.crawler.settings).reprints,
            count=self.crawler.stats.inc_value,
            note_failure=self.run.note_failure,
            note=self.run.note,
        )

    @cached_property
    def _failures(self) -> FailedRequests:
        return FailedRequests(self.crawler, self._frontier, self._request)

    def _archive(self) -> ArchiveReader | None:
        """Return the archive that is replayed, if one is."""
        middleware = self.crawler.get_downloader_middleware(ArchiveMiddleware)
        return middleware.reader if middleware is not None else None

    # --- requests

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Yield the spider's start, then requests for articles that are due, then for unfinished pictures."""
        try:
            async for thing in self._send([thing async for thing in start]):
                yield thing
            if (archive := self._archive()) is not None:
                named = [(url, issue) for url, issue in archive.issues() if self._spider.read_address(url) is not None]
                found = [FoundAddress(url, "archive", issue) for url, issue in named]
                for planned in await self._frontier.plan(found):
                    if planned is not None:
                        yield self._request(planned)
            async for planned in self._frontier.due():
                yield self._request(planned)
            async for issue in self.run.store.issues_with_unfinished_pictures():
                if self._spider.arguments.wants(issue.id):
                    async for thing in self._send([retry_request(issue.id)]):
                        yield thing
        except StoreError as error:
            raise self.run.store_failed(error) from error

    async def _send(self, things: Sequence[Any]) -> AsyncIterator[Any]:
        """Yield items as they are, and requests as they should be sent; those that a page names are planned at once."""
        planned: dict[int, PlannedRequest | None] = {}
        for asked_for in (True, False):
            found = [thing for thing in things if self._is_page(thing) and ("source" not in thing.meta) is asked_for]
            named = [FoundAddress(one.url, one.meta.get("source", "start"), one.meta.get("issue")) for one in found]
            if found:
                results = await self._frontier.plan(named, asked_for=asked_for)
                planned |= {id(one): result for one, result in zip(found, results, strict=True)}
        for thing in things:
            if self._is_page(thing):
                if (result := planned[id(thing)]) is not None:
                    yield self._request(result)
            elif isinstance(thing, Request) and self._spider.may_fetch(thing.url):
                if "behind" not in thing.meta or await self._frontier.goes_on(thing.meta["behind"]):
                    yield thing.replace(errback=thing.errback or self._failures.handle_list)
            elif isinstance(thing, Request) and retried_issue(thing) is not None:
                yield thing.replace(callback=self.retry_pictures)
            else:
                yield thing

    def _is_page(self, thing: Any) -> bool:
        """Whether *thing* is a request for a page that may be an issue, and not yet planned."""
        return (
            isinstance(thing, Request)
            and "row" not in thing.meta
            and retried_issue(thing) is None
            and not self._spider.may_fetch(thing.url)
        )

    def _request(self, planned: PlannedRequest) -> Request:
        return Request(
            planned.url,
            callback=self._spider.parse,
            errback=self._failures.handle,
            priority=planned.priority,
            # The frontier has decided: another address of an article that was requested is no duplicate.
            dont_filter=True,
            meta={name: getattr(planned, name) for name in ("row", "form", "issue", "moves", "is_spare")},
        )

    async def is_superfluous(self, request: Request) -> bool:
        """Whether *request*, which is about to be sent, is not needed any more: WeChat refuses all, or a page came."""
        if request.meta.get("form", "capture") != "capture" and self.run.is_refused:
            return True
        if not request.meta.pop("is_spare", False):
            return False
        try:
            return await self._frontier.is_superfluous(planned_of(request))
        except StoreError:  # the answer will meet the same, and end the run
            return False

    async def retry_pictures(self, response: Response) -> AsyncIterator[Issue]:
        """Yield the stored issue, for the pipelines."""
        try:
            issue = await self.run.store.get_issue(retried_issue(response) or "")
        except StoreError as error:
            raise self.run.store_failed(error) from error
        if issue is not None and issue.unfinished_pictures:
            self.crawler.stats.inc_value("cncert/pictures/retried_issues")
            yield issue

    # --- results

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Record what the spider found on a page, and yield items and planned requests."""
        things, failure = [], None
        try:
            await self._record_article(response)
            try:
                async for thing in result:
                    things.append(thing)  # what was yielded before an error counts
            except Exception as error:  # noqa: BLE001  # raised again below
                failure = error
            if failure is None and self._spider.may_fetch(response.url):
                self.run.note_list(response.url, None)
            for thing in things:
                if isinstance(thing, Issue) and "row" in response.meta:
                    await self._frontier.record_other_issue(thing, response.meta["issue"])
            async for thing in self._send(things):
                yield thing
            if (number := response.meta.get("answer", 0) + 1) < response.meta.get("answers", 1):
                assert response.request is not None
                yield response.request.replace(meta={**response.meta, "answer": number}, dont_filter=True)
        except StoreError as error:
            raise self.run.store_failed(error) from error
        if failure is not None:
            raise failure

    async def _record_article(self, response: Response) -> None:
        """Record which article the answer is: its row is that of the article, whatever its address."""
        # The results of errbacks for refused pages pass here too.
        if "row" not in response.meta or (page := self._spider.judge(response)).verdict is not Verdict.ARTICLE:
            return
        key = str(page.article.key) if page.article and page.article.key else response.meta["row"]
        response.meta["row"] = await self._frontier.record_article(response.meta["row"], key)

    def process_spider_exception(self, response: Response, exception: Exception) -> AsyncIterator[Any] | None:
        """Reject an article that is no issue, with its reason; note a list that cannot be read."""
        is_issue_page = isinstance(exception, NotAnIssue) and "row" in response.meta
        return self._reject(response, exception) if is_issue_page or isinstance(exception, ListError) else None

    async def _reject(self, response: Response, exception: Exception) -> AsyncIterator[Any]:
        try:
            if isinstance(exception, ListError):
                self._failures.note_list(response.url, exception.kind, str(exception))
            elif isinstance(exception, FileDenied):
                await self._failures.record_denied_file(planned_of(response), exception)
            elif isinstance(exception, NotAnIssue):
                await self._frontier.record_no_issue(planned_of(response), exception)
        except StoreError as error:
            raise self.run.store_failed(error) from error
        return
        yield  # an async generator without output
