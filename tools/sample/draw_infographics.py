"""Draws the infographics of the sample series: our own designs in the manner of a weekly report's picture slices.

Every slice carries the mark 示例数据. All that a slice states is given to it as :class:`Figure`; what is printed is the
truth that ``pictures.json`` records.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

from PIL import Image

from tools.sample.canvas import (
    AMBER,
    BLUE,
    CYAN,
    DESIGN,
    GREEN,
    GREY,
    INK,
    LINE,
    MARK,
    MINT,
    NAVY,
    RED,
    SKY,
    SMOOTH,
    STEEL,
    TEAL,
    WHITE,
    Canvas,
    Color,
    Format,
    encode,
    palette,
)
from tools.sample.picture_content import Slice

Style = Literal["cards", "table", "dark", "rings", "bars"]


def draw(picture: Slice, style: Style, width: int = 720, form: Format = "PNG", quality: int = 42) -> bytes:
    """*picture* as the bytes of an image file."""
    canvas = Canvas(width / DESIGN)
    _STYLES[style](picture, canvas)
    small = canvas.image.resize((width, canvas.image.height // SMOOTH), Image.Resampling.LANCZOS)
    if form == "PNG":
        small = small.quantize(palette=palette(canvas.image, small), dither=Image.Dither.NONE)
    return encode(small, form, quality)


def cover(title: str, subtitle: str, color: Color = BLUE) -> bytes:
    """A cover in WeChat's proportions, 900 x 383, as a JPEG."""
    canvas = Canvas(900 / DESIGN)
    canvas.start(306.4, color)
    red, green, blue = (min(255, part + 26) for part in color)
    for n in range(1, 6):
        canvas.ring(660, 270, n * 40, (red, green, blue), 1)
    canvas.box(38, 90, 6, 110, AMBER)
    canvas.text(62, 112, title, 40, WHITE, bold=True)
    canvas.text(62, 178, subtitle, 24, SKY)
    canvas.text(62, 268, MARK, 16, SKY)
    return encode(canvas.image.resize((900, 383), Image.Resampling.LANCZOS), "JPEG", 45)


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


def _cards(picture: Slice, canvas: Canvas) -> None:
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


def _table(picture: Slice, canvas: Canvas) -> None:
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


def _dark(picture: Slice, canvas: Canvas) -> None:
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


def _rings(picture: Slice, canvas: Canvas) -> None:
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


def _bars(picture: Slice, canvas: Canvas) -> None:
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


_STYLES: dict[Style, Callable[[Slice, Canvas], None]] = {
    "cards": _cards,
    "table": _table,
    "dark": _dark,
    "rings": _rings,
    "bars": _bars,
}
STYLES: Sequence[Style] = tuple(_STYLES)
