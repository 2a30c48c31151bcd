"""What is unusual about an issue, though it is one: its warnings."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from cncert.items import CHINA, IssueWarning, Period, ReviewLink, issue_id
from cncert.report.calendar import Week, period, previous_week
from cncert.report.metrics import era_of, metrics, rating_eras, relations
from cncert.report.text_figures import Reading
from cncert.report.title import Title
from cncert.wechat.body import Body

REVIEWED = 5
"""Issues that 近期回顾 lists: the five before this one, in all texts since 2022."""
_REVIEWED_SINCE = (2022, 27)

CodeAndMessage = tuple[str, str]

_QUOTED = 200
"""Characters of a sentence that a message quotes."""
_SHARE_TOLERANCE = 0.15
"""Percentage points: shares are printed with one decimal place, and of totals that may be rounded."""
_SUM_TOLERANCE = 0.01
"""Of the total: numbers in 万 are rounded each by itself."""
_RATIO_TOLERANCE = 1
"""Ratios are printed as whole numbers, rounded or cut."""


def find_doubts(
    title: Title, published_at: datetime | None, body: Body, reading: Reading, review: list[ReviewLink]
) -> list[IssueWarning]:
    """The warnings of an issue; each has a code that stays and a line for a person."""
    doubts = chain(
        _about_time(title, published_at),
        _about_text(body, reading),
        _about_absence(title.week, reading),
        _about_sums(reading),
        _about_review(title.week, review),
    )
    return [IssueWarning.model_construct(code=code, message=message) for code, message in doubts]


def _about_time(title: Title, published_at: datetime | None) -> Iterator[CodeAndMessage]:
    week = period(*title.week)
    if title.printed is not None and title.printed != week:
        yield "period_differs", f"the title prints {_days(title.printed)}, the issue's week is {_days(week)}"
    if published_at is not None and published_at.astimezone(CHINA).date() <= week.end:
        yield "published_early", f"published at {published_at.isoformat()}, before the week had ended on {week.end}"


def _about_text(body: Body, reading: Reading) -> Iterator[CodeAndMessage]:
    if not body.lines:
        yield "no_text", "the body has no text, only pictures"
    if body.is_cut:
        yield "text_cut", "the body is longer or deeper than anything that CNCERT writes; the rest was not read"
    for name, values in reading.conflicts.items():
        yield "figure_conflict", f"{name}: the text states {' and '.join(values)}, none is taken"
    for sentence, names in reading.ambiguous:
        yield "figure_ambiguous", f"one number could be {' or '.join(names)}, it is taken for none: {_quoted(sentence)}"
    for sentence in reading.unread:
        yield "figures_unread", f"a number that nothing read: {_quoted(sentence)}"


def _about_absence(week: Week, reading: Reading) -> Iterator[CodeAndMessage]:
    era = era_of(week)
    if era is None:
        return
    read = {figure.metric for figure in reading.figures} | reading.conflicts.keys()
    if reading.rating is None and "rating" not in read and era.name in rating_eras():
        yield "rating_missing", "the text states no rating"
    for metric in metrics():
        if era.name in metric.always and metric.name not in read:
            yield "figure_missing", f"{metric.name}: the text does not state it"


def _about_sums(reading: Reading) -> Iterator[CodeAndMessage]:
    """Where figures of the text contradict each other."""
    values = {figure.metric: figure.value for figure in reading.figures if not isinstance(figure.value, str)}
    shares = {figure.metric: figure.share_pct for figure in reading.figures if figure.share_pct is not None}
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
    for ranking in reading.rankings:
        counts = [item.value for item in ranking.items if item.value is not None]
        if counts != sorted(counts, reverse=True):
            yield "figures_disagree", f"the {ranking.by} ranking of {ranking.metric} is not in the order of its numbers"


def _about_review(week: Week, review: list[ReviewLink]) -> Iterator[CodeAndMessage]:
    if not review:
        if week >= _REVIEWED_SINCE:
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


def _quoted(sentence: str) -> str:
    return sentence if len(sentence) <= _QUOTED else f"{sentence[:_QUOTED]}…"
