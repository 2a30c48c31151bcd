"""What is unusual about an issue, though it is one: its warnings."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from cncert import items
from cncert.items import CHINA, Period, ReviewLink, issue_id
from cncert.report.calendar import Week, period, previous_week
from cncert.report.figures import Reading
from cncert.report.metrics import metrics
from cncert.report.title import Title

REVIEWED = 5
"""Issues that 近期回顾 lists: the five before this one, in all texts since 2022."""

Doubt = tuple[str, str]
"""Code and message."""

_WITHIN_HANDLED = ("incidents.cross_border", "incidents.phishing_complaints")


def find_doubts(
    title: Title, published_at: datetime, has_text: bool, reading: Reading, review: list[ReviewLink]
) -> list[items.Doubt]:
    """The warnings of an issue; each has a code that stays and a line for a person."""
    doubts = chain(
        _about_time(title, published_at),
        _about_text(title.week, has_text, reading),
        _about_sums(reading),
        _about_review(title.week, review),
    )
    return [items.Doubt.model_construct(code=code, message=message) for code, message in doubts]


def _about_time(title: Title, published_at: datetime) -> Iterator[Doubt]:
    week = period(*title.week)
    if title.printed is not None and title.printed != week:
        yield "period_differs", f"the title prints {_days(title.printed)}, the issue's week is {_days(week)}"
    if published_at.astimezone(CHINA).date() <= week.end:
        yield "published_early", f"published at {published_at.isoformat()}, before the week had ended on {week.end}"


def _about_text(week: Week, has_text: bool, reading: Reading) -> Iterator[Doubt]:
    if not has_text:
        yield "no_text", "the body has no text, only pictures"
    for name, values in reading.conflicts.items():
        yield "figure_conflict", f"{name}: the text states {' and '.join(values)}, none is taken"
    if reading.rating is None and "rating" not in reading.conflicts:
        yield "rating_missing", "the text states no rating"
    read = {figure.metric for figure in reading.figures} | reading.conflicts.keys()
    for metric in metrics():
        if metric.stated_since is not None and week >= metric.stated_since and metric.name not in read:
            yield "figure_missing", f"{metric.name}: the text does not state it"


def _about_sums(reading: Reading) -> Iterator[Doubt]:
    values = {figure.metric: figure.value for figure in reading.figures}
    handled = values.get("incidents.handled")
    for name in _WITHIN_HANDLED:
        if handled is not None and values.get(name, 0) > handled:
            yield "figures_disagree", f"{name} {values[name]} is more than incidents.handled {handled}"


def _about_review(week: Week, review: list[ReviewLink]) -> Iterator[Doubt]:
    if not review:
        yield "review_missing", "no list of earlier issues"
        return
    expected = []
    for _ in range(REVIEWED):
        week = previous_week(week)
        expected.append(week)
    listed = [(entry.year, entry.number) for entry in review]
    if listed != expected:
        names = ", ".join(issue_id(*entry) for entry in listed)
        yield "review_irregular", f"the list of earlier issues is not the five before this one: {names}"


def _days(days: Period) -> str:
    return f"{days.start} to {days.end}"
