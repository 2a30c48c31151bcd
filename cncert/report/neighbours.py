"""What is odd about an issue among the issues around it: changes and figures that do not fit those of other weeks.

These warnings follow from the issue and its neighbours alone, whatever the order in which they came.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from cncert.items import Doubt, Figure, Issue
from cncert.report.breaks import joined
from cncert.report.numbers import DIGITS, read_number

REACH = 12
"""Weeks on each side that can matter to an issue."""

# An outlier is about ten times the median of its neighbours, or a tenth: a digit too many or too few, 万 lost or found.
# Seven, because the series moves meanwhile; three times beyond the neighbours' own extremes, because some move a lot.
_EACH_SIDE = 4
_AT_LEAST = 3
_TIMES = 7
_BEYOND = 3
_FLOOR = 10
"""A median below this says nothing: 1, 2 and 14 government sites are normal weeks."""

_NUMBER = re.compile(rf"(?P<about>约)?(?<![0-9.,])(?P<digits>{DIGITS})\s?(?P<scale>[万亿])?(?P<percent>\s?[%％])?")
_WHOLE_PERCENT = 1.0
"""How exact a percentage is taken to be whose print is not at hand."""
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class _Range:
    """Where the true number lies of which a rounded one is printed."""

    low: float
    high: float

    def meets(self, other: "_Range") -> bool:
        return self.low <= other.high + _NOISE and other.low <= self.high + _NOISE


@dataclass(frozen=True, slots=True)
class _Stated:
    """A figure with the issue that states it."""

    issue: Issue
    figure: Figure
    value: float

    @property
    def range(self) -> _Range | None:
        """None if the number is not found as printed."""
        figure, text = self.figure, self.issue.text
        printed = figure.evidence if figure.start is None else text[figure.start : figure.end]
        step = _step(printed, self.value, about=figure.qualifier is not None)
        if step is None:
            return None
        match figure.qualifier:
            case "近":
                return _Range(max(self.value - step, 0), self.value)
            case "超" | "以上":
                return _Range(self.value, self.value + step)
        return _around(self.value, step)


def weeks_apart(one: Issue, other: Issue) -> int:
    """Weeks from *one* to *other*; below 0 if *other* is the earlier one."""
    return (other.period.start - one.period.start).days // 7


def neighbour_doubts(issue: Issue, others: Iterable[Issue]) -> list[Doubt]:
    """The warnings that *issue* deserves among *others*, the stored issues at most REACH weeks from it."""
    around = {weeks_apart(issue, other): _figures(other) for other in others if other.id != issue.id}
    doubts = []
    for metric, stated in _figures(issue).items():
        known = {
            weeks: figures[metric]
            for weeks, figures in sorted(around.items())
            if metric in figures and abs(weeks) <= REACH and _joined(metric, stated, figures[metric])
        }
        doubts += [Doubt(code="change_disagrees", message=text) for text in _changes(stated, known.get(-1))]
        doubts += [Doubt(code="figure_outlier", message=text) for text in _outliers(stated, known)]
    return doubts


def _figures(issue: Issue) -> dict[str, _Stated]:
    """The numbers of *issue* by metric, as the text states them where text and picture do."""
    found: dict[str, _Stated] = {}
    for figure in sorted(issue.figures, key=lambda figure: figure.source != "text"):
        if not isinstance(figure.value, str):
            found.setdefault(figure.metric, _Stated(issue, figure, figure.value))
    return found


def _joined(metric: str, one: _Stated, other: _Stated) -> bool:
    return joined(metric, (one.issue.year, one.issue.number), (other.issue.year, other.issue.number))


def _changes(now: _Stated, before: _Stated | None) -> Iterator[str]:
    """The changes against the week before that *now* states and *before* contradicts."""
    figure = now.figure
    if before is None or (figure.change_pct is None and figure.change is None):
        return
    if (new := now.range) is None or (old := before.range) is None:
        return
    numbers = f"{_plain(before.value)} in {before.issue.id} and {_plain(now.value)} now"
    if figure.change_pct is not None:
        step = _step(figure.evidence, abs(figure.change_pct), percent=True)
        stated = _around(figure.change_pct, _WHOLE_PERCENT if step is None else step)
        if not stated.meets(_percentages(new, old)):
            computed = f"{(now.value / before.value - 1) * 100:+.1f} %" if before.value else "no percentage"
            yield f"{figure.metric}: a change of {figure.change_pct:+g} % is stated, {numbers} make {computed}"
    if figure.change is not None:
        step = _step(figure.evidence, abs(figure.change))
        differences = _Range(new.low - old.high, new.high - old.low)
        if step is not None and not _around(figure.change, step).meets(differences):
            computed = f"{now.value - before.value:+.12g}"
            yield f"{figure.metric}: a change of {figure.change:+.12g} is stated, {numbers} make {computed}"


def _percentages(new: _Range, old: _Range) -> _Range:
    """The changes in percent that lead from *old* to *new*."""
    low = (new.low / old.high - 1) * 100 if old.high else float("inf")
    high = (new.high / old.low - 1) * 100 if old.low else float("inf")
    return _Range(low, high)


def _outliers(stated: _Stated, around: Mapping[int, _Stated]) -> Iterator[str]:
    """*stated*, if it is far from its nearest neighbours *around*, which are given by their distance in weeks."""
    before = [around[weeks].value for weeks in sorted(around) if weeks < 0][-_EACH_SIDE:]
    after = [around[weeks].value for weeks in sorted(around) if weeks > 0][:_EACH_SIDE]
    values = before + after
    if len(values) < _AT_LEAST or (middle := median(values)) < _FLOOR:
        return
    high = max(middle * _TIMES, max(values) * _BEYOND)
    low = min(middle / _TIMES, min(values) / _BEYOND)
    if not low < stated.value < high:
        among = f"the median of the {len(values)} nearest issues is {_plain(middle)}"
        yield f"{stated.figure.metric}: {_plain(stated.value)} is stated, {among}"


def _step(printed: str, value: float, *, about: bool = False, percent: bool = False) -> float | None:
    """The smallest difference that *value* can show as it stands in *printed*; None if it does not stand there.

    0 for an exact count. Where several prints fit, it is that of the coarsest; trailing zeros of a whole number that is
    said to be approximate (*about*, or 约 before it) show nothing.
    """
    steps: list[float] = []
    for match in _NUMBER.finditer(printed):
        number = read_number(match["digits"], match["scale"])
        if number.value != value or bool(match["percent"]) is not percent:
            continue
        if "." in match["digits"]:
            steps.append(number.step)
        elif about or match["about"]:
            digits = match["digits"].replace(",", "")
            steps.append(number.step * 10 ** (len(digits) - len(digits.rstrip("0") or "0")))
        else:
            steps.append(number.step if percent or match["scale"] else 0)
    return max(steps, default=None)


def _around(value: float, step: float) -> _Range:
    return _Range(value - step / 2, value + step / 2)


def _plain(value: float) -> str:
    return f"{value:.12g}"
