"""Finds what is unusual about an issue: the warnings that follow from its page alone."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Final

from cncert.items import CHINA, IssueWarning, Period, ReviewLink, issue_id
from cncert.report.calendar import Week, period, previous_week
from cncert.report.metrics import definitions, era_of, metrics, relations
from cncert.report.text_figures import TextFigures
from cncert.report.title import Title
from cncert.wechat.body import Body

_EARLIER_ISSUES = 5
"""Number of earlier issues that 近期回顾 lists: the five before this one, in all texts since 2022."""
_LISTED_SINCE = (2022, 27)

CodeAndMessage = tuple[str, str]

_MAX_QUOTED_CHARACTERS = 200
"""Characters of a sentence that a message quotes."""
_SHARE_TOLERANCE = 0.15
"""Percentage points: shares are printed with one decimal place, and of totals that may be rounded."""
_SUM_TOLERANCE = 0.01
"""Of the total: numbers in 万 are rounded each by itself."""
_RATIO_TOLERANCE = 1
"""Ratios are printed as whole numbers, rounded or cut."""

WARNING_CODES: Final = {
    "period_differs": "the title prints other days than the week of the issue's number has",
    "published_early": "published before its week had ended",
    "no_text": "the body has no text, only pictures",
    "text_cut": "the body is longer or deeper than is read; the rest was not read",
    "rating_missing": "the text states no rating",
    "figure_missing": "the text does not state a metric that every text of its time states",
    "figure_conflict": "the text states different values of one metric; none is taken",
    "figure_ambiguous": "a number could be of several metrics; it is taken for none",
    "figures_unread": "the text has a number where it states figures, and nothing read it",
    "figures_disagree": "figures contradict each other: parts and their whole, shares, a ranking and its numbers",
    "review_missing": "no list of earlier issues",
    "review_irregular": "the list of earlier issues is not the five before this one",
    "picture_missing": "a picture could not be had",
    "pictures_left_out": "pictures that are not kept: of other hosts than WeChat's, or embedded in the page",
    "change_disagrees": "the change that is stated is not the one from the stored issue of the week before",
    "figure_outlier": "about ten times, or a tenth of, what the stored issues around it state",
    "picture_agrees": "text and picture, or two pictures, state the same of a metric; both figures are kept",
    "picture_disagrees": "text and picture, or two pictures, contradict each other; both figures are kept",
}
"""The codes of warnings, and what each means."""


def find_warnings(
    title: Title, published_at: datetime | None, body: Body, text_figures: TextFigures, earlier_issues: list[ReviewLink]
) -> list[IssueWarning]:
    """Return the warnings of an issue; each has a stable code and a line for a person."""
    found = chain(
        _about_time(title, published_at),
        _about_text(body, text_figures),
        _about_missing_figures(title.week, text_figures),
        _about_contradictions(text_figures),
        _about_earlier_issues(title.week, earlier_issues),
    )
    return [IssueWarning.model_construct(code=code, message=message) for code, message in found]


def _about_time(title: Title, published_at: datetime | None) -> Iterator[CodeAndMessage]:
    week = period(*title.week)
    if title.printed is not None and title.printed != week:
        yield "period_differs", f"the title prints {_days(title.printed)}, the issue's week is {_days(week)}"
    if published_at is not None and published_at.astimezone(CHINA).date() <= week.end:
        yield "published_early", f"published at {published_at.isoformat()}, before the week had ended on {week.end}"


def _about_text(body: Body, text_figures: TextFigures) -> Iterator[CodeAndMessage]:
    if not body.lines:
        yield "no_text", "the body has no text, only pictures"
    lost = body.left_out or (body.painted if not body.images else 0)
    if lost:
        yield "pictures_left_out", f"pictures of other hosts than WeChat's, or embedded in the page, left out: {lost}"
    if body.is_cut:
        yield "text_cut", "the body is longer or deeper than anything that CNCERT writes; the rest was not read"
    for name, values in text_figures.conflicts.items():
        yield "figure_conflict", f"{name}: the text states {' and '.join(values)}, none is taken"
    for sentence, names in text_figures.ambiguous:
        yield "figure_ambiguous", f"one number could be {' or '.join(names)}, it is taken for none: {_quoted(sentence)}"
    for sentence in text_figures.unread:
        yield "figures_unread", f"a number that nothing read: {_quoted(sentence)}"


def _about_missing_figures(week: Week, text_figures: TextFigures) -> Iterator[CodeAndMessage]:
    era = era_of(week)
    if era is None:
        return
    read = {figure.metric for figure in text_figures.figures} | text_figures.conflicts.keys()
    if text_figures.rating is None and "rating" not in read and era.name in definitions()["rating"]["always"]:
        yield "rating_missing", "the text states no rating"
    for metric in metrics():
        if era.name in metric.always and metric.name not in read:
            yield "figure_missing", f"{metric.name}: the text does not state it"


def _about_contradictions(text_figures: TextFigures) -> Iterator[CodeAndMessage]:
    """Yield the contradictions between figures of the text."""
    values = {figure.metric: figure.value for figure in text_figures.figures if not isinstance(figure.value, str)}
    shares = {figure.metric: figure.share_pct for figure in text_figures.figures if figure.share_pct is not None}
    for metric in metrics():
        name, whole = metric.name, metric.part_of
        if whole is None or name not in values or whole not in values:
            continue
        if values[name] > values[whole]:
            yield "figures_disagree", f"{name} {values[name]} is more than {whole} {values[whole]}"
        elif name in shares and values[whole]:
            share = 100 * values[name] / values[whole]
            if abs(share - shares[name]) > _SHARE_TOLERANCE:
                yield "figures_disagree", f"{name} is {share:.1f}% of {whole}, the text says {shares[name]}%"
    for rule in relations("sum"):
        if values.keys() >= {rule.whole, *rule.parts}:
            total = sum(values[part] for part in rule.parts)
            if abs(total - values[rule.whole]) > _SUM_TOLERANCE * values[rule.whole]:
                yield "figures_disagree", f"{' + '.join(rule.parts)} is {total}, {rule.whole} {values[rule.whole]}"
    for rule in relations("ratio"):
        if values.keys() >= {rule.whole, *rule.parts} and values[rule.parts[1]]:
            ratio = values[rule.parts[0]] / values[rule.parts[1]]
            if abs(ratio - values[rule.whole]) > _RATIO_TOLERANCE:
                names = " by ".join(rule.parts)
                yield "figures_disagree", f"{names} is {ratio:.1f}, {rule.whole} {values[rule.whole]}"
    for ranking in text_figures.rankings:
        counts = [item.value for item in ranking.items if item.value is not None]
        if counts != sorted(counts, reverse=True):
            yield "figures_disagree", f"the {ranking.by} ranking of {ranking.metric} is not in the order of its numbers"


def _about_earlier_issues(week: Week, earlier_issues: list[ReviewLink]) -> Iterator[CodeAndMessage]:
    if not earlier_issues:
        if week >= _LISTED_SINCE:
            yield "review_missing", "no list of earlier issues"
        return
    expected = []
    for _ in range(_EARLIER_ISSUES):
        week = previous_week(week)
        expected.append(week)
    listed = [(entry.year, entry.number) for entry in earlier_issues]
    if listed != expected:
        names = ", ".join(issue_id(*entry) for entry in listed)
        yield "review_irregular", f"the list of earlier issues is not the five before this one: {names}"


def _days(days: Period) -> str:
    return f"{days.start} to {days.end}"


def _quoted(sentence: str) -> str:
    return sentence if len(sentence) <= _MAX_QUOTED_CHARACTERS else f"{sentence[:_MAX_QUOTED_CHARACTERS]}…"
