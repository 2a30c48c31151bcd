"""What a WeChat answer is, decided from its bytes."""

import html
import random
import time
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.items import CHINA
from cncert.wechat.address import ArticleKey, biz_text
from cncert.wechat.article import Article
from cncert.wechat.body import read_html
from cncert.wechat.failure_pages import Page, Verdict, read_page
from cncert.wechat.markup import attributes, element_by_id, inner_markup, start_tags
from tests.site.pages import (
    ERAS,
    FAILURES,
    MODERN,
    STYLES,
    ArticleSpec,
    Era,
    Picture,
    ReportFacts,
    Reprint,
    ReviewLine,
    inner_link,
    long_address,
    message_page,
    moved_page,
    picture_url,
    plain_page,
    render,
    report_body,
    verification_address,
    verification_page,
)

OLD: tuple[Era, ...] = tuple(era for era in ERAS if era not in MODERN)
PICTURES = tuple(Picture(picture_url(f"slice-{n}"), 1080, 540 + n) for n in range(3))
REVIEW = (
    ReviewLine("网络安全信息与动态周报2025年第2期（1月6日-1月12日）", inner_link(3204940813, 2247499606, 1, "ce" * 16)),
    ReviewLine("网络安全信息与动态周报2025年第1期（12月30日-1月5日）"),
)
BODY = report_body(ReportFacts(), PICTURES, REVIEW)
SPEC = ArticleSpec(body=BODY)
REPRINT = Reprint(3226319644, 2650000001, 2, "ab" * 16, "gh_00000000abcd", "原帐号", kind=2)


def article(page: bytes, url: str | None = None) -> Article:
    answer = read_page(page, url)
    assert answer.verdict is Verdict.ARTICLE, answer.reason
    assert answer.article is not None
    return answer.article


def set_in(body: str, era: Era = "2026", **changes: object) -> Article:
    return article(render(replace(SPEC, body=body, **changes), era))


# ---------------------------------------------------------------------------------------------------------------------
# Articles of every era


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("era", ERAS)
def test_the_facts_of_an_article(era, style):
    spec = replace(SPEC, body=report_body(ReportFacts(), PICTURES, REVIEW, style))
    url = spec.long_url if era in ("2016", "2019") else None
    got = article(render(spec, era), url)
    assert got.title == spec.title
    assert (got.account_name, got.account_id) == (spec.account_name, spec.account_id)
    assert got.key == ArticleKey(spec.biz, spec.mid, spec.idx)
    assert got.sn == spec.sn
    assert got.kind == 0
    assert got.published_at == spec.published
    assert got.published_at.utcoffset() == timedelta(hours=8)
    assert got.modified_at is None
    assert got.link == long_address(spec.biz, spec.mid, spec.idx, spec.sn, spec.chksm, fragment="")
    assert got.original is True
    assert got.reprint_of is None
    assert got.author == (spec.author if era in ("2021", *MODERN) else None)
    assert got.cover is not None
    assert got.cover.url == spec.cover
    assert got.body == read_html(spec.body)


@pytest.mark.parametrize("era", ERAS)
def test_an_article_among_its_scripts(era):
    pad = {"2021": 200_000, "2025": 1_500_000, "2026": 1_500_000}.get(era, 100_000)
    assert article(render(SPEC, era, pad)) == article(render(SPEC, era))


VARIANTS = {
    "modified": {"modified": datetime(2025, 1, 24, 9, 0, tzinfo=CHINA)},
    "not original": {"original": False},
    "second in its push": {"idx": 2},
    "value last": {"value_last": True},
    "ids missing in cgi": {"ids_in_cgi": False},
    "ids missing in cgi, value last": {"ids_in_cgi": False, "value_last": True},
    "unsigned link": {"chksm": None},
    "no author": {"author": ""},
    "body in the elements only": {"body_in": "dom"},
    "body in the script only": {"body_in": "cgi"},
    "whole reprint": {"reprint": replace(REPRINT, kind=3)},
    "title with signs": {"title": "“A&B” <第1期> 'x' 100% &amp; &lt;"},
    "title with emoji": {"title": "👨\u200d👩 周报"},
    "account with signs": {"account_name": 'R&D "研究" <所>'},
    "picture without text": {"body": f'<p><img data-src="{picture_url("only")}"></p>'},
    "very short": {"body": "完"},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("era", ERAS)
def test_variants_of_an_article(era, variant):
    spec = replace(SPEC, **VARIANTS[variant])
    got = article(render(spec, era), spec.long_url)
    assert (got.title, got.account_name, got.account_id) == (spec.title, spec.account_name, spec.account_id)
    assert (got.key, got.sn) == (ArticleKey(spec.biz, spec.mid, spec.idx), spec.sn)
    assert (got.published_at, got.modified_at) == (spec.published, spec.modified)
    assert got.original is (spec.original and spec.reprint is None)
    assert got.body == read_html(spec.body)
    assert got.author in (spec.author or None, None)


@pytest.mark.parametrize("era", MODERN)
@pytest.mark.parametrize("kind", [2, 3])
def test_a_reprint_names_its_original(era, kind):
    got = article(render(replace(SPEC, reprint=replace(REPRINT, kind=kind)), era))
    assert got.reprint_of == REPRINT.url.replace("http:", "https:")
    assert got.original is False
    assert got.key == ArticleKey(SPEC.biz, SPEC.mid, SPEC.idx)
    assert got.body == read_html(BODY)


@pytest.mark.parametrize("era", MODERN)
def test_a_share_card_keeps_its_body_in_a_template(era):
    spec = replace(SPEC, reprint=REPRINT, body_in="dom", body=BODY + "<p>var x = '&lt;/div&gt;'</p>")
    assert article(render(spec, era)).body == read_html(spec.body)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("asked", ["long", "short", None])
def test_a_page_asked_by_its_short_address(era, asked):
    spec = replace(SPEC, link_form="short")
    url = {"long": spec.long_url, "short": spec.short_url}.get(asked)
    got = article(render(spec, era), url)
    assert got.link == spec.short_url
    assert got.biz == (None if era == "2016" and asked != "long" else spec.biz)
    stated = era not in ("2016", "2019") or asked == "long"
    assert got.key == (ArticleKey(spec.biz, spec.mid, spec.idx) if stated else None)


@pytest.mark.parametrize("era", ["2018", "2021", *MODERN])
def test_a_temporary_page_keeps_back_sn_and_link(era):
    spec = replace(SPEC, temporary=True)
    got = article(render(spec, era), "https://mp.weixin.qq.com/s?src=11&timestamp=1&ver=1&signature=x&new=1")
    assert (got.link, got.sn) == (None, None)
    assert got.key == ArticleKey(spec.biz, spec.mid, spec.idx)


def test_the_address_of_another_article_fills_nothing_in():
    spec = replace(SPEC, temporary=True)
    other = long_address(SPEC.biz, SPEC.mid + 5, 1, "ab" * 16)
    assert article(render(spec), other).sn is None
    assert article(render(replace(spec, link_form="empty"), "2019"), long_address(1, 2, 3, "ab" * 16)).key is None


@pytest.mark.parametrize("era", MODERN)
def test_empty_ids_in_the_object_are_filled_from_the_variables(era):
    page = render(SPEC, era)
    for key, value in (("bizuin", biz_text(SPEC.biz)), ("sn", SPEC.sn)):
        page = page.replace(f"{key}: JsDecode('{value}')".encode(), f"{key}: JsDecode('')".encode())
    for key, value in (("mid", SPEC.mid), ("idx", SPEC.idx)):
        page = page.replace(f"{key}: '{value}' * 1".encode(), f"{key}: '' * 1".encode())
    got = article(page)
    assert (got.key, got.sn) == (ArticleKey(SPEC.biz, SPEC.mid, SPEC.idx), SPEC.sn)


# ---------------------------------------------------------------------------------------------------------------------
# Other kinds


@pytest.mark.parametrize("era", MODERN)
@pytest.mark.parametrize("ids_in_cgi", [True, False])
def test_a_picture_share(era, ids_in_cgi):
    text = '第一行\n\n第二行 [加油] <a class="wx_topic_link" data-topic="1">#话题</a>\n1 &lt; 2 &amp; 3'
    spec = replace(SPEC, kind=8, body=text, pictures=PICTURES, ids_in_cgi=ids_in_cgi)
    got = article(render(spec, era))
    assert (got.kind, got.title, got.key) == (8, SPEC.title, ArticleKey(SPEC.biz, SPEC.mid, SPEC.idx))
    assert [line.text for line in got.body.lines] == ["第一行", "第二行 [加油] #话题", "1 < 2 & 3"]
    assert [(picture.url, picture.width, picture.height) for picture in got.body.images] == [
        (picture.url, picture.width, picture.height) for picture in PICTURES
    ]


@pytest.mark.parametrize("era", MODERN)
@pytest.mark.parametrize("body_in", ["both", "dom"])
def test_a_text_share(era, body_in):
    text = '大家好\n<a href="http://mp.weixin.qq.com/s?__biz=MzA=&amp;mid=1">链接</a>。'
    got = article(render(replace(SPEC, kind=10, body=text, body_in=body_in), era))
    assert (got.kind, got.title) == (10, SPEC.title)
    assert [line.text for line in got.body.lines] == ["大家好", "链接。"]
    assert got.body.lines[1].links[0].url == "http://mp.weixin.qq.com/s?__biz=MzA=&mid=1"
    assert SPEC.account_name not in got.body.text


@pytest.mark.parametrize("era", MODERN)
def test_a_text_share_without_a_title_is_called_by_its_text(era):
    page = render(replace(SPEC, kind=10, body="大家好\n再见", title="大家好\n再见", user_title=False), era)
    assert article(page).title == "大家好 再见"
    title = "title: JsDecode('大家好\\x0a再见')".encode()
    assert title in page
    assert article(page.replace(title, b"title: JsDecode('')")).title == "大家好 再见"


@pytest.mark.parametrize("era", ["2018", "2019", "2021"])
def test_a_video_share(era):
    got = article(render(replace(SPEC, kind=5, body="视频的介绍\n第二行 &"), era))
    assert (got.kind, got.title, got.key) == (5, SPEC.title, ArticleKey(SPEC.biz, SPEC.mid, SPEC.idx))
    assert (got.account_name, got.published_at) == (SPEC.account_name, SPEC.published)
    assert [line.text for line in got.body.lines] == ["视频的介绍", "第二行 &", SPEC.title]


def test_a_picture_share_of_2018():
    page = f"""<body class="zh_CN page_share_img"><div id="js_article"><div id="js_content"><p class="share_notice">
      <script>document.write("一\\x0a二 \x26amp;");</script></p></div>
      <div id="img_list"><img src="{PICTURES[0].url}"></div></div>
      <script>var d = {{}}; d.title = "题" || "";</script></body>"""
    got = article(page.encode())
    assert (got.kind, got.title, [line.text for line in got.body.lines]) == (8, "题", ["一", "二 &"])
    assert [picture.url for picture in got.body.images] == [PICTURES[0].url]


def test_a_picture_share_without_the_object():
    page = f"""<meta name="description" content="一\\x0a二">
      <div id="js_article"><h1 id="activity-name">题</h1></div>
      <script>window.item_show_type = '8'; x = window.picture_page_info_list;
      window.picture_page_info_list = [{{ live: {{ cdn_url: 'no' }}, width: '10' * 1, height: '20' * 1,
        cdn_url: '{PICTURES[0].url.replace("&", "&amp;")}' }}, {{ cdn_url: '' }}];</script>"""
    got = article(page.encode())
    assert (got.kind, [line.text for line in got.body.lines]) == (8, ["一", "二"])
    (picture,) = got.body.images
    assert (picture.url, picture.width, picture.height) == (PICTURES[0].url, 10, 20)


SHARE = replace(SPEC, kind=8, body="第一行\n第二行", pictures=PICTURES)
LISTED = ", ".join(
    f"{{ share_cover: {{ cdn_url: 'no' }}, cdn_url: '{picture.url.replace('&', '&amp;')}', "
    f"width: '{picture.width}' * 1, height: {picture.height} }}"
    for picture in PICTURES
)


@pytest.mark.parametrize(
    "script",
    [
        f"window.picture_page_info_list = [{LISTED}];",
        f"window.picture_page_info_list = [{LISTED},].slice(0, 20);",
        f"var picture_page_info_list=[{LISTED}];",
        f"window.picture_page_info_list = []; window.picture_page_info_list = [{LISTED}];",
        f"window.cgiData = {{ picture_page_info_list: [{LISTED}] }};",
        f'window.__INITIAL__ = {{"a": {{"picture_page_info_list" : [{LISTED}]}}}};',
        f"window.picture_page_info_list = [{{ cdn_url: '' }}]; d.picture_page_info_list = [{LISTED}];",
    ],
)
@pytest.mark.parametrize("era", MODERN)
def test_where_a_share_lists_its_pictures(era, script):
    empty = replace(SHARE, pictures=(), extra_scripts=f"<script>{script}</script>")
    assert article(render(empty, era)).body == article(render(SHARE, era)).body


@pytest.mark.parametrize("ident", ["img_list", "img_swiper_content", "js_share_content_page_hd"])
def test_a_share_that_a_browser_has_filled_in(ident):
    shown = "".join(f'<div><img src="{picture.url}"></div>' for picture in PICTURES)
    page = render(replace(SHARE, pictures=()), "2026")
    page = page.replace(b'<div id="img_swiper_content"></div>', f'<div id="{ident}">{shown}</div>'.encode())
    assert [picture.url for picture in article(page).body.images] == [picture.url for picture in PICTURES]


def test_a_share_whose_object_is_the_other_one():
    page = render(SHARE, "2026").replace(b"window.cgiDataNew = {", b"window.cgiData = {")
    assert article(page) == article(render(SHARE, "2026"))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("2015-03-12", (None, date(2015, 3, 12))),
        ("2015年3月12日", (None, date(2015, 3, 12))),
        ("2015-03-12 17:30", (datetime(2015, 3, 12, 17, 30, tzinfo=CHINA), None)),
        ("2015-13-12", (None, None)),
        ("2015-03-12 25:30", (None, date(2015, 3, 12))),
    ],
)
def test_a_day_that_a_saved_page_shows_stays_a_day(shown, expected):
    page = f"""<div id="js_article"><h2 id="activity-name">题</h2><em id="post-date">{shown}</em>
      <div id="js_content"><p>文</p></div></div>"""
    got = article(page.encode())
    assert (got.published_at, got.published_on) == expected


@pytest.mark.parametrize("name", ["window.content_noencode", "window.desc"])
def test_a_share_whose_facts_are_variables(name):
    page = f"""<meta property="og:title" content="题"><body class="page_share_img"><div id="js_article"></div><script>
      window.item_show_type = '8' || ''; window.biz = 'MzA=' || ''; window.mid = '7' || ''; window.idx = '2' || '';
      window.sn = '{"ab" * 16}'; window.ct = '1737624612' || ''; {name} = {name} || ''; {name} = '一\\x0a二';
      window.cgiData = {{ nick_name: '他', user_name: 'gh_x', picture_page_info_list: [{LISTED}], }};</script>"""
    got = article(page.encode())
    assert (got.key, got.kind, got.sn, got.account_name) == (ArticleKey(30, 7, 2), 8, "ab" * 16, "他")
    assert [line.text for line in got.body.lines] == ["一", "二"]
    assert [picture.url for picture in got.body.images] == [picture.url for picture in PICTURES]
    assert got.published_at == SPEC.published


@pytest.mark.parametrize(("script", "kind"), [(f"window.picture_page_info_list = [{LISTED}];", 8), ("", 0)])
def test_a_share_that_only_its_list_tells(script, kind):
    page = (
        f'<div id="js_article" class="share_content_page">题</div><meta><script>var msg_title = "题"; {script}</script>'
    )
    got = article(page.encode())
    assert (got.kind, len(got.body.images)) == (kind, 3 if kind else 0)


def test_a_list_of_pictures_elsewhere_is_left_out():
    got = article(render(replace(SHARE, pictures=(PICTURES[0], Picture("https://other.example/a.png"))), "2026"))
    assert (len(got.body.images), got.body.left_out) == (1, 1)


@pytest.mark.parametrize("kind", ["11", "16", "99"])
@pytest.mark.parametrize("era", MODERN)
def test_an_unknown_kind_is_read_as_an_article(era, kind):
    page = render(SPEC, era).replace(b"item_show_type: '0'", f"item_show_type: '{kind}'".encode())
    assert article(page).body == read_html(BODY)
    assert article(page).kind == int(kind)


# ---------------------------------------------------------------------------------------------------------------------
# What an article may quote


QUOTES = [
    'id="js_verify"',
    "id='js_verify'",
    "secitptpage/verify",
    "PAGE_MID",
    "window.PAGE_MID='mmbizwap:secitptpage/verify.html'",
    '<script>var PAGE_MID="mmbizwap:secitptpage/verify.html";</script>',
    '<script src="https://captcha.gtimg.com/TCaptcha.js"></script> poc_token',
    "TCaptcha.js poc_token cap_appid",
    '<div class="weui-msg__title">该内容已被发布者删除</div>',
    "weui-msg__title",
    'id="js_content"',
    'id="js_article"',
    '<div id="js_content">另一篇</div>',
    '<div id="js_article"><div id="js_content">另一篇</div></div>',
    "</div></div></div>",
    "</div>",
    "<div>",
    "<!--",
    "-->",
    "<!-- <div> -->",
    "</script>",
    "<script>",
    "window.cgiDataNew = {",
    "window.cgiDataNew = { title: '另一篇', nick_name: '他', user_name: 'gh_x', mid: '1' * 1 };",
    "var msg_title = '另一篇';",
    'var msg_title = "另一篇"; var ct = "1400000000"; var biz = "MzA="; var mid = "1"; var idx = "1";',
    "d.title = '另一篇'; d.ct = '1400000000';",
    "var transferTargetLink = 'https://mp.weixin.qq.com/s/AnotherAnotherAnother0';",
    'var n="1400000000";getElementById("publish_time")',
    "document.write('访问过于频繁')",
    "该内容已被发布者删除 此内容因违规无法查看 链接已过期 参数错误 访问过于频繁 环境异常 系统出错",
    "The content has been deleted by the author.",
    "item_show_type = '10'",
    "content_noencode: JsDecode('x')",
    "\\x3cp\\x3e \\u7f51 \\ \\\\",
    'it\'s "quoted"; // and: /* { [ ` */',
    "&amp;&lt;&nbsp;&timestamp=1",
    "<title>",
    "<textarea><iframe><style>",
    "预览时标签不可点 阅读原文",
]


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("era", ERAS)
def test_an_article_may_quote_anything_in_its_body(era, quote):
    body = f"<p>前</p><pre>{html.escape(quote, quote=False)}</pre><p>后</p>"
    url = SPEC.long_url if era in ("2016", "2019") else None
    got = set_in(body, era)
    assert got == replace(article(render(SPEC, era)), body=read_html(body))
    assert [line.text for line in got.body.lines] == ["前", " ".join(quote.split()), "后"]
    assert read_page(render(replace(SPEC, body=body), era), url).verdict is Verdict.ARTICLE


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("era", MODERN)
def test_an_article_whose_body_stands_in_the_script_may_quote_anything(era, quote):
    body = f"<p>前</p><pre>{html.escape(quote, quote=False)}</pre><p>后</p>"
    got = set_in(body, era, body_in="cgi")
    assert got == replace(article(render(SPEC, era)), body=read_html(body))


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("era", ERAS)
def test_a_title_and_a_description_may_quote_anything(era, quote):
    if era in ("2016", "2018", "2019"):
        quote = quote.replace("\\", "/")  # the double draws no backslash in the titles of that time
    title = " ".join(quote.split())
    spec = replace(SPEC, title=f"说说 {title} 好", description=quote)
    assert article(render(spec, era)) == replace(article(render(SPEC, era)), title=spec.title)


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("kind", [8, 10])
def test_a_share_may_quote_anything(kind, quote):
    text = f"前\n{html.escape(quote, quote=False)}\n后"
    got = set_in(text, kind=kind)
    assert got.title == SPEC.title
    assert [line.text for line in got.body.lines] == ["前", " ".join(quote.split()), "后"]


@pytest.mark.parametrize("era", OLD)
def test_names_of_facts_in_other_scripts(era):
    scripts = """<script>word.ct = "1400000000"; myvar msg_title = "另一篇"; record.title = "另一篇";
      var ct = {a: 1}; card.msg_link = "https://mp.weixin.qq.com/s/AnotherAnotherAnother0";</script>"""
    spec = replace(SPEC, extra_head=scripts, extra_scripts=scripts)
    assert article(render(spec, era)) == article(render(SPEC, era))


DECOY = '<div id="js_article"><h1 id="activity-name">另一篇</h1><div id="js_content"><p>另一篇</p></div></div>'


@pytest.mark.parametrize(
    "decoy",
    [
        f"<!-- {DECOY} -->",
        f"<script>var tpl = '{DECOY}';</script>",
        f'<script type="text/html">{DECOY}</script>',
        f"<style>/* {DECOY} */</style>",
        f"<textarea>{DECOY}</textarea>",
        f"<iframe>{DECOY}</iframe>",
        f"<meta content='{DECOY}'>",
        '<p>the words id="js_article" and id="js_content"</p>',
        '<p data-id="js_article" title=\'id="js_article"\'>x</p><p class="js_article js_content">y</p>',
        "<script>var tpl = '" + "x" * 700_000 + DECOY + "';</script>",
        "<!--" + "x" * 50_000 + DECOY + "-->",
        "<script>if (a<b) {} // <!-- \n</script>",
        '<p title="it\'s">x</p>',
        '<p title="a > b">x</p>',
        "<!--><!---->",
        '<p a="b" c">x</p>',
    ],
)
@pytest.mark.parametrize("era", ["2018", "2025"])
def test_elements_that_are_none(era, decoy):
    for place in ("extra_head", "extra_scripts"):
        assert article(render(replace(SPEC, **{place: decoy}), era)) == article(render(SPEC, era))


# ---------------------------------------------------------------------------------------------------------------------
# How the same page may be written


@pytest.mark.parametrize(
    "content",
    [
        "<div id='js_content' class='x'>",
        "<div id=js_content>",
        "<div class=x id=js_content >",
        '<DIV ID="js_content">',
        '<div\n  class="x"\n  id = "js_content"\n>',
        '<div data-a="a > b" id="js_content" data-b="c > d < e" title=\'"\'>',
        '<div id="js_content" id="other">',
        '<div class="a" hidden id="js_content" style=\'background:url("x")\'>',
        '<section id="js_content">',
    ],
)
@pytest.mark.parametrize("era", ["2016", "2026"])
def test_ways_to_write_the_element_of_the_body(era, content):
    page = render(SPEC, era)
    tag = element_by_id(page, "js_content", element_by_id(page, "js_article").start)
    closing = b"</section>" if content.startswith("<section") else b"</div>"
    body = inner_markup(page, tag, len(page))
    changed = page[: tag.start] + content.encode() + body + closing + page[tag.end + len(body) + 6 :]
    assert article(changed, SPEC.long_url) == article(page, SPEC.long_url)


@pytest.mark.parametrize("start", ["<div id='js_article'>", "<div id=js_article>", '<DIV class="a>b" ID="js_article">'])
def test_ways_to_write_the_element_of_the_article(start):
    page = render(SPEC, "2018")
    tag = element_by_id(page, "js_article")
    assert tag is not None
    assert article(page[: tag.start] + start.encode() + page[tag.end :]) == article(page)


def test_ways_to_write_the_tags_of_the_head():
    page = b"""<head><meta name=author content=A><META content='T &amp; "x"' PROPERTY='og:title'/>
      <meta data-x="a>b" content="https://mmbiz.qpic.cn/mmbiz/abcdefgh12/0" property="og:image">
      <!-- <meta property="og:title" content="no"> --><meta property="og:title:alt" content="no">
      <meta property="og:url" content="http://mp.weixin.qq.com/s?__biz=MzA=&mid=1&idx=2&sn=%s#rd">
      </head><div id="js_article"><div id="js_content">x</div></div>""" % (b"ab" * 16)
    got = article(page)
    assert (got.title, got.author, got.sn) == ('T & "x"', "A", "ab" * 16)
    assert got.key == ArticleKey(30, 1, 2) or got.biz is None
    assert got.cover is not None


@pytest.mark.parametrize("era", ERAS)
def test_a_minified_page(era):
    page = b" ".join(line.strip() for line in render(SPEC, era).split(b"\n") if not line.strip().startswith(b"//"))
    # Comments to the end of the line would swallow what follows.
    page = page.replace("// 封面".encode(), b"").replace(b"// what it's a copy of: { 'title': never mind }", b"")
    assert article(page, SPEC.long_url) == article(render(SPEC, era), SPEC.long_url)


@pytest.mark.parametrize("era", ERAS)
def test_windows_line_ends(era):
    page = render(SPEC, era).replace(b"\n", b"\r\n")
    assert article(page, SPEC.long_url) == article(render(SPEC, era), SPEC.long_url)


@pytest.mark.parametrize(
    "inner",
    [
        "<!-- <div> -->",
        "<!-- </div> -->",
        "<!--</div></div></div>-->",
        "<script>var a = '</div></div>' + '<div>';</script>",
        "<style>/* </div> <div> */</style>",
        '<p title="</div>"></p>',
        "<p title='<div>'></p>",
        '<p data-a="a > b" title="</div></div>"></p>',
        "<textarea></div></textarea>",
        "<iframe></div></iframe>",
        "<div><div></div></div>",
        "<DIV></DIV>",
        "<div/>",
        "<div\n></div\n>",
        "<divider></divider>",
        "</p></span></section>",
        "<section><span><p>",
        "<svg><title>x</title></svg>",
        "< div > </ div >",
        '<p style="a" b"></p>',
        "<",
        "\x00",
    ],
)
@pytest.mark.parametrize("era", ["2018", "2026"])
def test_what_does_not_end_a_body(era, inner):
    got = set_in(f"<p>前</p>{inner}<p>后</p>", era)
    assert [line.text for line in got.body.lines if line.text in ("前", "后")] == ["前", "后"]
    assert not any(word in got.body.text for word in ("阅读", "预览", "微信扫一扫", "取消", "svrTime"))
    assert got.title == SPEC.title


@pytest.mark.parametrize("behind", ["js_tags_preview_toast", "content_bottom_area", "js_toobar3", "js_pc_qr_code"])
def test_an_element_that_is_never_closed_takes_no_footer_in(behind):
    page = f"""<div id="js_article"><h2 id="activity-name">题</h2>
      <div id="js_content"><p>前</p><div><div><p>后</p></div>
      <script>var first;</script></div><div id="{behind}"><p>阅读原文</p></div></div></div>"""
    assert [line.text for line in article(page.encode()).body.lines] == ["前", "后"]


@pytest.mark.parametrize("era", ERAS)
def test_broken_characters_spoil_nothing_else(era):
    page = render(replace(SPEC, body="<p>前</p><p>中X中</p><p>后</p>"), era).replace(b"X", b"\xff\xfe\xe4\xb8")
    got = article(page, SPEC.long_url)
    assert got.title == SPEC.title
    assert [got.body.lines[0].text, got.body.lines[-1].text] == ["前", "后"]
    assert got.body.text.encode()


# ---------------------------------------------------------------------------------------------------------------------
# Pages that are no article


REASONS = {
    "deleted_zh": "deleted by its author",
    "deleted_en": "deleted by its author",
    "violation": "removed for a violation",
    "violation_marketing": "removed for a violation",
    "unavailable": "not available at present",
    "in_review": "being reviewed by WeChat",
    "expired": "this temporary address has expired",
    "parameter_error": "this address is wrong or incomplete",
    "rate_limit_2018": "too many requests",
    "verification": "verification page",
    "verification_shell": "verification page",
    "moved": "the account has moved",
    "account_migrating": "the account is being moved",
    "account_frozen": "the account is being moved",
    "account_reclaimed": "the account is being moved",
    "account_banned": "the account is banned",
    "account_cancelled": "closed by its owner",
    "infringing": "侵权",
    "impersonating": "冒名侵权",
    "rumour": "removed as a rumour",
    "send_failed": "发送失败",
    "system_error": "system error",
    "open_in_client": "shown only inside WeChat",
    "account_page": "no failure page that is known",
    "bad_gateway": "no failure page that is known",
    "empty": "empty answer",
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("url", [None, SPEC.long_url, SPEC.short_url])
def test_failure_pages(name, url):
    answer = read_page(FAILURES[name].page, url)
    assert answer.verdict == FAILURES[name].verdict, answer.reason
    assert answer.article is None
    assert REASONS[name] in answer.reason


@pytest.mark.parametrize("name", FAILURES)
def test_failure_pages_among_scripts(name):
    page = FAILURES[name].page.replace(
        b"</head>", b"<script>var js_article = 'js_content';" + b"x;" * 100 + b"</script></head>"
    )
    assert read_page(page).verdict == FAILURES[name].verdict


@pytest.mark.parametrize("name", FAILURES)
def test_no_cut_makes_an_article_of_a_failure_page(name):
    page = FAILURES[name].page
    for cut in range(0, len(page), max(1, len(page) // 40)):
        answer = read_page(page[:cut])
        assert answer.verdict in (FAILURES[name].verdict, Verdict.UNKNOWN, Verdict.UNAVAILABLE)


def test_a_redirect_to_the_verification_decides():
    url = verification_address(SPEC.long_url)
    assert read_page(render(SPEC), url) == Page(Verdict.BLOCKED, "redirected to the verification page")
    assert read_page(b"", url).verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    "page",
    [
        b"<html><script>PAGE_MID = 'mmbizwap:secitptpage/verify.html'</script></html>",
        b'<html><script src="//res.wx.qq.com/mmbizwap/secitptpage/verify123.js"></script></html>',
        b"<html><a class=x id=js_verify>x</a></html>",
        b'<html><script src="https://captcha.gtimg.com/TCaptcha.js"></script><script>var poc_token</script></html>',
        "<html><h2 class='weui-msg__title'>\n 环境<b>异常</b> </h2></html>".encode(),
        "<html><p class='weui-msg__desc'>当前环境异常，完成验证后即可继续访问。</p></html>".encode(),
        verification_page().replace("环境异常".encode(), b""),
        verification_page(words=False).replace(b"TCaptcha.js", b"x.js"),
        verification_page(words=False).replace(b"secitptpage/verify", b"x"),
    ],
)
def test_each_mark_of_a_verification_is_enough(page):
    assert read_page(page).verdict is Verdict.BLOCKED


def test_a_moved_account_names_the_new_address():
    target = long_address(3226319644, 7, 1, "ab" * 16, fragment="")
    assert read_page(moved_page(target)).moved_to == target
    assert read_page(moved_page("https://evil.example/s/AnotherAnotherAnother0")).moved_to is None
    assert read_page(moved_page("https://evil.example/")).verdict is Verdict.UNAVAILABLE
    assert read_page(moved_page("")).verdict is Verdict.UNAVAILABLE


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("该内容已被<br>发布者 删除", "gone"),
        ("The content has been deleted by the author.", "gone"),
        ("参数错误", "expired"),
        ("内容审核中", "unavailable"),
        ("该内容正在审核，请稍后再试", "unavailable"),
        ("未知错误", "unavailable"),
        ("操作频繁，请稍后再试", "blocked"),
        ("系统繁忙", "unavailable"),
        ("该内容已被删除", "gone"),
        ("此账号已注销", "gone"),
        ("今天天气不错", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_sentence_decides(text, verdict):
    assert read_page(message_page(text)).verdict == verdict
    assert read_page(plain_page(text)).verdict == verdict


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b" \n\t ",
        b"\x00" * 100,
        b"\xff\xfe\xfd",
        b"\x1f\x8b\x08\x00 gzip",
        b"{}",
        b'{"base_resp": {"ret": 200003, "err_msg": "invalid session"}}',
        b"js_article",
        b"<html><body>js_article js_content</body></html>",
        b"<script>document.getElementById('js_article').innerHTML = '<div id=\"js_article\">'</script>",
        b'<!-- <div id="js_article"><div id="js_content">x</div></div> -->',
        b'<p title=\'<div id="js_article">\'>id="js_article"</p>',
        b'<div data-id="js_article"></div><div id="js_articles"></div><div class="js_article"></div>',
        b'<div id="js_article',
        b'<div id="js_article"',
        b'<div id="js_article"></div>',
        b'<div id="js_article"><div id="js_content"></div></div>',
        b"<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>",
        "<html><title>该内容已被发布者删除</title><body></body></html>".encode(),
        "<html><body><script>var tip = '访问过于频繁';</script></body></html>".encode(),
        "<html><body><script>tip.innerHTML = '系统出错，请稍后再试';</script></body></html>".encode(),
        ("<html><body>" + "<p>这里谈论不实信息、环境异常与参数错误。</p>" * 100 + "</body></html>").encode(),
        b"<html><body>" + b"<p>x</p>" * 100_000 + b"</body></html>",
    ],
)
def test_what_is_not_known(page):
    answer = read_page(page)
    assert (answer.verdict, answer.article) == (Verdict.UNKNOWN, None)


# ---------------------------------------------------------------------------------------------------------------------
# Pages that are cut off, and whatever may come


CUT_BODY = (
    "<p>该内容已被发布者删除 环境异常 访问过于频繁</p>"
    "<p>PAGE_MID='mmbizwap:secitptpage/verify.html' id=\"js_verify\"</p>" * 3
)
CUT_TITLE = "该内容已被发布者删除 参数错误 js_verify"


@pytest.mark.parametrize("body_in", ["both", "cgi"])
@pytest.mark.parametrize("era", ERAS)
def test_an_article_that_is_cut_off_is_never_taken_for_a_failure(era, body_in):
    page = render(replace(SPEC, title=CUT_TITLE, description=CUT_TITLE, body=CUT_BODY, body_in=body_in), era)
    for cut in range(0, len(page), 97):
        answer = read_page(page[:cut])
        assert answer.verdict in (Verdict.ARTICLE, Verdict.UNKNOWN), (cut, answer)
        if answer.article is not None:
            assert answer.article.title in (CUT_TITLE, "") or CUT_TITLE.startswith(answer.article.title.split("<")[0])
            assert answer.article.biz in (SPEC.biz, None)


@pytest.mark.parametrize("kind", [5, 8, 10])
def test_a_share_that_is_cut_off_is_never_taken_for_a_failure(kind):
    spec = replace(SPEC, kind=kind, title=CUT_TITLE, body="环境异常\n该内容已被发布者删除", pictures=PICTURES)
    page = render(spec, "2021" if kind == 5 else "2026")
    for cut in range(0, len(page), 97):
        assert read_page(page[:cut]).verdict in (Verdict.ARTICLE, Verdict.UNKNOWN)


def test_an_article_cut_off_in_its_body_keeps_what_is_there():
    page = render(replace(SPEC, body="<p>前</p><p>中</p><p>后</p>"), "2021")
    got = article(page[: page.index("中</p>".encode()) + 3])
    assert [line.text for line in got.body.lines] == ["前", "中"]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_no_article(page):
    assert read_page(page).article is None


PIECES = st.sampled_from(
    """<div id="js_article"> <div id="js_content"> </div> <script> </script> <!-- --> <p> ' " < > = { } js_article
    js_verify PAGE_MID cgiDataNew={ title:'x', var msg_title="x"; var ct="1700000000"; window.cgiDataNew = 网络
    <meta property="og:title" content="x"> <title> weui-msg__title class= 该内容已被发布者删除
    transferTargetLink='x' document.write(' </html> <html>""".split()
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=40), st.sampled_from([b" ", b"", b"\n"]))
def test_any_page_gets_a_verdict(pieces, space):
    answer = read_page(space.join(piece.encode() for piece in pieces), SPEC.long_url)
    assert (answer.article is None) is (answer.verdict is not Verdict.ARTICLE)
    assert answer.reason
    assert len(answer.reason) < 200


@pytest.mark.parametrize("era", ["2018", "2026"])
def test_damage_raises_nothing(era):
    page = render(SPEC, era)
    chance = random.Random(era)
    for _ in range(150):
        damaged = bytearray(page)
        for _ in range(20):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randrange(9)] = bytes(chance.choice(b"<>\"'=\\/{}-! \x00\xff") for _ in range(3))
        answer = read_page(bytes(damaged), SPEC.long_url)
        assert answer.verdict in (Verdict.ARTICLE, Verdict.UNKNOWN)


@pytest.mark.parametrize(
    "unit",
    [
        *("<", "<div>", "<div></div>", "<!--", "<script>", "<p a='", ' id="js_article"', "<a js_content>"),
        *("cgiDataNew={", "var ct='", "modify_time=''", "transferTargetLink='", "<meta property='og:title'>"),
        *("weui-msg__title ", "<p class='weui-msg__title'>"),
    ],
)
@pytest.mark.parametrize("start", ["", '<div id="js_article"><div id="js_content">', "<script>"])
def test_long_hostile_pages_are_read_in_one_pass(start, unit):
    page = (start + unit * (1_000_000 // len(unit))).encode()
    started = time.process_time()
    read_page(page)
    assert time.process_time() - started < 1.5


def test_a_page_of_today_is_read_fast():
    page = render(SPEC, "2026", 3_000_000)
    read_page(page)
    took = []
    for _ in range(5):
        started = time.process_time()
        read_page(page)
        took.append(time.process_time() - started)
    assert min(took) < 0.05


# ---------------------------------------------------------------------------------------------------------------------
# Tags


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        (b"<div>", {}),
        (b"<a b>", {"b": ""}),
        (b"<a b=c d='e' f=\"g\">", {"b": "c", "d": "e", "f": "g"}),
        (b"<A B = 'C'\n D=\t\"E\" />", {"b": "C", "d": "E"}),
        (b"<a b='1' B='2'>", {"b": "1"}),
        (b"<a b='x > y' c=\"it's\">", {"b": "x > y", "c": "it's"}),
        (b"<a b='&amp;&lt;&timestamp=1'>", {"b": "&<&timestamp=1"}),
        (b"<a b=/c/d>", {"b": "/c/d"}),
        (b'<html lang=="en">', {"lang": '="en"'}),
        (b"<a b=\xff>", {"b": "\ufffd"}),
        (b"", {}),
    ],
)
def test_attributes(tag, found):
    assert attributes(tag) == found


def test_an_element_s_inside():
    page = b'<div id="a"><p>1</p><div>2<!-- </div> --></div>3</div>4'
    tag = element_by_id(page, "a")
    assert tag is not None
    assert (tag.name, tag.start, tag.end) == ("div", 0, 12)
    assert inner_markup(page, tag, 1000) == b"<p>1</p><div>2<!-- </div> --></div>3"
    assert inner_markup(page, tag, 5) == b"<p>1<"
    assert inner_markup(page[:-7], tag, 1000) == page[12:-7]


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map(lambda pieces: " ".join(pieces).encode()))
def test_tags_are_found_where_they_are(page):
    last = 0
    for tag in start_tags(page, b"js_"):
        assert last <= tag.start < tag.end <= len(page)
        assert page[tag.start : tag.start + 1] == b"<"
        assert b"js_" in page[tag.start : tag.end]
        assert page[tag.start : tag.end].endswith(b">")
        assert inner_markup(page, tag, 100) in page
        last = tag.end
