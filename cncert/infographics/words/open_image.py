"""Opening pictures that anybody may have made."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cncert.store.picture_readings import ReadingState

UNREADABLE: tuple[ReadingState, ...] = ("broken", "too_large", "unsupported")
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
PIXELS = 16_000_000
"""A picture with more is not decoded: 1080 pixels wide it would be 15,000 high, and take half a minute to read."""
WIDEST = 1600
"""Wider ones are made so wide; the report's are 640 to 1080."""
_FAINT = 8
"""What differs by less, of 255 in each channel, is one colour."""
THINNEST = 12
"""Nothing can be read in less."""


@dataclass(frozen=True, slots=True)
class OpenedPicture:
    """A picture that was looked at; ``pixels`` only where there is something to read."""

    state: ReadingState
    reason: str | None
    width: int | None = None
    height: int | None = None
    pixels: np.ndarray | None = None
    """Rows of BGR pixels, 8 bits a channel."""
    shrunk: float = 1.0
    """How many pixels of the picture one of ``pixels`` is wide."""


def open_picture(data: bytes) -> OpenedPicture:
    """The pixels of a picture as it is shown: turned as EXIF says, its first frame, on white. Raises nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                return _open(picture)
    except UnidentifiedImageError:
        return OpenedPicture("unsupported", "not a picture of a known format")
    except MemoryError:
        return OpenedPicture("too_large", "takes more memory than there is")
    except Exception as error:  # noqa: BLE001  # Pillow's plugins raise what they like on broken data
        return OpenedPicture("broken", f"{type(error).__name__}: {error}".splitlines()[0][:160])


def _open(picture: Image.Image) -> OpenedPicture:
    width, height = picture.size
    if width * height > PIXELS:
        return OpenedPicture("too_large", f"{width}x{height} pixels are more than {PIXELS}", width, height)
    frames = getattr(picture, "n_frames", 1)
    picture.load()
    shown = ImageOps.exif_transpose(picture)
    width, height = shown.size
    if min(width, height) < THINNEST:
        return OpenedPicture("nothing", f"{width}x{height} pixels hold no words", width, height)
    colours = _on_white(shown)
    shrunk = 1.0
    if width > WIDEST:
        shrunk = width / WIDEST
        colours = colours.resize((WIDEST, max(round(height / shrunk), 1)), Image.Resampling.LANCZOS)
    pixels = np.ascontiguousarray(np.asarray(colours)[:, :, ::-1])
    if np.ptp(pixels, axis=(0, 1)).max() < _FAINT:
        return OpenedPicture("nothing", "one colour", width, height)
    return OpenedPicture("read", f"first of {frames} frames" if frames > 1 else None, width, height, pixels, shrunk)


def _on_white(picture: Image.Image) -> Image.Image:
    """*picture* in RGB; what is transparent is white."""
    if picture.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        grey = np.asarray(picture, dtype=np.float32)
        top = 65535.0 if grey.max() > 255 else 255.0
        return Image.fromarray((grey.clip(0, top) * (255.0 / top)).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")
