"""Reads the title of an issue: whether it is one of the series, and which week it names.

Forms of all eras (2013-2026) are read. Number and printed days may contradict each other: ``which_week.py`` decides. A
title that names no week, or one that its year does not have (第0期, 第60期), is not the title of an issue.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cncert.items import Period
from cncert.report import calendar
from cncert.report.series import SERIES
from cncert.report.typos import without_one_character
from cncert.wechat.text import dense

FIRST_YEAR = 2009
"""News of 2010 speaks of the weekly; its first issues are of 2009 or later."""
MAX_LINE_CHARACTERS = 1000
"""In a longer line no title is looked for; WeChat's titles have at most 64."""

# One character of the name missing, or any doubled.
_NAMES = "|".join(["".join(f"{character}{{1,2}}" for character in SERIES), *without_one_character(SERIES)])
_OPEN, _CLOSE = r"[(\[{〔【<《「]", r"[)\]}〕】>》」]"
# What editors put between two dates; 一 and ー are typed for the dash they look like.
_TO = r"[-~〜—–―‐‒−一ー至到]+"


def _day(name: str, optional: str = "") -> str:
    """Pattern of a printed day; *optional* is ``?`` where year and month may be left out."""
    year_month = rf"(?:(?P<{name}_year>20[0-9]{{2}})[年./-])?(?P<{name}_month>[0-9]{{1,2}})[月./-]"
    return rf"(?:{year_month}){optional}(?P<{name}_day>[0-9]{{1,2}})(?![0-9])日?"


_RANGE = rf"{_day('start')}(?:{_TO}|(?<=日)){_day('end', optional='?')}"
_COMPACT = rf"(?P<first>20[0-9]{{6}}){_TO}(?P<last>20[0-9]{{6}})"
_WEEK = (
    r"(?:(?P<year>20[0-9]{2})年{0,2})?第{1,2}(?P<number>[0-9]{1,3})(?![0-9])期{0,2}"
    r"|(?P<year_only>20[0-9]{2})年(?P<number_only>[0-9]{1,3})期"
)
_TITLE = re.compile(
    rf"(?:{_NAMES})"
    rf"(?:[\W_]*(?:{_WEEK}))?"
    rf"(?:{_OPEN}?总第?[0-9]+期{_CLOSE}?)?"
    rf"(?:[\W_]*(?:{_RANGE}|{_COMPACT})|{_OPEN}(?=[^()]{{0,39}}[0-9])[^()]{{1,40}}(?:{_CLOSE}|$))?"
    rf"{_CLOSE}?"
)
# What may stand around the title of an issue: the publisher's names, a list's number, marks.
_AROUND = re.compile(r"(?:[\W_]|国家互联网?应急中心|CNCERT(?:[/_]?CC)?|(?<![0-9])[0-9]{1,2}[.、)])*")


@dataclass(frozen=True, slots=True)
class Title:
    """Which issue a title names, and the period as it is printed there."""

    year: int
    number: int
    printed: Period | None

    @property
    def week(self) -> calendar.Week:
        """Year and number together."""
        return self.year, self.number


def read_title(text: str, published: date | None = None) -> Title | None:
    """Return the issue that *text*, a whole title, names; None if it is not of the series or names no possible week.

    Printed days without a year get the one that puts their end closest before the day on which it was *published*, or
    closest to the week of the number.
    """
    if len(text) > MAX_LINE_CHARACTERS:
        return None
    squeezed = dense(text)
    for title, start, end in find_titles(squeezed, published):
        around = (squeezed[:start], squeezed[end:])
        return title if all(_AROUND.fullmatch(part) for part in around) else None
    return None


def find_titles(squeezed: str, published: date | None = None) -> Iterator[tuple[Title, int, int]]:
    """Yield all titles of issues inside *squeezed*, a dense text, with where each begins and ends."""
    for match in _TITLE.finditer(squeezed):
        title = _title(match.groupdict(), published)
        if title is not None:
            yield title, match.start(), match.end()


def _title(found: dict[str, str | None], published: date | None) -> Title | None:
    number = found["number"] or found["number_only"]
    year = found["year"] or found["year_only"]
    if number is None:
        return _by_range(found)
    if year is None:
        printed = _printed(found, None)
        year = str(calendar.week_of(printed.end)[0]) if printed else None
    if year is None or int(year) < FIRST_YEAR or not calendar.is_week(int(year), int(number)):
        return None
    expected = calendar.period(int(year), int(number))
    return Title(int(year), int(number), _printed(found, expected, published))


def _by_range(found: dict[str, str | None]) -> Title | None:
    """Return the issue of a title without number, as those of 2013 and 2014: its range must be about a week long."""
    printed = _printed(found, None)
    if printed is None or not timedelta(0) <= printed.end - printed.start <= timedelta(days=8):
        return None
    year, number = calendar.week_of(printed.end)
    return Title(year, number, printed) if year >= FIRST_YEAR else None


def _printed(found: dict[str, str | None], expected: Period | None, published: date | None = None) -> Period | None:
    """Return the printed range, or None. The years that it leaves out follow from *published*, else from *expected*."""
    try:
        if found["first"] and found["last"]:
            return Period(start=date.fromisoformat(found["first"]), end=date.fromisoformat(found["last"]))
        if not (found["start_month"] and found["start_day"] and found["end_day"]):
            return None
        start_month, start_day = int(found["start_month"]), int(found["start_day"])
        end_month, end_day = int(found["end_month"] or start_month), int(found["end_day"])
        end_year = found["end_year"]
        start_year = found["start_year"]
        crosses = (start_month, start_day) > (end_month, end_day)
        if end_year:
            end = date(int(end_year), end_month, end_day)
        elif expected and start_year is None and published:
            # A report may come out some days before its week has ended.
            end = _closest(end_month, end_day, published, latest=published + timedelta(days=6))
        elif expected:
            end = _closest(end_month, end_day, expected.end)
        elif start_year:
            end = date(int(start_year) + crosses, end_month, end_day)
        else:
            return None
        start = date(int(start_year) if start_year else end.year - crosses, start_month, start_day)
    except ValueError:
        return None
    return Period(start=start, end=end)


def _closest(month: int, day: int, target: date, latest: date = date.max) -> date:
    """Return the date with *month* and *day* that is closest to *target*, and not after *latest*."""
    candidates = []
    for year in (target.year - 1, target.year, target.year + 1):
        try:
            candidates.append(date(year, month, day))
        except ValueError:  # 29 February
            continue
    candidates = [candidate for candidate in candidates if candidate <= latest]
    if not candidates:
        raise ValueError(f"no such day: {month}-{day}")
    return min(candidates, key=lambda candidate: abs(candidate - target))
