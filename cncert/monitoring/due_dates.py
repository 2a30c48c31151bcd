"""The long holidays of China, and when the next issue is due at the latest."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from cncert.items import CHINA, Issue

CATCHING_UP = timedelta(days=2)
"""After a long holiday the first issue may take so much longer: in 2026 it came on the tenth day."""
_USUAL_LAG = timedelta(days=4)
"""From the Sunday of an issue to the Thursday on which it mostly comes."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """Days off, the first and the last included."""

    first: date
    last: date
    name: str


@cache
def holidays() -> tuple[Holiday, ...]:
    """All long holidays that are known, in order (``data/holidays.toml``)."""
    table = tomllib.loads(files("cncert").joinpath("data", "holidays.toml").read_text(encoding="utf-8"))
    known = [Holiday(**entry) for entry in table["official"]]
    noticed = {(holiday.name, holiday.last.year) for holiday in known}
    for new_year in table["lunar_years"]:
        expected = (
            Holiday(new_year - _DAY, new_year + 6 * _DAY, "春节"),
            Holiday(date(new_year.year, 10, 1), date(new_year.year, 10, 7), "国庆节"),
        )
        known += [holiday for holiday in expected if (holiday.name, holiday.last.year) not in noticed]
    return tuple(sorted(known))


def came_on(issue: Issue) -> date:
    """The day in China from which the next issue is waited for: its own, or the usual Thursday if that is later."""
    usual = issue.period.end + _USUAL_LAG
    return max(issue.published_at.astimezone(CHINA).date(), usual) if issue.published_at else usual


def due_by(came: date, fresh: timedelta) -> date:
    """The last day on which the issue after one that came on *came* is in time: *fresh* later, or after the holiday.

    Whoever waits through a long holiday waits *fresh*, and two days more, from its last day on: no alarm each February,
    and never a silence of a month. What was overdue before a holiday stays overdue.
    """
    due = came + fresh
    for holiday in holidays():
        if holiday.first <= due and came <= holiday.last:
            due = max(due, holiday.last + fresh + CATCHING_UP)
    return due


def today(now: datetime) -> date:
    """The day that it is in China."""
    return now.astimezone(CHINA).date()
