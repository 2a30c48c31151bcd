"""Times as sites, converters and people write them."""

import time
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.items import CHINA
from cncert.sources.saved_files.printed_times import read_times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024.03.07 09:05", "2024-03-07T09:05:00"),
        ("发布时间：2024年3月7日 9:05:06 来源：某网", "2024-03-07T09:05:06"),
        ("2024年03月07日 星期四 09:05", "2024-03-07T09:05:00"),
        ("2024年3月7日 下午5:30", "2024-03-07T17:30:00"),
        ("2024年3月7日 中午12:30", "2024-03-07T12:30:00"),
        ("2024年3月7日 上午9:30", "2024-03-07T09:30:00"),
        ("*2024年03月07日 17:30*", "2024-03-07T17:30:00"),
        # with a zone
        ("2024-03-07T23:30:12Z", "2024-03-08T07:30:12"),
        ("2024-03-07T23:30:12.123456Z", "2024-03-08T07:30:12"),
        ("2024-03-07T23:30Z", "2024-03-08T07:30:00"),
        ("2024-03-07t23:30:12+00:00", "2024-03-08T07:30:12"),
        ("2024-03-07T17:30:12+08:00", "2024-03-07T17:30:12"),
        ("2024-03-07T17:30:12+0800", "2024-03-07T17:30:12"),
        ("2024-03-07 17:30:12 +0800 CST", "2024-03-07T17:30:12"),
        ("2024-03-07T04:30:12-05:00", "2024-03-07T17:30:12"),
        ("2024-03-07 09:30 UTC", "2024-03-07T17:30:00"),
        ("2024-03-07 17:30 UTC+8", "2024-03-07T17:30:00"),
        ("2024-03-07 09:30 GMT+0000", "2024-03-07T17:30:00"),
        ("2024-03-07 17:30 (北京时间)", "2024-03-07T17:30:00"),
        ("2024-03-07 10:20-11:30", "2024-03-07T10:20:00"),
        ("2024-03-07 10:20 - 某网", "2024-03-07T10:20:00"),
        # in words
        ("Thu, 07 Mar 2024 09:30:12 GMT", "2024-03-07T17:30:12"),
        ("Thu, 7 Mar 2024 17:30:12 +0800", "2024-03-07T17:30:12"),
        ("Mar 7th, 2024 at 5:30 PM", "2024-03-07T17:30:00"),
        ("Published Mar. 7, 2024, 12:05 a.m.", "2024-03-07T00:05:00"),
        # seconds and milliseconds since 1970
        ("1709803812", "2024-03-07T17:30:12"),
        (" 1709803812000 ", "2024-03-07T17:30:12"),
    ],
)
def test_a_time_is_read(text: str, expected: str) -> None:
    found = next(read_times(text))
    assert found.moment is not None
    assert (found.moment.isoformat(), found.day.isoformat()) == (f"{expected}+08:00", expected[:10])


@pytest.mark.parametrize("text", ["2024-03-07", "2024/3/7", "2024年3月7日 来源：某网", "7 March 2024", "March 7, 2024"])
def test_a_date_without_a_time_stays_a_date(text: str) -> None:
    assert list(read_times(text)) == [(None, date(2024, 3, 7))]


def test_midnight_is_a_time_where_it_is_stated() -> None:
    assert [one.moment for one in read_times("2024-03-07 00:00")] == [datetime(2024, 3, 7, tzinfo=CHINA)]


@pytest.mark.parametrize(
    "text",
    ["", "2024-13-01", "2024-02-30", "12024-03-07", "2024-03-077", "2024年", "9:30", "2024-03-07 25:30", "Mar 2024"],
)
def test_what_is_no_time(text: str) -> None:
    assert list(read_times(text)) == []


def test_all_times_come_in_the_order_in_which_they_stand() -> None:
    found = list(read_times("March 1, 2024; 2024-02-30; 2024年2月1日; 5 Jan 2024"))
    assert [one.day for one in found] == [date(2024, month, day) for month, day in ((3, 1), (2, 1), (1, 5))]


@given(st.datetimes(datetime(2010, 1, 1), datetime(2090, 1, 1), timezones=st.timezones()))
def test_what_isoformat_writes_is_read(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    offset = moment.utcoffset()
    if offset is not None and offset.total_seconds() % 60 == 0:
        assert [one.moment for one in read_times(moment.isoformat())] == [datetime.fromisoformat(moment.isoformat())]


@pytest.mark.parametrize("unit", ["2024-", "2024-03-07 ", "20", "1 Mar ", "2024-03-07 10:", " ", "Mar 1"])
def test_long_hostile_texts_are_read_in_bounds(unit: str) -> None:
    started = time.process_time()
    list(read_times(unit * 100_000))
    assert time.process_time() - started < 0.5
