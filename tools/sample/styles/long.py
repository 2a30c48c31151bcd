"""One long picture of several parts, as a whole report on one sheet."""

import random
from itertools import cycle

from tools.sample.canvas import Canvas, between
from tools.sample.invented_figures import THEMES, counts, figures_of, week_words
from tools.sample.label_wordings import OBJECTS
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Figure, Slice
from tools.sample.styles.style import MARGIN, change, number, sheet, style

_OVERVIEW, _HANDLED = THEMES["本周网络安全基本态势"], THEMES["本周事件处理情况"]


def _parts(rng: random.Random) -> Slice:
    """An invention: what was observed, what was handled, and kinds of vulnerabilities."""
    observed = figures_of(rng, _OVERVIEW[: rng.randint(4, 6)])
    handled = figures_of(rng, _HANDLED[: rng.randint(2, 5)], changes=False)
    kinds = counts(OBJECTS, "", 4, 5)(rng).figures
    return Slice("网络安全信息与动态周报", (*observed, *handled, *kinds), subtitle=week_words(rng))


def _title(canvas: Canvas, look: Look, y: float, text: str) -> None:
    canvas.box(MARGIN, y, canvas.width - 2 * MARGIN, 2, look.colors.faint)
    canvas.box(canvas.width / 2 - 110, y - 16, 220, 34, look.colors.main, 17)
    canvas.text(canvas.width / 2, y + 1, text, 18, look.colors.on_main, bold=True, anchor="mm")


@style(_parts)
def long(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Fields with changes, a list, and bars, below each other."""
    kinds = [figure for figure in picture.figures if figure.metric is None]
    handled = [figure for figure in picture.figures if figure.metric in _HANDLED]
    observed = picture.figures[: -len(kinds) - len(handled)]
    rows = (len(observed) + 1) // 2
    y = sheet(picture, canvas, look, rows * 110 + len(handled) * 44 + 212 + 3 * 68)
    _title(canvas, look, y + 24, "一、监测情况")
    y += 64
    _fields(canvas, look, observed, y)
    y += rows * 110
    _title(canvas, look, y + 24, "二、处置情况")
    y += 64
    for n, figure in enumerate(handled):
        middle = y + n * 44 + 20
        canvas.box(MARGIN, middle + 21, canvas.width - 2 * MARGIN, 1, look.colors.faint)
        canvas.fitted(MARGIN + 14, middle, f"{n + 1}. {figure.label}", 19, 440, look.colors.ink)
        number(canvas, look, figure, canvas.width - MARGIN - 14, middle, 22, look.colors.accents[1], "rm", unit=True)
    y += len(handled) * 44
    _title(canvas, look, y + 24, "三、漏洞类型")
    _bars(canvas, look, kinds, y + 68)


def _fields(canvas: Canvas, look: Look, figures: tuple[Figure, ...], top: float) -> None:
    column = (canvas.width - 2 * MARGIN) / 2
    for n, (figure, color) in enumerate(zip(figures, cycle(look.colors.accents), strict=False)):
        x, y = MARGIN + (n % 2 + 0.5) * column, top + n // 2 * 110
        canvas.box(x - column / 2 + 4, y, column - 8, 102, look.colors.panel, 6)
        canvas.fitted(x, y + 22, figure.label, 17, column - 40, look.colors.ink, anchor="mm")
        number(canvas, look, figure, x, y + 55, 30, color, "mm", room=column - 60)
        change(canvas, look, x, y + 86, figure.change, 13, "mm")


def _bars(canvas: Canvas, look: Look, kinds: list[Figure], top: float) -> None:
    step = (canvas.width - 2 * MARGIN) / len(kinds)
    for n, kind in enumerate(kinds):
        x, height = MARGIN + (n + 0.5) * step, 150 * kind.value / kinds[0].value
        color = between(look.colors.accents[2], look.colors.ground, n * 0.15)
        canvas.box(x - 26, top + 176 - height, 52, height, color)
        canvas.text(x, top + 164 - height, kind.printed, 17, look.colors.ink, True, "mm", look.digits)
        canvas.fitted(x, top + 194, kind.label, 15, step - 10, look.colors.ink, anchor="mm")
