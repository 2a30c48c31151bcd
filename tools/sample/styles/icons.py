"""Pictograms: shapes not far from characters (日, 口, 0, 中, T)."""

from collections.abc import Callable

from tools.sample.canvas import Canvas, Color

Icon = Callable[[Canvas, float, float, Color, Color], None]


def _screen(canvas: Canvas, x: float, y: float, fill: Color, ground: Color) -> None:
    canvas.box(x - 17, y - 15, 34, 24, fill, 3)
    canvas.box(x - 13, y - 11, 26, 16, ground)
    canvas.box(x - 9, y - 4, 18, 2, fill)
    canvas.box(x - 2, y + 9, 4, 6, fill)
    canvas.box(x - 10, y + 14, 20, 3, fill)


def _lock(canvas: Canvas, x: float, y: float, fill: Color, ground: Color) -> None:
    canvas.ring(x, y - 6, 10, fill, 4)
    canvas.box(x - 14, y - 4, 28, 20, fill, 3)
    canvas.disc(x, y + 4, 3, ground)
    canvas.box(x - 1.5, y + 5, 3, 6, ground)


def _globe(canvas: Canvas, x: float, y: float, fill: Color, _: Color) -> None:
    canvas.ring(x, y, 17, fill, 3)
    canvas.ring(x, y, 8, fill, 2)
    canvas.box(x - 16, y - 1, 32, 2, fill)
    canvas.box(x - 1, y - 16, 2, 32, fill)


def _bug(canvas: Canvas, x: float, y: float, fill: Color, ground: Color) -> None:
    for n in (-9, 0, 9):
        canvas.line([(x - 18, y + n - 2), (x + 18, y + n + 2)], fill, 2.5)
    canvas.disc(x, y, 11, fill)
    canvas.box(x - 1, y - 8, 2, 18, ground)


def _letter(canvas: Canvas, x: float, y: float, fill: Color, ground: Color) -> None:
    canvas.box(x - 17, y - 12, 34, 24, fill, 2)
    canvas.line([(x - 15, y - 10), (x, y + 2), (x + 15, y - 10)], ground, 2.5)


def _shield(canvas: Canvas, x: float, y: float, fill: Color, ground: Color) -> None:
    canvas.shape([(x - 14, y - 13), (x, y - 18), (x + 14, y - 13), (x + 12, y + 6), (x, y + 17), (x - 12, y + 6)], fill)
    canvas.line([(x - 6, y - 1), (x - 1, y + 5), (x + 7, y - 7)], ground, 3)


ICONS: tuple[Icon, ...] = (_screen, _globe, _lock, _letter, _bug, _shield)
