"""What is odd about an issue among the issues around it: changes and figures that do not fit those of other weeks.

These warnings follow from the issue and its neighbours alone, whatever the order in which they came.
"""

from collections.abc import Iterable, Iterator, Mapping
from statistics import median

from cncert.items import Issue, IssueWarning
from cncert.quality.rounding import WHOLE_PERCENT, Range, Stated, plain, rounded, step_of
from cncert.quality.series_breaks import joined

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


def weeks_apart(one: Issue, other: Issue) -> int:
    """Weeks from *one* to *other*; below 0 if *other* is the earlier one."""
    return (other.period.start - one.period.start).days // 7


def neighbour_doubts(issue: Issue, others: Iterable[Issue]) -> list[IssueWarning]:
    """The warnings that *issue* deserves among *others*, the stored issues at most REACH weeks from it."""
    around = {weeks_apart(issue, other): _figures(other) for other in others if other.id != issue.id}
    doubts = []
    for metric, stated in _figures(issue).items():
        known = {
            weeks: figures[metric]
            for weeks, figures in sorted(around.items())
            if metric in figures and abs(weeks) <= REACH and _joined(metric, stated, figures[metric])
        }
        doubts += [IssueWarning(code="change_disagrees", message=text) for text in _changes(stated, known.get(-1))]
        doubts += [IssueWarning(code="figure_outlier", message=text) for text in _outliers(stated, known)]
    return doubts


def _figures(issue: Issue) -> dict[str, Stated]:
    """The numbers of *issue* by metric, as the text states them where text and picture do."""
    found: dict[str, Stated] = {}
    for figure in sorted(issue.figures, key=lambda figure: figure.source != "text"):
        if not isinstance(figure.value, str):
            found.setdefault(figure.metric, Stated(issue, figure, figure.value))
    return found


def _joined(metric: str, one: Stated, other: Stated) -> bool:
    return joined(metric, (one.issue.year, one.issue.number), (other.issue.year, other.issue.number))


def _changes(now: Stated, before: Stated | None) -> Iterator[str]:
    """The changes against the week before that *now* states and *before* contradicts."""
    figure = now.figure
    if before is None or (figure.change_pct is None and figure.change is None):
        return
    if (new := now.range) is None or (old := before.range) is None:
        return
    numbers = f"{plain(before.value)} in {before.issue.id} and {plain(now.value)} now"
    if figure.change_pct is not None:
        step = step_of(figure.evidence, abs(figure.change_pct), percent=True)
        stated = rounded(figure.change_pct, WHOLE_PERCENT if step is None else step)
        if not stated.meets(_percentages(new, old)):
            computed = f"{(now.value / before.value - 1) * 100:+.1f} %" if before.value else "no percentage"
            yield f"{figure.metric}: a change of {figure.change_pct:+g} % is stated, {numbers} make {computed}"
    if figure.change is not None:
        step = step_of(figure.evidence, abs(figure.change))
        differences = Range(new.low - old.high, new.high - old.low)
        if step is not None and not rounded(figure.change, step).meets(differences):
            computed = f"{now.value - before.value:+.12g}"
            yield f"{figure.metric}: a change of {figure.change:+.12g} is stated, {numbers} make {computed}"


def _percentages(new: Range, old: Range) -> Range:
    """The changes in percent that lead from *old* to *new*."""
    low = (new.low / old.high - 1) * 100 if old.high else float("inf")
    high = (new.high / old.low - 1) * 100 if old.low else float("inf")
    return Range(low, high)


def _outliers(stated: Stated, around: Mapping[int, Stated]) -> Iterator[str]:
    """*stated*, if it is far from its nearest neighbours *around*, which are given by their distance in weeks."""
    before = [around[weeks].value for weeks in sorted(around) if weeks < 0][-_EACH_SIDE:]
    after = [around[weeks].value for weeks in sorted(around) if weeks > 0][:_EACH_SIDE]
    values = before + after
    if len(values) < _AT_LEAST or (middle := median(values)) < _FLOOR:
        return
    high = max(middle * _TIMES, max(values) * _BEYOND)
    low = min(middle / _TIMES, min(values) / _BEYOND)
    if not low < stated.value < high:
        among = f"the median of the {len(values)} nearest issues is {plain(middle)}"
        yield f"{stated.figure.metric}: {plain(stated.value)} is stated, {among}"
