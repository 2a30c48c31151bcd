"""Fetches the pictures of an issue: one file for each, its largest form, named after what is in it.

A picture that cannot be fetched costs no issue: its status says so, and the next run tries again.
"""

import asyncio
import hashlib
import logging
import os
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.pipelines.files import FilesPipeline
from scrapy.pipelines.media import FileInfo, FileInfoOrError, MediaPipeline
from scrapy.utils.defer import ensure_awaitable
from twisted.python.failure import Failure

from cncert.editions.take_issue import show_pictures, take_pictures
from cncert.exceptions import StoreError, error_reason
from cncert.extensions.run_recorder import RunRecorder
from cncert.infographics.figures.picture_files import MAX_PICTURE_BYTES
from cncert.items import UNFINISHED_STATUSES, Issue, Picture, PictureStatus
from cncert.middlewares.archive import archived
from cncert.middlewares.download_errors import describe_error, is_too_large
from cncert.options import local_folder
from cncert.pipelines.atomic_files_store import AtomicFilesStore
from cncert.spiders.series_spider import SeriesSpider
from cncert.store.kept_pictures import KeptPicture
from cncert.terminal.atomic_write import remove_leftovers
from cncert.wechat.address import read_picture
from cncert.wechat.picture_limits import PICTURE_HEADERS, PictureError, inspect_picture

logger = logging.getLogger(__name__)

LOST_STATUSES = (404, 410)
"""What the host of pictures answers if it has one no more."""


class PicturesPipeline(FilesPipeline):
    """Scrapy's FilesPipeline over the pictures of an :class:`Issue`."""

    MEDIA_NAME = "picture"
    LOG_FAILED_RESULTS = False
    STORE_SCHEMES = FilesPipeline.STORE_SCHEMES | {"": AtomicFilesStore, "file": AtomicFilesStore}

    def __init__(self, store_uri: str | os.PathLike[str], *, crawler: Crawler) -> None:
        super().__init__(store_uri, crawler=crawler)
        self._known: dict[str, KeptPicture] = {}
        self._fetched: dict[str, Picture] = {}
        self._keeping = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pipeline. Raises NotConfigured if *crawler* records no run."""
        if crawler.get_extension(RunRecorder) is None:
            raise NotConfigured
        return super().from_crawler(crawler)

    def open_spider(self, spider: Spider | None = None) -> None:
        """Remove what a run that was killed left unfinished, and let the spider write files too."""
        super().open_spider()
        assert isinstance(self.crawler.spider, SeriesSpider)
        self.crawler.spider.write_file = self._write_file
        if isinstance(self.store, AtomicFilesStore):
            remove_leftovers(Path(self.store.basedir).rglob(".*.part"))

    @property
    def _run(self) -> RunRecorder:
        return RunRecorder.of(self.crawler)

    async def process_item(self, item: Issue) -> Issue:  # type: ignore[override]  # Scrapy passes no spider to it
        """Fetch the pictures of *item*, and keep what became of them. Raises DropItem if the store fails."""
        store = self._run.store
        try:
            await self._write_documents(item)
            self._known |= await store.get_pictures([picture.key for picture in item.images])
            await super().process_item(item)
            # One after the other: an issue that is stored next finds a picture kept that another one shows too.
            await archived(self.crawler)
            async with self._keeping:
                fetched = [self._fetched.pop(one.key) for one in item.images if one.key in self._fetched]
                if fetched:
                    await take_pictures(store, fetched)
            if item.editions:
                await show_pictures(store, item)
        except StoreError as error:
            await self._run.stop(error)
            raise DropItem(f"not stored: {error}") from None
        return item

    async def _write_documents(self, item: Issue) -> None:
        """Write the PDFs of *item* that the spider has fetched. Raises StoreError."""
        contents = getattr(self.crawler.spider, "contents", {})
        for document in item.documents:
            content = contents.pop(document.checksum, None)
            if content is not None and document.path is not None:
                await self._write(document.path, content, self.spiderinfo)

    async def _write_file(self, path: str, content: bytes) -> Path | None:
        """Write a file; return where it is on this machine, None for a bucket. Raises StoreError."""
        await self._write(path, content, self.spiderinfo)
        folder = local_folder(str(self.crawler.settings["FILES_STORE"]))
        return folder and folder / path

    async def _write(self, path: str, content: bytes, info: MediaPipeline.SpiderInfo) -> None:
        """Write a file, and stop the run if that fails. Raises StoreError."""
        try:
            await ensure_awaitable(self.store.persist_file(path, BytesIO(content), info))
        except Exception as error:  # a disk or a bucket that refuses: whatever its client raises
            folder, reason = str(self.crawler.settings["FILES_STORE"]).rpartition("@")[2], error_reason(error)
            failure = StoreError(f"pictures cannot be written to {folder}: {reason}")
            await self._run.stop(failure, "files_failed")
            raise failure from error

    def get_media_requests(self, item: Issue, info: MediaPipeline.SpiderInfo) -> list[Request]:
        """Return a request for the largest form of each unfinished picture."""
        captured = self._run.captured_pictures
        return [
            Request(
                captured.get(picture.key, address.largest),
                headers=PICTURE_HEADERS,
                meta={"allow_offsite": True, "download_maxsize": MAX_PICTURE_BYTES, "picture": picture}
                | {"smaller": picture.key in captured, "dont_cache": picture.key in captured},
            )
            for picture in {picture.key: picture for picture in reversed(item.images)}.values()
            if self._is_unfinished(picture) and (address := read_picture(picture.url)) is not None
        ]

    def _is_unfinished(self, picture: Picture) -> bool:
        known = self._known.get(picture.key)
        return known is None or known.status == "stored" or known.status in UNFINISHED_STATUSES

    async def media_to_download(  # type: ignore[override]  # Scrapy awaits what this returns
        self, request: Request, info: MediaPipeline.SpiderInfo, *, item: Any = None
    ) -> FileInfo | None:
        """Return the file if there is one already: of this issue, or of another that shows the same picture."""
        picture: Picture = request.meta["picture"]
        known = self._known.get(picture.key)
        if known is not None and known.status == "stored" and known.path and await self._stat(known.path, info):
            self.crawler.stats.inc_value("cncert/pictures/known")
            return _info(request.url, known.put_into(picture))
        return None

    async def _stat(self, path: str, info: MediaPipeline.SpiderInfo) -> bool:
        return bool(await ensure_awaitable(self.store.stat_file(path, info)))

    async def media_downloaded(
        self, response: Response, request: Request, info: MediaPipeline.SpiderInfo, *, item: Any = None
    ) -> FileInfo:
        """Inspect the answer and write it to its file. Raises nothing: a failure is a status of the picture."""
        picture: Picture = request.meta["picture"]
        if response.status != 200 and request.url != picture.url and not request.meta.get("smaller"):
            # Not every picture has the form without a size: ask for the one that the page shows.
            smaller = request.replace(url=picture.url, meta={**request.meta, "smaller": True})
            answer: Response = await self.crawler.engine.download_async(smaller)
            return await self.media_downloaded(answer, smaller, info, item=item)
        if response.status in LOST_STATUSES:
            self._run.lost_pictures.add(picture.key)
        try:
            if response.status != 200:
                raise PictureError("failed", f"HTTP status {response.status}")
            extension, width, height = await asyncio.to_thread(inspect_picture, response.body)
            checksum = hashlib.sha256(response.body).hexdigest()
            path = f"{checksum[:2]}/{checksum[:32]}.{extension}"
            await self._write(path, response.body, info)
        except PictureError as error:
            if error.status == "placeholder":
                self._run.lost_pictures.add(picture.key)
            return self._fail(request, error.status, str(error))
        except StoreError as error:
            return self._fail(request, "failed", str(error))
        update = {"path": path, "checksum": checksum, "width": width, "height": height, "status": "stored"}
        if picture.key in self._run.captured_pictures:  # what was counted as failed before is made up for
            self.crawler.stats.inc_value("cncert/pictures/failed", -1)
        return self._finish(request, picture.model_copy(update=update), stat="stored")

    def media_failed(  # type: ignore[override]  # a picture that failed is no error of the program: nothing is raised
        self, failure: Failure, request: Request, info: MediaPipeline.SpiderInfo
    ) -> None:
        """Note that no answer came, or one that is larger than a picture that is kept."""
        if isinstance(failure.value, IgnoreRequest) and self.crawler.settings.get("CNCERT_REPLAY"):
            self._fail(request, "failed", "not in the replayed archive", stat="not_archived")
        elif failure.value is not None and is_too_large(failure.value):
            self._fail(request, "unsupported", f"larger than {MAX_PICTURE_BYTES} bytes")
        else:
            self._fail(request, "failed", describe_error(failure.value, request.url))

    def _fail(self, request: Request, status: PictureStatus, reason: str, stat: str = "failed") -> FileInfo:
        logger.info("No picture (%s): %s", reason, request.url)
        return self._finish(request, request.meta["picture"].model_copy(update={"status": status}), stat=stat)

    def _finish(self, request: Request, picture: Picture, *, stat: str) -> FileInfo:
        self._fetched[picture.key] = picture
        self.crawler.stats.inc_value(f"cncert/pictures/{stat}")
        return _info(request.url, picture)

    def item_completed(self, results: list[FileInfoOrError], item: Issue, info: MediaPipeline.SpiderInfo) -> Issue:
        """Return the issue as it is: its document shows what became of its pictures."""
        return item


def _info(url: str, picture: Picture) -> FileInfo:
    return {"url": url, "path": picture.path or "", "checksum": picture.checksum, "status": picture.status}
