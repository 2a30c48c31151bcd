"""Compares an issue with the issues around it, and warns of changes and figures that do not fit theirs.

The warnings depend on the issue and its neighbours alone, not on the order in which they were stored.
"""

from collections.abc import Iterable, Iterator, Mapping
from statistics import median

from cncert.items import Issue, IssueWarning
from cncert.quality.rounding import Range, ReportedNumber, number_text, rounded, step_of
from cncert.quality.series_breaks import are_comparable
from cncert.report.preferred_figures import preferred_numbers

NEIGHBOUR_WEEKS = 12
"""Weeks before and after an issue that are compared with it."""

# An outlier is about ten times the median of its neighbours, or a tenth: a digit too many or too few, 万 lost or found.
# Seven, because the series moves meanwhile; three times beyond the neighbours' own extremes, because some move a lot.
_NEIGHBOURS_EACH_SIDE = 4
_MIN_NEIGHBOURS = 3
_MAX_TIMES_MEDIAN = 7
_MAX_TIMES_EXTREME = 3
_MIN_MEDIAN = 10
"""A lower median says nothing: 1, 2 and 14 government sites are normal weeks."""


def weeks_apart(one: Issue, other: Issue) -> int:
    """Return the weeks from *one* to *other*; below 0 if *other* is the earlier one."""
    return (other.period.start - one.period.start).days // 7


def neighbour_warnings(issue: Issue, others: Iterable[Issue]) -> list[IssueWarning]:
    """Return the warnings of *issue* among *others*, the stored issues at most NEIGHBOUR_WEEKS from it."""
    around = {weeks_apart(issue, other): _numbers(other) for other in others if other.id != issue.id}
    warnings, week = [], (issue.year, issue.number)
    for metric, reported in _numbers(issue).items():
        known = {
            weeks: numbers[metric]
            for weeks, numbers in sorted(around.items())
            if abs(weeks) <= NEIGHBOUR_WEEKS
            and metric in numbers
            and are_comparable(metric, week, (numbers[metric].issue.year, numbers[metric].issue.number))
        }
        warnings += [IssueWarning(code="change_disagrees", message=text) for text in _changes(reported, known.get(-1))]
        warnings += [IssueWarning(code="figure_outlier", message=text) for text in _outliers(reported, known)]
    return warnings


def _numbers(issue: Issue) -> dict[str, ReportedNumber]:
    """Return the number of each metric of *issue* that counts."""
    preferred = preferred_numbers(issue.figures)
    return {metric: ReportedNumber(issue, figure, value) for metric, (figure, value) in preferred.items()}


def _changes(now: ReportedNumber, before: ReportedNumber | None) -> Iterator[str]:
    """Yield the changes against the week before that *now* states and *before* contradicts."""
    figure = now.figure
    if before is None or (figure.change_pct is None and figure.change is None):
        return
    if (new := now.range) is None or (old := before.range) is None:
        return
    numbers = f"{number_text(before.value)} in {before.issue.id} and {number_text(now.value)} now"
    if (reported := now.change_pct_range) is not None:
        low = (new.low / old.high - 1) * 100 if old.high else float("inf")
        high = (new.high / old.low - 1) * 100 if old.low else float("inf")
        if not reported.overlaps(Range(low, high)):
            computed = f"{(now.value / before.value - 1) * 100:+.1f} %" if before.value else "no percentage"
            yield f"{figure.metric}: a change of {figure.change_pct:+g} % is stated, {numbers} make {computed}"
    if figure.change is not None:
        step = step_of(figure.evidence, abs(figure.change))
        differences = Range(new.low - old.high, new.high - old.low)
        if step is not None and not rounded(figure.change, step).overlaps(differences):
            computed = f"{now.value - before.value:+.12g}"
            yield f"{figure.metric}: a change of {figure.change:+.12g} is stated, {numbers} make {computed}"


def _outliers(reported: ReportedNumber, around: Mapping[int, ReportedNumber]) -> Iterator[str]:
    """Yield *stated*, if it is far from its nearest neighbours *around*, which are given by their distance in weeks."""
    before = [around[weeks].value for weeks in sorted(around) if weeks < 0][-_NEIGHBOURS_EACH_SIDE:]
    after = [around[weeks].value for weeks in sorted(around) if weeks > 0][:_NEIGHBOURS_EACH_SIDE]
    values = before + after
    if len(values) < _MIN_NEIGHBOURS or (middle := median(values)) < _MIN_MEDIAN:
        return
    high = max(middle * _MAX_TIMES_MEDIAN, max(values) * _MAX_TIMES_EXTREME)
    low = min(middle / _MAX_TIMES_MEDIAN, min(values) / _MAX_TIMES_EXTREME)
    if not low < reported.value < high:
        among = f"the median of the {len(values)} nearest issues is {number_text(middle)}"
        yield f"{reported.figure.metric}: {number_text(reported.value)} is stated, {among}"
