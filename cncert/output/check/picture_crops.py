"""The stored pictures as the page shows them: decoded safely and drawn anew. No byte of a file reaches the browser."""

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

MAX_CROP_WIDTH, MAX_CROP_HEIGHT = 1000, 700
"""Pixels."""
MAX_ENLARGEMENT = 3.0


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture that can be shown."""

    width: int
    height: int
    """Of the file, turned as EXIF says."""
    image: Image.Image
    """Its pixels, scaled down where the file has more than a picture reader takes."""

    def crop_box(self, box: Sequence[int]) -> tuple[int, int, int, int]:
        """Return the part around the number at *box*, with its label: left, top, width, height in the file's pixels."""
        x, y, width, height = box
        across, down = max(4 * height, 120), max(3 * height, 60)
        left, top = min(max(x - across, 0), self.width - 1), min(max(y - down, 0), self.height - 1)
        right, bottom = min(x + width + across, self.width), min(y + height + down, self.height)
        return left, top, max(right - left, 1), max(bottom - top, 1)

    def crop(self, box: Sequence[int]) -> bytes:
        """Return that part as PNG, enlarged."""
        left, top, width, height = self.crop_box(box)
        scale = self.image.width / self.width
        edges = (left * scale, top * scale, (left + width) * scale, (top + height) * scale)
        factor = min(MAX_ENLARGEMENT, MAX_CROP_WIDTH / (width * scale), MAX_CROP_HEIGHT / (height * scale))
        size = max(round(width * scale * factor), 1), max(round(height * scale * factor), 1)
        return _encode(self.image.resize(size, Image.Resampling.LANCZOS, box=edges), "PNG")

    def whole(self) -> bytes:
        """Return all of it as JPEG."""
        return _encode(self.image, "JPEG", quality=88)


class CroppedPictures:
    """The picture files in *folder*, the last ones kept decoded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._decoded: dict[str, DecodedPicture] = {}
        self._lock = asyncio.Lock()

    async def get(self, candidate: Candidate) -> DecodedPicture:
        """Return the picture of *candidate*. Raises NoPictureFile if it cannot be shown."""
        async with self._lock:  # one at a time: each takes much memory
            picture = self._decoded.pop(candidate.checksum, None)
            if picture is None:
                picture = await asyncio.to_thread(self._decode, candidate)
            self._decoded[candidate.checksum] = picture
            while len(self._decoded) > 2:  # 16 million pixels take 48 MB
                del self._decoded[next(iter(self._decoded))]
            return picture

    def _decode(self, candidate: Candidate) -> DecodedPicture:
        picture = candidate.picture
        place = PicturePlace(candidate.issues[0], picture.key, picture.path or "", candidate.checksum, 0)
        opened = open_picture(read_file(self._folder, place))
        if opened.pixels is None or opened.width is None or opened.height is None:
            raise NoPictureFile(opened.reason or opened.state)
        return DecodedPicture(opened.width, opened.height, Image.fromarray(opened.pixels[:, :, ::-1]))


def _encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()
