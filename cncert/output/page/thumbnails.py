"""Small copies of stored pictures, to stand in the page itself.

They may take so many characters and no more: the newest issue's come first, then one of each issue, then the others.
Stored files are not trusted, although they were inspected before they were kept.
"""

import io
import warnings
from base64 import b64encode
from itertools import islice
from pathlib import Path

from PIL import Image

from cncert.infographics.figures.picture_files import MAX_PICTURE_BYTES
from cncert.output.page.page_data import PictureFiles, ShownPicture
from cncert.wechat.picture_limits import EXTENSIONS

SIDE_IN_NEWEST_ISSUE, SIDE_IN_OTHERS = 480, 160
"""Pixels of the longer side."""
MAX_FILES = 500
"""Files that are opened, however small the copies of them are."""
MAX_PIXELS = 40_000_000
"""A picture of more is not opened: it would take more memory than all the rest of the work."""


def thumbnails(pictures: list[ShownPicture], files: PictureFiles, limit: int) -> tuple[list[str], list[str], int]:
    """Make small copies of *pictures*, each file's once, of *limit* characters in all.

    Returns their ``data:`` addresses, whose places in the list enter the nodes as ``thumb``, a line for each file of
    which none could be made, and how many more were left out to keep the page small.
    """
    uris: list[str] = []
    unreadable: list[str] = []
    wanted: dict[Path, list[ShownPicture]] = {}
    issues: dict[str, list[ShownPicture]] = {}
    for shown in pictures:
        issues.setdefault(shown.issue, []).append(shown)
    newest, *others = [issues[issue] for issue in sorted(issues, reverse=True)] or [[]]
    # All of the newest issue, then one of each other, then the rest.
    for shown in (*newest, *(one[0] for one in others), *(shown for one in others for shown in one[1:])):
        if path := files.path(shown.picture):
            wanted.setdefault(path, []).append(shown)
    for path, shows in islice(wanted.items(), MAX_FILES):
        try:
            uri = thumbnail(path, SIDE_IN_NEWEST_ISSUE if shows[0].issue == pictures[-1].issue else SIDE_IN_OTHERS)
        except ValueError as error:
            unreadable.append(f"{shows[0].picture.path}: {error}")
            continue
        limit -= len(uri) + 20 * len(shows)  # the place in the list, and each entry that names it
        if limit < 0:
            break
        for shown in shows:
            shown.node["thumb"] = len(uris)
        uris.append(uri)
    return uris, unreadable, len(wanted) - len(uris) - len(unreadable)


def thumbnail(path: Path, side: int) -> str:
    """Return the picture in *path* as a ``data:`` address, at most *side* pixels wide and high. Raises ValueError."""
    try:
        if path.stat().st_size > MAX_PICTURE_BYTES:
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
        small.save(output, "WEBP", quality=55)
    except ValueError:
        raise
    except Exception as error:  # Pillow's plugins raise what they like on broken data
        raise ValueError(f"broken picture: {type(error).__name__}") from error
    return f"data:image/webp;base64,{b64encode(output.getvalue()).decode()}"
