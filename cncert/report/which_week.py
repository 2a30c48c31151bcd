"""Decides which week an issue is of, where its number, its printed days and its list of earlier issues disagree.

Titles are written by hand: numbers, days and whole titles have been those of another week. A right issue must not be
displaced by one that only says that it is of that week.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from cncert.items import Issue, Period, issue_id
from cncert.report.calendar import Week, is_week, next_week, period, week_of
from cncert.report.issue_warnings import WEEK_WARNINGS, week_warnings
from cncert.report.publication_time import stated_day
from cncert.report.title import FIRST_YEAR, read_title

MIN_SHARED_DAYS = 4
"""Number and printed days agree if the week of the number has so many of the days."""
MAX_DAYS_TO_PUBLICATION = 21
"""Days after the end of its week in which an issue is published, at holidays too."""
_YEARS = range(FIRST_YEAR, 2101)
"""Years of issues. A list that names another one is misprinted, and says nothing."""
_LONGEST_WEEK = timedelta(days=8)
"""A longer printed range is a misprint that says nothing."""


@dataclass(frozen=True, slots=True)
class WeekClaims:
    """What an issue says of the week that it is of."""

    number: Week
    """The week of the number in its title."""
    days: Week
    """The week of the printed days; that of the number if they agree, or none are printed."""
    listed: Week | None
    """The week after the first line of its list of earlier issues."""
    published: date | None

    @property
    def weeks(self) -> list[str]:
        """The ids of all weeks that it may be of, ascending."""
        return sorted({issue_id(*week) for week in (self.number, self.days, self.listed) if week is not None})

    @property
    def alone(self) -> Week:
        """The week that it is of, as long as no other article claims that."""
        if self.number == self.days:
            return self.number
        listed = self.listed if self.listed in (self.number, self.days) else None
        return self._last_ended(self.number, self.days) or listed or self.number

    @property
    def contested(self) -> Week:
        """The week that it is of, if another article claims the same."""
        if self.listed is None:
            return self.alone
        return self._last_ended(self.alone, self.listed) or self.listed

    def agree_on(self, week: Week) -> bool:
        """Whether nothing in the issue names another week than *week*."""
        return self.number == self.days == week and self.listed in (week, None)

    def _last_ended(self, *weeks: Week) -> Week | None:
        """Return which of *weeks* ended last before the publication; None if none did in the three weeks before it."""
        if self.published is None:
            return None
        ages = {week: (self.published - period(*week).end).days for week in weeks}
        return max((week for week, age in ages.items() if 0 < age <= MAX_DAYS_TO_PUBLICATION), default=None)


def claims_of(issue: Issue) -> WeekClaims:
    """Return what *issue* says of its week. Its own ``year`` and ``number`` are used only if its title has none."""
    published = stated_day(issue)
    title = read_title(issue.title, published)
    number = title.week if title else (issue.year, issue.number)
    first = issue.review[0] if issue.review else None
    listed = next_week((first.year, first.number)) if first and is_week(first.year, first.number) else None
    if listed is not None and listed[0] not in _YEARS:
        listed = None
    return WeekClaims(number, _week_of_days(number, title.printed if title else None), listed, published)


def _week_of_days(number: Week, printed: Period | None) -> Week:
    if printed is None or not timedelta(0) <= printed.end - printed.start <= _LONGEST_WEEK:
        return number
    week = period(*number)
    shared = (min(week.end, printed.end) - max(week.start, printed.start)).days + 1
    return number if shared >= MIN_SHARED_DAYS else week_of(printed.start + (printed.end - printed.start) / 2)


def dated(issue: Issue, week: Week) -> Issue:
    """Return *issue* as the one of *week*, with the warnings that follow from that."""
    title = read_title(issue.title, stated_day(issue))
    update = {
        "id": issue_id(*week),
        "year": week[0],
        "number": week[1],
        "period": period(*week),
        "printed_period": title.printed if title else issue.printed_period,
    }
    issue = issue.model_copy(update=update)
    others = [warning for warning in issue.warnings if warning.code not in WEEK_WARNINGS]
    return issue.model_copy(update={"warnings": [*week_warnings(issue, title.week if title else week), *others]})
