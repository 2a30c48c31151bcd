"""Titles of issues of all eras, and titles that are none."""

import csv
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.items import Period
from cncert.report.series import SERIES
from cncert.report.title import read_title

KNOWN = list(csv.DictReader(files("cncert").joinpath("data", "known_issues.csv").read_text("utf-8").splitlines()))
THIRD = (date(2025, 1, 13), date(2025, 1, 19))


def printed(title):
    return title.printed and (title.printed.start, title.printed.end)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: f"{row['year']}-{row['number']}")
def test_known_titles(row):
    title = read_title(row["title"])
    assert (title.week, str(title.printed.start), str(title.printed.end)) == (
        (int(row["year"]), int(row["number"])),
        row["start"],
        row["end"],
    )


@pytest.mark.parametrize(
    "text",
    [
        "网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
        "网络安全信息与动态周报 2025 年第 3 期（1 月 13 日 - 1 月 19 日）",
        "网络安全信息与动态周报\u00a02025年第3期\u00a0（1月13日-1月19日）",
        "网络安全信息与动态周报\u200b2025年第3期（1月13日-1月19日）",
        "网络安全信息与动态周报２０２５年第３期（１月１３日－１月１９日）",
        "网络安全信息与动态周报2025年第03期（01月13日-01月19日）",
        "网络安全信息与动态周报2025年第3期(1月13日-1月19日)",
        "网络安全信息与动态周报2025年第3期【1月13日-1月19日】",
        "网络安全信息与动态周报2025年第3期（1月13日—1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日——1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日–1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日~1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日～1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日至1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日一1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日-19日）",
        "网络安全信息与动态周报2025年第3期（1月13-1月19日）",
        "网络安全信息与动态周报2025年第3期1月13日-1月19日）",
        "网络安全信息与动态周报2025年第3期（1月13日-1月19日",
        "网络安全信息与动态周报2025年第3期1月13日-1月19日",
        "网络安全信息与动态周报2025年第3期（2025年1月13日-2025年1月19日）",
        "网络安全信息与动态周报2025年第3期（2025年1月13日-1月19日）",
        "网络安全信息与动态周报2025年第3期（1.13-1.19）",
        "网络安全信息与动态周报2025年第3期（2025.01.13-2025.01.19）",
        "网络安全信息与动态周报2025年第3期（2025-01-13-2025-01-19）",
        "网络安全信息与动态周报2025年第3期（20250113-20250119）",
        "网络安全信息与动态周报-2025年第3期（1月13日-1月19日）",
        "网络安全信息与动态周报2025第3期（1月13日-1月19日）",
        "网络安全信息与动态周报2025年3期（1月13日-1月19日）",
        "网络安全信息与动态周报2025年第3（1月13日-1月19日）",
        "网络安全信息与动态周报2025年第第3期（1月13日-1月19日）",
        "网络安全信息与动态周报第3期（2025年1月13日-2025年1月19日）",
        "网络安全信息与动态周报2025年第3期（总第700期）（1月13日-1月19日）",
        "网络安全信息与动态周报（2025.01.13至2025.01.19）",
        "《网络安全信息与动态周报》2025年第3期（1月13日-1月19日）",
        "CNCERT 网络安全信息与动态周报 2025年第3期（1月13日-1月19日）",
        "国家互联网应急中心（CNCERT/CC）网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
        "国家互联应急中心-网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
        "●网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
        "1、网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
    ],
)
def test_forms_of_one_title(text):
    title = read_title(text)
    assert title is not None
    assert (title.week, printed(title)) == ((2025, 3), THIRD)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("CNCERT 网络安全信息与动态周报 2018 年第 14 期", (2018, 14)),
        ("网络安全信息与动态周报-2026年第12期", (2026, 12)),
        ("网络安全信息与动态周报2023年第53期", (2023, 53)),
        ("网络安全信息与动态周报2025年第3期（）", (2025, 3)),
    ],
)
def test_titles_without_a_range(text, week):
    title = read_title(text)
    assert (title.week, title.printed) == (week, None)


@pytest.mark.parametrize(
    ("text", "week", "start", "end"),
    [
        ("网络安全信息与动态周报(2013.03.04至2013.03.10)", (2013, 10), "2013-03-04", "2013-03-10"),
        ("网络安全信息与动态周报(2014.02.03至2014.02.09)", (2014, 6), "2014-02-03", "2014-02-09"),
        ("网络安全信息与动态周报(2013.12.30至2014.01.05)", (2014, 1), "2013-12-30", "2014-01-05"),
        ("网络安全信息与动态周报(2014年2月3日-2月9日)", (2014, 6), "2014-02-03", "2014-02-09"),
        ("网络安全信息与动态周报(2013年12月30日-1月5日)", (2014, 1), "2013-12-30", "2014-01-05"),
        ("网络安全信息与动态周报(2014.02.03至2014.02.08)", (2014, 6), "2014-02-03", "2014-02-08"),
    ],
)
def test_titles_without_a_number(text, week, start, end):
    title = read_title(text)
    assert (title.week, title.printed) == (week, Period(start=date.fromisoformat(start), end=date.fromisoformat(end)))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("网络安全信息与动态周报2023年第1期（12月26日-1月1日）", "2022-12-26", "2023-01-01"),
        ("网络安全信息与动态周报2025年第1期（12月30日-1月5日）", "2024-12-30", "2025-01-05"),
        ("网络安全信息与动态周报2025年第1期（2024年12月30日-2025年1月5日）", "2024-12-30", "2025-01-05"),
        ("网络安全信息与动态周报2025年第1期（2024年12月30日-1月5日）", "2024-12-30", "2025-01-05"),
        ("网络安全信息与动态周报2023年第53期（12月25日-12月31日）", "2023-12-25", "2023-12-31"),
        ("网络安全信息与动态周报2024年第9期（2月26日-2月29日）", "2024-02-26", "2024-02-29"),
    ],
)
def test_years_that_the_range_leaves_out(text, start, end):
    assert printed(read_title(text)) == (date.fromisoformat(start), date.fromisoformat(end))


def test_the_number_decides_where_the_range_is_a_day_short():
    title = read_title("网络安全信息与动态周报2024年第17期（4月22日-4月27日）")
    assert (title.week, printed(title)) == ((2024, 17), (date(2024, 4, 22), date(2024, 4, 27)))


@pytest.mark.parametrize("range_", ["2月30日-2月31日", "13月1日-13月7日", "1月-2月", "第3周1月", "0月0日-0月0日"])
def test_a_range_that_is_none_is_left_out(range_):
    title = read_title(f"网络安全信息与动态周报2025年第3期（{range_}）")
    assert (title.week, title.printed) == ((2025, 3), None)


@pytest.mark.parametrize("place", range(len(SERIES)))
def test_a_character_of_the_series_is_missing(place):
    name = SERIES[:place] + SERIES[place + 1 :]
    assert read_title(f"{name}2025年第3期（1月13日-1月19日）").week == (2025, 3)


@pytest.mark.parametrize("place", range(len(SERIES)))
def test_a_character_of_the_series_is_doubled(place):
    name = SERIES[: place + 1] + SERIES[place:]
    assert read_title(f"{name}2025年第3期（1月13日-1月19日）").week == (2025, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SERIES,
        f"国家互联应急中心-{SERIES}",
        f"{SERIES}2025年",
        f"{SERIES}2025年1月",
        f"{SERIES}（1月13日-1月19日）",
        f"{SERIES}2025年第0期",
        f"{SERIES}2025年第53期（12月29日-1月4日）",
        f"{SERIES}2025年第60期",
        f"{SERIES}2025年第333期",
        f"{SERIES}2001年第3期",
        f"{SERIES}2025年第3、4期（1月13日-1月26日）",
        f"{SERIES}（2025.01.01-2025.01.31）",
        f"{SERIES}2025年第3期解读",
        f"解读{SERIES}2025年第3期",
        f"工业{SERIES}2025年第3期（1月13日-1月19日）",
        "网络安全信息与动态月报2025年第3期",
        "网络安全信息与动态周刊2025年第3期",
        "网络安全动态周报2025年第3期（1月13日-1月19日）",
        "网络安全信息周报2025年第3期（1月13日-1月19日）",
        "数据安全信息与动态周报2025年第3期（1月13日-1月19日）",
        "勒索软件动态周报-2025年第3期（总第161期）(20250111-20250117)",
        "国家互联网应急中心(CNCERT_CC)勒索软件动态周报-2025年第3期",
        "CNVD漏洞周报2025年第3期",
        "CNVD漏洞周报2025年第3、4期",
        "上周关注度较高的产品安全漏洞(20250113-20250119)",
        "每周移动恶意程序传播渠道安全监测报告（2025年1月13日—2025年1月19日）",
        "2025年第3期",
        "网络安全态势年度综述",
    ],
)
def test_titles_that_are_none(text):
    assert read_title(text) is None


@given(st.text())
def test_any_text_is_read(text):
    assert read_title(text) is None


@given(st.text(alphabet="年第期月日（）()-—~至.0123456789 　", max_size=40))
def test_any_end_of_a_title_is_read(text):
    title = read_title(SERIES + text)
    assert title is None or 2009 <= title.year <= 2099


@given(st.text(alphabet="年第期月日（）-.0123456789网络CNRT", max_size=40))
def test_without_the_series_nothing_is_a_title(text):
    assert read_title(text) is None
