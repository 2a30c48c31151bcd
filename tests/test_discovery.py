"""Feeds, albums and what names them: the pure part of discovery."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cncert.exceptions import ArgumentError, NotAnIssue, SettingError, SourceError
from cncert.items import CHINA, Issue
from cncert.options import Options
from cncert.sources.album import album_id, album_page, is_album_page, read_album, read_neighbours
from cncert.sources.configured_sources import archived_as, host_and_path, may_ask, read_sources
from cncert.sources.feed import MAX_ENTRIES, read_feed
from cncert.sources.feed_copy import read_feed_copy
from cncert.sources.listed_articles import ListedArticle, ListedIssue, find_issues
from cncert.spiders.arguments import Arguments
from cncert.wechat.address import read_address
from tests import series
from tests.site import feeds, pages

ISSUE, EARLIER = "2024-16", ("2024-15", "2024-14")
ONE = series.published(ISSUE)
SHORT = "https://mp.weixin.qq.com/s/AnotherAddress00000000"
PUBLISHED = datetime(2024, 4, 25, 17, 30, tzinfo=CHINA)
BODY = pages.report_body(
    pages.ReportFacts(),
    [pages.Picture(url) for url in ONE.pictures],
    [pages.ReviewLine(series.title_of(issue), series.published(issue).url) for issue in EARLIER],
)
POST = feeds.Post(ONE.title, ONE.url, BODY, PUBLISHED)
ITEM = f"<item><title>{ONE.title}</title><link>{SHORT}</link></item>"


def rss(items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return f'{head}<rss version="2.0"><channel>{items}</channel></rss>'


def one_entry(data: bytes | str) -> ListedArticle:
    entries, fault = read_feed(data if isinstance(data, bytes) else data.encode())
    assert fault is None
    (entry,) = entries
    return entry


def copy_of(entry: ListedArticle) -> Issue:
    address = read_address(entry.links[0])
    assert address is not None
    return read_feed_copy(ListedIssue(ISSUE, address, entry), datetime.now(UTC))


# ---------------------------------------------------------------------------------------------------------------------
# Feeds


@pytest.mark.parametrize("form", feeds.FORMS)
def test_every_service_names_the_article(form: str) -> None:
    url = SHORT if form == "wewe-rss" else ONE.url
    entry = one_entry(feeds.FORMS[form]([feeds.Post(ONE.title, url, BODY, PUBLISHED)]))
    assert (entry.title, entry.published) == (ONE.title, PUBLISHED)
    (named,), others = find_issues([entry])
    assert (named.issue, named.address.url, others) == (ISSUE, url, Counter())


def test_a_copy_of_a_reprint_names_its_source_and_has_no_time_of_publication() -> None:
    remark = "<p>以下文章来源于<span>国家互联网应急中心CNCERT</span> ，作者CNCERT</p>"
    issue = copy_of(one_entry(feeds.FORMS["rsshub"]([feeds.Post(ONE.title, ONE.url, remark + BODY, PUBLISHED)])))
    stated = issue.provenance.stated_source
    assert stated is not None
    assert (stated.name, stated.published_at, issue.published_at) == ("国家互联网应急中心CNCERT", PUBLISHED, None)
    assert issue.provenance.source == "feed"


def test_a_feed_that_states_the_day_gives_no_time() -> None:
    feed = re.sub("<pubDate>[^<]*", "<pubDate>2024-05-02", feeds.FORMS["rsshub"]([POST]).decode())
    issue = copy_of(one_entry(feed.encode()))
    assert (issue.published_at, issue.published_on) == (None, date(2024, 5, 2))


@pytest.mark.parametrize("form", feeds.FORMS)
def test_every_service_carries_the_issue(form: str) -> None:
    """The figures, pictures and links are those of the page, whatever proxy stands in their addresses."""
    issue = copy_of(one_entry(feeds.FORMS[form]([POST])))
    assert (issue.id, issue.provenance.via, issue.published_at) == (ISSUE, "feed", PUBLISHED)
    assert {figure.metric: figure.value for figure in issue.figures} == {
        "incidents.handled": 657, "incidents.cross_border": 337, "incidents.phishing_complaints": 640,
        "mobile_malware.platforms": 8, "mobile_malware.urls": 9,
    }  # fmt: skip
    assert [picture.url.partition("?")[0] for picture in issue.images] == [
        url.partition("?")[0] for url in ONE.pictures
    ]
    assert [(line.year, line.number, line.url) for line in issue.review] == [
        (2024, int(one[-2:]), series.published(one).url) for one in EARLIER
    ]
    assert issue.text.startswith("本周网络安全基本态势")
    assert (issue.article.mid, issue.account.biz, issue.article.url) == (None, None, ONE.url)


def test_in_an_aggregator_an_issue_is_found_by_its_title() -> None:
    posts = [feeds.Post(ONE.title, SHORT, feeds.beginning(BODY), account="某某安全")]
    listed = feeds.aggregated(posts, newest=PUBLISHED, entries=MAX_ENTRIES)
    entries, fault = read_feed(feeds.doonsec(listed))
    issues, others = find_issues(entries, date(2026, 11, 30))
    assert (len(entries), fault) == (MAX_ENTRIES, None)
    assert [(one.issue, one.address.url) for one in issues] == [(ISSUE, SHORT)]
    assert others == Counter(other_titles=MAX_ENTRIES - 1)
    assert issues[0].article.published == PUBLISHED - timedelta(days=1)


def test_links_by_a_proxy_lead_where_they_led() -> None:
    proxied = feeds.wechat2rss([POST]).decode()
    for issue in EARLIER:
        url = series.published(issue).url
        proxied = proxied.replace(
            f'href="{url.replace("&", "&amp;")}"',
            f'href="{feeds.PROXY}/link-proxy/?k=1&amp;r=1&amp;u={quote(url, safe="")}"',
        )
    assert proxied.count("link-proxy") == 1 + len(EARLIER)
    assert [line.url for line in copy_of(one_entry(proxied)).review] == [series.published(one).url for one in EARLIER]


@pytest.mark.parametrize("content", ["", "<p>阅读原文</p>", f"<p>{ONE.title}</p><p><img src='{ONE.pictures[0]}'></p>"])
def test_a_stub_is_no_copy(content: str) -> None:
    with pytest.raises(NotAnIssue):
        copy_of(ListedArticle(ONE.title, (ONE.url,), content, PUBLISHED))


@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("<pubDate>Thu, 25 Apr 2024 17:30:00 +0800</pubDate>", PUBLISHED),
        ("<pubDate>Thu, 25 Apr 2024 09:30:00 GMT</pubDate>", PUBLISHED),
        ("<pubDate>Thu, 25 Apr 2024 17:30:00 </pubDate>", PUBLISHED),
        ("<pubDate>2024-04-25T09:30:00Z</pubDate>", PUBLISHED),
        ("<pubDate>2024-04-25 17:30:00</pubDate>", PUBLISHED),
        ("<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2024-04-25T17:30:00+08:00</dc:date>", PUBLISHED),
        ("<pubDate>gestern</pubDate>", None),
        ("<pubDate>Thu, 99 Apr 99999 17:30:00 +9999</pubDate>", None),
        ("<pubDate>0001-01-01T00:00:00Z</pubDate>", None),
        ("", None),
    ],
)
def test_a_time_in_any_form(date: str, published: datetime | None) -> None:
    assert one_entry(rss(ITEM.replace("</item>", f"{date}</item>"))).published == published


LONG = "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247499624&idx=1&sn=" + "5a" * 16


@pytest.mark.parametrize(
    ("item", "link"),
    [
        (f"<link>{LONG.replace('&', '&amp;')}</link>", LONG),
        (f"<link>{LONG}</link>", LONG),
        (f"<link><![CDATA[{LONG}]]></link>", LONG),
        (f'<link href="{LONG}"/>', LONG),
        (f'<link rel="self" href="https://x.example/"/><link rel="alternate" href="{LONG}"/>', LONG),
        (f"<guid>{LONG}</guid>", LONG),
        (f"<link>https://reader.example/1</link><guid>{LONG}</guid>", LONG),
        (f"<link>https://reader.example/r?k=1&amp;u={quote(LONG, safe='')}</link>", LONG),
    ],
)
def test_an_address_wherever_it_stands(item: str, link: str) -> None:
    (named,), _ = find_issues([one_entry(rss(f"<item><title>{ONE.title}</title>{item}</item>"))])
    assert named.address.url == link


SLIPS = {
    "control characters": rss(ITEM.replace("周报", "\x08周\x00报")),
    "entities of HTML": rss(ITEM.replace("周报", "周报&nbsp;").replace("<link>", "<x>&copy;&&;</x><link>")),
    "white space and a mark before it": "\ufeff \n" + rss(ITEM),
    "RSS 1.0": f'<rdf:RDF xmlns:rdf="urn:r" xmlns="http://purl.org/rss/1.0/">{ITEM}</rdf:RDF>',
    "RSS 0.91 with its document type": rss(ITEM, '<!DOCTYPE rss SYSTEM "http://my.netscape.com/rss-0.91.dtd">'),
    "Atom in elements": f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="xhtml"><div>{ONE.title}</div>'
    f'</title><link href="{SHORT}"/><content type="xhtml"><div><p>a</p></div></content></entry></feed>',
}


@pytest.mark.parametrize("data", SLIPS.values(), ids=SLIPS)
def test_a_slip_does_no_harm(data: str) -> None:
    entry = one_entry(data)
    assert find_issues([entry])[0][0].issue == ISSUE
    assert entry.links == (SHORT,)


CHARSETS = {
    "utf-8, said to be gb2312": rss(ITEM, '<?xml version="1.0" encoding="gb2312"?>').encode(),
    "gb18030, said to be utf-8": rss(ITEM).encode("gb18030"),
    "gb2312": rss(ITEM, '<?xml version="1.0" encoding="gb2312"?>').encode("gb2312"),
    "utf-16": rss(ITEM, '<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"),
    "an unknown one": rss(ITEM, '<?xml version="1.0" encoding="klingon"?>').encode(),
}


@pytest.mark.parametrize("data", CHARSETS.values(), ids=CHARSETS)
def test_any_charset(data: bytes) -> None:
    assert one_entry(data).title == ONE.title


BROKEN = {
    "": "the answer is empty",
    " \n": "the answer is empty",
    "<!DOCTYPE html><html><body>登录</body></html>": "the answer is no feed but <html>",
    '{"ret": -1}': "the answer is no feed",
    rss(""): "the feed holds no entry",
    '<?xml version="1.0"?><rss><channel><title>': "its XML is broken",
    "<rss" * 9: "the answer is no feed",
}


@pytest.mark.parametrize(("data", "said"), BROKEN.items())
def test_what_is_no_feed_is_said_in_one_line(data: str, said: str) -> None:
    with pytest.raises(SourceError) as error:
        read_feed(data.encode())
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    entries, fault = read_feed(rss(ITEM * 3)[: -len(ITEM)].encode())
    assert (len(entries), str(fault)[:18]) == (2, "its XML is broken ")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
HOSTILE = {
    "entities in entities": rss(
        "<item><title>&l11;</title><link href='&l11;'/></item>", f'<!DOCTYPE r [<!ENTITY l0 "lol">{LAUGHS}]>'
    ),
    "a long entity often": rss(
        "<item><title>" + "&a;" * 9999 + "</title></item>", f'<!-- <a --><!DOCTYPE r [<!ENTITY a "{"x" * 99_999}">]>'
    ),
    "a file": rss(
        "<item><title>&x;</title></item>", '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM '
        '"http://127.0.0.1:9/x"> %p;]>',
    ),
    "elements": rss("<a/>" * 500_000),
    "depth": "<rss>" + "<item>" * 200_000,
    "quotes": "<rss><channel>" + '<a "' * 250_000,
    "attributes": "<rss><item " + " ".join(f'a{n}=""' for n in range(100_000)) + "/></rss>",
    "sections": "<rss>" + "<![CDATA[" * 100_000,
    "ampersands": "<rss>" + "&a" * 500_000,
}  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_feed_gives_little_and_soon(data: str) -> None:
    try:
        entries, _ = read_feed(data.encode())
    except SourceError:
        return
    assert sum(len(str(entry)) for entry in entries) < 100_000
    assert "root:" not in str(entries)


def test_no_more_entries_are_read_than_any_feed_has() -> None:
    assert len(read_feed(rss(ITEM * (MAX_ENTRIES + 1)).encode())[0]) == MAX_ENTRIES


FEED = feeds.wechat2rss([POST])


@given(st.binary(max_size=300) | st.text(alphabet="<>/&;\"'![]CDAT-?rsitem lnk=a%#x0 周", max_size=300).map(str.encode))
@example(b"<rss><item><title>&#xd800;</title></item></rss>")
@example(b"<rss><item><title>&#99999999999;</title></item></rss>")
def test_any_bytes_are_a_feed_or_none(data: bytes) -> None:
    try:
        entries, _ = read_feed(data)
    except SourceError:
        return
    find_issues(entries)


@given(st.integers(0, len(FEED)), st.integers(0, 40), st.binary(max_size=20))
def test_a_damaged_feed_is_a_feed_or_none(start: int, length: int, put: bytes) -> None:
    try:
        entries, _ = read_feed(FEED[:start] + put + FEED[start + length :])
    except SourceError:
        return
    for named in find_issues(entries)[0]:
        try:
            issue = copy_of(named.article)
        except NotAnIssue:
            continue
        assert issue.provenance.via == "feed"


# ---------------------------------------------------------------------------------------------------------------------
# Which entries are issues


@pytest.mark.parametrize(
    ("title", "link", "kind"),
    [
        ("勒索软件动态周报-2022年第50期", SHORT, "other_titles"),
        ("", SHORT, "other_titles"),
        ("网络安全信息与动态周报2024年第60期", SHORT, "other_titles"),
        (ONE.title, "https://evil.example/s/AnotherAddress00000000", "other_hosts"),
        (ONE.title, "http://169.254.169.254/s/AnotherAddress00000000", "other_hosts"),
        (ONE.title, "https://mp.weixin.qq.com/mp/profile_ext?action=home", "other_hosts"),
        (ONE.title, "javascript:alert(1)", "other_hosts"),
        (ONE.title, "https://[", "other_hosts"),
        (ONE.title, "", "other_hosts"),
        (ONE.title, LONG.replace("MzIwNDk0MDgxMw", "MzUzOTE2OTM5Mg"), "other_accounts"),
    ],
)
def test_other_entries_are_counted(title: str, link: str, kind: str) -> None:
    assert find_issues([ListedArticle(title, (link,))]) == ([], Counter({kind: 1}))


def test_a_week_that_has_not_ended_has_no_issue() -> None:
    entry, end = ListedArticle(ONE.title, (SHORT,)), date(2024, 4, 21)
    assert find_issues([entry], today=end)[0] == []
    assert len(find_issues([entry], today=end + timedelta(days=1))[0]) == 1


def test_an_address_is_named_once() -> None:
    assert (
        len(find_issues([ListedArticle(ONE.title, (SHORT,)), ListedArticle(ONE.title, (SHORT + "?scene=1",))])[0]) == 1
    )


# ---------------------------------------------------------------------------------------------------------------------
# Albums


def test_a_page_of_an_album_names_articles_and_the_next_page() -> None:
    page = read_album(feeds.album([POST, POST], goes_on=True), "123456")
    assert [find_issues([entry])[0][0].issue for entry in page.entries] == [ISSUE, ISSUE]
    assert page.next is not None
    assert page.next.endswith("&begin_msgid=2247000001&begin_itemidx=1")
    assert is_album_page(page.next)


def test_the_last_page_may_have_one_article_that_is_no_list() -> None:
    page = read_album(feeds.album([POST], alone=True), "123456")
    assert ([entry.title for entry in page.entries], page.next) == ([ONE.title], None)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<html>", b"[]", b"{}", b'{"getalbum_resp": 3}', b"[" * 100_000, b"1" * 10_000,
        b'{"getalbum_resp": {"article_list": "x", "continue_flag": "1"}}',
        b'{"getalbum_resp": {"article_list": [{"title": {}, "url": [], "msgid": "../"}], "continue_flag": 1}}',
        pages.FAILURES["verification"].page,
    ],
    ids=lambda data: repr(data[:20]),
)  # fmt: skip
def test_what_is_no_album_does_no_harm(data: bytes) -> None:
    try:
        page = read_album(data, "123456")
    except SourceError:
        return
    assert find_issues(page.entries)[0] == []
    assert page.next is None


def test_an_album_by_its_number_or_its_address() -> None:
    address = (
        "https://mp.weixin.qq.com/mp/appmsgalbum?__biz=MzIwNDk0MDgxMw==&action=getalbum&album_id=1234567&scene=1#x"
    )
    assert album_id(address) == album_id("1234567") == "1234567"
    assert album_id(album_page("1234567")) == "1234567"
    for other in ("", "x", "https://evil.example/mp/appmsgalbum?album_id=1234567", SHORT, "https://["):
        assert album_id(other) is None


@pytest.mark.parametrize("era", pages.ERAS)
def test_a_page_names_its_neighbours_in_an_album(era: pages.Era) -> None:
    after, before = (series.published(issue) for issue in ("2024-17", "2024-15"))
    spec = pages.ArticleSpec(album_after=(after.title, after.url), album_before=(before.title, before.url))
    found, others = find_issues(read_neighbours(pages.render(spec, era)))
    expected = ["2024-17", "2024-15"] if era in pages.MODERN else []
    assert ([named.issue for named in found], others) == (expected, Counter())
    assert read_neighbours(pages.render(pages.ArticleSpec(), era)) == []


# ---------------------------------------------------------------------------------------------------------------------
# Settings and arguments


def sources(feed: str = "", albums: str = "") -> list[str]:
    return [source.url for source in read_sources(Options.of({"CNCERT_FEEDS": feed, "CNCERT_ALBUMS": albums}))]


def test_feeds_and_albums_are_read_each_once() -> None:
    named = (
        "https://a.example/1.xml, https://a.example/1.xml\nhttp://rsshub:1200/x  http://192.168.1.5/x http://[::1]/x"
    )
    assert sources(named, "1234567,1234567") == [
        "https://a.example/1.xml", "http://rsshub:1200/x", "http://192.168.1.5/x", "http://[::1]/x",
        album_page("1234567"),
    ]  # fmt: skip
    assert sources() == sources(" ,\n") == []


@pytest.mark.parametrize(
    ("feed", "album", "said"),
    [
        ("feed.xml", "", "must name web addresses"),
        ("ftp://a.example/x", "", "must name web addresses"),
        ("https://", "", "must name web addresses"),
        ("https://[", "", "must name web addresses"),
        ("https://a.example:x/", "", "must name web addresses"),
        ("https://a.example/" + "x" * 3000, "", "must name web addresses"),
        (
            "http://user:secret@a.example/x?key=secret",
            "",
            "http:// is for a server of your own network only, not for a",
        ),
        ("http://8.8.8.8/x", "", "http:// is for a server"),
        ("", "x", "'x' is neither the number of an album nor its address"),
        (" ".join(f"https://a.example/{n}" for n in range(51)), "", "51 sources, 50 are the most"),
    ],
)
def test_a_source_that_is_none_is_one_line(feed: str, album: str, said: str) -> None:
    with pytest.raises(SettingError) as error:
        sources(feed, album)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


def test_a_secret_is_not_shown() -> None:
    feed = "https://user:p%40ss@a.example:8443/x.xml?key=secret"
    (source,) = read_sources(Options.of({"CNCERT_FEEDS": feed}))
    assert (source.url, source.name) == ("https://a.example:8443/x.xml?key=secret", "a.example:8443/x.xml")
    assert source.authorization == "Basic dXNlcjpwQHNz"
    for text in (repr(source), source.label, host_and_path(feed), archived_as(feed)):
        assert not any(secret in text for secret in ("secret", "p%40ss", "p@ss", "user", "dXNl"))
    assert archived_as(feed) != archived_as(feed.replace("secret", "other"))


def test_a_redirect_leads_to_no_host_that_nobody_named() -> None:
    named = read_sources(Options.of({"CNCERT_FEEDS": "https://a.example/x http://localhost/y"}))
    for url in ("https://a.example/z?x=1", "http://localhost/z", "https://localhost/z", album_page("123456")):
        assert may_ask(url, named)
    for url in (
        "http://a.example/x", "https://b.example/x", "https://a.example:8443/x", "https://a.example.evil.example/x",
        "https://user@a.example/x", "file:///etc/passwd", "", "https://[", "//a.example/x",
        "https://mp.weixin.qq.com/mp/profile_ext",
    ):  # fmt: skip
        assert not may_ask(url, named), url


def test_addresses_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "wanted.txt"
    file.write_text(f"# 2024-16\n{SHORT}\n\n  {LONG}#rd\r\n{SHORT}\n", encoding="utf-8")
    assert Arguments.read({"start": f"@{file}"}, read_address).start == (SHORT, LONG)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("# nothing\n", "names no address"),
        (f"{SHORT}\nhttps://evil.example/x\n", "wanted.txt, line 2: 'https://evil.example/x' is no address"),
        ("x" * 1_000_001, "has more than 1000000 characters"),
    ],
)
def test_a_wrong_file_of_addresses_is_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "wanted.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ArgumentError) as error:
        Arguments.read({"start": f"@{file}"}, read_address)
    assert said in str(error.value)
