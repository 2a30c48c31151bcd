"""Lines of a body under their headings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.report.sections import HEADINGS, read_heading, read_sections, split_parts
from cncert.wechat.body import Line, Link


def sections(*texts):
    return [(section.heading, section.text) for section in read_sections(split_parts(Line(text) for text in texts))]


@pytest.mark.parametrize("heading", HEADINGS)
def test_known_headings(heading):
    assert sections(heading, "甲。", "乙。") == [(heading, "甲。\n乙。")]


@pytest.mark.parametrize(
    "text",
    [
        "一、本周事件处理情况",
        "（三）本周事件处理情况",
        "1、本周事件处理情况",
        "2.本周事件处理情况",
        "３．本周事件处理情况",
        "④ 本周事件处理情况",
        "【本周事件处理情况】",
        "●本周事件处理情况",
        "▍ 本周事件处理情况",
        "—— 本周事件处理情况 ——",
        "本周事件处理情况：",
        "本 周 事 件 处 理 情 况",
        "本周事件\u00a0处理情况",
        "本周事件处处理情况",
    ],
)
def test_forms_of_a_heading(text):
    assert read_heading(text) == "本周事件处理情况"


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_heading_with_any_character_missing(heading):
    damaged = {heading[:n] + heading[n + 1 :] for n in range(len(heading))}
    assert {read_heading(text) for text in damaged} == {heading}


@pytest.mark.parametrize("text", ["本周工业互联网安全情况", "五、本周数据安全态势", "本周“钓鱼”网站情况"])
def test_unknown_headings_of_the_same_form(text):
    assert read_heading(text) == text.removeprefix("五、")


@pytest.mark.parametrize(
    "text",
    [
        "本周，有关情况如下",
        "本周网络病毒活动情况如图3所示。",
        "图1 本周网络病毒活动情况",
        "详见本周事件处理情况",
        "回顾",
        "情况",
        "123",
        "：，。",
        "本周" + "很" * 40 + "情况",
    ],
)
def test_lines_that_are_no_heading(text):
    assert read_heading(text) is None


def test_what_stands_before_the_first_heading_is_in_no_section():
    assert sections("导语。", "本周网站安全情况", "甲。") == [("本周网站安全情况", "甲。")]


def test_without_a_heading_there_is_no_section():
    assert sections("甲。", "乙。") == []


def test_a_section_may_be_empty():
    assert sections("本周网站安全情况", "近期回顾") == [("本周网站安全情况", ""), ("近期回顾", "")]


def test_lines_before_the_first_heading_are_a_part():
    assert [(part.heading, part.text) for part in split_parts([Line("导语。")])] == [(None, "导语。")]


def test_a_heading_glued_to_its_first_sentence():
    assert sections("本周事件处理情况本周，处理了若干事件。") == [("本周事件处理情况", "本周，处理了若干事件。")]


def test_links_move_with_a_line_whose_heading_was_glued():
    title = "网络安全信息与动态周报2025年第2期"
    parts = split_parts([Line(f"近期回顾●{title}", (Link(5, 5 + len(title), "https://a"),))])
    assert parts[0].lines == (Line(f"●{title}", (Link(1, 1 + len(title), "https://a"),)),)


@given(st.lists(st.text(min_size=1)))
def test_no_line_is_lost(texts):
    parts = split_parts([Line(text) for text in texts])
    assert sum(len(part.lines) + (part.heading is not None) for part in parts) == len(texts)
