"""Bodies: HTML to lines, links and pictures in reading order."""

import html
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.wechat.body import (
    MAX_DEPTH,
    MAX_IMAGES,
    MAX_LINES,
    MAX_TEXT_CHARACTERS,
    Body,
    image,
    read_html,
    read_markup_text,
    read_plain,
)
from tests.site.pages import STYLES, Picture, ReportFacts, ReviewLine, image_tag, inner_link, picture_url, report_body

PICTURE = "https://mmbiz.qpic.cn/mmbiz_png/SampleibPictureic0123456789/640?wx_fmt=png"
KEY = "mmbiz_png/SampleibPictureic0123456789"


def lines(fragment: str | bytes) -> list[str]:
    return [line.text for line in read_html(fragment).lines]


def links(fragment: str) -> list[tuple[str, str]]:
    """Every link with the text that it covers."""
    return [(line.text[link.start : link.end], link.url) for line in read_html(fragment).lines for link in line.links]


# ---------------------------------------------------------------------------------------------------------------------
# Lines


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("", []),
        ("text", ["text"]),
        ("<p>a</p><p>b</p>", ["a", "b"]),
        ("<p>a<p>b", ["a", "b"]),
        ("<P>a</P><DIV>b</DIV>", ["a", "b"]),
        ("a<br>b<br/>c<br  />d", ["a", "b", "c", "d"]),
        ("<p>a</p><p><br></p><p> </p><p>b</p>", ["a", "b"]),
        ("<section><section><section>a</section></section><section>b</section></section>", ["a", "b"]),
        ("<section><p>a</p>b</section>c", ["a", "b", "c"]),
        ("<span><section>a</section></span><span>b</span>", ["a", "b"]),
        ("<p>a<section>b</section>c</p>", ["a", "b", "c"]),
        ("<h1>a</h1><h6>b</h6><blockquote>c</blockquote><figcaption>d</figcaption>", ["a", "b", "c", "d"]),
        ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", ["a", "b", "c"]),
        ("<table><tr><td>a</td><td>1</td></tr><tr><th>b</th><td> 2 </td></tr></table>", ["a 1", "b 2"]),
        ("<td>a</td><td></td><td>b</td>", ["a b"]),
        ("<p>网络<span>安全</span><strong>信<em>息</em></strong></p>", ["网络安全信息"]),
        ('<p><span leaf="">a</span><font>b</font><o:p>c</o:p></p>', ["abc"]),
        ("a<hr>b", ["a", "b"]),
        ("a</span></body></html>b", ["ab"]),
        ("<p>a</p>\n   <p>\n  b\n  c  </p>", ["a", "b c"]),
        ("a<b> b </b> c", ["a b c"]),
        ("<p>1 < 2 & 3 > 2</p>", ["1 < 2 & 3 > 2"]),
        ("<p>&lt;p&gt;&amp;amp;&quot;&yen;&#26412;</p>", ['<p>&amp;"¥本']),
        ('<p title="a > b <p>">c</p>', ["c"]),
        ("<p style='a:\"b\"'>c</p>", ["c"]),
        ('<p style="font-family: "Sans" ;">c</p>d', ["c", "d"]),
        ("<p>a<!-- <p>no</p> -->b</p>", ["ab"]),
        ("<p>a<!-- > -- <div> -->b</p><!-- never ends <p>no</p>", ["ab"]),
        ("<svg><title>no</title><desc>no</desc><text>shown</text></svg>after", ["shownafter"]),
        ("<p><svg><path d='M0'></svg></p><p>after</p>", ["after"]),
        ("<p><svg></p><p>after</p>", ["after"]),
        ('<p style="display: none;"><mp-style-type data-value="3"></p>after', ["after"]),
        ('<mp-common-profile data-nickname="no" data-signature="no"></mp-common-profile>after', ["after"]),
        ("<iframe data-src='x'><p>no</p></iframe>after", ["after"]),
        ("<video>no</video><noscript>no</noscript><template>no</template>after", ["after"]),
    ],
)
def test_blocks_end_lines(fragment, text):
    assert lines(fragment) == text


@pytest.mark.parametrize("tag", ["script", "style"])
@pytest.mark.parametrize("inner", ["no", "if (a<b) x='</div>'", "<p>no</p>", "<!-- no", "document.write('<p>no')", ""])
def test_scripts_and_styles_are_silent(tag, inner):
    assert lines(f"<p>a<{tag} type='x'>{inner}</{tag}>b</p>") == ["ab"]


def test_a_script_that_never_ends_hides_the_rest():
    assert lines("<p>a</p><script>var b = '<p>no</p>'") == ["a"]


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<p>&nbsp;&nbsp;a&nbsp;&nbsp;b&nbsp;</p>", "a b"),
        ("<p>\u3000\u3000a</p>", "a"),
        ("<p>a\u200bb\ufeffc\u2060d&#8203;e</p>", "abcde"),
        ("<p>a&nbsp;\u200b&nbsp;b</p>", "a b"),
        ("<p>a \u200b</p>", "a"),
        ("<p>a <span>\u200b</span> b</p>", "a b"),
        ("<p>a<span>&nbsp;</span>b</p>", "a b"),
        ("<p>a&zwj;b&shy;c</p>", "abc"),
        ("<p>a\u200d👨&zwj;👩&#8205;👧b</p>", "a👨\u200d👩\u200d👧b"),
        ("<p>a\x01\x08b&#1;c</p>", "abc"),
        ("<p>a\x00b</p>", "ab"),
        ("<p>a\ud800b</p>", "a\ufffdb"),
        ("<p>a&#xD800;b&#x110000;</p>", "a\ufffdb\ufffd"),
        ("<p>a\tb\r\nc</p>", "a b c"),
    ],
)
def test_spaces_and_what_is_not_seen(fragment, text):
    assert lines(fragment) == [text]


def test_an_emoji_is_whole_wherever_the_parser_pauses():
    family = "👨\u200d👩\u200d👧"
    assert lines(f"<p>{family * 5000}</p>") == [family * 5000]


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<pre>a\n  b\n\n c</pre>d\ne", ["a", "b", "c", "d e"]),
        ("<pre><code>a<br>b\nc</code></pre>", ["a", "b", "c"]),
        ("<pre>a\r\nb</pre>", ["a", "b"]),
        ("<section><pre>a\nb</section>c\nd", ["a", "b", "c d"]),
    ],
)
def test_line_ends_count_in_pre(fragment, text):
    assert lines(fragment) == text


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("a\nb\r\nc\n\nd", ["a", "b", "c", "d"]),
        ("", []),
        ("  a  b ", ["a b"]),
        ("1 < 2 & 3", ["1 < 2 & 3"]),
        ("&lt;script&gt;no", ["<script>no"]),
        ("[加油]<a\nclass='x'>#话题</a>\n完", ["[加油]#话题", "完"]),
    ],
)
def test_plain_text(plain, text):
    assert [line.text for line in read_plain(plain).lines] == text


def test_links_in_plain_text():
    body = read_plain('看\n这<a href="http://x/?a=1&amp;b=2" data-seq="2">里\n和</a>那里')
    assert [(line.text, [(link.start, link.end, link.url) for link in line.links]) for line in body.lines] == [
        ("看", []),
        ("这里", [(1, 2, "http://x/?a=1&b=2")]),
        ("和那里", [(0, 1, "http://x/?a=1&b=2")]),
    ]


def test_markup_on_one_line():
    assert read_markup_text("\n<p>a&amp;amp;</p><p> b</p><script>no</script>") == "a&amp; b"
    assert read_markup_text(b"\xe4\xb8\xad\xff") == "中\ufffd"


def test_bytes_are_read_as_utf_8():
    assert lines("<meta charset=gbk><p>网络</p>".encode()) == ["网络"]
    assert lines(b"<p>\xe7\xbd\x91\xff\xe7\xbb\x9c</p><p>\xe5\xae</p><p>x</p>")[::2] == ["网\ufffd络", "x"]


# ---------------------------------------------------------------------------------------------------------------------
# Links


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ('a<a href="u">b</a>c', [("b", "u")]),
        ("<A HREF='u'>b</A>", [("b", "u")]),
        ("<a href=u>b</a>", [("b", "u")]),
        ('<a href="u?a=1&amp;b=2&timestamp=3">b</a>', [("b", "u?a=1&b=2&timestamp=3")]),
        ('<p>●<a href="u"><span>网络</span><span> 安全</span></a></p>', [("网络 安全", "u")]),
        ('<a href="u">a<br>b</a>c', [("a", "u"), ("b", "u")]),
        ('<a href="u"><p>a</p><p>b</p></a>', [("a", "u"), ("b", "u")]),
        ('<a href="u">a <p></p>b</a>', [("a", "u"), ("b", "u")]),
        ('a&nbsp;<a href="u">&nbsp;\u200bb&nbsp;</a>&nbsp;c', [("b ", "u")]),
        ('<a href="u">  </a>b', []),
        ('<a href="u"><img src="x"></a>b', []),
        ('<a href="">b</a><a>c</a>', []),
        ('<a href="u">a<p>b', [("a", "u"), ("b", "u")]),
        ('<a href="u">a<a href="v">b</a>c</a>d', [("a", "u"), ("b", "v")]),
        ('<a href="u">a<span><a href="v">b</span></a>c', [("a", "u"), ("b", "v")]),
        ("</a>b</a>", []),
        ('<script><a href="u">b</a></script>', []),
        ('<a href="u">👨\u200d👩</a>', [("👨\u200d👩", "u")]),
    ],
)
def test_links_cover_their_text(fragment, found):
    assert links(fragment) == found


def test_where_links_stand_in_a_line():
    (line,) = read_html('<p>&nbsp; ●<a href="u">第1期</a>和 <a href="v">第2期 </a></p>').lines
    assert line.text == "●第1期和 第2期"
    assert [(link.start, link.end, link.url) for link in line.links] == [(1, 4, "u"), (6, 9, "v")]


# ---------------------------------------------------------------------------------------------------------------------
# Pictures


@pytest.mark.parametrize(
    ("tag", "size"),
    [
        (f'<img data-src="{PICTURE}" data-w="1080" data-ratio="0.5">', (1080, 540)),
        (f"<IMG DATA-SRC='{PICTURE}' DATA-W='1080'>", (1080, None)),
        (f"<img src={PICTURE}>", (None, None)),
        (f'<img src="data:image/gif;base64,R0" data-src="{PICTURE}" data-w="0" data-ratio="1">', (None, None)),
        (f'<img data-src="https://res.wx.qq.com/x.png" src="{PICTURE}">', (None, None)),
        (f'<img data-src="" src="{PICTURE}" data-w="x" data-ratio="y">', (None, None)),
        (f'<img data-src="{PICTURE}" data-w="nan" data-ratio="inf">', (None, None)),
        (f'<img data-src="{PICTURE}" data-w="1e400" data-ratio="1e400">', (None, None)),
        (f'<img data-src="{PICTURE}" data-w="-5" data-ratio="0.5">', (None, None)),
        (f'<img data-src="{PICTURE}" data-w="10" data-ratio="1e9">', (10, None)),
        (f'<img data-src="https://cache.example/link?url={PICTURE}" data-w="10.4">', (10, None)),
    ],
)
def test_a_picture_and_its_size(tag, size):
    (found,) = read_html(f"<p>{tag}</p>").images
    assert (found.key, found.width, found.height) == (KEY, *size)
    assert found.url.startswith("https://mmbiz.qpic.cn/")


@pytest.mark.parametrize(
    "tag",
    [
        "<img>",
        '<img data-src="" src="">',
        '<img src="https://res.wx.qq.com/t/wx_fed/we-emoji/x.png">',
        '<img src="data:image/png;base64,iVBORw0KGgo=">',
        '<img class="_empty_v" src="//res.wx.qq.com/op_res/pic_blank.gif">',
        '<img src="https://wx.qlogo.cn/mmhead/abcdefghijkl/0">',
        f'<script>"<img src={PICTURE}>"</script>',
        f"<noscript><img src='{PICTURE}'></noscript>",
        f"<!-- <img src='{PICTURE}'> -->",
        f"<p title='<img src={PICTURE}>'></p>",
        f"&lt;img src='{PICTURE}'&gt;",
    ],
)
def test_what_is_no_picture(tag):
    assert read_html(tag).images == ()


def test_pictures_come_in_reading_order():
    urls = [picture_url(f"order-{n}") for n in range(12)]
    body = read_html("".join(f"<section>{n}{image_tag(Picture(url))}</section>" for n, url in enumerate(urls)))
    assert [found.url for found in body.images] == urls
    assert len(body.lines) == 12


def test_an_image_by_its_address():
    found = image(PICTURE, "1080", 540)
    assert found is not None
    assert (found.key, found.width, found.height) == (KEY, 1080, 540)
    assert image("") is None
    assert image("http") is None


# ---------------------------------------------------------------------------------------------------------------------
# Whole bodies


@pytest.mark.parametrize("style", STYLES)
def test_every_editor_leaves_the_same_lines(style):
    pictures = tuple(Picture(picture_url(f"slice-{n}"), 1080, 500 + n) for n in range(4))
    review = (
        ReviewLine("网络安全信息与动态周报2025年第2期", inner_link(3204940813, 1, 1, "ce" * 16)),
        ReviewLine("网络安全信息与动态周报2025年第1期", inner_link(3204940813, 2, 1, "6f" * 16, "97")),
        ReviewLine("网络安全信息与动态周报2024年第52期"),
    )
    body = read_html(report_body(ReportFacts(), pictures, review, style))
    reference = read_html(report_body(ReportFacts(), pictures, review))
    assert body.text == reference.text
    assert [line.text for line in body.lines[-4:]] == ["近期回顾", *("●" + line.title for line in review)]
    assert [(found.url, found.width, found.height) for found in body.images] == [
        (picture.url, picture.width, picture.height) for picture in pictures
    ]
    linked = [(line.text[link.start : link.end], link.url) for line in body.lines for link in line.links]
    assert linked == [(line.title, line.url) for line in review if line.url]


# ---------------------------------------------------------------------------------------------------------------------
# Whatever may come

MARKUP = st.lists(
    st.sampled_from(
        [
            *"<p> </p> <section> </section> <span> </span> <br> <a\thref='u'> </a> <pre> </pre> <td> <title> </".split(
                " "
            ),
            *"<script> </script> <svg> </svg> <!-- --> < > &nbsp; &amp; & \u200b \u200d 👨 👩 网络 a ' \"".split(" "),
            *("\x00", "\ud800", "\x01", " ", "\n", f"<img src='{PICTURE}'>", "<img data-src="),
        ]
    ),
    max_size=40,
).map("".join)


def check(body: Body) -> None:
    for line in body.lines:
        assert line.text
        assert line.text == " ".join(line.text.split())
        assert line.text.encode()
        assert all(0 <= link.start < link.end <= len(line.text) for link in line.links)
        assert [link.start for link in line.links] == sorted(link.start for link in line.links)
    assert all(found.url.startswith("https://") for found in body.images)


@settings(max_examples=500, deadline=None)
@given(MARKUP)
def test_any_markup_is_read(fragment):
    check(read_html(fragment))
    check(read_plain(fragment))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(fragment):
    check(read_html(fragment))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=20), max_size=8))
def test_no_text_is_lost(texts):
    kept = [" ".join(text.split()) for text in texts]
    # Signs that are not seen are the business of test_text.
    kept = [text for text in kept if not any(char in "\u200b\u200d\u2060\ufeff\u00ad" for char in text)]
    assert lines("".join(f"<p>{html.escape(text)}</p>" for text in kept)) == [text for text in kept if text]


@pytest.mark.parametrize("tag", ["div", "span", "section", "b", "a href=u", "table", "li", "svg", "font"])
def test_deep_nesting(tag):
    name = tag.split()[0]
    started = time.process_time()
    body = read_html(f"<{tag}>" * 100_000 + "<p>deep</p>" + f"</{name}>" * 100_000)
    assert time.process_time() - started < 1.5
    check(body)
    assert "deep" in body.text or not body.lines


@pytest.mark.parametrize(
    "unit",
    [
        *("<", "<p>x", "<br>x", "<a href=u><b>x<p>", "<img src='x'>", "&amp;", "<!--", "<script>"),
        *("<p title='", "\u200b", "👨&zwj;", "<td>x"),
    ],
)
def test_long_hostile_bodies_are_read_in_one_pass(unit):
    fragment = unit * (400_000 // len(unit.encode()))
    started = time.process_time()
    body = read_html(fragment)
    assert time.process_time() - started < 1
    assert len(body.lines) <= MAX_LINES


def test_a_body_is_bounded():
    body = read_html(f"<p>x<img src='{PICTURE}'></p>" * (MAX_LINES + 10))
    assert (len(body.lines), len(body.images)) == (MAX_LINES, MAX_IMAGES)
    assert len(read_html("<p>x</p>" * MAX_LINES).lines) == MAX_LINES
    assert len(read_html("<pre>" + "x\n" * (MAX_LINES + 10)).lines) == MAX_LINES


@pytest.mark.parametrize(
    ("fragment", "is_cut"),
    [
        ("<p>周</p>" * 100, False),
        ("周" * (MAX_TEXT_CHARACTERS + 1), True),
        ("<p>周</p>" * (MAX_LINES + 1), True),
        ("<div>" * (MAX_DEPTH + 1) + "周", True),
    ],
)
def test_a_body_says_whether_it_was_cut(fragment: str, is_cut: bool) -> None:
    assert read_html(fragment).is_cut is is_cut


# ---------------------------------------------------------------------------------------------------------------------
# Pictures that are not kept


@pytest.mark.parametrize(
    ("fragment", "left_out", "painted"),
    [
        (f'<img data-src="{PICTURE}" src="data:image/png;base64,AAAA">', 0, 0),
        ('<img src="data:image/png;base64,AAAA"><img src="data:image/jpeg;base64,AAAA">', 2, 0),
        ('<img data-src="https://other.example/a.png">', 1, 0),
        ('<img src="page_files/640.png">', 1, 0),
        ('<img><img src=""><img data-src=" ">', 0, 0),
        ('<img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">', 0, 0),
        ('<img src="data:image/svg+xml,%3Csvg%3E%3C/svg%3E">', 0, 0),
        ('<img src="https://res.wx.qq.com/t/wx_fed/we-emoji/a.png"><img src="//wx.qlogo.cn/mmhead/a/0">', 0, 0),
        ('<img src="https://qq.com.other.example/a.png">', 1, 0),
        (f'<p style="background-image: url(&quot;{PICTURE}&quot;)">x</p>', 0, 1),
        (f"<p style='background:url( {PICTURE} )'>x</p>", 0, 1),
        (f'<svg><image xlink:href="{PICTURE}"></image><image href="{PICTURE}"/></svg>', 0, 2),
        ("<p style='background:url(https://other.example/line.png)'>x</p>", 0, 0),
        (f"<template><img src=x><p style='background:url({PICTURE})'></p></template>", 0, 0),
    ],
)
def test_pictures_that_are_not_kept_are_counted(fragment, left_out, painted):
    body = read_html(fragment)
    assert (body.left_out, body.painted) == (left_out, painted)
