"""Styles with rows and columns under a head."""

from itertools import pairwise

from tools.sample.canvas import Canvas, between
from tools.sample.invented_figures import counts, either, hosts, some
from tools.sample.label_wordings import PROVINCES
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Figure, Slice
from tools.sample.styles.style import MARGIN, change, sheet, style


def _columns(canvas: Canvas, parts: tuple[float, ...]) -> list[float]:
    """The edges of columns that take *parts* of the width."""
    edges, room = [float(MARGIN)], canvas.width - 2 * MARGIN
    for part in parts:
        edges.append(edges[-1] + part * room)
    return edges


def _head(canvas: Canvas, look: Look, edges: list[float], top: float, heads: tuple[str, ...]) -> None:
    canvas.box(MARGIN, top, canvas.width - 2 * MARGIN, 46, look.colors.main)
    for (left, right), head in zip(pairwise(edges), heads, strict=True):
        canvas.text((left + right) / 2, top + 23, head, 17, look.colors.on_main, bold=True, anchor="mm")


@style(either(hosts, some(3, 6)))
def two_weeks(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A table of this week and the last one, with the change; units in a column, or 万台 in the head for all."""
    row = 50
    ten_thousands = all(figure.printed.endswith("万") and "万" in figure.before for figure in picture.figures)
    top = sheet(picture, canvas, look, 28 + 46 + row * len(picture.figures) + 8) + 28
    edges = _columns(canvas, (0.42, 0.12, 0.15, 0.15, 0.16))
    if ten_thousands:
        canvas.text(canvas.width - MARGIN, top - 16, "单位：万台", 15, look.colors.faint, anchor="rm")
    _head(canvas, look, edges, top, ("监测指标", "序号" if ten_thousands else "单位", "本周", "上周", "变化幅度"))
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    for n, figure in enumerate(picture.figures):
        y = top + 46 + (n + 0.5) * row
        canvas.box(MARGIN, y - row / 2, canvas.width - 2 * MARGIN, row - 1, look.colors.panel)
        canvas.fitted(MARGIN + 12, y, figure.label, 18, edges[1] - edges[0] - 20, look.colors.ink)
        second, this, last = _cells(figure, n, ten_thousands)
        canvas.text(middles[1], y, second, 16, look.colors.faint, anchor="mm")
        canvas.fitted(middles[2], y, this, 20, 88, look.colors.ink, True, "mm", look.digits)
        canvas.fitted(middles[3], y, last, 20, 88, look.colors.faint, False, "mm", look.digits)
        if figure.change is None:
            canvas.text(middles[4], y, "-", 18, look.colors.faint, anchor="mm")
        else:
            form = "glyph" if look.form == "words" else look.form
            change(canvas, look, middles[4], y, figure.change, 16, "mm", form)


def _cells(figure: Figure, n: int, ten_thousands: bool) -> tuple[str, str, str]:
    """What stands in the second column, under this week and under the last one."""
    if ten_thousands:
        return str(n + 1), figure.printed.removesuffix("万"), figure.before.removesuffix("万")
    return figure.unit, figure.qualifier + figure.printed, figure.before or "—"


@style(counts(PROVINCES, "境内感染网络病毒主机地区分布", 5, 10, hosts=True))
def provinces(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Provinces with their rank and number in two columns, on bars that grow paler."""
    row = 50
    lines = (len(picture.figures) + 1) // 2
    top = sheet(picture, canvas, look, row * lines + 8)
    column = (canvas.width - 2 * MARGIN - 16) / 2
    for n, figure in enumerate(picture.figures):
        x, y = MARGIN + n // lines * (column + 16), top + (n % lines + 0.5) * row
        color = between(look.colors.accents[0], look.colors.panel, 0.55 + 0.4 * n / len(picture.figures))
        canvas.box(x, y - 21, column, 42, color, 6)
        canvas.disc(x + 24, y, 13, look.colors.main)
        canvas.text(x + 24, y, str(n + 1), 15, look.colors.on_main, bold=True, anchor="mm")
        canvas.fitted(x + 48, y, figure.label, 19, 150, look.colors.ink)
        canvas.text(x + column - 16, y, figure.printed, 21, look.colors.ink, True, "rm", look.digits)


@style(counts(PROVINCES, "被篡改网站地区分布", 6, 12))
def tiles(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A map made of tiles: the darker, the more; the province's name over its number."""
    across, side = 4, 118
    lines = -(-len(picture.figures) // across)
    top = sheet(picture, canvas, look, lines * (side - 18) + 8)
    column = (canvas.width - 2 * MARGIN) / across
    largest = picture.figures[0].value
    for n, figure in enumerate(picture.figures):
        x, y = MARGIN + n % across * column, top + n // across * (side - 18)
        depth = 0.15 + 0.45 * (figure.value / largest) ** 0.5
        canvas.box(x + 3, y + 3, column - 6, side - 24, between(look.colors.panel, look.colors.accents[0], depth), 4)
        canvas.fitted(x + column / 2, y + 34, figure.label, 17, column - 20, look.colors.ink, anchor="mm")
        canvas.text(x + column / 2, y + 66, figure.printed, 22, look.colors.ink, True, "mm", look.digits)
