"""Asks the Wayback Machine for captures of what nothing else gives, after all that the crawl asks of WeChat.

One request at a time, and none while another waits: however long the archive takes, it holds up nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from cncert.exceptions import DocumentError, SourceError, StoreError
from cncert.extensions.run_recorder import RunComponent
from cncert.infographics.figures.picture_files import MAX_PICTURE_BYTES
from cncert.ledger.article_ledger import Ledger
from cncert.ledger.captures import (
    articles_to_look_up,
    due_look_ups,
    is_unnamed,
    long_forms,
    note_look_up,
    note_moved,
    note_unnamed,
    unseen_captures,
    was_looked_up,
)
from cncert.ledger.week_order import may_be_reprint
from cncert.middlewares.ledger import LedgerMiddleware
from cncert.middlewares.picture_retries import retry_request
from cncert.middlewares.wayback_client import WaybackClient
from cncert.options import Options
from cncert.report.series import CNCERT_BIZ
from cncert.spiders.series_spider import SeriesSpider
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import FailedSource, ListProgress
from cncert.wechat.address import Address, read_picture
from cncert.wechat.failure_pages import Verdict
from cncert.wechat.picture_limits import PictureError, inspect_picture
from cncert.wechat.wayback import (
    CAPTURE_SLOT,
    HOST,
    MAX_CAPTURES,
    Capture,
    best_captures,
    is_of,
    judge_capture,
    look_up_account,
    look_up_article,
    look_up_picture,
    read_capture,
)

logger = logging.getLogger(__name__)

MAX_ALONE = 5
"""Articles of CNCERT that are looked up each alone; of more the list of the account's captures is read."""
MAX_LIST_PAGES = 25
"""Pages of that list that a run reads; the next run goes on."""
MAX_FETCHED = MAX_CAPTURES + 3
"""Captures of one article that a run requests; some lead to one of another time."""


class WaybackMiddleware(RunComponent):
    """Spider middleware for spiders with ``asks_sources``. Any other spider is left alone.

    It downloads captures itself, and hands one that shows an article to the spider as the answer of a request.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._options, self._archive = Options.of(crawler.settings), WaybackClient(crawler)
        self.answers: dict[str, Response] = {}
        """Captures that were downloaded, by address, until they are handed to the spider."""

    @property
    def _spider(self) -> SeriesSpider:
        assert isinstance(self.crawler.spider, SeriesSpider)
        return self.crawler.spider

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Yield what is crawled, then the captures of articles whose issue is missing still.

        Raises CloseSpider if WeChat has refused all: only this kept the run from ending then.
        """
        if not self._spider.asks_sources or self._spider.arguments.replaying:
            async for thing in start:
                yield thing
            return
        try:
            self.run.asks_archive = self._options.wayback and not await self.run.store.is_sample()
        except StoreError as error:
            raise self.run.store_failed(error) from error
        async for thing in start:
            yield thing
        try:
            if self.run.asks_archive and await self._are_others_done():
                async for request in self._captured_articles():
                    yield request
                async for request in self._captured_pictures():
                    yield request
        except SourceError as error:
            failed = FailedSource(kind="web archive", name=HOST, code=error.code, detail=str(error))
            self.run.source_failed(failed)
        except StoreError as error:
            raise self.run.store_failed(error) from error
        if self.run.is_refused:
            raise CloseSpider("verification_asked")

    async def _are_others_done(self) -> bool:
        """Wait until nothing else is requested, read or stored; return whether the run goes on."""
        engine = self.crawler.engine
        reading, waiting = engine.scraper.slot, engine.scheduler
        assert reading is not None
        assert waiting is not None
        while engine.downloader.active or not reading.is_idle() or waiting.has_pending_requests():
            await self.crawler.signals.wait_for(signals.scheduler_empty)
        return not engine.needs_backout()  # as nothing is active, it would be because the run ends

    async def _captured_articles(self) -> AsyncIterator[Request]:
        """Yield a request for each capture that shows an article, until its issue is stored."""
        seen: set[str] = set()
        if unnamed := await self._unnamed_weeks():
            await self._list_account(await self._missing(seen), unnamed)
        while articles := await self._missing(seen):
            await self._list_account(articles, ())
            for ident in [row.id for row in articles]:
                seen.add(ident)
                if (row := await self.run.store.get_row(ident)) is not None:
                    async for request in self._captures_of(row):
                        yield request
                if not await self._are_others_done():
                    return

    async def _unnamed_weeks(self) -> list[str]:
        """Return the weeks of which no article is known by its address, unless the account was listed lately."""
        log, now = self.run.log, datetime.now(UTC)
        assert log is not None
        left = log.record.wayback_list
        if left is not None and left.resume_key is None and was_looked_up(left.began_at, now):
            return []
        weeks = [week for week in await log.weeks() if week.state in ("never named", "known")]
        return [week.issue for week in weeks if not week.addresses]

    async def _missing(self, seen: Collection[str]) -> list[LedgerRow]:
        """Return the articles that may be a missing issue and that this run has not *seen* to; its pages may name more.

        Those that only the list of the account names come last.
        """
        store, wants = self.run.store, self._spider.arguments.wants
        rows = await store.rows()
        claims = [row for row in rows if row.issue and wants(row.issue)]
        articles = articles_to_look_up(claims, await store.issue_ids(), reprints=self._options.reprints)
        articles += filter(is_unnamed, rows)
        return [row for row in articles if row.id not in seen]

    async def _captures_of(self, row: LedgerRow) -> AsyncIterator[Request]:
        """Look *row* up, and yield a request for each capture that shows an article, while its issue is missing."""
        for address in due_look_ups(row, datetime.now(UTC)):
            if not await self._is_stored(row):
                await self._look_up(row, address)
        fetched: set[str] = set()
        while len(fetched) < MAX_FETCHED and not await self._is_stored(row):
            capture = await self._next_capture(row, fetched)
            if capture is None:
                return
            fetched.add(capture.url)
            if (response := await self._fetch(row, capture)) is None:
                continue
            self.answers[capture.url] = response
            yield Request(
                capture.url,
                callback=self._spider.parse,
                dont_filter=True,
                meta={"row": row.id, "form": "capture", "issue": row.issue, "moves": 0}
                | {"download_slot": CAPTURE_SLOT, "dont_cache": True},
            )
            if not await self._are_others_done():
                return
            if await self._is_stored(row):
                self.crawler.stats.inc_value("cncert/wayback/issues")

    async def _is_stored(self, row: LedgerRow) -> bool:
        known = row if row.issue else await self.run.store.get_row(row.id)
        return known is not None and known.issue is not None and await self.run.store.get_issue(known.issue) is not None

    async def _next_capture(self, row: LedgerRow, fetched: Collection[str]) -> Capture | None:
        known = await self.run.store.get_row(row.id)
        # It may have been another issue, but not another article.
        is_missing = known is not None and known.state not in (State.STORED, *([] if row.issue else [State.REJECTED]))
        unseen = [one.url for one in unseen_captures(known)] if known is not None and is_missing else []
        return next((read for url in unseen if url not in fetched and (read := read_capture(url)) is not None), None)

    async def _fetch(self, row: LedgerRow, capture: Capture) -> Response | None:
        """Return the answer of *capture* if it shows an article; record how it ended otherwise."""
        response, ending, reason = await self._archive.capture(capture.url), Ending.UNANSWERED, "no answer"
        if response is not None:
            location = (response.headers.get("Location") or b"").decode("latin-1")
            page = judge_capture(capture, response.status, location, response.body)
            if page.verdict is Verdict.ARTICLE:
                return response
            ending, reason = Ending.EXPIRED, page.reason
            if page.verdict is not Verdict.MOVED:
                ending = Ending(page.verdict)
            elif page.moved_to is not None:
                await note_moved(self.run.store, row.id, page.moved_to)
        logger.info("No article in a capture (%s): %s", reason, capture.url)
        await Ledger(self.run.store).record(row.id, ending, reason, url=capture.url)
        return None

    # --- pictures

    async def _captured_pictures(self) -> AsyncIterator[Request]:
        """Yield a request to finish each issue of which captures of pictures are here that their host has lost."""
        ledger = self.crawler.get_spider_middleware(LedgerMiddleware)
        seen: set[str] = set()
        async for issue in self.run.store.issues_with_unfinished_pictures():
            lost = {one.key: one.url for one in issue.unfinished_pictures if one.key in self.run.lost_pictures}
            wanted = lost.keys() - seen if self._spider.arguments.wants(issue.id) else set()
            seen |= wanted
            if [key for key in sorted(wanted) if await self._capture_picture(key, lost[key])]:
                assert ledger is not None
                yield retry_request(issue.id).replace(callback=ledger.retry_pictures, dont_filter=True)
                if not await self._are_others_done():
                    return

    async def _capture_picture(self, key: str, url: str) -> bool:
        """Download a capture of the picture *key*, whose address is *url*; return whether that shows it."""
        store, now, address = self.run.store, datetime.now(UTC), read_picture(url)
        kept = (await store.get_pictures([key])).get(key)
        if address is None or kept is None or was_looked_up(kept.captures_looked_up, now):
            return False
        page = await self._archive.index(look_up_picture(address))
        if page is None:
            return False
        captures = best_captures(one for one in page.captures if is_of(one, address))
        for capture in captures:
            response = await self._archive.capture(capture.url, MAX_PICTURE_BYTES)
            if response is not None and await _is_picture(response):
                self.answers[capture.url], self.run.captured_pictures[key] = response, capture.url
                self.crawler.stats.inc_value("cncert/wayback/pictures")
                return True
        await store.put_pictures([kept.model_copy(update={"captures_looked_up": now})])
        return False

    # --- look-ups

    async def _look_up(self, row: LedgerRow, address: Address) -> None:
        """Look the article of *row* up by *address*."""
        page = await self._archive.index(look_up_article(address))
        if page is not None:
            looked_up = long_forms(row) if address.key is not None else [address.url]
            await self._note(row, looked_up, page.captures)

    async def _list_account(self, rows: Iterable[LedgerRow], unnamed: Collection[str]) -> None:
        """Read the list of all captures of CNCERT's account, if many of its articles *rows* are to be looked up.

        It is read too if there are *unnamed* weeks: rows are added for articles that may be of one of those.
        """
        record, now = self.run.record, datetime.now(UTC)
        assert record is not None
        own = {row.id: row for row in rows if not may_be_reprint(row)}
        due = [row for row in own.values() if any(address.key for address in due_look_ups(row, now))]
        if len(due) <= MAX_ALONE and not unnamed:
            return
        left, record.wayback_list = record.wayback_list, None
        began_at, key = (left.began_at, left.resume_key) if left is not None and left.resume_key else (now, None)
        for _ in range(MAX_LIST_PAGES):
            if key is not None:
                record.wayback_list = ListProgress(began_at=began_at, resume_key=key)
            try:
                page = await self._archive.index(look_up_account(CNCERT_BIZ, key))
            except SourceError as error:
                if error.code == "refused":  # perhaps what it named itself as the place to go on
                    record.wayback_list = None
                raise
            if page is None:
                continue
            found: dict[str, list[Capture]] = {}
            for capture in page.captures:
                found.setdefault(str(capture.address.key), []).append(capture)
            for ident in own.keys() & found.keys():
                await self._note(own[ident], (), found[ident])
            if unnamed:
                await note_unnamed(self.run.store, page.captures, unnamed, now)
            if page.resume_key is None or page.resume_key == key:
                break
            key = page.resume_key
        else:
            return
        record.wayback_list = ListProgress(began_at=began_at, resume_key=None)
        for row in due:
            if row.first_seen <= began_at:  # what was not known then may stand before the place where this run went on
                await self._note(row, long_forms(row), ())

    async def _note(self, row: LedgerRow, looked_up: Collection[str], captures: Collection[Capture]) -> None:
        with suppress(DocumentError):  # a row that cannot be read stays as it is
            await note_look_up(self.run.store, row.id, looked_up, captures, datetime.now(UTC))


async def _is_picture(response: Response) -> bool:
    if response.status != 200:
        return False
    try:
        await asyncio.to_thread(inspect_picture, response.body)
    except PictureError:
        return False
    return True


class CaptureAnswersMiddleware(RunComponent):
    """Downloader middleware: answers the requests for captures that :class:`WaybackMiddleware` has downloaded."""

    def process_request(self, request: Request) -> Response | None:
        """Return the capture as the answer to *request*, if it is here."""
        wayback = self.crawler.get_spider_middleware(WaybackMiddleware)
        answer = wayback.answers.pop(request.url, None) if wayback is not None else None
        return answer.replace(request=request) if answer is not None else None
