"""The base of the styles, and the parts that many share: title, foot, a change, a wrapped label."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.sample.canvas import MARK, Canvas, Color
from tools.sample.invented_figures import Invent
from tools.sample.picture_colours import ChangeForm, Look, percent
from tools.sample.picture_content import Figure, Slice

Draw = Callable[[Slice, Canvas, Look], None]
FOOT = 40
MARGIN = 26


@dataclass(frozen=True, slots=True)
class Style:
    """A way to draw a slice."""

    draw: Draw
    invent: Invent


STYLES: dict[str, Style] = {}


def style(invent: Invent) -> Callable[[Draw], Draw]:
    """Register a style under the name of the function that draws it, with the slices that it draws."""

    def enter(draw: Draw) -> Draw:
        STYLES[draw.__name__] = Style(draw, invent)
        return draw

    return enter


def sheet(picture: Slice, canvas: Canvas, look: Look, content: float) -> float:
    """Start the canvas with *content* units between title and foot; draw both; where the content begins."""
    colors, width = look.colors, canvas.width
    top = 82 + (26 if picture.subtitle else 0)
    canvas.start(top + content + FOOT, colors.ground)
    if look.heading == "band":
        canvas.box(0, 0, width, top - 16, colors.main)
    ink, faint = (colors.on_main, colors.on_main) if look.heading == "band" else (colors.ink, colors.faint)
    anchor, x = ("lm", MARGIN + 16.0) if look.heading == "left" else ("mm", width / 2)
    if look.heading == "left":
        canvas.box(MARGIN, 22, 6, 26, colors.main)
    canvas.text(x, 35, picture.title, 27, ink, bold=True, anchor=anchor)
    if picture.subtitle:
        canvas.text(x, 70, picture.subtitle, 15, faint, anchor=anchor)
    foot(picture, canvas, colors.faint)
    return top


def foot(picture: Slice, canvas: Canvas, color: Color) -> None:
    """The footnote and the mark."""
    y = canvas.height - 17
    if picture.footnote:
        canvas.text(MARGIN, y, picture.footnote, 13, color)
    canvas.text(canvas.width - MARGIN, y, MARK, 13, color, anchor="rm")


def number(
    canvas: Canvas, look: Look, figure: Figure, x: float, y: float, size: float, fill: Color, anchor: str = "lm",
    unit: bool = False, room: float = 0,
) -> float:  # fmt: skip
    """Write a figure's number in bold digits, with its qualifier and, if asked, its unit; its width."""
    text = f"{figure.qualifier}{figure.printed}{figure.unit if unit else ''}"
    return canvas.fitted(x, y, text, size, room or canvas.width, fill, True, anchor, look.digits)


def change(
    canvas: Canvas, look: Look, x: float, y: float, value: float | None, size: float, anchor: str = "lm",
    form: ChangeForm | None = None, fill: Color | None = None,
) -> None:  # fmt: skip
    """Write a change (or nothing) in the look's form, or in *form*, at x (anchor ``l``, ``m``, ``r``)."""
    if value is None:
        return
    form, color = form or look.form, fill or look.color(value)
    if value == 0 or form == "words":
        canvas.text(x, y, look.words(value), size, color, anchor=anchor)
    elif form == "sign":
        canvas.text(x, y, f"{'+' if value > 0 else '-'}{percent(value)}", size, color, anchor=anchor)
    elif form == "glyph":
        canvas.text(x, y, f"{'↑' if value > 0 else '↓'}{percent(value)}", size, color, anchor=anchor)
    else:
        length = canvas.length(percent(value), size)
        left = x - {"l": 0.0, "m": (length + size) / 2, "r": length + size}[anchor[0]]
        if form == "triangle":
            canvas.triangle(left + size * 0.4, y, size * 0.66, value > 0, color)
        else:
            canvas.arrow(left + size * 0.4, y, size * 1.05, value > 0, color)
        canvas.text(left + size, y, percent(value), size, color)


def wrap(canvas: Canvas, text: str, size: float, room: float) -> list[str]:
    """*text* in as few lines of *room* as it needs, all of about the same length."""
    length = canvas.length(text, size)
    count = len(flow(canvas, text, size, room))
    widths = (length / count + n * size / 2 for n in range(50))
    return next(lines for width in widths if len(lines := flow(canvas, text, size, min(width, room))) <= count)


def flow(canvas: Canvas, text: str, size: float, room: float) -> list[str]:
    """*text* in full lines, as running text is set: numbers stay whole, no line begins with a comma or a full stop."""
    lines = [""]
    for piece in re.findall(r"（?(?:[!-~]+|.)[，。）]*", text):
        if lines[-1] and canvas.length(lines[-1] + piece, size) > room:
            lines.append("")
        lines[-1] += piece
    return lines


def paragraph(
    canvas: Canvas, lines: Sequence[str], x: float, y: float, size: float, fill: Color, bold: bool = False,
    anchor: str = "lm",
) -> None:  # fmt: skip
    """Write *lines* below each other; y is the middle of them all."""
    step = size * 1.32
    for n, line in enumerate(lines):
        canvas.text(x, y + (n - (len(lines) - 1) / 2) * step, line, size, fill, bold, anchor)
