"""Where the fonts of the drawn pictures are, and the packages that bring them; needs the standard library alone."""

from pathlib import Path
from typing import Literal

Family = Literal["sans", "serif", "narrow", "light", "arial"]

FOLDERS = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/noto-cjk"),
    Path("/usr/share/fonts/truetype/liberation"),
    Path("/usr/share/fonts/truetype/dejavu"),
)
FILES: dict[Family, tuple[str, str]] = {
    "sans": ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    "serif": ("NotoSerifCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc"),
    "narrow": ("LiberationSansNarrow-Regular.ttf", "LiberationSansNarrow-Bold.ttf"),
    "light": ("DejaVuSans-ExtraLight.ttf", "DejaVuSans-ExtraLight.ttf"),
    "arial": ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
}
"""The regular and the bold face; those of Latin letters only write numbers, Chinese beside them is ``sans``."""
PACKAGES: dict[str, tuple[Family, ...]] = {
    "fonts-noto-cjk": ("sans", "serif"),
    "fonts-liberation": ("arial",),  # since Debian 13 without the narrow face, for which ``sans`` stands in
    "fonts-dejavu-extra": ("light",),
}
"""The families that a package of Debian and Ubuntu brings."""


def find_font(name: str) -> Path | None:
    """Return the font file of that name, None if there is none."""
    return next((folder / name for folder in FOLDERS if (folder / name).exists()), None)
