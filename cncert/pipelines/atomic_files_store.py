"""The directory of the picture files."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from scrapy.pipelines.files import FSFilesStore
from scrapy.pipelines.media import MediaPipeline

from cncert.terminal.atomic_write import write_whole


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
        """Write the file. Raises OSError; nothing of the file stays behind then."""
        write_whole(Path(self.basedir, path), buf.getbuffer())
