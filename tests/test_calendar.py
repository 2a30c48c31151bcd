"""The rule of weeks and numbers."""

import csv
from datetime import date
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.items import Period
from cncert.report import calendar

KNOWN = list(csv.DictReader(files("cncert").joinpath("data", "known_issues.csv").read_text("utf-8").splitlines()))

WEEKS = [
    (2014, 6, "2014-02-03", "2014-02-09"),
    (2018, 6, "2018-02-05", "2018-02-11"),
    (2022, 52, "2022-12-19", "2022-12-25"),
    (2023, 1, "2022-12-26", "2023-01-01"),
    (2023, 53, "2023-12-25", "2023-12-31"),
    (2024, 1, "2024-01-01", "2024-01-07"),
    (2024, 52, "2024-12-23", "2024-12-29"),
    (2025, 1, "2024-12-30", "2025-01-05"),
    (2025, 52, "2025-12-22", "2025-12-28"),
    (2026, 1, "2025-12-29", "2026-01-04"),
]


@pytest.mark.parametrize(("year", "number", "start", "end"), WEEKS)
def test_period_of_an_issue(year, number, start, end):
    assert calendar.period(year, number) == Period(start=date.fromisoformat(start), end=date.fromisoformat(end))


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: f"{row['year']}-{row['number']}")
def test_known_issues_obey_the_rule(row):
    week = int(row["year"]), int(row["number"])
    assert str(calendar.period(*week).start) == row["start"]
    assert calendar.week_of(date.fromisoformat(row["end"])) == week


def test_of_the_known_issues_one_prints_a_range_that_is_a_day_short():
    short = [row for row in KNOWN if str(calendar.period(int(row["year"]), int(row["number"])).end) != row["end"]]
    assert [(row["year"], row["number"], row["end"]) for row in short] == [("2024", "17", "2024-04-27")]


@pytest.mark.parametrize(("year", "count"), [(2017, 53), (2018, 52), (2022, 52), (2023, 53), (2024, 52), (2025, 52)])
def test_numbers_in_a_year(year, count):
    assert calendar.numbers_in(year) == count


@pytest.mark.parametrize(("year", "number"), [(2025, 0), (2025, -1), (2025, 53), (2023, 54), (2024, 60), (0, 1)])
def test_period_of_an_impossible_number(year, number):
    with pytest.raises(ValueError, match="no issue"):
        calendar.period(year, number)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31)))
def test_a_day_is_in_the_period_of_its_week(day):
    period = calendar.period(*calendar.week_of(day))
    assert period.start <= day <= period.end


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31)))
def test_both_ends_of_a_period_are_in_its_week(day):
    week = calendar.week_of(day)
    period = calendar.period(*week)
    assert calendar.week_of(period.start) == calendar.week_of(period.end) == week


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31)))
def test_next_and_previous_are_opposites(day):
    week = calendar.week_of(day)
    assert calendar.previous_week(calendar.next_week(week)) == week


def test_weeks_cross_the_year():
    assert list(calendar.weeks((2023, 52), (2024, 2))) == [(2023, 52), (2023, 53), (2024, 1), (2024, 2)]


def test_weeks_of_one_week():
    assert list(calendar.weeks((2025, 3), (2025, 3))) == [(2025, 3)]


def test_weeks_backwards_are_none():
    assert list(calendar.weeks((2025, 3), (2025, 2))) == []


def test_weeks_are_seven_days_apart():
    ends = [calendar.period(*week).end for week in calendar.weeks((2012, 1), (2030, 1))]
    assert {(later - earlier).days for earlier, later in pairwise(ends)} == {7}


@pytest.mark.parametrize(
    ("text", "week"),
    [("2025-03", (2025, 3)), ("2022-27", (2022, 27)), (" 2023-53 ", (2023, 53)), ("2025-3", (2025, 3))],
)
def test_parse_week(text, week):
    assert calendar.parse_week(text) == week


@pytest.mark.parametrize("text", ["", "2025", "2025-", "25-03", "2025-W03", "2025/03", "2025-003", "x", "２０２５-03"])
def test_parse_week_of_another_form(text):
    with pytest.raises(ValueError, match="write year and number, as in 2025-03"):
        calendar.parse_week(text)


@pytest.mark.parametrize(("text", "last"), [("2025-53", "2025-52"), ("2023-54", "2023-53"), ("2024-00", "2024-52")])
def test_parse_week_of_an_impossible_number_names_the_last(text, last):
    with pytest.raises(ValueError, match=f"the last one is {last}"):
        calendar.parse_week(text)


def test_parse_week_of_year_zero():
    with pytest.raises(ValueError, match="no issue"):
        calendar.parse_week("0000-01")
