"""Small copies of stored pictures, to stand in the page itself.

They may take so much room and no more: the newest issue's come first, then one of each issue, then the others. Stored
files were looked at before they were kept, and are not trusted for it.
"""

import io
import warnings
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from PIL import Image

from cncert.output.page.page_data import ShownPicture
from cncert.output.page.picture_links import PictureFiles
from cncert.wechat.picture_formats import EXTENSIONS, MAX_BYTES

LARGE, SMALL = 480, 160
"""Pixels of the longer side: in the newest issue, and in all others."""
MOST = 500
"""Files that are opened, however small the copies of them are."""
MAX_PIXELS = 40_000_000
"""A picture of more is not opened: it would take more memory than all the rest of the work."""
_QUALITY = 55
_ENTRY = 20
"""Characters that a place in the list and its entry take."""


@dataclass(slots=True)
class Thumbnails:
    """The small copies."""

    uris: list[str] = field(default_factory=list)
    """``data:`` addresses; the field ``thumb`` of a picture's node is a place in this list."""
    left_out: int = 0
    """Pictures without one for want of room."""
    unreadable: list[str] = field(default_factory=list)
    """A line for each file of which none could be made."""


def thumbnails(pictures: list[ShownPicture], files: PictureFiles, room: int) -> Thumbnails:
    """Small copies of *pictures*, each file's once, of *room* characters in all; their places enter the nodes."""
    made = Thumbnails()
    wanted: dict[Path, list[ShownPicture]] = {}
    for shown in _by_worth(pictures):
        if path := files.path(shown.picture):
            wanted.setdefault(path, []).append(shown)
    for path, shows in islice(wanted.items(), MOST):
        try:
            uri = thumbnail(path, LARGE if shows[0].issue == pictures[-1].issue else SMALL)
        except ValueError as error:
            made.unreadable.append(f"{shows[0].picture.path}: {error}")
            continue
        room -= len(uri) + _ENTRY * len(shows)
        if room < 0:
            break
        for shown in shows:
            shown.node["thumb"] = len(made.uris)
        made.uris.append(uri)
    made.left_out = len(wanted) - len(made.uris) - len(made.unreadable)
    return made


def thumbnail(path: Path, side: int) -> str:
    """The picture in *path* as a ``data:`` address, at most *side* pixels wide and high. Raises ValueError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("too large")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=list(EXTENSIONS)) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ValueError("too many pixels")
                picture.draft("RGB", (side, side))
                small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        small.thumbnail((side, side))
        output = io.BytesIO()
        small.save(output, "WEBP", quality=_QUALITY)
    except ValueError:
        raise
    except Exception as error:  # Pillow's plugins raise what they like on broken data
        raise ValueError(f"broken picture: {type(error).__name__}") from error
    return f"data:image/webp;base64,{b64encode(output.getvalue()).decode()}"


def _by_worth(pictures: Iterable[ShownPicture]) -> list[ShownPicture]:
    """All of the newest issue, then one of each other, then the rest; newest issues first."""
    issues: dict[str, list[ShownPicture]] = {}
    for shown in pictures:
        issues.setdefault(shown.issue, []).append(shown)
    newest, *others = [issues[issue] for issue in sorted(issues, reverse=True)] or [[]]
    return [*newest, *(one[0] for one in others), *(shown for one in others for shown in one[1:])]
