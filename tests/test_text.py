"""Text as it should be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.wechat.text import ascii_digits, dense, tidy, unescape_html


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("", ""),
        ("  a  b ", "a b"),
        ("\u00a0a\u00a0\u00a0b\u3000c\u2003", "a b c"),
        ("a\tb\x0bc", "a bc"),
        ("a\u2028b\u2029c", "a b c"),
        (" a \n\n  b ", "a\n\nb"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("本\u200b周\ufeff网\u2060络", "本周网络"),
        ("a\u200c\u200e\u200f\u202ab\u202c", "ab"),
        ("软\u00ad件", "软件"),
        ("a\x00\x01\x08\x1f\x7f\x85b", "ab"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufffe\uffff\ufdd0b", "ab"),
        ("a \u200b b", "a b"),
        ("\u200b a \u200b", "a"),
    ],
)
def test_one_kind_of_space_and_nothing_unseen(text, tidied):
    assert tidy(text) == tidied


@pytest.mark.parametrize(
    "emoji",
    ["👨\u200d👩\u200d👧", "❤\ufe0f\u200d🔥", "👩🏽\u200d💻", "🏳\ufe0f\u200d🌈", "🧑\u200d⚕\ufe0f", "👍🏻", "🇨🇳"],
)
def test_emoji_stay_whole(emoji):
    assert tidy(f"a{emoji}b") == f"a{emoji}b"


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("本\u200d周", "本周"),
        ("\u200d", ""),
        ("👨\u200d", "👨"),
        ("\u200d👨", "👨"),
        ("👨\u200d周", "👨周"),
        ("👨\u200d\u200d👩", "👨👩"),
        ("👨\u200b\u200d👩", "👨\u200d👩"),
    ],
)
def test_a_joiner_that_joins_nothing_goes(text, tidied):
    assert tidy(text) == tidied


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("１２３．４％", "123.4%"),
        ("ＣＮＣＥＲＴ／ＣＣ", "CNCERT／CC"),
        ("ａｂｚ", "abz"),
        ("本周，２５（起）", "本周，25（起）"),
        ("①²٣", "①²٣"),
    ],
)
def test_full_width_digits_and_letters(text, ascii_text):
    assert ascii_digits(text) == ascii_text


@pytest.mark.parametrize(
    ("text", "label"),
    [("ＣＮＣＥＲＴ　评 估", "CNCERT评估"), ("近\u00a0期\n回\u200b顾", "近期回顾"), ("（１）", "(1)"), ("", "")],
)
def test_how_a_text_is_compared_with_a_label(text, label):
    assert dense(text) == label


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A&amp;B", "A&B"),
        ("&lt;b&gt;", "<b>"),
        ("&quot;&#39;&#x27;", "\"''"),
        ("&nbsp;&yen;&zwj;", "\u00a0¥\u200d"),
        ("&amp;lt;", "&lt;"),
        ("a&timestamp=1&copy=2&lt", "a&timestamp=1&copy=2&lt"),
        ("&nosuchthing;", "&nosuchthing;"),
        ("&#0;&#xd800;&#1114112;", "\ufffd\ufffd\ufffd"),
        ("&;&#;&#x;& &", "&;&#;&#x;& &"),
        ("&#99999999999;", "&#99999999999;"),
    ],
)
def test_character_references_are_undone_once(text, value):
    assert unescape_html(text) == value


HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=[]), st.sampled_from("\u200d\u200b \n\r\u00a0👨👩\ufe0f\ud83d\ude00&;#x1")
    ),
    max_size=120,
)


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
def test_tidying_is_done_at_once(text):
    once = tidy(text)
    assert tidy(once) == once
    assert len(once) <= len(text)
    assert once.encode() is not None
    assert all(line == line.strip() and "  " not in line for line in once.split("\n"))


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
def test_every_text_can_be_compared(text):
    assert not any(char.isspace() for char in dense(text))
    assert len(ascii_digits(text)) == len(text)
    assert ascii_digits(ascii_digits(text)) == ascii_digits(text)
    assert len(unescape_html(text)) <= len(text)


@settings(max_examples=100, deadline=None)
@given(st.text("网络１２ａ（）：，㈠① ②\u00a0%", min_size=200, max_size=1200))
def test_a_long_text_is_compared_as_its_signs_are(text):
    assert dense(text) == "".join(map(dense, text))
