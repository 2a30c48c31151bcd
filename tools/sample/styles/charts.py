"""Charts, with axes and ticks whose numbers are no figures."""

import math
from collections.abc import Sequence
from itertools import cycle

from tools.sample.canvas import Canvas, between
from tools.sample.invented_figures import counts, either, severity, shares, some_of, weeks
from tools.sample.label_wordings import DOMAINS, OBJECTS, PROVINCES
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Figure, Slice
from tools.sample.styles.style import MARGIN, number, paragraph, sheet, style, wrap

_DEGREES = ("高危漏洞", "中危漏洞", "低危漏洞")
_SITES = ("sites.tampered", "sites.backdoored", "phishing.pages", "phishing.domains", "vulnerabilities.new")


def _nice(value: float) -> float:
    """The step between ticks for an axis up to *value*: 1, 2 or 5 and noughts."""
    raw = value / 4
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next(step * power for step in (1, 2, 5, 10) if step * power >= raw)


def _tick(value: float) -> str:
    return f"{value / 1e4:g}万" if value >= 10_000 else f"{value:g}"


class _Plot:
    """The field of a chart with a value axis at its left edge."""

    def __init__(self, canvas: Canvas, look: Look, top: float, height: float, largest: float) -> None:
        self.left, self.right = MARGIN + 56.0, canvas.width - MARGIN - 8.0
        self.bottom = top + height
        step = _nice(largest * 1.12 or 1)
        ticks = math.ceil(largest * 1.12 / step)
        self._scale = height / (ticks * step)
        for n in range(ticks + 1):
            y = self.place(n * step)
            canvas.box(self.left, y, self.right - self.left, 1, between(look.colors.ground, look.colors.faint, 0.4))
            canvas.text(self.left - 8, y, _tick(n * step), 13, look.colors.faint, anchor="rm")

    def place(self, value: float) -> float:
        """The height at which *value* is drawn."""
        return self.bottom - value * self._scale


def _names(canvas: Canvas, look: Look, labels: Sequence[str], plot: _Plot) -> None:
    """The categories below the axis."""
    step = (plot.right - plot.left) / len(labels)
    for n, label in enumerate(labels):
        lines = wrap(canvas, label, 15, step - 8)
        paragraph(canvas, lines, plot.left + (n + 0.5) * step, plot.bottom + 10 + 10 * len(lines), 15, look.colors.ink,
                  anchor="mm")  # fmt: skip


@style(either(counts(OBJECTS, "漏洞影响对象类型分布"), counts(DOMAINS[:5], "被篡改网站按域名类型分布")))
def columns(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Upright bars with their numbers on top."""
    top = sheet(picture, canvas, look, 366)
    plot = _Plot(canvas, look, top, 290, max(figure.value for figure in picture.figures))
    step = (plot.right - plot.left) / len(picture.figures)
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        x, y = plot.left + (n + 0.5) * step, plot.place(figure.value)
        canvas.box(x - step * 0.28, y, step * 0.56, plot.bottom - y, color)
        canvas.text(x, y - 12, figure.printed, 17, look.colors.ink, True, "mm", look.digits)
    _names(canvas, look, [figure.label for figure in picture.figures], plot)


@style(some_of(_SITES, 2, 4, "与上周数据对比"))
def grouped(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Two bars for each figure, this week's and the last one's; now the one, now the other stands first."""
    top = sheet(picture, canvas, look, 420)
    this, last = look.colors.accents[0], between(look.colors.ground, look.colors.accents[0], 0.4)
    first = -1 if look.heading == "left" else 1
    for side, color, name in ((-first, this, "本周"), (first, last, "上周")):
        x = canvas.width / 2 + side * 55 - 30
        canvas.box(x, top + 4, 22, 14, color)
        canvas.text(x + 30, top + 11, name, 15, look.colors.ink)
    numbers = [figure.value for figure in picture.figures] + [_count(figure.before) for figure in picture.figures]
    plot = _Plot(canvas, look, top + 40, 290, max(numbers))
    step = (plot.right - plot.left) / len(picture.figures)
    for n, figure in enumerate(picture.figures):
        middle, half = plot.left + (n + 0.5) * step, min(46.0, step * 0.3)
        bars = ((figure.value, figure.printed, this), (_count(figure.before), figure.before, last))
        for side, (value, printed, color) in zip((-first, first), bars, strict=True):
            x, y = middle + side * (half / 2 + 8), plot.place(value)
            canvas.box(x - half / 2, y, half, plot.bottom - y, color)
            canvas.fitted(x, y - 12, printed, 16, half + 12, look.colors.ink, True, "mm", look.digits)
    _names(canvas, look, [figure.label for figure in picture.figures], plot)


def _count(printed: str) -> float:
    return float(printed.replace(",", ""))


@style(either(
    counts(OBJECTS, "漏洞影响对象类型分布"), shares(DOMAINS, "境内被篡改网站按域名类型分布"),
    counts(PROVINCES, "感染主机数量地区分布", 5, 8, hosts=True),
))  # fmt: skip
def lengths(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Lying bars with their numbers at the end and ticks below."""
    row = 40
    top = sheet(picture, canvas, look, row * len(picture.figures) + 44)
    left, room = MARGIN + 150.0, canvas.width - 2 * MARGIN - 250.0
    step = _nice(max(figure.value for figure in picture.figures))
    ticks = math.ceil(max(figure.value for figure in picture.figures) / step)
    bottom = top + row * len(picture.figures)
    for n in range(ticks + 1):
        x = left + room * n / ticks
        canvas.box(x, top, 1, bottom - top, between(look.colors.ground, look.colors.faint, 0.4))
        canvas.text(x, bottom + 16, _tick(n * step), 13, look.colors.faint, anchor="mm")
    for n, figure in enumerate(picture.figures):
        y, length = top + (n + 0.5) * row, max(3.0, room * figure.value / (ticks * step))
        canvas.fitted(left - 12, y, figure.label, 17, 130, look.colors.ink, anchor="rm")
        canvas.box(left, y - 12, length, 24, look.colors.accents[1])
        canvas.box(left + length + 4, y - 12, 84, 24, look.colors.ground)
        canvas.text(left + length + 10, y, figure.printed, 17, look.colors.ink, True, "lm", look.digits)


@style(weeks)
def course(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A line over some weeks with the number at each point and the dates below."""
    top = sheet(picture, canvas, look, 350)
    plot = _Plot(canvas, look, top, 290, max(figure.value for figure in picture.figures))
    step = (plot.right - plot.left) / len(picture.figures)
    points = [(plot.left + (n + 0.5) * step, plot.place(f.value)) for n, f in enumerate(picture.figures)]
    canvas.line(points, look.colors.main, 3)
    for (x, y), figure in zip(points, picture.figures, strict=True):
        canvas.disc(x, y, 6, look.colors.accents[1])
        canvas.box(x - 30, y - 31, 60, 21, look.colors.ground)
        canvas.text(x, y - 20, figure.printed, 16, look.colors.ink, True, "mm", look.digits)
    _names(canvas, look, [figure.label for figure in picture.figures], plot)


def _sectors(canvas: Canvas, look: Look, parts: Sequence[Figure], x: float, y: float, radius: float) -> list[float]:
    """A pie; the angle of each piece's middle, in radians."""
    total, start, middles = sum(part.value for part in parts) or 1, -90.0, []
    for part, color in zip(parts, cycle(look.colors.accents), strict=False):
        end = start + 360 * part.value / total
        canvas.sector(x, y, radius, start, end, color)
        middles.append(math.radians((start + end) / 2))
        start = end
    return middles


@style(severity)
def donut(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A ring of the parts, named outside it by lines, with the whole in its middle."""
    top = sheet(picture, canvas, look, 400)
    x, y, radius = canvas.width / 2, top + 196, 128
    whole, *parts = picture.figures
    middles = _sectors(canvas, look, parts, x, y, radius)
    canvas.disc(x, y, 78, look.colors.ground)
    canvas.text(x, y - 14, whole.printed, 34, look.colors.ink, True, "mm", look.digits)
    paragraph(canvas, wrap(canvas, whole.label, 14, 104), x, y + 26, 14, look.colors.faint, anchor="mm")
    for part, angle, color in zip(parts, middles, look.colors.accents, strict=False):
        side, level = math.copysign(1, math.cos(angle)), y + 1.12 * radius * math.sin(angle)
        edge = (x + radius * math.cos(angle), y + radius * math.sin(angle))
        canvas.line([edge, (x + side * 164, level), (x + side * 190, level)], color, 2)
        anchor = "lm" if side > 0 else "rm"
        canvas.text(x + side * 196, level - 12, part.label, 16, look.colors.ink, anchor=anchor)
        canvas.text(x + side * 196, level + 12, part.printed, 20, color, True, anchor, look.digits)


@style(either(shares(OBJECTS, "漏洞影响对象类型占比"), shares(_DEGREES, "漏洞威胁级别占比")))
def pie(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A pie with a legend at its right: colour, name, percentage."""
    top = sheet(picture, canvas, look, 320)
    _sectors(canvas, look, picture.figures, 200, top + 150, 136)
    first = top + 150 - 21 * (len(picture.figures) - 1)
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        y = first + n * 42
        canvas.box(392, y - 9, 18, 18, color)
        canvas.text(424, y, figure.label, 19, look.colors.ink)
        canvas.text(canvas.width - MARGIN - 20, y, figure.printed, 19, look.colors.ink, True, "rm", look.digits)


@style(severity)
def stacked(picture: Slice, canvas: Canvas, look: Look) -> None:
    """One lying bar of the parts; each part's name and number above or below its piece, the whole over it."""
    top = sheet(picture, canvas, look, 250)
    whole, *parts = picture.figures
    canvas.text(MARGIN + 4, top + 22, whole.label, 19, look.colors.ink)
    canvas.text(canvas.width - MARGIN - 4, top + 22, f"{whole.printed}{whole.unit}", 26, look.colors.ink, True, "rm",
                look.digits)  # fmt: skip
    x, room = float(MARGIN), canvas.width - 2.0 * MARGIN
    for n, (part, color) in enumerate(zip(parts, look.colors.accents, strict=False)):
        length = room * part.value / (whole.value or 1)
        canvas.box(x, top + 104, length, 60, color)
        y = top + 196 if n % 2 else top + 76
        middle = min(max(x + length / 2, MARGIN + 90), canvas.width - MARGIN - 90)
        canvas.line([(x + length / 2, top + 134), (x + length / 2, y + (-14 if n % 2 else 14))], look.colors.ink, 1)
        canvas.text(middle, y, f"{part.label} {part.printed}{part.unit}", 18, look.colors.ink, bold=True, anchor="mm")
        x += length


@style(severity)
def pyramid(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A pyramid of three layers: the part's name on its layer, its number beside it, the whole below all."""
    top = sheet(picture, canvas, look, 356)
    whole, *parts = picture.figures
    for n, (part, color) in enumerate(zip(parts, look.colors.accents, strict=False)):
        y, high, low = top + n * 92, 54 + n * 62, 54 + (n + 1) * 62 - 6
        canvas.shape([(250 - high, y), (250 + high, y), (250 + low, y + 84), (250 - low, y + 84)], color)
        canvas.fitted(250, y + 42, part.label, 20, 2 * high - 8, look.colors.ground, True, "mm")
        canvas.line([(250 + (high + low) / 2 + 8, y + 42), (500, y + 42)], color, 2)
        number(canvas, look, part, 512, y + 42, 32, color, unit=True)
    canvas.text(250, top + 312, whole.label, 22, look.colors.ink, anchor="mm")
    number(canvas, look, whole, 512, top + 312, 36, look.colors.ink, unit=True)
