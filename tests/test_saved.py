"""Saved files: what they are, in which charset, and what of them is the report."""

import base64
import json
import os
import re
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.items import Issue
from cncert.report.cleaning import clean_issue
from cncert.report.validation import validate_issue
from cncert.sources.saved_files.charset import decode
from cncert.sources.saved_files.mhtml import read_mhtml
from cncert.sources.saved_files.saved_page import SavedPageContent, read_saved_page, unwrap_saved_page
from tests import series
from tests.site import cert_site, pages, reprints

FOLDER = Path(__file__).parent / "saved"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".json")
WRITTEN = datetime(2026, 1, 2, tzinfo=UTC)
TITLE = "网络安全信息与动态周报2024年第9期（2月26日-3月3日）"
REPORT = (
    "本周网络安全基本态势",
    "本周，网络安全态势整体评价为良。",
    "本周事件处理情况",
    "本周共处理网络安全事件90起。",
)
LINK = "https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEEFF"


def read(data: bytes | str) -> SavedPageContent:
    return read_saved_page(unwrap_saved_page(data.encode() if isinstance(data, str) else data, WRITTEN))


def issue_in(data: bytes | str) -> Issue:
    saved = read(data)
    assert saved.issue is not None, saved.reason
    return validate_issue(clean_issue(saved.issue))


def stated_time(issue: Issue) -> str | None:
    """When an issue says that it was published: a time, or a day."""
    found = issue.published_at or issue.published_on
    assert issue.published_at is None or issue.published_on is None
    return found.isoformat() if found else None


def reason(data: bytes | str) -> str:
    saved = read(data)
    assert saved.issue is None
    return saved.reason


def document(path: Path) -> dict[str, Any]:
    """The issue in a file, without what changes with the parser."""
    found = issue_in(path.read_bytes()).model_dump(mode="json")
    del found["provenance"]["parser"], found["warnings"]
    return found


def text(*lines: str) -> str:
    return "\n\n".join((TITLE, *REPORT, *lines))


def html(*, title: str = TITLE, head: str = "", before: str = "", within: str = "", after: str = "") -> str:
    body = "".join(f"<p>{line}</p>" for line in REPORT)
    return f"<html><head>{head}</head><body>{before}<h1>{title}</h1><div>{body}{within}</div>{after}</body></html>"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_saved_file_gives_its_document(path: Path) -> None:
    """Made by ``python -m tests.test_saved``, and looked through by a person."""
    assert document(path) == json.loads((FOLDER / f"{path.name}.json").read_text(encoding="utf-8"))


# --- what a file is


def test_a_page_of_wechat_is_read_as_the_crawl_reads_it() -> None:
    issue = issue_in(series.page_of("2025-03"))
    assert (issue.provenance.source, issue.article.mid) == ("page", series.published("2025-03").mid)


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig", "gb18030"])
def test_a_page_of_wechat_that_an_editor_wrote_in_another_charset(codec: str) -> None:
    assert issue_in(series.page_of("2025-03").decode().encode(codec)).id == "2025-03"


@pytest.mark.parametrize("name", ["deleted_zh", "verification", "rate_limit_2018"])
def test_a_failure_page_stays_one(name: str) -> None:
    failure = pages.FAILURES[name]
    saved = read(failure.page)
    assert (saved.page.verdict.value, saved.issue) == (failure.verdict, None)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty answer"),
        (b"%PDF-1.7\n", "a PDF file, broken"),
        (b"PK\x03\x04", "a ZIP archive or an Office document, which is not read"),
        (b"\x89PNG\r\n", "a picture, which is not read"),
        ("<p>" + "x" * 4_200_000, "no page of WeChat, and longer than 4194304 characters"),
        (b"<p>\xff" + b"x" * 17_000_000, "no page of WeChat, and longer than 4194304 characters"),
        (b"\x00\x01\x02\x03", "neither a page of WeChat nor a copy of the report (title: "),
        (b"<html><h1>CNVD</h1></html>", "neither a page of WeChat nor a copy of the report (title: "),
        (TITLE, "(empty: "),
        (html().replace("本周", "上周").replace("起", "年"), "(empty: "),
        (f"{TITLE}\n：\n，\n。\n视频\n小程序", "(empty: "),
        (f"{text()}\n\n{text().replace('第9期（2月26日-3月3日）', '第10期')}", "(several: "),
    ],
)
def test_what_is_no_copy_is_said_to_be_none(data: bytes | str, said: str) -> None:
    assert said in reason(data)


def test_a_page_of_another_account_is_no_copy() -> None:
    page = series.page_of("2025-03", biz=1234567890, account_name="某安全实验室")
    assert "account" in reason(page)


def test_a_page_that_lost_its_identity_with_its_scripts() -> None:
    issue = issue_in((FOLDER / "singlefile.html").read_bytes())
    assert (issue.provenance.via, issue.article.mid, issue.account.name) == ("file", None, pages.CNCERT_NAME)


def test_the_same_under_another_name_is_no_copy() -> None:
    page = (FOLDER / "singlefile.html").read_text(encoding="utf-8")
    assert "account" in reason(page.replace(pages.CNCERT_NAME, "某安全实验室"))


# --- charsets


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb2312", "gb18030", "utf-16"])
def test_charsets(codec: str) -> None:
    assert decode(text().encode(codec)) == text()


def test_what_is_utf_8_is_so_whatever_it_declares() -> None:
    page = f'<meta charset="gb2312">{TITLE}'
    assert decode(page.encode()) == page


def test_a_text_that_breaks_off_inside_a_character() -> None:
    assert decode((text() * 9).encode()[:-1]).startswith(text())


def test_big5_has_to_be_declared() -> None:
    page = "<meta charset=big5>網路安全"
    assert decode(page.encode("big5")) == page


@pytest.mark.parametrize("charset", ["utf-7", "rot13", "idna", "unicode_escape", "no-such", "zip"])
def test_no_other_codec_is_used(charset: str) -> None:
    page = f'<meta charset="{charset}">{TITLE}'
    assert decode(page.encode("gb18030")) == page


@given(st.binary(max_size=300))
def test_any_bytes_are_text(data: bytes) -> None:
    assert isinstance(decode(data), str)


# --- pages of other sites


@pytest.mark.parametrize("tag", ["h2", "h3", "p", "td"])
def test_the_title_may_stand_in_any_element_before_the_report(tag: str) -> None:
    assert issue_in(html().replace("<h1>", f"<{tag}>").replace("</h1>", f"</{tag}>")).id == "2024-09"


@pytest.mark.parametrize(
    "head", [f"<title>{TITLE} - 某网</title>", f'<meta property="og:title" content="{TITLE}_某网">']
)
def test_the_title_may_stand_in_the_head_only(head: str) -> None:
    issue = issue_in(html(title="周报", head=head))
    assert (issue.id, issue.title) == ("2024-09", TITLE)


@pytest.mark.parametrize("title", [f"解读{TITLE}", f"{TITLE}要点", "周报"])
def test_another_title_is_none(title: str) -> None:
    others = f"<h3>{TITLE}</h3>"
    assert "(title: " in reason(html(title=title, head=f"<title>{title}</title>", after=others))


def test_a_menu_of_other_issues_is_not_the_title() -> None:
    menu = "<ul><li>网络安全信息与动态周报2024年第8期</li><li>网络安全信息与动态周报2024年第7期</li></ul>"
    assert issue_in(html(before=menu)).id == "2024-09"


def test_only_what_the_report_says_is_read() -> None:
    comment = "<div>评论：本周网络安全基本态势，网络安全态势整体评价为危，共处理网络安全事件1起。</div>"
    issue = issue_in(html(before=comment, within="<p>相关阅读</p><p>共处理网络安全事件2起。</p>", after=comment))
    assert issue.text == "\n".join(REPORT)
    assert [(figure.metric, figure.value) for figure in issue.figures] == [("incidents.handled", 90)]


@pytest.mark.parametrize("line", ["相关单位已处置完毕。", "推荐使用强口令。", "热门应用共3款。"])
def test_a_sentence_that_begins_like_a_tail_is_none(line: str) -> None:
    assert issue_in(html(within=f"<p>{line}</p>")).text.endswith(line)


def test_scripts_say_nothing() -> None:
    script = "<script>var text = '本周网络安全基本态势 共处理网络安全事件5起。'</script>"
    assert issue_in(html(before=script, within=script)).text == "\n".join(REPORT)


def test_the_list_of_earlier_issues_ends_the_report() -> None:
    line = f'<p>●<a href="{LINK}">网络安全信息与动态周报2024年第8期（2月19日-2月25日）</a></p>'
    issue = issue_in(html(within=f"<p>近期回顾</p>{line}<p>版权属于某网</p>"))
    assert [(entry.number, entry.url) for entry in issue.review] == [(8, LINK)]
    assert "某网" not in issue.text


def test_pictures_that_nobody_could_fetch_again_are_named() -> None:
    kept = '<img src="https://mmbiz.qpic.cn/mmbiz_png/SampleChart0001/640">'
    issue = issue_in(html(within=f"{kept}<img src='/chart.png'><img data-src='data:image/png;base64,AA=='>"))
    assert [picture.key for picture in issue.images] == ["mmbiz_png/SampleChart0001"]
    (warning,) = (warning for warning in issue.warnings if warning.code == "pictures_left_out")
    assert warning.message.endswith(": 2")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("<p>发布时间：2024-03-07 10:20</p>", "2024-03-07T10:20:00+08:00"),
        ("<p>2024年3月7日</p>", "2024-03-07"),
        ("<p>2024-02-30</p>", None),
        ("<p>2024-03-01</p>", None),  # the week was not over
        ("", None),
    ],
)
def test_the_time_of_publication(before: str, expected: str | None) -> None:
    page = html().replace("</h1>", f"</h1>{before}")
    assert stated_time(issue_in(page)) == expected


@pytest.mark.parametrize(
    ("head", "before", "expected"),
    [
        ('<meta property="article:published_time" content="2024-03-07T15:30:12+00:00">', "", "2024-03-07T23:30:12"),
        ('<meta name="PubDate" content="2024-03-07 15:30">', "", "2024-03-07T15:30:00"),
        ('<meta name="weibo: article:create_at" content="2024-03-07 15:30:12">', "", "2024-03-07T15:30:12"),
        ('<meta itemprop="datePublished" content="2024-03-07T23:30:12Z">', "", "2024-03-08T07:30:12"),
        (
            '<script type="application/ld+json">{"datePublished" : "2024-03-07T23:30:12Z"}</script>',
            "",
            "2024-03-08T07:30:12",
        ),
        ("", '<time datetime="2024-03-07T23:30:12Z">Mar 7</time>', "2024-03-08T07:30:12"),
        ("", "<time>2024年3月7日 15:30</time>", "2024-03-07T15:30:00"),
        ("", '<span itemprop="datePublished" content="2024-03-07">昨天</span>', "2024-03-07"),
        (
            "",
            '<nav><time datetime="2024-05-01">x</time></nav><time datetime="2024-03-07">y</time>',
            "2024-03-07",
        ),
        ("", '<ul><li><time datetime="2024-05-01">另一篇</time></li></ul><p>2024-03-07</p>', "2024-03-07"),
        ("", '<time class="updated" datetime="2024-05-01">x</time><p>2024-03-07</p>', "2024-03-07"),
    ],
)
def test_where_a_site_states_the_time(head: str, before: str, expected: str) -> None:
    found = issue_in(html(head=head).replace("</h1>", f"</h1>{before}"))
    assert stated_time(found) == (f"{expected}+08:00" if "T" in expected else expected)


def test_a_time_behind_the_report_is_of_something_else() -> None:
    assert stated_time(issue_in(html(after='<time datetime="2024-05-01">评论</time>'))) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (LINK, LINK),
        (f"{LINK.split('AAAA')[0]}?__biz={pages.biz_text(pages.CNCERT_BIZ)}&mid=1&idx=1", "same"),
        (f"{LINK.split('/AAAA')[0]}?__biz={pages.biz_text(1234567890)}&mid=1&idx=1", None),
        ("https://other.example/1.html", None),
    ],
)
def test_the_address_of_the_article(address: str, expected: str | None) -> None:
    record = issue_in(html(head=f'<link rel="canonical" href="{address.replace("&", "&amp;")}">')).article
    assert (record.url, record.mid, record.idx, record.kind) == (
        address if expected == "same" else expected,
        None,
        None,
        None,
    )


def test_a_page_nested_without_end_does_no_harm() -> None:
    deep = "<div>" * 20_000
    assert read(html(before=deep, within=deep)).reason
    assert issue_in(html(after=deep)).id == "2024-09"


# --- whom a copy names as its source


@pytest.mark.parametrize(
    ("remark", "named"),
    [
        ("以下文章来源于国家互联网应急中心CNCERT\n，作者CNCERT", pages.CNCERT_NAME),
        ("以下文章来源于国家互联网应急中心CNCERT ，作者CNCERT", pages.CNCERT_NAME),
        ("以下文章来源于国家互联网应急中心CNCERT, 作者: CNCERT", pages.CNCERT_NAME),
        ("某某安全 以下文章来源于 国家互联网应急中心CNCERT 作者CNCERT", pages.CNCERT_NAME),
        ("以下文章来源于：\n\n**国家互联网应急中心CNCERT**\n.", pages.CNCERT_NAME),
        ("> 以 下 文 章 来 源 于【国家互联网应急中心\u200bCNCERT】。", pages.CNCERT_NAME),
        ("以下文章来源于某某安全，作者某", "某某安全"),
        (f"以下文章来源于{'很' * 61}，作者某", None),
        ("以下文章来源于，作者CNCERT", None),
        ("来源：国家互联网应急中心CNCERT", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("kind", ["Markdown", "HTML"])
def test_whom_a_copy_names_as_its_source(kind: str, remark: str, named: str | None) -> None:
    if kind == "Markdown":
        copy = "\n\n".join((f"# {TITLE}", "2024-03-08", remark, *REPORT))
    else:
        lines = remark.replace("*", "").removeprefix("> ").split("\n")
        copy = html(before="<p>2024-03-08</p>").replace("<div>", "".join(f"<p>{line}</p>" for line in lines) + "<div>")
    issue = issue_in(copy)
    stated = issue.provenance.stated_source
    assert (issue.provenance.source, issue.provenance.reprint) == ("file", None)
    assert (stated.name if stated else None) == named
    assert issue.text == "\n".join(REPORT)


@pytest.mark.parametrize(("names_source", "source"), [(True, "file"), (False, None)])
def test_a_reprint_saved_without_its_scripts_is_a_copy_if_it_names_its_source(
    names_source: bool, source: str | None
) -> None:
    whole = reprints.reprint_page(series.spec_of("2024-16"), "whole").decode()
    stripped = re.sub("<script.*?</script>", "", whole, flags=re.DOTALL)
    if not names_source:
        stripped = stripped.replace("以下文章来源于", "")
    content = read(stripped)
    assert (content.issue.provenance.source if content.issue else None) == source
    assert source or "account" in content.reason


def test_the_date_of_a_copy_of_a_reprint_is_not_that_of_the_original() -> None:
    head, remark = f"---\ntitle: {TITLE}\ndate: 2024-03-08\n---\n", "以下文章来源于国家互联网应急中心CNCERT"
    issue = issue_in("\n\n".join((head, remark, *REPORT)))
    stated = issue.provenance.stated_source
    assert stated is not None
    assert (stated_time(issue), stated.published_at, stated.published_on) == (None, None, date(2024, 3, 8))


def test_a_name_behind_the_first_heading_is_text_of_the_report() -> None:
    issue = issue_in(text("以下文章来源于国家互联网应急中心CNCERT"))
    assert issue.provenance.stated_source is None
    assert issue.text.endswith("CNCERT")


def test_a_time_that_is_a_bound_is_no_time_of_publication() -> None:
    line = "| 发布 published | 不晚于 by 2024-03-08 07:30 (UTC+8) |"
    assert stated_time(issue_in("\n\n".join((f"# {TITLE}", line, *REPORT)))) is None


# --- text and Markdown


@pytest.mark.parametrize(
    "title",
    [f"# {TITLE}", f"**{TITLE}**", f"> {TITLE}", f"国家互联网应急中心：{TITLE}", f"---\ntitle: '{TITLE}'\n---\n"],
)
def test_forms_of_a_title(title: str) -> None:
    assert issue_in(text().replace(TITLE, title)).id == "2024-09"


def test_headings_and_lists_of_markdown() -> None:
    marked = "\n".join((f"# {TITLE}", f"## {REPORT[0]} ##", f"- {REPORT[1]}", f"### {REPORT[2]}", f"* {REPORT[3]}"))
    assert issue_in(marked).text == "\n".join(REPORT)


def test_links_and_pictures_of_markdown() -> None:
    line = f'● [网络安全信息与动态周报2024年第8期（2月19日\\-2月25日）]({LINK} "earlier")'
    picture = "![图](https://mmbiz.qpic.cn/mmbiz_png/SampleChart0001/640?wx_fmt=png)"
    issue = issue_in(text(picture, "## 近期回顾", line))
    (earlier,) = issue.review
    assert (earlier.title, earlier.url) == ("网络安全信息与动态周报2024年第8期（2月19日-2月25日）", LINK)
    assert [picture.key for picture in issue.images] == ["mmbiz_png/SampleChart0001"]


def test_a_title_in_the_list_of_earlier_issues_is_not_the_title() -> None:
    assert "(title: " in reason("\n".join((*REPORT, "近期回顾", TITLE)))


HEADS = {
    "YAML": f"---\ntitle: {TITLE}\ndate: 2024-03-07T23:30:12Z\nurl: {LINK}\n---\n",
    "YAML, folded": f"---\ntitle: >-\n  {TITLE}\npublished: '2024-03-08 07:30:12'\nsource: \"{LINK}?scene=1\"\n---\n",
    "TOML": f"+++\ntitle = '{TITLE}'\ndate = 2024-03-07T23:30:12Z\nlink = \"{LINK}\"\n+++\n",
    "a clipper": f'---\ntitle: "{TITLE}"\nsource: "{LINK}"\nauthor:\n  - "[[某]]"\npublished:\ncreated: 2025-09-25\n'
    "---\n*2024年03月08日 07:30:12*\n",
    "a converter": f"Title: {TITLE}\n\nURL Source: {LINK}\n\nPublished Time: Thu, 07 Mar 2024 23:30:12 GMT\n\n"
    f"Markdown Content:\n# {TITLE}\n",
    "in Chinese": f"---\n标题：{TITLE}\n发布时间：2024-03-08 07:30:12\n原文链接：{LINK}\n---\n",
    "lines of the text": f"# {TITLE}\n\n> 2024-03-08 07:30:12\n\n> 原文地址 [mp.weixin.qq.com]({LINK})\n",
    "a bare address": f"# {TITLE}\n来源：{LINK}\n2024年3月8日 07:30:12\n",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_heads_of_markdown(head: str) -> None:
    issue = issue_in(head + "\n" + "\n\n".join(f"## {line}" if len(line) < 12 else line for line in REPORT))
    assert issue.published_at is not None
    assert (issue.published_at.isoformat(), issue.article.url) == ("2024-03-08T07:30:12+08:00", LINK)
    assert (issue.title, issue.text) == (TITLE, "\n".join(REPORT))


def test_an_address_among_the_lines_before_the_report_may_be_of_something_else() -> None:
    assert issue_in(f"# {TITLE}\n推荐：[另一篇]({LINK})\n" + "\n\n".join(REPORT)).article.url is None


def test_an_unknown_page_of_wechat_says_its_sentence() -> None:
    assert "今天天气不错" in reason(pages.message_page("今天天气不错"))


@pytest.mark.parametrize(
    ("shown", "kept", "left_out"),
    [
        (
            '<img src="https://wsrv.nl/?url=https%3A%2F%2Fmmbiz.qpic.cn%2Fmmbiz_png%2FSampleChart0001%2F640&w=9">',
            1,
            False,
        ),
        ('<img srcset="https://mmbiz.qpic.cn/mmbiz_png/SampleChart0001/640 1x, x.png 2x" src="data:,">', 1, False),
        ("<p style='background-image:url(https://mmbiz.qpic.cn/mmbiz_png/SampleChart0001/640)'></p>", 0, True),
        ("<img src='data:image/png;base64,AAAA'>", 0, True),
        ("<img src='https://res.wx.qq.com/t/wx_fed/we-emoji/a.png'>", 0, False),
    ],
)
def test_pictures_of_a_copy(shown: str, kept: int, left_out: bool) -> None:
    issue = issue_in(html(within=shown))
    assert len(issue.images) == kept
    assert any(warning.code == "pictures_left_out" for warning in issue.warnings) is left_out


def test_markup_in_a_text_is_text() -> None:
    assert "<b>90</b>" in issue_in(text("另有<b>90</b>起。")).text


# --- MHTML


def mail(body: bytes, headers: str = "Content-Type: text/html; charset=gb2312", encoding: str = "base64") -> bytes:
    encoded = base64.encodebytes(body) if encoding == "base64" else body
    part = f"{headers}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + encoded
    top = 'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\nno part\r\n'
    picture = b"Content-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\nR0lGODlh\r\n"
    return top.encode() + b"--b\r\n" + picture + b"\r\n--b\r\n" + part + b"\r\n--b--\r\n"


def test_mhtml_of_internet_explorer() -> None:
    assert issue_in(mail(html().encode("gb2312"))).id == "2024-09"


def test_mhtml_inside_of_a_mail() -> None:
    inner = mail(html().encode("gb2312"))
    outer = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n' + inner + b"\r\n--a--\r\n"
    )
    assert issue_in(outer).id == "2024-09"


def test_mhtml_says_where_and_when_it_was_saved() -> None:
    provenance = issue_in((FOLDER / "chrome.mhtml").read_bytes()).provenance
    assert provenance.fetched_at.isoformat() == "2025-02-07T08:00:00+08:00"
    assert provenance.address is not None
    assert "mid=2247490005" in provenance.address


@pytest.mark.parametrize("date", ["Fri, 7 Feb 2199 08:00:00 +0800", "Fri, 7 Feb 1999 08:00:00 +0800", "soon"])
def test_a_date_that_cannot_be_is_not_believed(date: str) -> None:
    data = (FOLDER / "chrome.mhtml").read_bytes().replace(b"Fri, 7 Feb 2025 08:00:00 +0800", date.encode())
    assert issue_in(data).provenance.fetched_at == WRITTEN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Title: x\n\nbody",
        b"MIME-Version: 1.0\n\n",
        b'Content-Type: multipart/related; boundary="b"\n\n--b\n--b\n--b--\n',
        b'Content-Type: multipart/related; boundary="b"\n\n' + b"--b\nContent-Type: image/png\n\nx\n" * 5000,
    ],
)
def test_a_mail_without_a_page_is_none(data: bytes) -> None:
    assert read_mhtml(data) is None


# --- anything


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_with_any_damage_is_read_without_an_error(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(FILES)).read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    saved = read(whole[:start] + data.draw(st.binary(max_size=40)) + whole[end:])
    if saved.issue is not None:
        clean_issue(saved.issue)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_something(data: bytes) -> None:
    assert read(data).reason


if __name__ == "__main__":
    for file in FILES:
        golden = json.dumps(document(file), ensure_ascii=False, indent=1) + os.linesep
        (FOLDER / f"{file.name}.json").write_text(golden, encoding="utf-8")


@pytest.mark.parametrize("name", ["chromium-e1-2012", "libreoffice-e2-2013", "weasyprint-e4-2018", "cairo-e6-2025"])
def test_a_pdf_that_somebody_kept_is_a_copy(name: str) -> None:
    data = (Path("tests/pdfs") / f"{name}.pdf").read_bytes()
    issue = issue_in(data)
    assert str(issue.year) == name[-4:]
    assert (issue.provenance.source, issue.provenance.via) == ("file", "file")
    assert issue.figures
    assert not {"98765", "30000", "3000"} & {str(figure.value) for figure in issue.figures}
    (document,) = issue.documents
    assert (document.url, document.path, document.checksum) == (None, None, sha256(data).hexdigest())


def test_a_pdf_of_something_else_is_no_copy() -> None:
    assert "a PDF file that is no copy of the report (title: " in reason(cert_site.pdf(["CNVD", "漏洞"]))
    assert "a PDF file, encrypted" in reason(cert_site.pdf(["a"], encrypt="secret"))
