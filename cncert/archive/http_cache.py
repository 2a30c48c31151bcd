"""Scrapy's HTTPCACHE over WARC files: keeps raw answers, and replays them in place of the network.

With ``CNCERT_ARCHIVE=DIR`` every answer, failure pages and pictures included, is appended to a file of this run in DIR.
With ``-a replay=FILE`` (or a directory) nothing goes out: an article is looked up by its identity, a picture by its
own, whatever form of the address is asked for; what the file lacks is ignored by Scrapy and noted by the ledger.
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
    """Settings of a crawl that is answered from *path*: nothing goes out, so there is nobody to be polite to."""
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
    """HTTPCACHE policy: everything is kept, and what is replayed is never stale."""

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
        """Index the files to replay, or start a file. Raises CloseSpider with one line in the log if that fails."""
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
        """The kept answer to *request*, or None."""
        found = self._reader.get(_kept_url(request)) if self._reader is not None else None
        if found is None:
            return None
        request.meta["archived_at"] = found.date
        headers = Headers()
        for name, value in found.headers:
            headers.appendlist(name, value)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=found.body[:4096])
        return kind(url=request.url, status=found.status, headers=headers, body=found.body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Append the answer. An archive that cannot be written ends the run: it was asked for."""
        if self._writer is None:
            return
        try:
            if "playwright" in response.flags:
                self._writer.add_rendered(_kept_url(request), response.body)
            else:
                headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, values in response.headers.items()
                    for value in values
                ]
                self._writer.add(_kept_url(request), response.status, headers, response.body)
        except OSError as error:
            self._writer = None
            logger.error("The archive %s cannot be written: %s", self._directory, error_reason(error))
            spider.crawler.stats.inc_value("cncert/archive/failed")


def _kept_url(request: Request) -> str:
    """The address under which the answer is kept: not always the one that is asked, which may hold a secret."""
    url: str = request.meta.get("archived_as", request.url)
    return url
