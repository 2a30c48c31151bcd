"""What pages of CNCERT's site are read as: addresses, lists, and pages with their files."""

from datetime import date

import pytest

from cncert.cert_site import addresses
from cncert.cert_site.pages import ListedPage, judge_page, read_list_page, read_site_page, read_texts
from cncert.wechat.failure_pages import Verdict

DIGITS = "202604031200001234567"
PAGE = f"/publish/main/44/2026/{DIGITS}/{DIGITS}_.html"
URL = f"https://www.cert.org.cn{PAGE}"
NAME = "网络安全信息与动态周报-2026年第12期"


@pytest.mark.parametrize(
    "text",
    [
        URL,
        PAGE,
        f"  {PAGE} ",
        f"http://www.cert.org.cn{PAGE}",
        f"HTTPS://WWW.CERT.ORG.CN{PAGE}",
        f"//www.cert.org.cn{PAGE}",
        f"../../main/44/2026/{DIGITS}/{DIGITS}_.html",
        f"{PAGE}#top",
        f"{PAGE}?next=1",
    ],
)
def test_an_address_of_a_page_has_one_form(text: str) -> None:
    assert addresses.read_page_address(text) == URL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "javascript:void(0)",
        f"https://www.cert.org.cn.evil.example{PAGE}",
        f"https://evil.example{PAGE}",
        f"https://user@www.cert.org.cn{PAGE}",
        f"https://www.cert.org.cn:8443{PAGE}",
        f"ftp://www.cert.org.cn{PAGE}",
        PAGE.replace("main", "english"),
        PAGE.replace("_.html", "_.php"),
        PAGE.replace("7_.html", "8_.html"),
        f"/publish/main/44/2026/{DIGITS}/../../{DIGITS}_.html",
        "https://[www.cert.org.cn" + PAGE,
        "/" * 5000,
    ],
)
def test_no_other_text_is_an_address_of_a_page(text: str) -> None:
    assert addresses.read_page_address(text) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/publish/main/upload/File/a.pdf", "/publish/main/upload/File/a.pdf"),
        ("/publish/main/upload/File/a 报（1）.pdf", "/publish/main/upload/File/a%20%E6%8A%A5%EF%BC%881%EF%BC%89.pdf"),
        ("/publish/main/upload/File/100% a.pdf", "/publish/main/upload/File/100%25%20a.pdf"),
        ("/publish/main/upload/File/%D6%DC%B1%A8.pdf", "/publish/main/upload/File/%D6%DC%B1%A8.pdf"),
        ("/publish/main/upload/File/2018/weekly", "/publish/main/upload/File/2018/weekly"),
        ("/publish/main/upload/File/../../secret", None),
        ("/publish/main/upload/File/%2e%2e/secret", None),
        ("/publish/main/upload/File//a.pdf", None),
        ("/publish/main/upload/Image/a.png", None),
        ("/publish/main/upload/File/a.pdf?x=1", "/publish/main/upload/File/a.pdf"),
        ("https://evil.example/publish/main/upload/File/a.pdf", None),
    ],
)  # fmt: skip
def test_a_file_has_any_name_below_its_folder(text: str, path: str | None) -> None:
    read = addresses.read_file_address(text)
    assert read == (f"https://www.cert.org.cn{path}" if path else None)
    assert read is None or addresses.read_file_address(read) == read


def test_lists_go_on_page_by_page_and_end() -> None:
    second = addresses.next_list_page(addresses.NEWEST_LIST)
    assert second == "https://www.cert.org.cn/publish/main/44/index_2.html"
    assert addresses.next_list_page(second) == "https://www.cert.org.cn/publish/main/44/index_3.html"
    last = f"https://www.cert.org.cn/publish/main/44/index_{addresses.MAX_LIST_PAGES - 1}.html"
    assert addresses.read_list_address(last) == last
    assert addresses.next_list_page(last) is None
    assert addresses.list_behind(second) == addresses.OLDER_LIST
    assert addresses.list_behind(addresses.OLDER_LIST) is None


@pytest.mark.parametrize(
    "attributes",
    [
        f"""href="javascript:void(0)" onclick=window.open("{PAGE}")""",
        f"""href="javascript:void(0)" onclick="window.open('{PAGE}')" """,
        f"""href='#' onclick='window.open("{PAGE}", "_blank")' """,
        f"""href="javascript:void(0)" onclick="window.open({PAGE})" """,
        f"""href="{PAGE}" """,
        f"""href="http://www.cert.org.cn{PAGE}" onclick="track('a')" """,
    ],
)
def test_a_list_names_its_pages_in_every_form(attributes: str) -> None:
    page = f'<ul class="list waring_con"><li><span>[2026-04-03]</span><a {attributes}>{NAME}</a></li></ul>'
    assert read_list_page(page.encode(), addresses.NEWEST_LIST) == [ListedPage(NAME, URL)]


@pytest.mark.parametrize(
    "attributes",
    [
        'onclick="window.open(\'https://evil.example/publish/main/44/a.html\')"',
        f'onclick="window.open(&quot;//evil.example{PAGE}&quot;)"',
        'onclick="fetch(`https://evil.example`)"',
        f'href="javascript:alert({PAGE})"',
        f'onclick="{"(" * 100_000}"',
        "",
    ],
)  # fmt: skip
def test_a_hostile_address_is_none(attributes: str) -> None:
    page = f'<ul class="waring_con"><li><a {attributes}>{NAME}</a></li></ul>'
    assert read_list_page(page.encode(), addresses.NEWEST_LIST) == [ListedPage(NAME, None)]


def test_the_older_overview_is_a_list_too() -> None:
    page = f'<div><a class="newslist_style" href="{PAGE}" title="{NAME}">网络安全信息与动…</a></div>'
    assert read_list_page(page.encode("gb18030"), addresses.OLDER_LIST) == [ListedPage(NAME, URL)]


@pytest.mark.parametrize("page", ["", "<html>", "<ul class='news'><li><a href='/a.html'>a</a></li></ul>"])
def test_what_is_no_list_is_none(page: str) -> None:
    assert read_list_page(page.encode(), addresses.NEWEST_LIST) is None


def test_an_empty_list_is_one() -> None:
    assert read_list_page(b"<ul class=waring_con></ul>", addresses.NEWEST_LIST) == []


def test_the_texts_of_a_page_of_any_layout_have_the_whole_titles_of_its_links() -> None:
    page = f"<script>x</script><p>第一<b>行</b></p><dl><dd><a title='{NAME}'>网络安全…</a></dd></dl>"
    assert read_texts(page.encode()) == ["第一行", "网络安全…", NAME]
    assert read_texts(b"") == []


def test_a_page_states_its_title_day_text_and_files() -> None:
    found = read_site_page(
        f"""<h2 class="artil_tit"><font>{NAME}</font></h2><div class="artil_art">来源：CNCERT　时间：2026-04-03</div>
        <div class="artil_content"><p>第一行</p><font><a href="/publish/main/upload/File/a b.pdf">a</a></font>
        <a href="https://evil.example/b.pdf">b</a><a href="/publish/main/upload/File/a%20b.pdf">again</a>
        <a onclick="window.open('/publish/main/upload/File/c.pdf')">c</a><script>x</script></div>""".encode(),
        URL,
    )
    assert found is not None
    assert (found.title, found.published_on) == (NAME, date(2026, 4, 3))
    assert found.lines[0].text == "第一行"
    root = "https://www.cert.org.cn/publish/main/upload/File"
    assert found.files == (f"{root}/a%20b.pdf", f"{root}/c.pdf")


@pytest.mark.parametrize(
    ("status", "page", "verdict"),
    [
        (200, f'<h2 class="artil_tit">{NAME}</h2><div class="artil_content">x</div>', Verdict.ARTICLE),
        (200, f'<h2 class="title">{NAME}</h2><div class="artil_content">x</div>', Verdict.UNKNOWN),
        (200, f'<h2 class="artil_tit">{NAME}</h2><div class="content">x</div>', Verdict.UNKNOWN),
        (200, "", Verdict.UNKNOWN),
        (404, "", Verdict.UNAVAILABLE),
        (410, "", Verdict.GONE),
        (302, "", Verdict.UNAVAILABLE),
        (503, "", Verdict.UNAVAILABLE),
    ],
)
def test_an_answer_is_a_page_or_not(status: int, page: str, verdict: Verdict) -> None:
    assert judge_page(URL, status, page.encode()).verdict is verdict


def test_broken_and_deep_pages_are_read_in_bounded_time() -> None:
    deep = b"<div>" * 100_000 + b'<ul class="waring_con"><li><a href="#">' + "周报".encode()
    for page in (
        deep,
        b"\xff\xfe" * 50_000,
        b"<ul class=waring_con>" + b"<li><a>" * 100_000,
        b"<h2 class=artil_tit" * 50_000,
    ):
        read_list_page(page, addresses.NEWEST_LIST)
        read_site_page(page, URL)
        read_texts(page)
