"""JavaScript literals, read without running anything."""

import itertools
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.wechat.literals import (
    ObjectLiteral,
    decode_literal,
    read_concatenation,
    read_expression,
    string_end,
    unescape_js,
)
from cncert.wechat.scripts import Scripts
from tests.site.pages import js


def expression(text: str) -> str | None:
    return read_expression(text.encode(), 0)


def literal(text: str) -> ObjectLiteral:
    return ObjectLiteral(text.encode(), 0)


# ---------------------------------------------------------------------------------------------------------------------
# Strings


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain 中文", "plain 中文"),
        (r"a\x26b\x3c\x3e\x22\x27\x0a\x0d\x5c", "a&b<>\"'\n\r\\"),
        (r"\x3C\x3E\x5C", "<>\\"),
        (r"\n\r\t\b\f\v\0", "\n\r\t\b\f\v\0"),
        (r"http:\/\/x\'\"", "http://x'\""),
        (r"\u7f51\u7EDC", "网络"),
        (r"\u{1F600}\u{41}", "😀A"),
        (r"\ud83d\ude00", "😀"),
        (r"a\ud83db", "a\ufffdb"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"\u{110000}", "\ufffd"),
        ("a\\\nb\\\r\nc", "abc"),
        (r"\\x26", r"\x26"),
        (r"\\\x26", r"\&"),
        (r"\\n\x26", r"\n&"),
        (r"\x5cx26", r"\x26"),
        (r"\x2", "x2"),
        (r"\xzz\u12", "xzzu12"),
        ("a\\", "a\\"),
        (r"\中", "中"),
    ],
)
def test_escapes(source, value):
    assert unescape_js(source) == value


@given(st.text(max_size=200))
def test_what_json_writes_is_read(text):
    assert unescape_js(json.dumps(text)[1:-1]) == text


@given(st.text(max_size=200))
def test_what_wechat_writes_is_read(text):
    assert unescape_js(js(text)) == text


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_every_value_can_be_stored(text):
    assert len(unescape_js("\\" + text)) <= len(text) + 1
    assert decode_literal(text.encode("utf-8", "surrogatepass")).encode() is not None


@pytest.mark.parametrize(
    ("source", "end"),
    [
        (b"'abc'", 4),
        (b"''", 1),
        (b"'a\"b'", 4),
        (rb"'a\'b'", 5),
        (rb"'a\\'b'", 4),
        (rb"'a\\\'b'", 7),
        (b"'abc", -1),
        (rb"'abc\'", -1),
        (b"'", -1),
    ],
)
def test_where_a_string_ends(source, end):
    assert string_end(source, 0) == end


# ---------------------------------------------------------------------------------------------------------------------
# Expressions


@pytest.mark.parametrize("order", sorted(set(itertools.permutations(['"X"', '""', "''"]))))
@pytest.mark.parametrize("bar", ["||", " || ", "|| ", " ||", "\n  ||\n  "])
def test_the_first_literal_that_says_something(order, bar):
    assert expression(bar.join(order) + ";") == "X"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('"X"', "X"),
        ("'X'", "X"),
        ('"X"||"Y"', "X"),
        ('""||"Y"||"Z"', "Y"),
        ('"" || "" || ""', ""),
        ('""', ""),
        ("'a;b&amp;c' || 'd';", "a;b&amp;c"),
        ('"a\\"b"', 'a"b'),
        ("'1' * 1", "1"),
        ("'' * 1 || '2' * 1", "2"),
        ("'1530720180'*1;", "1530720180"),
        ("1530720180;", "1530720180"),
        ("1530720180\nvar x = 1", "1530720180"),
        ("0 || 'X'", "0"),
        ("'标题'.html(false);", "标题"),
        ("''.html(false) || 'X'.html()", "X"),
        ('htmlDecode("X")', "X"),
        ("JsDecode( 'X' ) || ''", "X"),
        ("window.a.b(String('X'))", "X"),
        ("('X')", "X"),
        ("xml ? getXmlValue('mid.DATA') : 'X'", "X"),
        ("xml ? getXmlValue('bizuin.DATA') || getXmlValue('__biz') : 'X' || ''", "X"),
        ("xml ? getXmlValue('a:b?c;d') : '' || 'X' || ''", "X"),
        ("xml?f('a'):'X'", "X"),
        ("xml ? getXmlValue('t.DATA') * 1 : '1' * 1", "1"),
        ("(xml ? getXmlValue('nick_name.DATA') : 'X').html(false)", "X"),
        ("a === b ? 'no' : 'X'", "X"),
    ],
)
def test_expressions(source, value):
    assert expression(source) == value


@pytest.mark.parametrize(
    "source",
    [
        "",
        ";",
        "showTitle",
        "null",
        "{",
        "{start:10}",
        "[1]",
        "opt.biz || window.biz",
        "window.msg_title || ''",
        "function () { return 'X' }",
        "/'/.test(x)",
        "'unterminated",
        '"unterminated\\"',
        "3.14",
        "12px",
        "xml ? getXmlValue('a')",
        "xml ? getXmlValue('a'); x = b : 'X'",
        "xml ? " + "a" * 5000 + " : 'X'",
        "-",
        "\ufeff'X'",
    ],
)
def test_what_is_no_literal(source):
    assert expression(source) is None


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a' + 'b'", "ab"),
        ("'a'+name.of+\n \"b\" + 1 + 'c');", "abc"),
        ("'a\\\nb'", "ab"),
        ('"a".replace("b", "c")', "a"),
        ("name + 'a'", "a"),
        ("'a' + 'unterminated", "a"),
        ("'a' +", "a"),
        ("f('a')", ""),
        ("", ""),
    ],
)
def test_sums_of_strings(source, value):
    assert read_concatenation(source.encode(), 0) == value


def test_a_chain_that_is_cut_off():
    assert expression("'' || 'abc") == ""
    assert expression("'' ||") == ""


# ---------------------------------------------------------------------------------------------------------------------
# Objects


OBJECT = r"""{
  base_resp: { ret: '0' * 1, title: 'not this', },
  "title": JsDecode('A\x26B'), // it's: 'a comment', title: 'nor this'
  'nick_name' : 'N',
  user_name:JsDecode('')||JsDecode('gh_1'),
  /* link: 'nor this {' */ link: /* nor: 'this' */ 'L',
  item_show_type: '8' * 1,
  is_new: 12, negative: -3, real: 1.5, yes: true, none: null, list: [1, 2], empty: '',
  signature: 'x: { y: [ } \'',
  picture_page_info_list: [
    { cdn_url: 'one', watermark_info: { cdn_url: 'decoy', }, width: '10' * 1, share_cover: { cdn_url: 'decoy' } },
    { share_cover: { cdn_url: 'decoy' }, cdn_url: 'two', height: 20, },
    {},
  ],
  user_info: { title: 'nor this', link: 'nor this', inner: { deep: 'x' } },
  `t`: 1, computed: a ? 'b' : 'c', called: f('x', 'y'), late: 'Z'
}"""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", "A&B"),
        ("nick_name", "N"),
        ("user_name", "gh_1"),
        ("link", "L"),
        ("item_show_type", "8"),
        ("is_new", "12"),
        ("negative", "-3"),
        ("empty", None),
        ("signature", "x: { y: [ } '"),
        ("called", "x"),
        ("late", "Z"),
        ("real", None),
        ("yes", None),
        ("none", None),
        ("computed", None),
        ("ret", None),
        ("deep", None),
        ("cdn_url", None),
        ("user_info", None),
        ("nor", None),
        ("missing", None),
    ],
)
def test_an_object_s_own_strings_and_numbers(key, value):
    assert literal(OBJECT).string(key) == value


def test_a_key_is_there_though_it_says_nothing():
    data = literal(OBJECT)
    assert "empty" in data
    assert "missing" not in data
    assert "user_info" not in data


def test_nested_objects():
    data = literal(OBJECT)
    info = data.nested("user_info")
    assert info is not None
    assert info.string("title") == "nor this"
    inner = info.nested("inner")
    assert inner is not None
    assert inner.string("deep") == "x"
    assert data.nested("title") is None
    assert data.nested("missing") is None


def test_an_array_of_objects():
    pictures = literal(OBJECT).nested("picture_page_info_list")
    assert pictures is not None
    found = [(entry.string("cdn_url"), entry.string("width"), entry.string("height")) for entry in pictures.objects()]
    assert found == [("one", "10", None), ("two", None, "20"), (None, None, None)]


def test_what_stands_behind_an_object_is_not_of_it():
    data = ObjectLiteral(b"x = {a: '}', b: {c: [1]}}; {d: 'no', e: 'no'}", 4)
    assert data.string("d") is None
    assert data.string("a") == "}"
    assert data.nested("e") is None


def test_a_key_is_found_behind_a_long_value():
    data = literal("{a: '" + "x" * 700_000 + "', b: 'Y'}")
    assert data.string("b") == "Y"


def test_of_two_values_the_first_that_says_something():
    assert literal("{a: '', a: 'X', a: 'Y'}").string("a") == "X"


@pytest.mark.parametrize("stop", range(len(OBJECT)))
def test_an_object_that_is_cut_off_is_read_as_far_as_it_goes(stop):
    data = literal(OBJECT[:stop])
    assert data.string("title") in ("A&B", None)
    assert data.string("nick_name") in ("N", None)
    assert data.string("link") in ("L", None)
    assert data.string("deep") is None


@pytest.mark.parametrize("source", ["", "{", "{'", "{a", "{a:", "{a:'", "}", "{]", "[", "{//", "{/*", "{`", "{a:'\\"])
def test_broken_objects(source):
    assert literal(source).string("a") is None


# ---------------------------------------------------------------------------------------------------------------------
# Whatever may come

CODE = st.lists(
    st.sampled_from(
        [
            *"= ' \" ` \\ || X ( ) { } [ ] : , ; ? 1 // /* */ .html(false) JsDecode( a <script> </script> 中".split(),
            *("var ct", "d.ct", "* 1", "\\x26", "\\ud83d", " ", "\n"),
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(CODE)
def test_no_reader_of_code_raises(code):
    page = code.encode()
    data = ObjectLiteral(page, 0)
    for key in ("a", "X"):
        data.string(key)
        nested = data.nested(key)
        assert nested is None or nested.string(key) != ""
    assert sum(1 for _ in data.objects()) <= len(code)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_reader_of_bytes_raises(page, start):
    read_expression(page, start)
    ObjectLiteral(page, start).string("a")


@pytest.mark.parametrize(
    "unit",
    [
        *("var ct = '", 'var ct = "";', "var ct = '\\'", "var ct = a?", "var ct = f(", "var ct='<script>';"),
        *("\\", "{", "'", "//", "a:1,"),
    ],
)
def test_long_hostile_code_is_read_in_one_pass(unit):
    page = b"<script>var x = {" + unit.encode() * (2_000_000 // len(unit))
    started = time.process_time()
    Scripts(page).variable("var ct")
    list(ObjectLiteral(page, page.index(b"{")).objects())
    ObjectLiteral(page, page.index(b"{")).string("a")
    assert time.process_time() - started < 1.5


def test_a_long_value_is_read_fast():
    source = r"\x3cp\x3e本周\x26nbsp;\x3c/p\x3e" * 100_000
    started = time.process_time()
    value = unescape_js(source)
    assert time.process_time() - started < 0.5
    assert value == "<p>本周&nbsp;</p>" * 100_000
