"""When the series is published: mostly on the Thursday after its week, and not during China's long holidays."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from cncert.report import calendar

USUAL_DELAY = timedelta(days=4)
"""From the Sunday that ends a week to the day on which its issue is usually published, the Thursday."""
HOLIDAY_DELAY = timedelta(days=2)
"""How much longer the first issue after a long holiday may take: in 2026 it came on the tenth day."""
_DAY = timedelta(days=1)
_WEEK_AND_A_DAY = timedelta(days=8)
"""From one issue to the last day on which the next one comes: two of three come on Thursday, nine of ten by Friday."""


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


def last_due_week(today: date) -> calendar.Week:
    """Return the newest week whose issue is due: the day by which it should be published is over."""
    week = calendar.week_of(today)
    while True:
        before = calendar.previous_week(week)
        if due_by(calendar.period(*before).end + USUAL_DELAY, _WEEK_AND_A_DAY) < today:
            return week
        week = before
