"""The last day on which the next issue is in time, with China's long holidays taken into account."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from cncert.items import Issue, day_in_china
from cncert.monitoring.believed_times import believed
from cncert.report.publication_time import publication_time

HOLIDAY_DELAY = timedelta(days=2)
"""How much longer the first issue after a long holiday may take: in 2026 it came on the tenth day."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """A long holiday from its first to its last day off."""

    first: date
    last: date
    name: str


@cache
def holidays() -> tuple[Holiday, ...]:
    """Return all long holidays in order: those of official notices, and for other years those that a rule expects."""
    table = tomllib.loads(files("cncert").joinpath("data", "holidays.toml").read_text(encoding="utf-8"))
    known = [Holiday(**entry) for entry in table["official"]]
    announced = {(holiday.name, holiday.last.year) for holiday in known}
    for new_year in table["lunar_years"]:
        expected = (
            Holiday(new_year - _DAY, new_year + 6 * _DAY, "春节"),
            Holiday(date(new_year.year, 10, 1), date(new_year.year, 10, 7), "国庆节"),
        )
        known += [holiday for holiday in expected if (holiday.name, holiday.last.year) not in announced]
    return tuple(sorted(known))


def publication_day(issue: Issue, now: datetime) -> date:
    """Return the day in China on which *issue* was published, or the usual Thursday if that is later.

    A time of publication that is in the future is not believed. Where only the time of a reprint is known, that counts
    if it is less than a week late: some issues are reprinted a month later.
    """
    usual = issue.period.end + 4 * _DAY  # the Thursday after the Sunday that ends its week
    published = publication_time(issue)
    if published is None or believed(published.moment, now) is None:
        return usual
    day = max(day_in_china(published.moment), usual)
    return usual if published.is_bound and day >= usual + 7 * _DAY else day


def due_by(published: date, fresh: timedelta) -> date:
    """Return the last day on which the issue after one published on *published* is in time.

    That is *fresh* later; if a long holiday lies between, *fresh* and HOLIDAY_DELAY after its last day: no alarm each
    February, and never a silence of a month. What was overdue before a holiday stays overdue.
    """
    due = published + fresh
    for holiday in holidays():
        if holiday.first <= due and published <= holiday.last:
            due = max(due, holiday.last + fresh + HOLIDAY_DELAY)
    return due
