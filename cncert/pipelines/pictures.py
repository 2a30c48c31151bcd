"""Fetches the pictures of an issue: one file a picture, its largest form, named after the issue that showed it first.

A picture that cannot be fetched never costs the issue: its status says so, and the next run tries again.
"""

import asyncio
import hashlib
import logging
import os
from io import BytesIO
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.pipelines.files import FilesPipeline, FSFilesStore
from scrapy.pipelines.media import FileInfo, FileInfoOrError, MediaPipeline
from scrapy.utils.defer import ensure_awaitable
from twisted.python.failure import Failure

from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue, Picture, PictureStatus
from cncert.terminal.atomic_write import remove_leftovers, write_whole
from cncert.wechat.address import ARTICLE_HOST, read_picture
from cncert.wechat.picture_formats import MAX_BYTES, PictureError, inspect_picture

logger = logging.getLogger(__name__)


class AtomicFilesStore(FSFilesStore):
    """A directory in which a file is either whole or not there, also after a kill or on a full disk."""

    def __init__(self, basedir: str | os.PathLike[str]) -> None:
        # The directory is made with the first file: a crawl without pictures needs none.
        self.basedir = str(basedir).removeprefix("file://")

    def persist_file(
        self,
        path: str | os.PathLike[str],
        buf: BytesIO,
        info: MediaPipeline.SpiderInfo,
        meta: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Raises OSError if the file cannot be written; nothing of it stays behind then."""
        write_whole(Path(self.basedir, path), buf.getbuffer())


class PicturesPipeline(FilesPipeline):
    """Scrapy's FilesPipeline over the pictures of an :class:`Issue`."""

    MEDIA_NAME = "picture"
    LOG_FAILED_RESULTS = False
    STORE_SCHEMES = FilesPipeline.STORE_SCHEMES | {"": AtomicFilesStore, "file": AtomicFilesStore}

    def __init__(self, store_uri: str | os.PathLike[str], *, crawler: Crawler) -> None:
        super().__init__(store_uri, crawler=crawler)
        self._found: dict[str, Picture] = {}

    def open_spider(self, spider: Spider | None = None) -> None:
        """Begin, after a run that was killed perhaps."""
        super().open_spider()
        if isinstance(self.store, AtomicFilesStore):
            remove_leftovers(Path(self.store.basedir).rglob(".*.part"))

    @property
    def _run(self) -> RunRecorder:
        return RunRecorder.of(self.crawler)

    def get_media_requests(self, item: Issue, info: MediaPipeline.SpiderInfo) -> list[Request]:
        """A request for the largest form of each picture that is not stored; pictures may come from other hosts."""
        requests = []
        for place, picture in _wanted(item):
            address = read_picture(picture.url)
            if address is not None:
                requests.append(
                    Request(
                        address.largest,
                        # A foreign Referer gets a placeholder.
                        headers={"Referer": f"https://{ARTICLE_HOST}/", "Accept": "image/*,*/*;q=0.8"},
                        meta={
                            "allow_offsite": True,
                            "download_maxsize": MAX_BYTES,
                            "picture": picture,
                            "stem": stem(item, place, picture),
                        },
                    )
                )
        return requests

    async def media_to_download(  # type: ignore[override]  # Scrapy awaits what this returns
        self, request: Request, info: MediaPipeline.SpiderInfo, *, item: Any = None
    ) -> FileInfo | None:
        """The file if there is one already: of this issue, or of another that shows the same picture."""
        picture: Picture = request.meta["picture"]
        try:
            known = await self._run.store.find_picture(picture.key)
        except StoreError as error:
            await self._run.stop(error)
            return _info(request.url, picture)  # nothing is fetched any more
        if known is not None and known.path is not None and await self._stat(known.path, info):
            self._found[picture.key] = known
            self.crawler.stats.inc_value("cncert/pictures/known")
            return _info(request.url, known)
        return None

    async def _stat(self, path: str, info: MediaPipeline.SpiderInfo) -> bool:
        return bool(await ensure_awaitable(self.store.stat_file(path, info)))

    async def media_downloaded(
        self, response: Response, request: Request, info: MediaPipeline.SpiderInfo, *, item: Any = None
    ) -> FileInfo:
        """Look at what came, write it, and note it; nothing is raised: a failure is a state of the picture."""
        picture: Picture = request.meta["picture"]
        if response.status != 200 and request.url != picture.url and not request.meta.get("smaller"):
            # Not every picture has the form without a size: ask for the one that the page shows.
            smaller = request.replace(url=picture.url, meta={**request.meta, "smaller": True})
            answer: Response = await self.crawler.engine.download_async(smaller)
            return await self.media_downloaded(answer, smaller, info, item=item)
        try:
            if response.status != 200:
                raise PictureError("failed", f"HTTP status {response.status}")
            extension, width, height = await asyncio.to_thread(inspect_picture, response.body)
            path = f"{request.meta['stem']}.{extension}"
            checksum = hashlib.sha256(response.body).hexdigest()
            await ensure_awaitable(self.store.persist_file(path, BytesIO(response.body), info))
        except PictureError as error:
            return self._fail(request, error.status, str(error))
        except Exception as error:  # noqa: BLE001  # a disk or a bucket that refuses: whatever its client raises
            await self._run.stop(
                StoreError(f"pictures cannot be written to {self._place}: {_reason(error)}"), "files_failed"
            )
            return self._fail(request, "failed", _reason(error))
        update = {"path": path, "checksum": checksum, "width": width, "height": height, "status": "stored"}
        self._found[picture.key] = picture.model_copy(update=update)
        self.crawler.stats.inc_value("cncert/pictures/stored")
        return _info(request.url, self._found[picture.key])

    @property
    def _place(self) -> str:
        return str(self.crawler.settings["FILES_STORE"]).rpartition("@")[2]

    def media_failed(  # type: ignore[override]  # a picture that failed is no error of the program: nothing is raised
        self, failure: Failure, request: Request, info: MediaPipeline.SpiderInfo
    ) -> None:
        """No answer came."""
        if isinstance(failure.value, IgnoreRequest) and self.crawler.settings.get("CNCERT_REPLAY"):
            self._fail(request, "failed", "not in the replayed archive", stat="not_archived")
        else:
            self._fail(request, "failed", _reason(failure.value))

    def _fail(self, request: Request, status: PictureStatus, reason: str, stat: str = "failed") -> FileInfo:
        picture: Picture = request.meta["picture"]
        self._found[picture.key] = picture.model_copy(update={"status": status})
        self.crawler.stats.inc_value(f"cncert/pictures/{stat}")
        logger.info("No picture (%s): %s", reason, request.url)
        return _info(request.url, self._found[picture.key])

    def item_completed(self, results: list[FileInfoOrError], item: Issue, info: MediaPipeline.SpiderInfo) -> Issue:
        """The issue with what became of its pictures."""
        images = [self._completed(picture) for picture in item.images]
        return item.model_copy(update={"images": images})

    def _completed(self, picture: Picture) -> Picture:
        found = self._found.get(picture.key)
        return picture if found is None or picture.status == "stored" else picture.with_file_of(found)


def stem(issue: Issue, place: int, picture: Picture) -> str:
    """Path of a picture without its extension: ``2025-03/02-<hash>`` for the second of an issue's body.

    Covers have a folder of their own: one cover serves many issues, and which of them comes first should not matter.
    """
    digest = hashlib.sha256(picture.key.encode()).hexdigest()[:12]
    return f"covers/{digest}" if picture.role == "cover" else f"{issue.id}/{place:02d}-{digest}"


def _wanted(issue: Issue) -> list[tuple[int, Picture]]:
    """The pictures that are still to be fetched, each once, with their place in the body."""
    wanted: dict[str, tuple[int, Picture]] = {}
    place = 0
    for picture in issue.images:
        place += picture.role == "body"
        if picture.status in ("pending", "failed", "placeholder"):
            wanted.setdefault(picture.key, (place, picture))
    return list(wanted.values())


def _info(url: str, picture: Picture) -> FileInfo:
    return {"url": url, "path": picture.path or "", "checksum": picture.checksum, "status": picture.status}


def _reason(error: BaseException | None) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]
