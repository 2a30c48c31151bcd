"""Scrapy's HTTPCACHE over WARC files: archives raw answers, and replays them in place of the network.

With ``CNCERT_ARCHIVE=DIR`` every answer, failure pages and pictures included, is appended to a file of this run in DIR.
With ``-a replay=FILE`` (or a directory) no request is sent: articles and pictures are looked up by their identity,
whatever form of the address is requested; Scrapy ignores a request without an answer, and the ledger records that.
"""

import logging
from pathlib import Path

from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings

from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import ArchiveWriter
from cncert.exceptions import ArchiveError, error_reason

logger = logging.getLogger(__name__)


def replay_settings(path: Path) -> dict[str, object]:
    """Return the settings of a crawl that is answered from *path*: without delays, since no request is sent."""
    return {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_IGNORE_MISSING": True,
        "CNCERT_REPLAY": str(path),
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_SLOTS": {},
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
    }


class ArchivePolicy:
    """HTTPCACHE policy: every answer is archived, and a replayed one is never stale."""

    def __init__(self, settings: BaseSettings) -> None:
        self.settings = settings

    def should_cache_request(self, request: Request) -> bool:
        return True

    def should_cache_response(self, response: Response, request: Request) -> bool:
        return True

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        return True

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        return True


class WarcStorage:
    """HTTPCACHE storage: a reader while replaying, else a writer."""

    def __init__(self, settings: BaseSettings) -> None:
        replay = settings.get("CNCERT_REPLAY")
        self._directory = Path(settings["HTTPCACHE_DIR"]) if not replay else None
        self._replay = Path(replay) if replay else None
        self._limit = settings.getint("DOWNLOAD_MAXSIZE")
        self._reader: ArchiveReader | None = None
        self._writer: ArchiveWriter | None = None

    def open_spider(self, spider: Spider) -> None:
        """Index the files to replay, or create a file. Raises CloseSpider if that fails, and logs why."""
        try:
            if self._replay is not None:
                self._reader = ArchiveReader(self._replay, self._limit)
                logger.info("Replaying %s: %d answers", self._replay, len(self._reader))
            elif self._directory is not None:
                self._writer = ArchiveWriter(self._directory)
        except ArchiveError as error:
            logger.error("%s", error)
            raise CloseSpider("archive_failed") from error

    def close_spider(self, spider: Spider) -> None:
        if self._writer is not None:
            self._writer.close()

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """Return the archived answer to *request*, or None."""
        found = self._reader.get(_archived_url(request)) if self._reader is not None else None
        if found is None:
            return None
        request.meta["archived_at"] = found.date
        headers = Headers()
        for name, value in found.headers:
            headers.appendlist(name, value)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=found.body[:4096])
        return kind(url=request.url, status=found.status, headers=headers, body=found.body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Append the answer. If that fails, nothing more is archived, and the run is not clean."""
        if self._writer is None:
            return
        try:
            if "playwright" in response.flags:
                self._writer.add_rendered(_archived_url(request), response.body)
            else:
                headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, values in response.headers.items()
                    for value in values
                ]
                self._writer.add(_archived_url(request), response.status, headers, response.body)
        except OSError as error:
            self._writer = None
            logger.error("The archive %s cannot be written: %s", self._directory, error_reason(error))
            spider.crawler.stats.inc_value("cncert/archive/failed")


def _archived_url(request: Request) -> str:
    """Return the address under which the answer is archived: that of a feed without its secrets."""
    url: str = request.meta.get("archived_as", request.url)
    return url
