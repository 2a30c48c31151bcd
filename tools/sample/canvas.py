"""A drawing surface in units instead of pixels: shapes, Chinese text, pictures as bytes."""

import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from tools.sample.fonts import FILES, Family, find_font

Format = Literal["PNG", "JPEG"]
Color = tuple[int, int, int]
Point = tuple[float, float]

MARK = "示例数据"
_SIMPLIFIED = 2
"""Place of the simplified Chinese face in Noto's collections."""
_LATIN = re.compile(r"[!-~]+|[^!-~]+")
_MIDDLE = 0.36
"""The middle of a digit above the line it stands on, in parts of the font's size."""
DESIGN = 720
"""The width to which all places and sizes refer; other widths are drawn to scale."""
SMOOTH = 2
"""Everything is drawn that much larger and reduced: smooth edges."""

BLUE: Color = (18, 78, 150)
SKY: Color = (231, 240, 250)
WHITE: Color = (255, 255, 255)
INK: Color = (40, 48, 60)
GREY: Color = (118, 128, 142)
LINE: Color = (214, 221, 230)
RED: Color = (206, 48, 44)
GREEN: Color = (24, 138, 82)
NAVY: Color = (13, 27, 52)
STEEL: Color = (28, 48, 84)
CYAN: Color = (86, 214, 236)
AMBER: Color = (250, 174, 64)
MINT: Color = (120, 220, 160)
TEAL: Color = (0, 122, 128)
_COLORS = frozenset({BLUE, SKY, WHITE, INK, GREY, LINE, RED, GREEN, NAVY, STEEL, CYAN, AMBER, MINT, TEAL})
EDGES = (1 / 3, 2 / 3)


def encode(image: Image.Image, form: Format, quality: int) -> bytes:
    """*image* as the bytes of a file; *quality* is that of a JPEG."""
    out = io.BytesIO()
    if form == "PNG":
        image.save(out, "PNG", optimize=True)
    else:
        image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def reopen(data: bytes) -> Image.Image:
    """The picture whose file is *data*."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def palette(drawn: Image.Image, small: Image.Image) -> Image.Image:
    """Sixteen colours: the plain ones of *drawn* and the most frequent steps between them, at the edges of letters."""
    counted = sorted(drawn.getcolors(1 << 24) or [], key=lambda entry: (-entry[0], entry[1]))
    plain = [color for count, color in counted if color in _COLORS and count > 60]
    colors: dict[Color, None] = dict.fromkeys(plain)
    for ground in plain[:4]:
        for color in plain:
            for part in EDGES:
                colors[between(ground, color, part)] = None
    many = _as_palette(list(colors)[:256])
    frequent = enumerate(small.quantize(palette=many, dither=Image.Dither.NONE).histogram()[: len(colors)])
    steps = sorted((-count, index) for index, count in frequent if count and index >= len(plain))
    every = list(colors)
    return _as_palette([*plain, *(every[index] for _, index in steps)][:16])


def _as_palette(colors: Sequence[Color]) -> Image.Image:
    table = Image.new("P", (1, 1))
    flat = [part for color in colors for part in color]
    table.putpalette(flat + flat[:3] * (256 - len(colors)))
    return table


def between(one: Color, other: Color, part: float) -> Color:
    """The colour that lies *part* of the way (0 to 1) from *one* to *other*."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=256)
def open_font(pixels: float, bold: bool = False, family: Family = "sans") -> ImageFont.FreeTypeFont:
    """A font of that size; raises SystemExit if there is no Chinese one."""
    name = FILES[family][bold]
    if file := find_font(name):
        return ImageFont.truetype(file, pixels, index=_SIMPLIFIED if name.endswith(".ttc") else 0)
    if family not in ("sans", "serif"):
        return open_font(pixels, bold)
    raise SystemExit(f"{name} is missing: install the package fonts-noto-cjk")


@dataclass(frozen=True, slots=True)
class Writing:
    """A text on the canvas, and the box of its ink in pixels: left, top, right, bottom."""

    text: str
    box: tuple[float, float, float, float]


class Canvas:
    """A drawing surface of :data:`DESIGN` units in width; *zoom* times as many pixels, and more until it is reduced.

    It remembers what was written, and where.
    """

    width = DESIGN
    image: Image.Image
    height: float
    _pen: ImageDraw.ImageDraw

    def __init__(self, zoom: float) -> None:
        self._scale = zoom * SMOOTH
        self.written: list[Writing] = []

    def start(self, height: float, background: Color) -> None:
        """Set the height and fill all with *background*."""
        self.height = height
        size = round(self.width * self._scale), round(height * self._scale / SMOOTH) * SMOOTH
        self.image = Image.new("RGB", size, background)
        self._pen = ImageDraw.Draw(self.image)

    def _at(self, *places: float) -> list[float]:
        return [place * self._scale for place in places]

    def box(self, x: float, y: float, width: float, height: float, fill: Color, radius: float = 0) -> None:
        """A filled rectangle, its corners rounded by *radius*."""
        left, top, right, bottom, corner = self._at(x, y, x + width, y + height, radius)
        area = (round(left), round(top), max(round(left), round(right) - 1), max(round(top), round(bottom) - 1))
        self._pen.rounded_rectangle(area, corner, fill=fill)

    def frame(self, x: float, y: float, width: float, height: float, color: Color, line: float, radius: float) -> None:
        """A rectangle's line."""
        left, top, right, bottom, corner, thick = self._at(x, y, x + width, y + height, radius, line)
        self._pen.rounded_rectangle((left, top, right, bottom), corner, outline=color, width=round(thick))

    def fade(self, x: float, y: float, width: float, height: float, top: Color, bottom: Color) -> None:
        """A rectangle whose colour goes from *top* to *bottom*."""
        steps = max(2, round(height / 3))
        for n in range(steps):
            self.box(x, y + n * height / steps, width, height / steps + 0.6, between(top, bottom, n / (steps - 1)))

    def ring(self, x: float, y: float, radius: float, color: Color, width: float) -> None:
        """A circle's line, inside *radius*."""
        area = self._at(x - radius, y - radius, x + radius, y + radius)
        self._pen.ellipse(area, outline=color, width=round(width * self._scale))

    def disc(self, x: float, y: float, radius: float, fill: Color) -> None:
        """A filled circle."""
        self._pen.ellipse(self._at(x - radius, y - radius, x + radius, y + radius), fill=fill)

    def sector(self, x: float, y: float, radius: float, start: float, end: float, fill: Color) -> None:
        """A piece of a pie; the angles are in degrees, from three o'clock with the clock."""
        self._pen.pieslice(self._at(x - radius, y - radius, x + radius, y + radius), start, end, fill=fill)

    def shape(self, points: Sequence[Point], fill: Color) -> None:
        """A filled polygon."""
        self._pen.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=fill)

    def line(self, points: Sequence[Point], fill: Color, width: float) -> None:
        """A line through all *points*."""
        scaled = [(x * self._scale, y * self._scale) for x, y in points]
        self._pen.line(scaled, fill=fill, width=max(1, round(width * self._scale)), joint="curve")

    def hexagon(self, x: float, y: float, radius: float, fill: Color) -> None:
        """A filled hexagon that stands on a corner."""
        angles = [math.radians(60 * n + 30) for n in range(6)]
        self.shape([(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles], fill)

    def triangle(self, x: float, y: float, size: float, up: bool, fill: Color) -> None:
        """A triangle whose middle is x, y."""
        tip, base = (y - size / 2, y + size / 2) if up else (y + size / 2, y - size / 2)
        self._pen.polygon(self._at(x, tip, x - size * 0.58, base, x + size * 0.58, base), fill=fill)

    def arrow(self, x: float, y: float, size: float, up: bool, fill: Color) -> None:
        """A block arrow whose middle is x, y."""
        high = -1 if up else 1
        self.triangle(x, y + high * size * 0.22, size * 0.6, up, fill)
        top = y - size * 0.06 if up else y - size * 0.5
        self.box(x - size * 0.13, top, size * 0.26, size * 0.56, fill)

    def length(self, text: str, size: float, bold: bool = False, family: Family = "sans") -> float:
        """The width of *text*."""
        runs = self._runs(text, size, bold, family)
        return sum(float(font.getlength(run)) for run, font in runs) / self._scale

    def _runs(self, text: str, size: float, bold: bool, family: Family) -> Iterator[tuple[str, ImageFont.FreeTypeFont]]:
        """Pieces of *text* with the font that has their letters."""
        if family in ("sans", "serif"):
            yield text, open_font(size * self._scale, bold, family)
            return
        for run in _LATIN.findall(text):
            yield run, open_font(size * self._scale, bold, family if "!" <= run[0] <= "~" else "sans")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        fill: Color,
        bold: bool = False,
        anchor: str = "lm",
        family: Family = "sans",
        outline: Color | None = None,
    ) -> float:
        """Write *text*, vertically centred on y (anchor ``lm``, ``mm``, ``rm``); its width."""
        left, middle = self._at(x, y)
        stroke = round(size * self._scale / 14) if outline else 0
        length = self.length(text, size, bold, family)
        if family in ("sans", "serif"):
            runs = [(left, middle, text, open_font(size * self._scale, bold, family))]
        else:
            runs, anchor = list(self._line(left, middle, text, size, bold, family, anchor)), "ls"
        boxes = []
        for place, level, run, font in runs:
            self._pen.text(
                (place, level), run, font=font, fill=fill, anchor=anchor, stroke_width=stroke, stroke_fill=outline
            )
            boxes.append(self._pen.textbbox((place, level), run, font=font, anchor=anchor, stroke_width=stroke))
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        self.written.append(Writing(text, (min(lefts), min(tops), max(rights), max(bottoms))))
        return length

    def _line(
        self, left: float, middle: float, text: str, size: float, bold: bool, family: Family, anchor: str
    ) -> Iterator[tuple[float, float, str, ImageFont.FreeTypeFont]]:
        """The pieces of *text* side by side on one base line."""
        length = self.length(text, size, bold, family) * self._scale
        left -= {"l": 0.0, "m": length / 2, "r": length}[anchor[0]]
        for run, font in self._runs(text, size, bold, family):
            yield left, middle + _MIDDLE * size * self._scale, run, font
            left += float(font.getlength(run))

    def fitted(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        room: float,
        fill: Color,
        bold: bool = False,
        anchor: str = "lm",
        family: Family = "sans",
    ) -> float:
        """Write *text* as large as *size* and *room* allow; its width."""
        while size > 10 and self.length(text, size, bold, family) > room:
            size -= 0.5
        return self.text(x, y, text, size, fill, bold, anchor, family)

    def shadow(self, x: float, y: float, text: str, size: float, fill: Color, shade: Color, family: Family) -> None:
        """Write bold *text* with a hard shadow behind it."""
        self.text(x + size / 18, y + size / 18, text, size, shade, True, "lm", family)
        self.written.pop()
        self.text(x, y, text, size, fill, True, "lm", family)

    def upright(self, x: float, y: float, text: str, size: float, fill: Color, bold: bool = False) -> None:
        """Write *text* downwards, one character below the other; x, y is the middle of the first."""
        for n, character in enumerate(text):
            self.text(x, y + n * size * 1.14, character, size, fill, bold, "mm")

    def mark(self, fill: Color, x: float | None = None, y: float | None = None) -> None:
        """The mark that says that the numbers are no real ones."""
        self.text(
            self.width - 16 if x is None else x, self.height - 15 if y is None else y, MARK, 13, fill, anchor="rm"
        )
