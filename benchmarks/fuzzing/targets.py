"""The readers of foreign input: what each is fed with, and what it promises whatever comes."""

import gzip
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlsplit

import brotli
import bson
from bson.codec_options import CodecOptions
from pydantic import ValidationError
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert.archive.compression import zstd
from cncert.exceptions import NotAnIssue, SavedFileError
from cncert.items import Issue, Provenance
from cncert.report.cleaning import clean_issue
from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.issue import read_issue
from cncert.report.sections import EARLIER_ISSUES_HEADING, split_parts
from cncert.report.title import read_title
from cncert.report.validation import validate_issue
from cncert.sources.saved_files.pages_in_warc import read_answers
from cncert.sources.saved_files.saved_page import read_saved_page, unwrap_saved_page
from cncert.sources.saved_files.warc_sources import WarcSource
from cncert.store.mongo import bson_form
from cncert.wechat.address import (
    ARTICLE_HOST,
    PICTURE_HOSTS,
    biz_number,
    is_verification,
    may_fetch,
    read_address,
    read_picture,
)
from cncert.wechat.article import Article
from cncert.wechat.body import MAX_IMAGES, MAX_LINES, MAX_TEXT_CHARACTERS, Body, Line, Link, read_html, read_plain
from cncert.wechat.failure_pages import Page, Verdict, read_page
from cncert.wechat.literals import ObjectLiteral, read_concatenation
from cncert.wechat.scripts import Scripts
from cncert.wechat.text import tidy
from tests import series
from tests.site import pages

ADDRESS = pages.ArticleSpec().long_url
ORIGIN = Provenance(
    source="page", fetched_at=datetime.now(UTC), via="archive", address=ADDRESS, sha256="0" * 64, parser="fuzz"
)
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Target:
    """A reader: it raises what is wrong, or nothing."""

    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    weight: int
    """Its share of all inputs."""
    longest: int = 100_000


def text_of(data: bytes) -> str:
    """*data* as a text that may hold anything, halves of surrogate pairs too."""
    return data.decode("utf-8", "surrogateescape")


def check_text(text: str) -> None:
    assert not _UNSEEN.search(text), f"a sign that is not seen: {_UNSEEN.findall(text)!r}"


def check_body(body: Body) -> None:
    assert len(body.lines) <= MAX_LINES and len(body.images) <= MAX_IMAGES
    assert len(body.text) <= MAX_TEXT_CHARACTERS + MAX_LINES
    for line in body.lines:
        check_text(line.text)
        assert line.text and line.text == " ".join(line.text.split()), "a line that is not tidy"
        assert all(0 <= link.start < link.end <= len(line.text) for link in line.links), "a link outside of its line"
    for image in body.images:
        assert urlsplit(image.url).netloc in PICTURE_HOSTS and may_fetch(image.url), "a picture of a stranger"
        assert re.fullmatch(r"[a-z0-9_]+/[A-Za-z0-9_-]+", image.key)


def check_issue(issue: Issue) -> None:
    """What holds for every issue, and that it is the same once it has been stored."""
    document = issue.model_dump_json()
    assert Issue.model_validate_json(document) == issue, "JSON changes it"
    kept = bson.decode(bson.encode(bson_form(issue.model_dump())), CodecOptions(tz_aware=True))
    assert Issue.model_validate(kept) == issue, "BSON changes it"
    assert clean_issue(issue) == issue, "cleaning it again changes it"
    for text in (issue.title, issue.text, issue.account.name or "", *(warning.message for warning in issue.warnings)):
        check_text(text)
    for figure in issue.figures:
        for sentence in figure.evidence.split("\n"):
            assert "".join(sentence.split()) in "".join(issue.text.split()), "evidence that is not in the text"
        evidence = "".join(figure.evidence.split())
        printed = "".join(issue.text[figure.start : figure.end].split())
        assert printed in evidence and re.search("[0-9高中低]", printed), "a number that is not in its evidence"
    for url in (issue.article.url, *issue.article.aliases, *(link.url for link in issue.review)):
        assert url is None or (urlsplit(url).netloc == ARTICLE_HOST and may_fetch(url)), "an address of a stranger"
    for picture in issue.images:
        assert urlsplit(picture.url).netloc in PICTURE_HOSTS, "a picture of a stranger"
    assert len(document) < 8_000_000, "a document that no store can be sure to hold"


def read_article_of(page: Page) -> None:
    """What a crawl does with an article."""
    assert page.article is not None
    check_body(page.article.body)
    check_text(page.article.title)
    try:
        issue = validate_issue(clean_issue(read_issue(page.article, ORIGIN)))
    except (NotAnIssue, ValidationError):
        return
    check_issue(issue)


def read_whole_page(data: bytes) -> None:
    page = read_page(data, ADDRESS)
    assert page.reason and len(page.reason) < 200
    assert (page.verdict is Verdict.ARTICLE) is (page.article is not None)
    assert len(data) % 8 or read_page(data, ADDRESS) == page, "read again it is another one"
    if page.moved_to is not None:
        assert may_fetch(page.moved_to)
    if page.article is not None:
        read_article_of(page)


def read_body(data: bytes) -> None:
    body = read_html(data)
    check_body(body)
    assert read_html(data) == body
    check_body(read_plain(text_of(data)))


def read_code(data: bytes) -> None:
    for value in Scripts(b"<script>" + data).variables("var ct", "d.title", "title", "window.cgiDataNew", "a"):
        assert value.encode() is not None
    for start in (data.find(b"{"), data.find(b"["), 0):
        literal = ObjectLiteral(data, max(0, start))
        for key in ("title", "cdn_url", "mid", "a"):
            value = literal.string(key)
            assert value is None or value.encode()
            if (nested := literal.nested(key)) is not None:
                nested.string("a")
        for element in islice(literal.objects(), 50):
            element.string("cdn_url")
    read_concatenation(data, 0)


def read_one_title(data: bytes) -> None:
    text = text_of(data)
    title = read_title(text)
    assert title is None or (2009 <= title.year < 2100 and 1 <= title.number <= 53)
    assert title is None or read_title(tidy(text)) == title


def read_list(data: bytes) -> None:
    address = pages.inner_link(pages.CNCERT_BIZ, 2247499624, 1, "5a" * 16)
    lines = [Line(text, (Link(0, len(text), address),)) for text in tidy(text_of(data)).split("\n") if text]
    found = read_earlier_issues(split_parts([Line(EARLIER_ISSUES_HEADING), *lines]))
    assert len({(link.year, link.number) for link in found}) == len(found)
    read_earlier_issues(split_parts(lines))


def read_running_text(data: bytes) -> None:
    """An article whose page was fine, with this text."""
    body = read_plain(text_of(data))
    article = Article(
        title=pages.ArticleSpec().title, account_name=pages.CNCERT_NAME, account_id=pages.CNCERT_ID,
        biz=pages.CNCERT_BIZ, mid=2247499624, idx=1, sn=None, kind=0,
        published_at=pages.ArticleSpec().published, modified_at=None, link=ADDRESS, original=None, reprint_of=None,
        author=None, cover=None, body=body,
    )  # fmt: skip
    read_article_of(Page(Verdict.ARTICLE, "article", article))


def read_one_address(data: bytes) -> None:
    text = text_of(data)
    biz_number(text)
    is_verification(text)
    address, picture = read_address(text, ADDRESS), read_picture(text)
    if address is not None:
        assert urlsplit(address.url).netloc == ARTICLE_HOST and may_fetch(address.url)
        assert read_address(address.url) == address, "read again it is another one"
    if picture is not None:
        assert may_fetch(picture.url) and may_fetch(picture.largest)
        again = read_picture(picture.largest)
        assert again is not None and again.key == picture.key


def read_saved_file(data: bytes) -> None:
    """What ``scrapy extract`` does with a file."""
    found = read_saved_page(unwrap_saved_page(data, ORIGIN.fetched_at))
    assert found.reason
    if found.issue is not None:
        try:
            issue = validate_issue(clean_issue(found.issue))
        except ValidationError:
            return
        check_issue(issue)


def read_warc(data: bytes) -> None:
    source = WarcSource("fuzz.warc", lambda: io.BytesIO(data))
    for _, answer in read_answers([source], 1_000_000):
        assert isinstance(answer, SavedFileError) or answer.date.year < 2100


def page_seeds() -> list[bytes]:
    issues = [series.page_of("2025-03", era=era) for era in pages.ERAS]
    text = "本周，CNCERT处理网络安全事件657起。\n近期回顾"
    shares = [
        pages.render(pages.ArticleSpec(kind=kind, body=text, pictures=(pages.Picture(pages.picture_url("x")),)), era)
        for kind, era in ((5, "2019"), (8, "2025"), (8, "2026"), (10, "2025"), (10, "2026"))
    ]
    shell = pages.render(pages.ArticleSpec(body="<p>本周</p>", body_in="cgi", ids_in_cgi=False, temporary=True), "2026")
    failures = [failure.page for failure in pages.FAILURES.values() if len(failure.page) < 40_000]
    return [*issues * 3, *shares, shell, *failures]


def body_seeds() -> list[bytes]:
    pictures = [pages.Picture(pages.picture_url(str(n))) for n in range(3)]
    review = [pages.ReviewLine(series.title_of(f"2025-0{n}"), series.published(f"2025-0{n}").url) for n in (1, 2)]
    return [pages.report_body(pages.ReportFacts(), pictures, review, style).encode() for style in pages.STYLES]


def code_seeds() -> list[bytes]:
    scripts = b"\n".join(re.findall(rb"(?s)<script[^>]*>(.*?)</script>", series.page_of("2025-03")))
    old = b"\n".join(re.findall(rb"(?s)<script[^>]*>(.*?)</script>", series.page_of("2025-03", era="2018")))
    cgi = scripts[max(0, scripts.find(b"window.cgiDataNew")) :]
    return [cgi[:6000], old, b"<script>" + cgi[:6000] + b"</script>", b"{a:'',title:'x' || '',cdn_url:[{cdn_url:'y'}]}"]


def title_seeds() -> list[bytes]:
    forms = [series.title_of(issue) for issue in ("2025-03", "2024-01", "2022-52")]
    forms += [
        "网络安全信息与动态周报2013年第26期",
        "网络安全信息与动态周报-20140106-20140112",
        "【CNCERT】3.网络安全信息与动态周报（2018年1月29日至2月4日）",
    ]
    return [form.encode() for form in forms]


def list_seeds() -> list[bytes]:
    return ["\n".join(series.title_of(f"2025-{n:02d}") for n in range(9, 3, -1)).encode(), *title_seeds()]


def text_seeds() -> list[bytes]:
    return [read_html(body).text.encode() for body in body_seeds()]


def address_seeds() -> list[bytes]:
    spec = pages.ArticleSpec()
    texts = [
        spec.long_url,
        spec.short_url,
        pages.own_link(spec, "2018"),
        pages.picture_url("x"),
        pages.picture_url("y", "gif", 0),
    ]
    texts += [
        "https://mp.weixin.qq.com/s?src=11&timestamp=1&ver=1&signature=x&new=1",
        pages.verification_address(spec.long_url),
    ]
    return [text.encode() for text in texts]


def saved_seeds() -> list[bytes]:
    title, body, text = series.title_of("2025-03"), body_seeds()[0].decode(), text_seeds()[0].decode()
    head = f"<html><head><title>{title} - 某站</title></head><body><h1>{title}</h1><p>2025-01-23 17:30</p>"
    copy = f"{head}{body}</body></html>"
    mail = (
        f"From: <Saved by Blink>\nSnapshot-Content-Location: {ADDRESS}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; type="text/html"; boundary="----b"\n\n------b\n'
        f"Content-Type: text/html\nContent-Location: {ADDRESS}\n\n{copy}\n------b--\n"
    )
    plain = f"# {title}\n\n2025-01-23 17:30\n\n{text}\n![]({pages.picture_url('x')})\n[a]({ADDRESS})"
    page = series.page_of("2025-03", era="2018")
    return [copy.encode(), copy.encode("gb18030"), mail.encode(), plain.encode(), plain.encode("utf-16"), page]


def warc_seeds() -> list[bytes]:
    page, files = b"<html>" * 50, []
    for encoding, packed in (("gzip", gzip.compress(page)), ("br", brotli.compress(page)), ("x", page)):
        file = io.BytesIO()
        writer = WARCWriter(file, gzip=False)
        for kind in ("response", "conversion", "response"):
            headers = StatusAndHeaders("200 OK", [("Content-Encoding", encoding)], protocol="HTTP/1.1")
            http = {"http_headers": headers} if kind == "response" else {}
            record = writer.create_warc_record(ADDRESS, kind, payload=io.BytesIO(packed), **http)
            writer.write_record(record)
            record.raw_stream.close()
        files += [file.getvalue(), file.getvalue().replace(b"Content-Encoding: x", b"Transfer-Encoding: chunked")]
    return [*files, *map(gzip.compress, files), *map(zstd.compress, files)]


TARGETS = {
    "page": Target(read_whole_page, page_seeds, 36),
    "saved": Target(read_saved_file, saved_seeds, 8),
    "warc": Target(read_warc, warc_seeds, 4, 20_000),
    "body": Target(read_body, body_seeds, 10),
    "text": Target(read_running_text, text_seeds, 12, 20_000),
    "code": Target(read_code, code_seeds, 10),
    "title": Target(read_one_title, title_seeds, 6, 2000),
    "list": Target(read_list, list_seeds, 6, 20_000),
    "address": Target(read_one_address, address_seeds, 8, 20_000),
}
