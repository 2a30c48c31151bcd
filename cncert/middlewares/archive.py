"""Archives every answer as it came, but decompressed, or answers from an archive in place of the network.

With ``CNCERT_ARCHIVE=DIR`` every answer, failure pages and pictures included, is appended to a file of this run in DIR,
in a thread, before what is made of it is stored. With ``-a replay=FILE`` (or a directory) no request is sent: articles
and pictures are looked up by their identity, whatever form of the address is requested; Scrapy ignores a request
without an answer, and the ledger records that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from cncert.archive.warc_reader import RENDERED, ArchiveReader
from cncert.archive.warc_writer import CONTENT_LIMIT, ArchiveWriter
from cncert.exceptions import ArchiveError, error_reason
from cncert.extensions.run_recorder import RunComponent, RunRecorder
from cncert.options import Options

logger = logging.getLogger(__name__)

MAX_PENDING = 8
"""Answers that wait to be written; a disk may be slower than the network."""
_Result = TypeVar("_Result")


class NotArchived(IgnoreRequest):
    """The replayed archive has no answer. Raised from :class:`ArchiveMiddleware`."""


class ArchiveMiddleware(RunComponent):
    """Downloader middleware: next to the network, so that it sees every answer, also those that others replace.

    Without a run it still replays, so that ``scrapy parse -a replay=FILE`` asks nobody, and writes nothing.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.reader: ArchiveReader | None = None
        """The archive that is replayed."""
        self._replay: str | None = crawler.settings.get("CNCERT_REPLAY")
        self._own = Options.of(crawler.settings).archive
        self._writer: ArchiveWriter | None = None
        self._thread = ThreadPoolExecutor(1)
        self._pending = set[asyncio.Task[None]]()
        self._is_broken = False
        crawler.signals.connect(self.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signal=signals.spider_closed)

    async def spider_opened(self, spider: Spider) -> None:
        """Read the indexes of the files to replay, or create a file. Raises CloseSpider if that fails, and logs why."""
        limit = self.crawler.settings.getint("DOWNLOAD_MAXSIZE") or CONTENT_LIMIT
        try:
            if self._replay:
                place = Path(self._replay)
                self.reader = await self._in_thread(partial(ArchiveReader, place, limit, own=self._own))
                for line in self.reader.faults:
                    logger.error("%s", line)
                    self.crawler.stats.inc_value("cncert/archive/unread")
                logger.info("Replaying %s: %d records", place, len(self.reader))
            elif self._own and self.crawler.get_extension(RunRecorder) is not None:
                self._writer = await self._in_thread(partial(ArchiveWriter, Path(self._own), spider.name, limit))
                self.run.before_end.append(self.written)
        except ArchiveError as error:
            logger.error("%s", error)
            raise CloseSpider("archive_failed") from error

    async def spider_closed(self, spider: Spider) -> None:
        """Close the file."""
        await self.written()
        if self._writer is not None:
            await self._in_thread(self._writer.close)
        self._thread.shutdown()

    def _in_thread(self, work: Callable[[], _Result]) -> Awaitable[_Result]:
        """Return the result of *work*, done beside the event loop and after what was begun before."""
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def written(self) -> None:
        """Wait until every answer that came is in the archive. Nothing is stored of an answer before."""
        if self._pending:
            await asyncio.wait(self._pending)

    def process_request(self, request: Request) -> Response | None:
        """Return the archived answer to *request* if an archive is replayed. Raises NotArchived if there is none.

        ``request.meta`` may say which one: ``answer`` (0: the best), or ``near`` a time. It gets ``archived_at``, and
        ``answers``: how many there are.
        """
        if self.reader is None or request.meta.get("dont_cache"):
            return None
        url, meta = _archived_url(request), request.meta
        found = self.reader.get(url, meta.get("answer", 0), near=meta.get("near"))
        if found is None:
            raise NotArchived(f"not in the replayed archive: {request}")
        meta["archived_at"], meta["answers"] = found.date, self.reader.count(url)
        headers = Headers()
        for name, value in found.headers:
            headers.appendlist(name, value)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=found.body[:4096])
        # A page came from the address that was requested then; that of a feed is archived without its secrets.
        place = found.url if found.is_page else request.url
        flags = ["archived", *([RENDERED] if found.is_rendered else [])]
        return kind(url=place, status=found.status, headers=headers, body=found.body, flags=flags)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Begin to append the answer; what is made of it is stored after :meth:`written`."""
        if self._writer is None or self._is_broken or request.meta.get("dont_cache"):
            return response
        response.headers.setdefault("Date", formatdate(usegmt=True))  # what is replayed was answered at the same time
        task = asyncio.ensure_future(self._append(self._writer, _archived_url(request), response.copy()))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        if len(self._pending) > MAX_PENDING:
            await self.written()
        return response

    async def _append(self, writer: ArchiveWriter, url: str, response: Response) -> None:
        """Append *response*. If that fails, nothing more is archived, and the run is not clean."""
        if self._is_broken:
            return
        try:
            await self._in_thread(partial(_append, writer, url, response))
        except OSError as error:
            if not self._is_broken:
                logger.error("The archive %s cannot be written: %s", self._own, error_reason(error))
                self.crawler.stats.inc_value("cncert/archive/failed")
            self._is_broken = True


async def archived(crawler: Crawler) -> None:
    """Wait until every answer that came to *crawler* is in its archive, if it has one."""
    middleware = crawler.get_downloader_middleware(ArchiveMiddleware)
    if middleware is not None:
        await middleware.written()


def _append(writer: ArchiveWriter, url: str, response: Response) -> None:
    """Append *response* to the archive. Raises OSError."""
    if "playwright" in response.flags:
        writer.add_rendered(url, response.body)
        return
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]
    writer.add(url, response.status, headers, response.body)


def _archived_url(request: Request) -> str:
    """Return the address under which the answer is archived: that of a feed without its secrets."""
    url: str = request.meta.get("archived_as", request.url)
    return url
