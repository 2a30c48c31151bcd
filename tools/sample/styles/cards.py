"""Styles that give every figure a field of its own."""

from itertools import cycle

from tools.sample.canvas import Canvas, between
from tools.sample.invented_figures import some
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Slice
from tools.sample.styles.style import MARGIN, change, number, paragraph, sheet, style, wrap


@style(some(3, 6))
def panels(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Panels in two columns: the number left, the label right of it, the change below the label."""
    gap, height = 14, 104
    rows = (len(picture.figures) + 1) // 2
    top = sheet(picture, canvas, look, rows * (height + gap))
    column = (canvas.width - 2 * MARGIN - gap) / 2
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        x, y = MARGIN + n % 2 * (column + gap), top + n // 2 * (height + gap)
        canvas.box(x, y, column, height, look.colors.panel, 8)
        canvas.box(x, y + height - 4, column, 4, color)
        number(canvas, look, figure, x + 130, y + 50, 34, color, "rm", room=118)
        lines = wrap(canvas, figure.label, 17, column - 158)
        low = 17 if figure.change is not None else 0
        paragraph(canvas, lines, x + 146, y + 50 - low, 17, look.colors.ink)
        change(canvas, look, x + 146, y + 60 + 11 * len(lines), figure.change, 14)


@style(some(3, 7))
def hexagons(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Hexagons in staggered rows with number and change; the label below each."""
    radius, row = 84, 256
    across = 2 if len(picture.figures) in (3, 4) else 3
    rows = -(-len(picture.figures) // across)
    top = sheet(picture, canvas, look, rows * row + 10)
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        line = n // across
        in_row = min(across, len(picture.figures) - line * across)
        column = canvas.width / in_row
        x, y = column * (n % across + 0.5), top + line * row + radius + 4
        canvas.hexagon(x, y, radius, color)
        canvas.hexagon(x, y, radius - 6, look.colors.panel)
        high = -10 if figure.change is not None else 0
        number(canvas, look, figure, x, y + high, 34, color, "mm", room=118)
        change(canvas, look, x, y + 28, figure.change, 13 if look.form == "words" else 15, "mm")
        lines = wrap(canvas, figure.label, 18, column - 24)
        paragraph(canvas, lines, x, y + radius + 14 + 12 * len(lines), 18, look.colors.ink, anchor="mm")


@style(some(2, 5))
def detached(picture: Slice, canvas: Canvas, look: Look) -> None:
    """One big number a row, its unit (万台, 个) small and in another colour beside or below it."""
    height = 132
    top = sheet(picture, canvas, look, len(picture.figures) * height)
    below = look.heading == "left"
    for n, figure in enumerate(picture.figures):
        y = top + n * height
        canvas.box(MARGIN, y, canvas.width - 2 * MARGIN, height - 14, look.colors.panel, 12)
        canvas.fitted(MARGIN + 24, y + 42, figure.label, 22, 330, look.colors.ink)
        change(canvas, look, MARGIN + 24, y + 84, figure.change, 17)
        digits = figure.printed.rstrip("万亿")
        unit = figure.printed[len(digits) :] + figure.unit
        x = 400.0
        if figure.qualifier:
            x += canvas.text(x, y + 70, figure.qualifier, 20, look.colors.faint) + 8
        width = canvas.fitted(x, y + 52, digits, 58, 210, look.colors.main, True, "lm", look.digits)
        if below:
            canvas.text(x + width / 2, y + 101, unit, 19, look.colors.faint, anchor="mm")
        else:
            canvas.text(x + width + 10, y + 70, unit, 22, look.colors.accents[1])


@style(some(3, 6))
def wrapped(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Narrow columns: a number on top, the change, and the label in two or three lines."""
    count = len(picture.figures)
    across = count if count <= 4 else 3
    rows, height = -(-count // across), 232
    top = sheet(picture, canvas, look, rows * height)
    column = (canvas.width - 2 * MARGIN) / across
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        x, y = MARGIN + (n % across + 0.5) * column, top + n // across * height
        canvas.box(x - column / 2 + 5, y, column - 10, height - 14, look.colors.panel, 6)
        canvas.box(x - column / 2 + 5, y, column - 10, 7, color)
        number(canvas, look, figure, x, y + 52, 38, color, "mm", room=column - 30)
        change(canvas, look, x, y + 96, figure.change, 14, "mm")
        lines = wrap(canvas, figure.label, 18, min(column - 40, 112))
        paragraph(canvas, lines, x, y + 162, 18, look.colors.ink, anchor="mm")


@style(some(2, 6))
def gauges(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Half rings with the number inside and the scale's ends, which are no figures, below them."""
    radius, row = 82, 200
    across = 2 if len(picture.figures) in (2, 4) else 3
    top = sheet(picture, canvas, look, -(-len(picture.figures) // across) * row)
    column = canvas.width / across
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        x, y = (n % across + 0.5) * column, top + n // across * row + radius
        most = 10 ** len(str(round(figure.value)))
        canvas.sector(x, y, radius, 180, 360, between(look.colors.ground, look.colors.faint, 0.35))
        canvas.sector(x, y, radius, 180, 180 + 180 * figure.value / most, color)
        canvas.disc(x, y, radius - 18, look.colors.ground)
        number(canvas, look, figure, x, y - 24, 30, look.colors.ink, "mm", room=112)
        form = "glyph" if look.form == "words" else look.form
        change(canvas, look, x, y + 8, figure.change, 12, "mm", form)
        canvas.text(x - radius + 9, y + 10, "0", 11, look.colors.faint, anchor="mm")
        end = f"{most // 10_000}万" if most >= 100_000 else str(most)
        canvas.text(x + radius - 9, y + 10, end, 11, look.colors.faint, anchor="mm")
        paragraph(canvas, wrap(canvas, figure.label, 17, column - 30), x, y + 54, 17, look.colors.ink, anchor="mm")
