"""What a script of a page is: what a browser would run, and nothing that only looks like one."""

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.wechat.article import Article
from cncert.wechat.failure_pages import Verdict, read_page
from cncert.wechat.markup import element_by_id
from cncert.wechat.scripts import Scripts
from tests.site.pages import ERAS, ArticleSpec, Picture, ReportFacts, Reprint, picture_url, render, report_body


def values(page: str | bytes, *names: str) -> list[str]:
    """What the scripts of *page* assign to *names*."""
    return list(Scripts(page.encode() if isinstance(page, str) else page).variables(*names or ("var ct",)))


def article(page: bytes) -> Article:
    read = read_page(page)
    assert read.article is not None, read.reason
    return read.article


# --- variables

NO_ASSIGNMENTS = """<script>
  var ct = {start:1}; var biz = null; biz = opt.biz || window.biz; var title = showTitle; item_show_type === '0';
  if (ct == "1") {} myvar ct = "2"; word.ct = "3"; card.title = "4"; var ctx = "5"; xd.title = "6"; $d.title = "7";
</script>"""


@pytest.mark.parametrize("names", [("var ct", "d.ct"), ("var biz",), ("d.title",), ("var title",), ("item_show_type",)])
def test_what_is_no_assignment(names: tuple[str, ...]) -> None:
    assert values(NO_ASSIGNMENTS, *names) == []


def test_the_first_that_says_something_of_the_first_name() -> None:
    scripts = Scripts(b"<script>d.mid = 'D'; var mid = '' || ''; var mid = \"X\"; var mid = 'Y';</script>")
    assert scripts.variable("var mid", "d.mid") == "X"
    assert scripts.variable("d.mid", "var mid") == "D"
    assert scripts.variable("var sn") is None
    assert list(scripts.variables("var mid")) == ["", "X", "Y"]


@pytest.mark.parametrize(
    "source", ["var ct='1'", "var ct ='1'", "var ct= '1'", "var ct\n=\n'1'", "x;var ct=1", "\tvar ct = 1"]
)
def test_spaces_around_an_assignment(source: str) -> None:
    assert values(f"<script>{source}</script>") == ["1"]


def test_an_object_ends_with_its_script() -> None:
    page = b"<script>x = {a: '1', b: '2</script><p>', c: '3'}</p>"
    scripts = Scripts(page)
    data = scripts.object_at(next(scripts.assignments("x")))
    assert data is not None
    assert (data.string("a"), data.string("b"), data.string("c")) == ("1", None, None)


def test_what_is_assigned_last() -> None:
    page = b"<p><script>a = '1'; a = '2'</script> a = '3' <script>a = '4'</script> a = '5'"
    assert [page[at + 1 : at + 2] for at in Scripts(page).assigned_last("a", 0)] == [b"4", b"1", b"2"]
    assert [page[at + 1 : at + 2] for at in Scripts(page).assigned_last("a", 20)] == [b"4"]


# --- what a script is

YES = '<script>var ct = "1";</script>'


@pytest.mark.parametrize(
    "page",
    [
        YES,
        f"<p>{YES}</p>",
        f"<p a='b' c\">{YES}",
        f"<p title=a'b>{YES}<p title=c'd>",
        f'<p ="x>{YES}',
        f'<p a=b="x>{YES}',
        f"<p a = \"x > y\"b='>'>{YES}",
        f"<!-- -->{YES}<!-- -->",
        f"<!-->{YES}",
        f"<!--->{YES}",
        f"<!-- --!>{YES}",
        f"<!-- x ---->{YES}",
        f'<!doctype html "a>{YES}">',
        f'<?xml version="1.0>{YES}',
        f'</ a="b>{YES}">',
        f"a < b {YES} c << d",
        f"<title><script></title>{YES}",
        f"<title></titles></title >{YES}",
        f"<textarea></textarea/>{YES}",
        f"<style><!-- </style>{YES}",
        f"<template><template></template><script></script></template>{YES}",
        f"</template>{YES}",
        f"<template></div></template>{YES}",
        '<SCRIPT TYPE="Text/JavaScript">var ct = "1"</SCRIPT >',
        '<script type="module">var ct = "1"</script>',
        '<script type="">var ct = "1"</script>',
        '<script\ntype=text/ecmascript\nasync>var ct = "1"</script\n>',
        '<script>if (a </scripts>/) "</p>"; var ct = "1"</script>',
        '<script><!--\nvar ct = "1"\n//--></script>',
        '<script><!--\n</script><script>var ct = "1"</script>',
        '<script><!-- "<script></script>"; var ct = "1" --></script>',
        '<script><!-- <script> --></script><script>var ct = "1"</script>',
        '<script>"<script>"</script><script>var ct = "1"</script>',
        '<script><!--> <script></script><script>var ct = "1"</script>',
        '<script>var ct = "1"; the end is lost',
    ],
)
def test_what_a_browser_runs(page: str) -> None:
    assert values(page) == ["1"]


DECOYS = {
    "text": "{code}",
    "comment": "<!-- <script>{code}</script> -->",
    "comment behind a false end": "<!-- -- > <script>{code}</script> -->",
    "attribute": "<p title='<script>{code}</script>'>x</p>",
    "attribute in double quotes": '<p title = "<script>{quoted}</script>">x</p>',
    "attribute without quotes": "<p title=<script>{code}</script>",
    "attribute of an end tag": "<p></p title='<script>{code}</script>'>",
    "textarea": "<textarea><script>{code}</script></textarea>",
    "title": "<title>x<script>{code}</script></title>",
    "style": "<STYLE>/* <script>{code}</script> */</STYLE>",
    "noscript": "<noscript><p><script>{code}</script></p></noscript>",
    "iframe": "<iframe src=x><script>{code}</script></iframe>",
    "xmp": "<xmp><script>{code}</script></xmp>",
    "noembed": "<noembed><script>{code}</script></noembed>",
    "noframes": "<noframes><script>{code}</script></noframes>",
    "template": "<template><p><script>{code}</script></p></template>",
    "template in a template": "<template><template></template><script>{code}</script></template>",
    "template with an end in an attribute": "<template><p a='</template>'><script>{code}</script></template>",
    "script of HTML": "<script type='text/html'>{code}</script>",
    "script of JSON": "<script type=application/json>{code}</script>",
    "script in a script of HTML": "<script type=text/template><!-- <script>{code}</script> --></script>",
    "script with an address": "<script src='https://res.wx.qq.com/a.js'>{code}</script>",
}
"""Where code stands that no browser runs."""


@pytest.mark.parametrize("decoy", DECOYS.values(), ids=DECOYS)
def test_what_no_browser_runs(decoy: str) -> None:
    page = decoy.format(code="var ct = `1`; var ct = 1;", quoted="var ct = 1;")
    assert values(page) == []
    assert values(page + YES) == ["1"]
    assert values(YES + page) == ["1"]


@pytest.mark.parametrize("page", ["<plaintext>", "<textarea>", "<!-- ", "<template>", "<p title='", "<script type=x>"])
def test_what_never_ends_hides_the_rest(page: str) -> None:
    assert values(page + YES) == []


# --- decoys in whole pages

PICTURES = tuple(Picture(picture_url(f"a share {n}", size=0)) for n in range(2))
SPEC = ArticleSpec(body=report_body(ReportFacts(), PICTURES), pictures=PICTURES)
OTHER = replace(
    ArticleSpec(title="另一篇", account_name="他", biz=3000000001, mid=1, idx=2, sn="00" * 16),
    body="<p>另一篇</p>",
    pictures=(Picture(picture_url("another", size=0)),),
)
LIST = f"window.picture_page_info_list = [{{cdn_url: `{OTHER.pictures[0].url}`}}, {{cdn_url: 1}}];"
OBJECT = (
    "window.cgiData = window.cgiDataNew = {title: 1, nick_name: 2, user_name: 3, bizuin: 4, mid: 5, idx: 6, "
    "item_show_type: 8, content_noencode: 7, ori_create_time: 1400000000};"
)
VARIABLES = (
    "var ct = 1400000000; var mid = 1; var idx = 2; d.mid = 1; d.idx = 2; window.ct = 1400000000; var biz = 30; "
    "var msg_title = 9; d.title = 9; var nickname = 9; var item_show_type = 8; var modify_time = 1400000001; "
    "document.write(9); var transferTargetLink = 9; var PAGE_MID = 9; var n=1400000000;"
)
CODES = {"object": OBJECT, "variables": VARIABLES, "list": LIST}


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
@pytest.mark.parametrize("decoy", DECOYS.values(), ids=DECOYS)
@pytest.mark.parametrize("era", ERAS)
def test_a_decoy_is_no_identity(era: str, decoy: str, code: str) -> None:
    if decoy == DECOYS["attribute without quotes"]:
        code = re.sub(r"\s|>", "", code)
    inert = decoy.format(code=code, quoted=code)
    plain = article(render(SPEC, era))
    for place in ("extra_head", "extra_scripts"):
        read = article(render(replace(SPEC, **{place: inert}), era))
        assert read == plain, place
    # In the body, where a reader sees its text at most.
    read = article(render(replace(SPEC, body=SPEC.body + f"<section>{inert}</section>"), era))
    assert read.body.images == plain.body.images
    assert replace(read, body=plain.body) == plain


@pytest.mark.parametrize("decoy", DECOYS.values(), ids=DECOYS)
@pytest.mark.parametrize("kind", [8, 10])
def test_a_decoy_is_no_share(kind: int, decoy: str) -> None:
    spec = replace(SPEC, kind=kind, body="第一行\n第二行")
    if decoy == DECOYS["attribute without quotes"]:
        decoy = ""
    inert = "".join(decoy.format(code=code, quoted=code) for code in CODES.values())
    for place in ("extra_head", "extra_scripts"):
        assert article(render(replace(spec, **{place: inert}), "2026")) == article(render(spec, "2026")), place


ELEMENT = (
    "<div id=js_article><h1 id=activity-name>另一篇</h1><div id=js_content><p>另一篇</p><img data-src=x></div></div>"
)


@pytest.mark.parametrize("decoy", [decoy for name, decoy in DECOYS.items() if "without" not in name and name != "text"])
@pytest.mark.parametrize("era", ["2018", "2026"])
def test_a_decoy_is_no_body(era: str, decoy: str) -> None:
    inert = decoy.format(code=ELEMENT, quoted=ELEMENT)
    assert element_by_id(inert.encode(), "js_article") is None
    for place in ("extra_head", "extra_scripts"):
        assert article(render(replace(SPEC, **{place: inert}), era)) == article(render(SPEC, era)), place


@pytest.mark.parametrize("decoy", DECOYS.values(), ids=DECOYS)
def test_a_decoy_blocks_and_moves_nothing(decoy: str) -> None:
    code = "var PAGE_MID = 1; PAGE_MID='mmbizwap:secitptpage/verify.html'; transferTargetLink = 1;"
    inert = decoy.format(code=code.replace("'", "`"), quoted=code)
    assert read_page(f"<p>{inert}</p>".encode()).verdict in (Verdict.UNKNOWN, Verdict.BLOCKED)
    assert Scripts(inert.encode()).variable("PAGE_MID", "transferTargetLink") is None


def test_a_share_card_s_template_is_no_script() -> None:
    source = Reprint(3204940813, 2247499624, 1, "ab" * 16, "gh_0c5e7a31f9d2", "来源")
    body = f"<p>本周网络安全基本态势</p><p>{OBJECT} {VARIABLES}</p>"
    read = article(render(replace(SPEC, body=body, reprint=source), "2026"))
    assert (read.title, read.mid, read.published_at) == (SPEC.title, SPEC.mid, SPEC.published)
    assert len(read.body.lines) == 2


# --- whatever may come

PIECES = st.sampled_from(
    """<script> </script> <script/> </script/> <SCRIPT </SCRIPT> <!-- --> --!> <!-- <!--> <title> </title> <textarea>
    </textarea> <style> </style> <noscript> </noscript> <template> </template> <TEMPLATE> <p> </p> <p a=' <p a=" ' " > <
    = / - ! ? x var_ct='7'; <plaintext> <iframe> </iframe> type=text/html <!x <?x </""".split()
)


def by_the_letter(page: str) -> list[tuple[int, int]]:
    """Where the scripts of *page* are, read a character at a time as the HTML standard's tokenizer does."""
    low, found, at, inert = page.lower(), [], 0, 0
    raw = ("style", "title", "textarea", "noscript", "iframe", "xmp", "noembed", "noframes")

    def named(place: int, name: str) -> bool:
        return low.startswith(name, place) and low[place + len(name) : place + len(name) + 1] in tuple("\t\n\f\r />")

    def tag_end(place: int) -> int:
        """Past the end of the tag whose name begins at *place*; -1 if it has none."""
        while place < len(page) and page[place] not in "\t\n\f\r />":
            place += 1
        while place < len(page):
            if page[place] == ">":
                return place + 1
            if page[place] in "\t\n\f\r /":
                place += 1
                continue
            place += 1
            while place < len(page) and page[place] not in "\t\n\f\r />=":
                place += 1
            after = place
            while after < len(page) and page[after] in "\t\n\f\r ":
                after += 1
            if page[after : after + 1] != "=":
                continue
            place = after + 1
            while place < len(page) and page[place] in "\t\n\f\r ":
                place += 1
            if page[place : place + 1] in ('"', "'") and place < len(page):
                place = page.find(page[place], place + 1) + 1
                if not place:
                    return -1
                continue
            while place < len(page) and page[place] not in "\t\n\f\r >":
                place += 1
        return -1

    def script_end(place: int) -> int:
        """Where the text of a script ends."""
        state = "plain"
        while place < len(page):
            if state == "plain" and low.startswith("<!--", place):
                state, place = "escaped", place + 2
            elif state != "plain" and low.startswith("-->", place):
                state, place = "plain", place + 3
            elif state != "double" and named(place, "</script"):
                return place
            elif state == "escaped" and named(place, "<script"):
                state, place = "double", place + 7
            elif state == "double" and named(place, "</script"):
                state, place = "escaped", place + 8
            else:
                place += 1
        return len(page)

    while (at := page.find("<", at)) >= 0:
        if page.startswith("<!--", at):
            ends = [place for mark in ("-->", "--!>") if (place := page.find(mark, at + 2)) >= 0]
            ends = [end for end in ends if not page.startswith("--!>", end) or end >= at + 4]
            if not ends:
                break
            end = min(ends)
            at = end + (4 if page.startswith("--!>", end) else 3)
        elif re.match("[!?]|/(?![a-z])", low[at + 1 : at + 3]):
            if (at := page.find(">", at) + 1) == 0:
                break
        elif not low[at + 1 : at + 2].isalpha() and page[at + 1 : at + 2] != "/":
            at += 1
        else:
            closes = page[at + 1] == "/"
            start = at + 1 + closes
            end = tag_end(start)
            if end < 0:
                break
            if named(start, "template"):
                inert = max(0, inert + (-1 if closes else not (inert and page[end - 2] == "/")))
            elif not closes and named(start, "plaintext"):
                break
            elif not closes and named(start, "script"):
                tag, at = page[start:end], script_end(end)
                if not inert and "text/html" not in tag:
                    found.append((end, at))
                continue
            elif name := next((name for name in raw if not closes and named(start, name)), None):
                end = next((place for place in range(end, len(page)) if named(place, f"</{name}")), -1)
                if end < 0:
                    break
            at = end
    return found


@settings(max_examples=3000, deadline=None)
@given(st.lists(PIECES, max_size=14), st.sampled_from(["", " ", "\n"]))
def test_scripts_are_where_the_tokenizer_of_the_standard_finds_them(pieces: list[str], space: str) -> None:
    page = space.join(pieces)
    scripts = Scripts(page.encode())
    inside = {place for start, end in by_the_letter(page) for place in range(start, end)}
    assert {place for place in range(len(page)) if scripts.end_of(place) is not None} == inside


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_scripts_or_none(page: bytes) -> None:
    for text in (page, b"<script>" + page):
        scripts = Scripts(text)
        for place in scripts.places(b"a"):
            assert text[place : place + 1] == b"a"
        assert all(len(value) <= len(page) for value in scripts.variables("a", "b"))


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "<",
            "<script>",
            "<script></script>",
            "<template>",
            "<template></template>",
            "<!--",
            "<!-- <script>",
            "<p a='",
        ),
        *("<title>", "</script", "<script><!-- <script> ", "<?", "</", "<p a=b=", "<noscript>", "<plaintext>"),
    ],
)
@pytest.mark.parametrize("start", ["", "<script>", "<script><!--", "<template>"])
def test_long_hostile_pages_are_scanned_once(start: str, unit: str) -> None:
    page = (start + unit * (2_000_000 // len(unit))).encode()
    started = time.process_time()
    scripts = Scripts(page)
    scripts.variable("var ct", "d.ct")
    list(scripts.assigned_last("window.cgiDataNew", 0))
    assert time.process_time() - started < 1.5


def test_the_scripts_of_a_page_of_today_are_found_fast() -> None:
    page = render(SPEC, "2026", 3_000_000)
    took = []
    for _ in range(5):
        started = time.process_time()
        Scripts(page)
        took.append(time.process_time() - started)
    assert min(took) < 0.02
