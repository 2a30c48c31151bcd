"""What a picture of WeChat may be: how it is requested, which formats and sizes are kept, whether an answer is one."""

import io
import warnings

from PIL import Image, UnidentifiedImageError

from cncert.items import PictureStatus
from cncert.wechat.address import ARTICLE_HOST

PICTURE_HEADERS = {"Referer": f"https://{ARTICLE_HOST}/", "Accept": "image/*,*/*;q=0.8"}
"""Of a request for a picture: with a foreign Referer a placeholder comes."""
EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp"}
"""The file extension of each format that is kept, by the name that Pillow has for it."""
MAX_PIXELS = 100_000_000
PLACEHOLDER = (470, 349)
"""Pixels of the picture that WeChat shows on foreign sites (此图片来自微信公众平台 未经允许不可引用)."""


class PictureError(Exception):
    """The answer is no picture that is kept; ``status`` is what the picture's status becomes."""

    def __init__(self, status: PictureStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def inspect_picture(data: bytes) -> tuple[str, int, int]:
    """File extension, width and height in pixels of the picture in *data*, which is decoded to see that it is whole.

    Raises PictureError: ``placeholder`` for WeChat's hot-link picture, ``unsupported`` for a format or size that is
    never kept, ``failed`` for what may be right next time.
    """
    if not data:
        raise PictureError("failed", "empty answer")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(EXTENSIONS)) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise PictureError("unsupported", f"{width}x{height} pixels are too many")
                picture.load()
                extension = EXTENSIONS[picture.format or ""]
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        kind: PictureStatus = "unsupported" if data.lstrip()[:5].lower() in (b"<svg ", b"<?xml") else "failed"
        raise PictureError(kind, "not a picture of a known format") from error
    except Exception as error:  # Pillow's plugins raise what they like on broken data
        reason = f"broken picture: {type(error).__name__}: {error}".splitlines()[0][:160]
        raise PictureError("failed", reason) from error
    if (width, height) == PLACEHOLDER:
        raise PictureError("placeholder", "WeChat's hot-link placeholder")
    return extension, width, height
