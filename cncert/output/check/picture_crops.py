"""The stored pictures as the page shows them: decoded safely, and drawn anew. No byte of a file reaches the browser."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from cncert.infographics.figures.figures_of_issue import Candidate
from cncert.infographics.figures.picture_files import NoPictureFile, PicturePlace, read_file
from cncert.infographics.words.open_image import open_picture

KEPT = 2
"""Opened pictures that stay in memory: 16 million pixels take 48 MB."""
WIDEST, HIGHEST = 1000, 700
"""Pixels of a cut-out."""
LARGEST = 3.0
"""How far it is enlarged."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that can be shown."""

    width: int
    height: int
    """Of the file, turned as EXIF says."""
    image: Image.Image
    """No wider than a reader of pictures takes it."""

    def cut_box(self, box: Sequence[int]) -> Box:
        """The surroundings of the number at *box*, with its label: left, top, width, height in pixels of the file."""
        x, y, width, height = box
        across, down = max(4 * height, 120), max(3 * height, 60)
        left, top = min(max(x - across, 0), self.width - 1), min(max(y - down, 0), self.height - 1)
        right, bottom = min(x + width + across, self.width), min(y + height + down, self.height)
        return left, top, max(right - left, 1), max(bottom - top, 1)

    def cut(self, box: Sequence[int]) -> bytes:
        """That part as PNG, enlarged."""
        left, top, width, height = self.cut_box(box)
        scale = self.image.width / self.width
        edges = (left * scale, top * scale, (left + width) * scale, (top + height) * scale)
        factor = min(LARGEST, WIDEST / (width * scale), HIGHEST / (height * scale))
        size = max(round(width * scale * factor), 1), max(round(height * scale * factor), 1)
        return _encoded(self.image.resize(size, Image.Resampling.LANCZOS, box=edges), "PNG")

    def whole(self) -> bytes:
        """All of it as JPEG."""
        return _encoded(self.image, "JPEG", quality=88)


class Pictures:
    """The files in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Shown] = {}
        self._lock = asyncio.Lock()

    async def get(self, candidate: Candidate) -> Shown:
        """The picture of *candidate*. Raises NoPictureFile if it cannot be shown."""
        async with self._lock:  # one at a time: each takes much memory
            shown = self._open.pop(candidate.checksum, None)
            if shown is None:
                shown = await asyncio.to_thread(self._opened, candidate)
            self._open[candidate.checksum] = shown
            while len(self._open) > KEPT:
                del self._open[next(iter(self._open))]
            return shown

    def _opened(self, candidate: Candidate) -> Shown:
        picture = candidate.picture
        place = PicturePlace(candidate.issues[0], picture.key, picture.path or "", candidate.checksum, 0)
        opened = open_picture(read_file(self._folder, place))
        if opened.pixels is None or opened.width is None or opened.height is None:
            raise NoPictureFile(opened.reason or opened.state)
        return Shown(opened.width, opened.height, Image.fromarray(opened.pixels[:, :, ::-1]))


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()
