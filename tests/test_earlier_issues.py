"""The list of earlier issues."""

import pytest

from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.sections import split_parts
from cncert.wechat.body import Line, Link

SECOND = "网络安全信息与动态周报2025年第2期（1月6日-1月12日）"
FIRST = "网络安全信息与动态周报2025年第1期（12月30日-1月5日）"
LAST = "网络安全信息与动态周报2024年第52期（12月23日-12月29日）"


def address(mid):
    return f"https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid={mid}&idx=1&sn={'0' * 32}"


def linked(text, mid, before="●"):
    return Line(before + text, (Link(len(before), len(before) + len(text), address(mid)),))


def review(*lines):
    entries = read_earlier_issues(split_parts(lines))
    return [(entry.year, entry.number, entry.title, entry.url) for entry in entries]


HEAD = Line("近期回顾")


def test_a_list_of_links():
    assert review(HEAD, linked(SECOND, 12), linked(FIRST, 11), linked(LAST, 10)) == [
        (2025, 2, SECOND, address(12)),
        (2025, 1, FIRST, address(11)),
        (2024, 52, LAST, address(10)),
    ]


def test_a_line_without_link():
    assert review(HEAD, linked(SECOND, 12), Line("●" + FIRST)) == [
        (2025, 2, SECOND, address(12)),
        (2025, 1, FIRST, None),
    ]


@pytest.mark.parametrize("bullet", ["", "●", "• ", "· ", "1、", "① ", "【1】", "▶ \u00a0", "上期：", "-"])
def test_bullets_are_not_part_of_the_title(bullet):
    assert review(HEAD, linked(SECOND, 12, before=bullet)) == [(2025, 2, SECOND, address(12))]


def test_a_bullet_inside_the_link():
    assert review(HEAD, linked("●" + SECOND, 12, before="")) == [(2025, 2, SECOND, address(12))]


@pytest.mark.parametrize("cut", [3, 11, 16, 20, len(SECOND) - 1])
def test_a_title_spread_over_two_links(cut):
    line = Line(SECOND, (Link(0, cut, address(12)), Link(cut, len(SECOND), address(12))))
    assert review(HEAD, line) == [(2025, 2, SECOND, address(12))]


def test_of_two_links_under_a_title_the_article_counts():
    line = Line(SECOND, (Link(0, 20, "https://example.org/"), Link(20, len(SECOND), address(12))))
    assert review(HEAD, line) == [(2025, 2, SECOND, address(12))]


def test_several_titles_in_a_line():
    text = f"●{SECOND}●{FIRST} {LAST}"
    links = (Link(1, 1 + len(SECOND), address(12)), Link(text.index(LAST), len(text), address(10)))
    assert review(HEAD, Line(text, links)) == [
        (2025, 2, SECOND, address(12)),
        (2025, 1, FIRST, None),
        (2024, 52, LAST, address(10)),
    ]


@pytest.mark.parametrize("cut", [4, 11, 13, 17])
def test_a_title_split_over_two_lines(cut):
    lines = (Line(SECOND[:cut], (Link(0, cut, address(12)),)), Line(SECOND[cut:]))
    assert review(HEAD, *lines, linked(FIRST, 11)) == [(2025, 2, SECOND, address(12)), (2025, 1, FIRST, address(11))]


def test_full_width_and_spaces_are_read_and_printed():
    printed = "网络安全信息与动态周报 ２０２５年第２期 （1月6日—1月12日）"
    assert review(HEAD, linked(printed, 12)) == [(2025, 2, printed, address(12))]


def test_a_title_without_a_range():
    assert review(HEAD, linked("网络安全信息与动态周报2025年第2期", 12)) == [
        (2025, 2, "网络安全信息与动态周报2025年第2期", address(12))
    ]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&amp;mid=12&amp;idx=1#wechat_redirect", True),
        ("https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEEFF", True),
        ("https://example.org/s?__biz=MzIwNDk0MDgxMw==&mid=12&idx=1", False),
        ("javascript:void(0)", False),
        ("https://mp.weixin.qq.com/mp/profile_ext?action=home", False),
        ("", False),
    ],
)
def test_only_addresses_of_articles_are_kept(url, kept):
    (entry,) = review(HEAD, Line(SECOND, (Link(0, len(SECOND), url),)))
    assert (entry[3] is not None) == kept


def test_an_address_is_cleaned():
    url = "http://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&amp;mid=12&amp;idx=1&amp;scene=21#wechat_redirect"
    (entry,) = review(HEAD, Line(SECOND, (Link(0, len(SECOND), url),)))
    assert entry[3] == "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=12&idx=1&scene=21"


def test_without_the_heading_linked_titles_are_the_list():
    assert review(Line("正文。"), linked(SECOND, 12), Line(FIRST)) == [(2025, 2, SECOND, address(12))]


def test_with_the_heading_other_lines_are_not_the_list():
    assert review(linked(LAST, 10), HEAD, linked(SECOND, 12)) == [(2025, 2, SECOND, address(12))]


def test_under_a_glued_heading():
    text = f"近期回顾●{SECOND}"
    assert review(Line(text, (Link(5, len(text), address(12)),))) == [(2025, 2, SECOND, address(12))]


def test_a_line_of_the_issue_itself_stays():
    """Which week the issue is of is decided with it: the title may be the wrong one."""
    assert [entry[:2] for entry in review(HEAD, linked(SECOND, 12), linked(FIRST, 11))] == [(2025, 2), (2025, 1)]


def test_doubles_are_dropped():
    assert review(HEAD, linked(SECOND, 12), linked(SECOND, 13)) == [(2025, 2, SECOND, address(12))]


def test_a_double_gives_the_address_that_the_first_has_not():
    assert review(HEAD, Line(SECOND), linked(SECOND, 12)) == [(2025, 2, SECOND, address(12))]


def test_odd_lines_between():
    lines = (HEAD, Line("点击标题阅读"), linked(SECOND, 12), Line("——"), Line("往期"), linked(FIRST, 11))
    assert [entry[1] for entry in review(*lines)] == [2, 1]


def test_the_list_ends_where_other_text_begins():
    lines = (HEAD, linked(SECOND, 12), Line("来源一"), Line("编辑二"), Line("校对三"), linked(FIRST, 11))
    assert [entry[1] for entry in review(*lines)] == [2]


def test_a_sentence_that_mentions_an_issue_is_no_entry():
    sentence = f"更多历史数据和处置建议请参阅此前发布的{FIRST}中的相关章节"
    assert review(HEAD, linked(SECOND, 12), Line(sentence)) == [(2025, 2, SECOND, address(12))]


@pytest.mark.parametrize(
    "text", ["CNVD漏洞周报2025年第2期", "网络安全信息与动态周报2025年第60期", "网络安全信息与动态周报"]
)
def test_other_titles_are_no_entries(text):
    assert review(HEAD, linked(text, 9), linked(SECOND, 12)) == [(2025, 2, SECOND, address(12))]


def test_a_slip_in_a_title():
    printed = "网络安全信息动态周报2025年第2期（1月6日-1月12日"
    assert review(HEAD, linked(printed, 12)) == [(2025, 2, printed, address(12))]


def test_no_list():
    assert review(Line("正文。"), HEAD) == []
