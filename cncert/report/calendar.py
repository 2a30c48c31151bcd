"""Computes which week an issue covers, and which issues should exist.

A reporting week runs from Monday to Sunday and belongs to the year of its Sunday, where it has the number
``(day of the year of the Sunday - 1) // 7 + 1``: the first Sunday of a year ends its issue 1. These are not ISO weeks.
The rule holds for all issues of ``data/known_issues.csv`` (2022-2026) and for 2018 issue 6.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from cncert.exceptions import ArgumentError
from cncert.items import Period, issue_id

Week = tuple[int, int]
"""(year, number) of an issue; sorts as the weeks do."""

_WEEK = re.compile(r"([0-9]{4})-([0-9]{1,2})")
_DAY = timedelta(days=1)


def _first_sunday(year: int) -> date:
    new_year = date(year, 1, 1)
    return new_year + (6 - new_year.weekday()) * _DAY


def week_of(day: date) -> Week:
    """Return the week that *day* falls in."""
    sunday = day + (6 - day.weekday()) * _DAY
    return sunday.year, (sunday.timetuple().tm_yday - 1) // 7 + 1


def numbers_in(year: int) -> int:
    """Return how many issues *year* has: 53 if it has 53 Sundays, else 52."""
    return (date(year, 12, 31) - _first_sunday(year)).days // 7 + 1


def is_week(year: int, number: int) -> bool:
    """Whether *year* has an issue *number*."""
    return date.min.year <= year <= date.max.year and 1 <= number <= numbers_in(year)


def period(year: int, number: int) -> Period:
    """Return Monday and Sunday of an issue's week. Raises ValueError if *year* has no such number."""
    if not is_week(year, number):
        raise ValueError(f"there is no issue {number} of {year}")
    sunday = _first_sunday(year) + 7 * (number - 1) * _DAY
    return Period(start=sunday - 6 * _DAY, end=sunday)


def next_week(week: Week) -> Week:
    """Return the week after *week*."""
    year, number = week
    return (year, number + 1) if number < numbers_in(year) else (year + 1, 1)


def previous_week(week: Week) -> Week:
    """Return the week before *week*."""
    year, number = week
    return (year, number - 1) if number > 1 else (year - 1, numbers_in(year - 1))


def weeks(first: Week, last: Week) -> Iterator[Week]:
    """Yield all weeks from *first* to *last*, both included; none if *last* is before *first*."""
    week = first
    while week <= last:
        yield week
        week = next_week(week)


def parse_week(text: str) -> Week:
    """Return the week that an issue's id names: ``2025-03`` or ``2025-3``. Raises ValueError, worded for a person."""
    match = _WEEK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no issue: write year and number, as in 2025-03")
    year, number = int(match[1]), int(match[2])
    if not is_week(year, number):
        last = f": the last one is {issue_id(year, numbers_in(year))}" if year else ""
        raise ValueError(f"{text!r}: {year} has no issue {number}{last}")
    return year, number


def issue_range(text: str) -> Callable[[str], bool]:
    """Return whether the id of an issue is one of *text*: ``2025-03``, ``2025-01..2025-12``, ``2025-01..``.

    Raises ValueError, worded for a person.
    """
    first, dots, last = text.partition("..")
    try:
        oldest = issue_id(*parse_week(first)) if first else ""
        newest = oldest if not dots else issue_id(*parse_week(last)) if last else "9999-53"
    except ValueError as error:
        raise ValueError(f"{text[:80]!r}: {error}") from error
    if oldest > newest:
        raise ValueError(f"{text!r}: {oldest} is later than {newest}")
    return lambda issue: oldest <= issue <= newest


def week_range(first: str | None, last: str | None) -> tuple[str | None, str | None]:
    """Return the ids of the issues that ``--from`` and ``--until`` give.

    Raises ArgumentError if one is no week, or the first is later than the last.
    """
    first, last = _week_option("--from", first), _week_option("--until", last)
    if first and last and first > last:
        raise ArgumentError(f"--from {first} is later than --until {last}")
    return first, last


def _week_option(name: str, text: str | None) -> str | None:
    """Return the id of the issue that the option *name* gives as *text*; None if it is not given.

    Raises ArgumentError if *text* is no week.
    """
    try:
        return issue_id(*parse_week(text)) if text is not None else None
    except ValueError as error:
        raise ArgumentError(f"{name} {text!r}: {error}") from error
