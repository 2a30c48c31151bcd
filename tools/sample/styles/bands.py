"""Styles that string figures along a line."""

from itertools import cycle

from tools.sample.canvas import Canvas
from tools.sample.invented_figures import some
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Slice
from tools.sample.styles.style import change, number, sheet, style


@style(some(3, 6))
def ribbon(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A ribbon from top to bottom with numbered nodes; figures stand left and right of it in turn."""
    step = 112
    top = sheet(picture, canvas, look, len(picture.figures) * step)
    middle = canvas.width / 2
    canvas.box(middle - 5, top - 4, 10, len(picture.figures) * step - 10, look.colors.faint, 5)
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        y, left = top + n * step + 48, n % 2 == 0
        side, anchor = (-1, "rm") if left else (1, "lm")
        canvas.disc(middle, y, 21, color)
        canvas.disc(middle, y, 17, look.colors.panel)
        canvas.text(middle, y, f"{n + 1:02d}", 15, color, bold=True, anchor="mm")
        x = middle + side * 44
        canvas.box(middle - 330 if left else middle + 30, y - 44, 300, 92, look.colors.panel, 10)
        canvas.fitted(x, y - 24, figure.label, 18, 270, look.colors.ink, anchor=anchor)
        number(canvas, look, figure, x, y + 18, 32, color, anchor, unit=True, room=130)
        change(canvas, look, middle + side * (326 - 12), y + 22, figure.change, 13, "lm" if left else "rm")
