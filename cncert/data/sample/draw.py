"""Draws the infographics of the sample series: our own designs in the manner of a weekly report's picture slices.

Every slice carries the mark 示例数据. All that a slice states is given to it as :class:`Figure`; what is printed is the
truth that ``pictures.json`` records.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Style = Literal["cards", "table", "dark", "rings", "bars"]
Format = Literal["PNG", "JPEG"]
Color = tuple[int, int, int]

MARK = "示例数据"
FONTS = (Path("/usr/share/fonts/opentype/noto"), Path("/usr/share/fonts/noto-cjk"))
_SIMPLIFIED = 2
"""Place of the simplified Chinese face in Noto's collections."""
DESIGN = 720
"""The width for which all places and sizes below are meant; other widths are drawn to scale."""
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


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as a slice prints it."""

    metric: str | None
    """The name of the figure in data/figures.toml, None for numbers that are none of the series' figures."""
    label: str
    printed: str
    value: float
    """What the printed number means, in plain units."""
    unit: str = "个"
    change: float | None = None
    """Percent against the week before; a fall is negative; 0 is printed as 持平."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A picture: a title and the figures below it, in order."""

    title: str
    figures: tuple[Figure, ...]
    footnote: str = ""


def draw(picture: Slice, style: Style, width: int = 720, form: Format = "PNG", quality: int = 42) -> bytes:
    """*picture* as the bytes of an image file."""
    canvas = _Canvas(width / DESIGN)
    _STYLES[style](picture, canvas)
    small = canvas.image.resize((width, canvas.image.height // SMOOTH), Image.Resampling.LANCZOS)
    if form == "PNG":
        small = small.quantize(palette=_palette(canvas.image, small), dither=Image.Dither.NONE)
    return _encode(small, form, quality)


def cover(title: str, subtitle: str, color: Color = BLUE) -> bytes:
    """A cover in WeChat's proportions, 900 x 383, as a JPEG."""
    canvas = _Canvas(900 / DESIGN)
    canvas.start(306.4, color)
    red, green, blue = (min(255, part + 26) for part in color)
    for n in range(1, 6):
        canvas.ring(660, 270, n * 40, (red, green, blue), 1)
    canvas.box(38, 90, 6, 110, AMBER)
    canvas.text(62, 112, title, 40, WHITE, bold=True)
    canvas.text(62, 178, subtitle, 24, SKY)
    canvas.text(62, 268, MARK, 16, SKY)
    return _encode(canvas.image.resize((900, 383), Image.Resampling.LANCZOS), "JPEG", 45)


def _encode(image: Image.Image, form: Format, quality: int) -> bytes:
    out = io.BytesIO()
    if form == "PNG":
        image.save(out, "PNG", optimize=True)
    else:
        image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _palette(drawn: Image.Image, small: Image.Image) -> Image.Image:
    """Sixteen colours: the plain ones of *drawn* and the most frequent steps between them, at the edges of letters."""
    counted = sorted(drawn.getcolors(1 << 24) or [], key=lambda entry: (-entry[0], entry[1]))
    plain = [color for count, color in counted if color in _COLORS and count > 60]
    colors: dict[Color, None] = dict.fromkeys(plain)
    for ground in plain[:4]:
        for color in plain:
            for part in EDGES:
                red, green, blue = (round(a + (b - a) * part) for a, b in zip(ground, color, strict=True))
                colors[red, green, blue] = None
    many = _as_palette(list(colors)[:256])
    frequent = enumerate(small.quantize(palette=many, dither=Image.Dither.NONE).histogram()[: len(colors)])
    steps = sorted((-count, index) for index, count in frequent if count and index >= len(plain))
    every = list(colors)
    return _as_palette([*plain, *(every[index] for _, index in steps)][:16])


def _as_palette(colors: Sequence[Color]) -> Image.Image:
    palette = Image.new("P", (1, 1))
    flat = [part for color in colors for part in color]
    palette.putpalette(flat + flat[:3] * (256 - len(colors)))
    return palette


@lru_cache(maxsize=256)
def _font(pixels: float, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = f"NotoSansCJK-{'Bold' if bold else 'Regular'}.ttc"
    for folder in FONTS:
        if (folder / name).exists():
            return ImageFont.truetype(folder / name, pixels, index=_SIMPLIFIED)
    raise SystemExit(f"{name} is missing: install the package fonts-noto-cjk")


class _Canvas:
    """A drawing surface of :data:`DESIGN` units in width; *zoom* times as many pixels, and more until it is reduced."""

    width = DESIGN
    image: Image.Image
    height: float
    _pen: ImageDraw.ImageDraw

    def __init__(self, zoom: float) -> None:
        self._scale = zoom * SMOOTH

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

    def ring(self, x: float, y: float, radius: float, color: Color, width: float) -> None:
        """A circle's line, inside *radius*."""
        area = self._at(x - radius, y - radius, x + radius, y + radius)
        self._pen.ellipse(area, outline=color, width=round(width * self._scale))

    def triangle(self, x: float, y: float, size: float, up: bool, fill: Color) -> None:
        """A triangle whose middle is x, y."""
        tip, base = (y - size / 2, y + size / 2) if up else (y + size / 2, y - size / 2)
        self._pen.polygon(self._at(x, tip, x - size * 0.58, base, x + size * 0.58, base), fill=fill)

    def length(self, text: str, size: float, bold: bool = False) -> float:
        """The width of *text*."""
        return float(_font(size * self._scale, bold).getlength(text)) / self._scale

    def text(
        self, x: float, y: float, text: str, size: float, fill: Color, bold: bool = False, anchor: str = "lm"
    ) -> float:
        """Write *text*, vertically centred on y (anchor ``lm``, ``mm``, ``rm``); its width."""
        left, middle = self._at(x, y)
        self._pen.text((left, middle), text, font=_font(size * self._scale, bold), fill=fill, anchor=anchor)
        return self.length(text, size, bold)

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
    ) -> None:
        """Write *text* as large as *size* and *room* allow."""
        while size > 10 and self.length(text, size, bold) > room:
            size -= 0.5
        self.text(x, y, text, size, fill, bold, anchor)

    def mark(self, fill: Color, x: float | None = None, y: float | None = None) -> None:
        """The mark that says that the numbers are no real ones."""
        self.text(
            self.width - 16 if x is None else x, self.height - 15 if y is None else y, MARK, 13, fill, anchor="rm"
        )


def _percent(change: float) -> str:
    return f"{abs(change):.1f}%"


def change_text(style: Style, change: float | None) -> str:
    """The words (not the triangles) that *style* prints for a change."""
    if change is None:
        return ""
    if change == 0:
        return "持平"
    arrow = "↑" if change > 0 else "↓"
    verb = "上升" if change > 0 else "下降"
    return {
        "cards": f"较上周{arrow}{_percent(change)}",
        "table": f"{arrow} {_percent(change)}",
        "dark": f"环比{verb}{_percent(change)}",
        "rings": _percent(change),
        "bars": f"较上周{verb}{_percent(change)}",
    }[style]


def _cards(picture: Slice, canvas: _Canvas) -> None:
    """White cards in two columns under a blue band."""
    width = canvas.width
    rows = (len(picture.figures) + 1) // 2
    margin, gap, card = 22, 14, 118
    canvas.start(72 + 20 + rows * (card + gap) + 34, SKY)
    canvas.box(0, 0, width, 72, BLUE)
    canvas.box(margin, 24, 6, 24, AMBER)
    canvas.text(margin + 18, 36, picture.title, 26, WHITE, bold=True)
    column = (width - 2 * margin - gap) / 2
    for n, figure in enumerate(picture.figures):
        wide = n == len(picture.figures) - 1 and n % 2 == 0
        x, y = margin + (n % 2) * (column + gap), 92 + (n // 2) * (card + gap)
        room = width - 2 * margin if wide else column
        canvas.box(x, y, room, card, WHITE, radius=10)
        canvas.box(x, y + 16, 5, card - 32, BLUE)
        canvas.fitted(x + 22, y + 30, figure.label, 19, room - 36, GREY)
        number = canvas.text(x + 22, y + 78, figure.printed, 36, BLUE, bold=True)
        canvas.text(x + 28 + number, y + 84, figure.unit, 16, GREY)
        if figure.change is not None:
            color = GREY if figure.change == 0 else RED if figure.change > 0 else GREEN
            canvas.text(x + room - 18, y + 82, change_text("cards", figure.change), 17, color, anchor="rm")
    canvas.text(margin, canvas.height - 15, picture.footnote, 13, GREY)
    canvas.mark(GREY)


def _table(picture: Slice, canvas: _Canvas) -> None:
    """A table of three columns: what, how many, change."""
    width = canvas.width
    row, top, margin = 58, 118, 24
    canvas.start(top + row * len(picture.figures) + 44, WHITE)
    canvas.text(width / 2, 36, picture.title, 27, BLUE, bold=True, anchor="mm")
    canvas.box(margin, 66, width - 2 * margin, 52, BLUE)
    edges = (margin, margin + (width - 2 * margin) * 0.54, margin + (width - 2 * margin) * 0.78, width - margin)
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    for x, head in zip(middles, ("监测指标", "本周数量", "较上周"), strict=True):
        canvas.text(x, 92, head, 20, WHITE, bold=True, anchor="mm")
    for n, figure in enumerate(picture.figures):
        y = top + n * row
        if n % 2:
            canvas.box(margin, y, width - 2 * margin, row, SKY)
        canvas.box(margin, y + row - 1, width - 2 * margin, 1, LINE)
        canvas.fitted(margin + 16, y + row / 2, figure.label, 20, edges[1] - edges[0] - 24, INK)
        canvas.text(middles[1], y + row / 2, figure.printed, 24, INK, bold=True, anchor="mm")
        if figure.change is None:
            canvas.text(middles[2], y + row / 2, "—", 20, GREY, anchor="mm")
        else:
            color = GREY if figure.change == 0 else RED if figure.change > 0 else GREEN
            canvas.text(middles[2], y + row / 2, change_text("table", figure.change), 21, color, bold=True, anchor="mm")
    for x in edges:
        canvas.box(x, 66, 1, top - 66 + row * len(picture.figures), LINE)
    canvas.text(margin, canvas.height - 20, picture.footnote, 13, GREY)
    canvas.mark(GREY, x=width - margin, y=canvas.height - 20)


def _dark(picture: Slice, canvas: _Canvas) -> None:
    """Rows on a dark ground: the label left, the number right, the change below it."""
    width = canvas.width
    row, margin = 86, 26
    canvas.start(82 + row * len(picture.figures) + 36, NAVY)
    canvas.text(width / 2, 42, picture.title, 27, WHITE, bold=True, anchor="mm")
    half = canvas.length(picture.title, 27, bold=True) / 2
    for side in (-1, 1):
        canvas.box(width / 2 + side * (half + 36) - 22, 41, 44, 3, CYAN)
    for n, figure in enumerate(picture.figures):
        y = 82 + n * row
        canvas.box(margin, y, width - 2 * margin, row - 12, STEEL, radius=8)
        canvas.box(margin, y, 6, row - 12, CYAN)
        middle = y + (row - 12) / 2
        canvas.fitted(margin + 24, middle, figure.label, 21, width * 0.52, WHITE)
        right = width - margin - 20
        high = middle - 13 if figure.change is not None else middle
        unit = canvas.text(right, high + 2, figure.unit, 16, SKY, anchor="rm")
        canvas.text(right - unit - 6, high, figure.printed, 31, CYAN, bold=True, anchor="rm")
        if figure.change is not None:
            color = SKY if figure.change == 0 else AMBER if figure.change > 0 else MINT
            canvas.text(right, middle + 20, change_text("dark", figure.change), 16, color, anchor="rm")
    canvas.text(margin, canvas.height - 18, picture.footnote, 13, SKY)
    canvas.mark(SKY, x=width - margin, y=canvas.height - 18)


def _rings(picture: Slice, canvas: _Canvas) -> None:
    """Rings side by side (three in a row at most), the number inside, the label and a triangle below."""
    width = canvas.width
    count = len(picture.figures)
    across = count if count <= 3 else 2 if count == 4 else 3
    rows = -(-count // across)
    radius, cell = 68, 252
    canvas.start(78 + rows * cell + 30, WHITE)
    canvas.box(0, 0, width, 8, TEAL)
    canvas.text(width / 2, 46, picture.title, 27, TEAL, bold=True, anchor="mm")
    for n, figure in enumerate(picture.figures):
        line = n // across
        in_line = min(across, count - line * across)
        column = width / in_line
        x, y = column * (n % across + 0.5), 92 + line * cell + radius
        canvas.ring(x, y, radius, SKY, 12)
        canvas.ring(x, y, radius - 5, TEAL, 3)
        canvas.fitted(x, y - 6, figure.printed, 31, 2 * radius - 34, TEAL, bold=True, anchor="mm")
        canvas.text(x, y + 26, figure.unit, 15, GREY, anchor="mm")
        canvas.fitted(x, y + radius + 26, figure.label, 19, column - 18, INK, anchor="mm")
        if figure.change is not None:
            words = change_text("rings", figure.change)
            color = GREY if figure.change == 0 else RED if figure.change > 0 else GREEN
            size = canvas.length(words, 18)
            below = y + radius + 56
            if figure.change:
                canvas.triangle(x - size / 2 - 5, below + 1, 12, figure.change > 0, color)
            canvas.text(x + (7 if figure.change else 0), below, words, 18, color, anchor="mm")
    canvas.text(16, canvas.height - 15, picture.footnote, 13, GREY)
    canvas.mark(GREY)


def _bars(picture: Slice, canvas: _Canvas) -> None:
    """Horizontal bars: the label above its bar, the number at its end."""
    width = canvas.width
    row, margin = 78, 30
    canvas.start(86 + row * len(picture.figures) + 34, WHITE)
    canvas.box(margin, 26, 8, 32, AMBER)
    canvas.text(margin + 22, 42, picture.title, 26, INK, bold=True)
    canvas.box(margin, 70, width - 2 * margin, 2, LINE)
    largest = max(figure.value for figure in picture.figures) or 1
    colors = (BLUE, RED, AMBER, TEAL, GREEN, GREY)
    for n, figure in enumerate(picture.figures):
        y = 88 + n * row
        canvas.text(margin, y + 16, figure.label, 20, INK)
        if figure.change is not None:
            color = GREY if figure.change == 0 else RED if figure.change > 0 else GREEN
            canvas.text(width - margin, y + 16, change_text("bars", figure.change), 17, color, anchor="rm")
        full = width - 2 * margin - 130
        length = max(6.0, full * figure.value / largest)
        canvas.box(margin, y + 36, full, 24, SKY)
        canvas.box(margin, y + 36, length, 24, colors[n % len(colors)])
        canvas.text(margin + full + 14, y + 48, f"{figure.printed}{figure.unit}", 22, INK, bold=True)
    canvas.text(margin, canvas.height - 16, picture.footnote, 13, GREY)
    canvas.mark(GREY, x=width - margin)


_STYLES: dict[Style, Callable[[Slice, _Canvas], None]] = {
    "cards": _cards,
    "table": _table,
    "dark": _dark,
    "rings": _rings,
    "bars": _bars,
}
STYLES: Sequence[Style] = tuple(_STYLES)
