"""Finds what is unusual about an issue: the warnings that follow from its page alone."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from cncert.items import Issue, IssueWarning, Period, ReviewLink, issue_id
from cncert.report.calendar import Week, previous_week
from cncert.report.metrics import definitions, era_of, metrics, relations
from cncert.report.publication_time import stated_day
from cncert.report.text_figures import TextFigures
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
    "period_differs": "the title prints other days than the week of the issue has",
    "number_differs": "the number in the title is that of another week",
    "published_early": "published before its week had ended",
    "time_in_future": "a time lay in the future of the clock that it came with, and is left out",
    "no_text": "the body has no text, only pictures",
    "text_cut": "the body is longer or deeper than is read; the rest was not read",
    "rating_missing": "the text states no rating",
    "figure_missing": "the text does not state a metric that every text of its time states",
    "figure_conflict": "the text states different values of one metric; none is taken",
    "figure_ambiguous": "a number could be of several metrics; it is taken for none",
    "figures_unread": "the text has a number where it states figures, and nothing read it",
    "figures_disagree": "figures contradict each other: parts and their whole, shares, a ranking and its numbers",
    "review_missing": "no list of earlier issues",
    "lists_itself": "the list of earlier issues names an issue of the same week",
    "review_irregular": "the list of earlier issues is not the five before this one",
    "picture_missing": "a picture could not be had",
    "editions_disagree": "another edition of the issue states another figure or rating, or a reprint lacks one",
    "page_emptied": "the page states nothing any more: the text of an earlier or another edition is kept",
    "rating_joined": "the article states no rating: it is that of the PDF of CNCERT's site",
    "week_changed": "an earlier state of the article was the issue of another week",
    "newer_not_chosen": "what was fetched last is not the best edition",
    "correction_not_applied": "a person corrected a figure in a sentence that the text does not have any more",
    "pictures_left_out": "pictures that are not kept: of other hosts than WeChat's, or embedded in the page",
    "change_disagrees": "the change that is stated is not the one from the stored issue of the week before",
    "figure_outlier": "about ten times, or a tenth of, what the stored issues around it state",
    "picture_agrees": "text and picture, or two pictures, state the same of a metric; both figures are kept",
    "picture_disagrees": "text and picture, or two pictures, contradict each other; both figures are kept",
}
"""The codes of warnings, and what each means."""


WEEK_WARNINGS: Final = frozenset(
    {"period_differs", "number_differs", "published_early", "lists_itself", "review_missing", "review_irregular"}
)
"""Codes of the warnings that depend on which week an issue is of."""

DOUBTED_WEEK: Final = frozenset({"number_differs", "lists_itself"})
"""Codes of the warnings that the issue may be that of another week."""


def find_warnings(issue: Issue, named: Week, body: Body, text_figures: TextFigures) -> list[IssueWarning]:
    """Return the warnings of *issue*, whose title *named* a week; each has a stable code and a line for a person."""
    found = chain(
        _about_text(body, text_figures),
        _about_missing_figures((issue.year, issue.number), text_figures),
        _about_contradictions(text_figures),
    )
    return week_warnings(issue, named) + [_warning(code, message) for code, message in found]


def week_warnings(issue: Issue, named: Week) -> list[IssueWarning]:
    """Return the warnings that depend on the week of *issue*, whose title *named* one."""
    # The PDF of CNCERT's site has no list of earlier issues: that links to articles.
    has_list = bool(issue.review) or not (issue.provenance.source == "site" or issue.documents)
    found = chain(
        _about_time(issue, named),
        _about_earlier_issues((issue.year, issue.number), issue.review) if has_list else (),
    )
    return [_warning(code, message) for code, message in found]


def _warning(code: str, message: str) -> IssueWarning:
    return IssueWarning.model_construct(code=code, message=message)


def _about_time(issue: Issue, named: Week) -> Iterator[CodeAndMessage]:
    week, published = issue.period, stated_day(issue)
    if issue.printed_period is not None and issue.printed_period != week:
        yield "period_differs", f"the title prints {_days(issue.printed_period)}, the issue's week is {_days(week)}"
    if named != (issue.year, issue.number):
        yield "number_differs", f"the title has the number of {issue_id(*named)}, the issue is that of {_days(week)}"
    if published is not None and published <= week.end:
        when = f"had begun on {week.start}" if published < week.start else f"had ended on {week.end}"
        stated = f"at {issue.published_at.isoformat()}" if issue.published_at else f"on {published}"
        yield "published_early", f"published {stated}, before the week {when}"


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


def _about_earlier_issues(this: Week, earlier_issues: list[ReviewLink]) -> Iterator[CodeAndMessage]:
    listed = [(entry.year, entry.number) for entry in earlier_issues]
    if this in listed:
        listed.remove(this)
        yield "lists_itself", f"the list of earlier issues names {issue_id(*this)} too"
    if not listed:
        if this >= _LISTED_SINCE:
            yield "review_missing", "no list of earlier issues"
        return
    expected, week = [], this
    for _ in range(_EARLIER_ISSUES):
        week = previous_week(week)
        expected.append(week)
    if listed != expected:
        names = ", ".join(issue_id(*entry) for entry in listed)
        yield "review_irregular", f"the list of earlier issues is not the five before this one: {names}"


def _days(days: Period) -> str:
    return f"{days.start} to {days.end}"


def _quoted(sentence: str) -> str:
    return sentence if len(sentence) <= _MAX_QUOTED_CHARACTERS else f"{sentence[:_MAX_QUOTED_CHARACTERS]}…"
