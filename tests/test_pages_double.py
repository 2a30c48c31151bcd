"""The double of WeChat's pages: a page shows what its description says."""

import html
from dataclasses import replace
from datetime import timedelta

import lxml.html
import pytest

from tests.site.pages import (
    CNCERT_BIZ,
    ERAS,
    FAILURES,
    MODERN,
    STYLES,
    WECHAT_OWN_LINK,
    ArticleSpec,
    Era,
    Picture,
    ReportFacts,
    Reprint,
    ReviewLine,
    Style,
    inner_link,
    js,
    moved_page,
    picture_url,
    render,
    report_body,
    verification_address,
    verification_page,
)

PICTURES = tuple(Picture(picture_url(f"slice-{n}"), 1080, 540 + n) for n in range(5))
REVIEW = (
    ReviewLine("网络安全信息与动态周报2025年第2期（1月6日-1月12日）", inner_link(CNCERT_BIZ, 2247499606, 1, "ce" * 16)),
    ReviewLine(
        "网络安全信息与动态周报2024年第52期（12月23日-12月29日）",
        inner_link(CNCERT_BIZ, 2247499570, 1, "6f" * 16, "97"),
    ),
    ReviewLine("网络安全信息与动态周报2024年第51期（12月16日-12月22日）"),
)
FACTS = ReportFacts(handled=1234, cross_border=56, phishing=789, platforms=11, urls=22)
LABELS = (
    "本周网络安全基本态势",
    "网络安全态势整体评价为良",
    "本周事件处理情况",
    "共处理网络安全事件1234起，含跨境网络安全事件56起",
    "重点处理789起仿冒投诉事件",
    "协调11个提供恶意移动应用程序下载服务的平台",
    "恶意URL链接22个",
    "近期回顾",
)
SPEC = ArticleSpec(body=report_body(FACTS, PICTURES, REVIEW))


def tree(page: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("era", ERAS)
def test_every_era_states_the_facts(era: Era, style: Style) -> None:
    spec = replace(SPEC, body=report_body(FACTS, PICTURES, REVIEW, style))
    page = render(spec, era)
    text = page.decode()
    (body,) = tree(page).xpath('//*[@id="js_content"]')
    shown = body.text_content().replace("\u200b", "")
    assert body.xpath('ancestor::*[@id="js_article"]')
    for label in LABELS:
        assert label in shown
    # Nothing but the titles: markup that leaks into the text shows here.
    assert [" ".join(title.split()) for title in shown.split("●")[1:]] == [line.title for line in REVIEW]
    assert [str(link.text_content()) for link in body.xpath(".//a")] == [line.title for line in REVIEW if line.url]
    assert [tag for tag in body.xpath(".//img/@data-src") if tag] == [picture.url for picture in PICTURES]
    assert [str(link) for link in body.xpath(".//a/@href")] == [line.url for line in REVIEW if line.url]
    assert spec.title in tree(page).xpath('string(//*[@id="activity-name"])')
    assert str(int(spec.published.timestamp())) in text
    for fact in (str(spec.mid), spec.sn, spec.account_id, spec.account_name, spec.biz_text):
        assert fact in text
    assert ("window.cgiDataNew = {" in text) == (era in MODERN)
    assert ("og:title" in text) == (era in ("2021", *MODERN))


@pytest.mark.parametrize("era", ERAS)
def test_the_decoys_stand_in_the_scripts(era: Era) -> None:
    page = render(SPEC, era, pad=60_000).decode()
    for decoy in (WECHAT_OWN_LINK, "该内容已被发布者删除", "环境异常", "var ct = {", "var biz = null", "'js_content'"):
        assert decoy in page
    assert page.count('id="js_content"') == 1
    assert page.count('id="js_article"') == 1
    assert "</script" not in "".join(tree(page.encode()).xpath("//script/text()"))


@pytest.mark.parametrize(("era", "pad"), [("2016", 60_000), ("2018", 90_000), ("2021", 200_000), ("2025", 3_000_000)])
def test_pad_gives_pages_of_true_size(era: Era, pad: int) -> None:
    page = render(SPEC, era, pad)
    assert pad < len(page) < pad * 1.08 + 40_000
    assert page == render(SPEC, era, pad)
    parsed = tree(page)
    around = sum(1 for _ in parsed.iter()) - sum(1 for _ in parsed.get_element_by_id("js_content").iter())
    scripts = sum(len(script) for script in parsed.xpath("//script/text()"))
    # Real pages: 340 to 410 elements around the body, 50 to 58 of them scripts; nine tenths of the page are scripts.
    assert 300 < around < 450 if era in MODERN else 80 < around < 300
    assert scripts / len(page.decode()) > (0.9 if era in MODERN else 0.3)
    assert 0.1 < page.find(b'id="js_content"') / len(page) < 0.6


def test_variants_of_a_modern_page() -> None:
    def content(page: bytes) -> str:
        return str(tree(page).get_element_by_id("js_content").text_content()).strip()

    for era in MODERN:
        cgi_only = render(replace(SPEC, body_in="cgi"), era)
        assert not content(cgi_only)
        assert js("网络安全态势整体评价为良") in cgi_only.decode()
        card = render(
            replace(SPEC, reprint=Reprint(2866836095, 2247522724, 4, "ab" * 16, "gh_00112233aabb", "某帐号")), era
        )
        assert not content(card)
        assert b"original_panel_content" in card
        assert b'id="content_tpl"' in card
        assert b"%3D%3D" in card
        bare = render(replace(SPEC, ids_in_cgi=False, value_last=True), era).decode()
        assert "bizuin: JsDecode" not in bare
        assert f'var mid = "" || "" || "{SPEC.mid}"' in bare
        assert "bizuin: JsDecode" in render(SPEC, era).decode()


def test_a_temporary_page_keeps_back_its_address() -> None:
    for era in ("2018", "2026"):
        page = render(replace(SPEC, temporary=True), era).decode()
        assert SPEC.sn not in page
        assert 'msg_link = ""' in page
        assert "sougou_body" in page


def test_shares() -> None:
    shared = tuple(Picture(f"{picture_url(str(n), size=0)}&from=appmsg") for n in range(3))
    pictures = render(ArticleSpec(kind=8, body="看图\n第二行", pictures=shared)).decode()
    assert 'id="js_content"' not in pictures
    for picture in shared:
        assert js(picture.url.replace("&", "&amp;amp;")) in pictures
    words = render(ArticleSpec(kind=10, title="只有文字\n第二行", body="只有文字\n第二行", user_title=False))
    assert "只有文字" not in tree(words).get_element_by_id("js_content").text_content()
    assert "只有文字\\n第二行" in tree(words).xpath('string(//meta[@property="og:title"]/@content)')
    assert "is_user_title: '0' * 1" in words.decode()
    video = render(ArticleSpec(kind=5, title="视频标题", body="视频的说明"), "2018").decode()
    assert "<title>视频</title>" in video
    assert "视频的说明" in video
    with pytest.raises(ValueError, match="kind 8"):
        render(ArticleSpec(kind=8), "2018")
    with pytest.raises(ValueError, match="kind 5"):
        render(ArticleSpec(kind=5), "2026")


def test_a_page_escapes_what_it_is_told() -> None:
    title = """周报 "A" & <b>'x'</b>"""
    for era in ERAS:
        page = render(replace(SPEC, title=title), era)
        assert title in tree(page).xpath('string(//*[@id="activity-name"])')
        assert title not in page.decode()


def test_edits_slips_and_missing_sentences() -> None:
    edited = replace(SPEC, modified=SPEC.published + timedelta(days=1))
    assert str(int(edited.modified.timestamp())) in render(edited, "2026").decode()  # type: ignore[union-attr]
    slip = report_body(replace(FACTS, slips=(("重点处理", "重点处"),)))
    assert "重点处789起仿冒投诉事件" in slip
    short = report_body(replace(FACTS, phishing=None, cross_border=None))
    assert "仿冒投诉" not in short
    assert "跨境" not in short


@pytest.mark.parametrize("name", FAILURES)
def test_failure_pages(name: str) -> None:
    verdict, page = FAILURES[name]
    assert verdict in {"blocked", "gone", "moved", "expired", "unavailable", "unknown"}
    assert b'id="js_article"' not in page
    if page:
        assert tree(page) is not None


def test_failure_pages_have_their_true_sizes() -> None:
    sizes = {
        "deleted_zh": 37_000,
        "violation": 38_000,
        "expired": 4_900,
        "parameter_error": 31_000,
        "rate_limit_2018": 10_200,
    }
    for name, size in (sizes | {"verification_shell": 17_000}).items():
        assert len(FAILURES[name].page) == pytest.approx(size, rel=0.08)
    assert len(FAILURES["unavailable"].page) == 934
    assert not tree(FAILURES["verification_shell"].page).xpath('string(//*[@id="app"])')


def test_pages_that_name_an_address() -> None:
    target = "https://mp.weixin.qq.com/s?__biz=MzIwMDAwMDAwMQ==&mid=1&idx=1"
    assert js(html.escape(target)) in moved_page(target).decode()
    assert "captcha" in verification_address(target)
    assert "js_verify" in verification_page(target).decode()
    assert "js_verify" not in verification_page(target, words=False).decode()
