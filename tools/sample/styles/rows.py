"""Styles that put a figure in a row: its label, its number, its change."""

from itertools import cycle

from tools.sample.canvas import GREEN, MARK, RED, Canvas, between
from tools.sample.invented_figures import families, short_labels, some
from tools.sample.picture_colours import Look, percent
from tools.sample.picture_content import Slice
from tools.sample.styles.icons import ICONS
from tools.sample.styles.style import MARGIN, change, number, sheet, style


@style(families(2, 4))
def subrows(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Wholes in strong rows, their parts indented below them; several wholes may each have a 其中政府网站."""
    row = 46
    top = sheet(picture, canvas, look, row * len(picture.figures) + 10)
    right = canvas.width - MARGIN
    for n, figure in enumerate(picture.figures):
        y = top + (n + 0.5) * row
        if not figure.part:
            canvas.box(MARGIN, y - row / 2 + 3, canvas.width - 2 * MARGIN, row - 3, look.colors.panel, 4)
        x, size = (MARGIN + 56, 17) if figure.part else (MARGIN + 16, 20)
        ink = look.colors.faint if figure.part else look.colors.ink
        canvas.fitted(x, y, figure.label, size, 350 - x, ink, bold=not figure.part)
        width = number(canvas, look, figure, 362, y, size + 3, look.colors.accents[0], unit=True, room=160)
        if figure.share:
            canvas.text(368 + width, y, f"（{figure.share}）", 13, look.colors.faint)
        change(canvas, look, right - 12, y, figure.change, 14, "rm")


@style(short_labels(some(2, 2)))
def strip(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A strip of 720 by 80: two figures side by side, nothing else."""
    canvas.start(80, look.colors.main)
    half = canvas.width / 2
    for n, figure in enumerate(picture.figures):
        x = n * half + 18
        canvas.fitted(x, 26, figure.label, 18, 190, look.colors.on_main)
        change(canvas, look, x, 56, figure.change, 15, fill=look.colors.on_main)
        number(canvas, look, figure, x + 326, 38, 32, look.colors.on_main, "rm", unit=True, room=128)
    canvas.box(half - 1, 14, 2, 52, look.colors.on_main)
    canvas.text(canvas.width - 16, 70, MARK, 10, look.colors.on_main, anchor="rm")


@style(some(3, 6))
def icons(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Rows that begin with a pictogram, whose shapes are not far from characters."""
    row = 92
    top = sheet(picture, canvas, look, row * len(picture.figures))
    for n, (figure, color, icon) in enumerate(
        zip(picture.figures, cycle(look.colors.accents), cycle(ICONS), strict=False)
    ):
        y = top + n * row + 40
        canvas.box(MARGIN, y - 40, canvas.width - 2 * MARGIN, row - 12, look.colors.panel, 40)
        canvas.disc(MARGIN + 42, y, 32, color)
        icon(canvas, MARGIN + 42, y, look.colors.panel, color)
        canvas.fitted(MARGIN + 96, y - 15, figure.label, 20, 330, look.colors.ink)
        change(canvas, look, MARGIN + 96, y + 18, figure.change, 15)
        number(canvas, look, figure, canvas.width - MARGIN - 30, y, 36, color, "rm", unit=True, room=210)


@style(some(4, 7))
def coded(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Rows that show changes by colour alone; a legend says which colour is which."""
    row = 56
    top = sheet(picture, canvas, look, row * len(picture.figures) + 54)
    pale = 0.35 if sum(look.colors.ground) < 300 else 0.0
    red, green = between(RED, (255, 255, 255), pale), between(GREEN, (160, 255, 190), pale * 2)
    swapped = look.heading == "left"
    rise, fall = (green, red) if swapped else (red, green)
    for n, figure in enumerate(picture.figures):
        y = top + (n + 0.5) * row
        canvas.box(MARGIN, y + row / 2 - 1, canvas.width - 2 * MARGIN, 1, look.colors.faint)
        canvas.fitted(MARGIN + 8, y, figure.label, 20, 330, look.colors.ink)
        number(canvas, look, figure, 390, y, 27, look.colors.ink, unit=True, room=150)
        if figure.change is not None:
            color = look.colors.faint if figure.change == 0 else rise if figure.change > 0 else fall
            text = percent(figure.change) if figure.change else "持平"
            canvas.text(canvas.width - MARGIN - 8, y, text, 22, color, bold=True, anchor="rm")
    y = top + row * len(picture.figures) + 28
    words = ("绿色", "红色") if swapped else ("红色", "绿色")
    for x, color, name, meaning in zip((60, 360), (rise, fall), words, ("上升", "下降"), strict=True):
        canvas.disc(x, y, 7, color)
        canvas.text(x + 16, y, f"{name}表示较上周{meaning}", 15, look.colors.faint)


@style(some(4, 8))
def leaders(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A list as on a bill: dots lead from the label to the number."""
    row = 44
    top = sheet(picture, canvas, look, row * len(picture.figures) + 24)
    canvas.frame(MARGIN, top, canvas.width - 2 * MARGIN, row * len(picture.figures) + 14, look.colors.main, 2, 2)
    for n, figure in enumerate(picture.figures):
        y = top + 7 + (n + 0.5) * row
        start = MARGIN + 26 + canvas.fitted(MARGIN + 18, y, figure.label, 20, 320, look.colors.ink)
        end = 530 - number(canvas, look, figure, 530, y, 22, look.colors.main, "rm", unit=True, room=140)
        for place in range(round(start), round(end - 6), 9):
            canvas.disc(place, y + 5, 1.4, look.colors.faint)
        change(canvas, look, canvas.width - MARGIN - 14, y, figure.change, 13, "rm")
