"""Input made to break its reader: too deep, too long, too many, endless, of the shape that makes a search quadratic.

Each row is read in a process of its own that may take 20 seconds and 2 GB. In the sizes given here, what is quadratic
takes minutes or more.
"""

import gzip
import io
import multiprocessing
import re
import resource
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.fuzzing.damage import damaged
from benchmarks.fuzzing.targets import TARGETS
from cncert.archive.compression import zstd
from cncert.archive.warc_reader import ArchiveReader
from cncert.exceptions import ArchiveError
from cncert.items import Issue, Provenance
from cncert.report.cleaning import clean_issue
from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.issue import read_issue
from cncert.report.sections import EARLIER_ISSUES_HEADING, split_parts
from cncert.report.title import read_title
from cncert.report.validation import validate_issue
from cncert.sources.saved_files.saved_page import read_saved_page, unwrap_saved_page
from cncert.store import open_store
from cncert.wechat.address import read_address
from cncert.wechat.article import Article
from cncert.wechat.body import MAX_IMAGES, MAX_LINES, MAX_TEXT_CHARACTERS, Body, Line, Link, read_html
from cncert.wechat.failure_pages import Verdict, read_page
from cncert.wechat.literals import ObjectLiteral, read_expression
from cncert.wechat.text import dense, unescape_html
from tests import series
from tests.site import pages
from tests.site.crawl import crawl
from tests.site.server import Answer, LoopbackWeChat

SECONDS = 20
MEMORY = 2 << 30
ZEROS = bytes(64 << 20)
SPEC = pages.ArticleSpec()
ARTICLE = '<div id="js_article"><div id="js_content">'
MARKS = "\u0315\u0316"
"""Two signs that are put above and below a letter, in the wrong order: a row of them has to be sorted."""
TITLE = "网络安全信息与动态周报"
THIRD = series.title_of("2025-03")
ORIGIN = Provenance(
    fetched_at=datetime.now(UTC), source="page", via="archive", address=None, sha256="0" * 64, parser="test"
)


# ---------------------------------------------------------------------------------------------------------------------
# What is read, and what is looked at


def read_article(page: str | bytes) -> Article:
    """The article on a page that has one."""
    found = read_page(page.encode("utf-8", "surrogatepass") if isinstance(page, str) else page, SPEC.long_url)
    assert found.verdict is Verdict.ARTICLE, found.reason
    assert found.article is not None
    return found.article


def verdict(page: str | bytes) -> str:
    found = read_page(page.encode() if isinstance(page, str) else page, SPEC.long_url)
    assert len(found.reason) < 200
    return found.verdict


def text(page: str | bytes) -> str:
    return read_article(page).body.text


def characters(page: str | bytes) -> int:
    return len(text(page))


def is_bounded(page: str | bytes) -> bool:
    return body_is_bounded(read_article(page).body)


def body_is_bounded(body: Body) -> bool:
    return (
        0 < len(body.text) <= MAX_TEXT_CHARACTERS + MAX_LINES
        and len(body.lines) <= MAX_LINES
        and len(body.images) <= MAX_IMAGES
    )


def pictures(page: str) -> int:
    return len(read_article(page).body.images)


def read_issue_of(body: str) -> Issue:
    """The issue on a page with this body: valid, the same in JSON, and of a size that every store takes."""
    article = read_article(pages.render(pages.ArticleSpec(body=body), "2021"))
    issue = validate_issue(clean_issue(read_issue(article, ORIGIN)))
    document = issue.model_dump_json()
    assert Issue.model_validate_json(document) == issue
    assert len(document.encode()) < 8_000_000
    return issue


def figures(body: str) -> dict[str, object]:
    return {figure.metric: figure.value for figure in read_issue_of(body).figures}


def listed(*lines: Line) -> list[tuple[int, int]]:
    return [
        (link.year, link.number) for link in read_earlier_issues(split_parts([Line(EARLIER_ISSUES_HEADING), *lines]))
    ]


def address(found: str) -> str | None:
    read = read_address(found)
    return read.url if read else None


def value(source: bytes) -> str | None:
    return read_expression(source, 0)


def values_of_a(source: bytes) -> set[str | None]:
    return {element.string("a") for element in ObjectLiteral(source, 0).objects()}


def saved(file: str) -> str:
    """The verdict on a saved file."""
    return read_saved_page(unwrap_saved_page(file.encode(), ORIGIN.fetched_at)).page.verdict


def answer(archive: bytes) -> bytes | str | None:
    """The body of the one answer in a WARC file, None if it is left out; what is said of a file that is none."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "x.warc"
        path.write_bytes(archive)
        try:
            found = ArchiveReader(path, 4_000_000).get(SPEC.long_url)
        except ArchiveError as error:
            return str(error).replace(directory, "").partition(":")[0]
    return found.body if found else None


# ---------------------------------------------------------------------------------------------------------------------
# What is made for it


def cgi(source: str) -> str:
    """The page of a picture share with *source* in its object."""
    return f'<div id="js_article"></div><script>window.cgiDataNew = {{title:"t",item_show_type:"8",{source}'


def linked(line: str) -> Line:
    """*line* with a link on each of its characters."""
    return Line(line, tuple(Link(place, place + 1, SPEC.long_url) for place in range(len(line))))


def archived(content: bytes, name: str = "X-Test", header: str = "x") -> bytes:
    """A WARC file of one answer with one header."""
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=False)
    headers = StatusAndHeaders("200 OK", [(name, header)], protocol="HTTP/1.1")
    record = writer.create_warc_record(SPEC.long_url, "response", payload=io.BytesIO(content), http_headers=headers)
    writer.write_record(record)
    record.raw_stream.close()
    return file.getvalue()


def dated(date: str) -> bytes:
    """A WARC file of one answer of that date."""
    return re.sub(rb"WARC-Date: [^\r]*", f"WARC-Date: {date}".encode(), archived(b"x"))


def bomb(pack: Callable[[bytes], bytes], finish: Callable[[], bytes]) -> bytes:
    """More zeros than the process may have, packed."""
    return b"".join(pack(ZEROS) for _ in range(MEMORY // len(ZEROS) + 1)) + finish()


def brotli_bomb() -> bytes:
    compressor = brotli.Compressor(quality=0)
    return bomb(compressor.process, compressor.finish)


def zstd_bomb() -> bytes:
    compressor = zstd.ZstdCompressor()
    return bomb(compressor.compress, compressor.flush)


RECORD = (
    b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv\r\n"
    b"WARC-Date: 2025-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
)
STATED = "本周，CNCERT共处理网络安全事件657起，其中，跨境网络安全事件337起"
HUGE = "本周，CNCERT共处理网络安全事件999999999999亿起。"
BOTH = {"incidents.handled": 657, "incidents.cross_border": 337}
PICTURE = f"<img src={pages.picture_url('x')} "
SITE = f"<title>{THIRD}</title><h1>{THIRD}</h1><p>本周网络安全基本态势</p>"
MAIL = "From: a\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
HEADERS = "/x.warc cannot be read as a WARC file"

# ---------------------------------------------------------------------------------------------------------------------
# The table: a name, how the input is made, how it is read, and what must come of it

Row = tuple[str, Callable[[], Any], Callable[[Any], object], object]

PAGES: list[Row] = [
    ("32 MB of nothing", lambda: b"x" * 32_000_000, verdict, "unknown"),
    ("32 MB of NUL", lambda: bytes(32_000_000), verdict, "unknown"),
    ("32 MB of tags", lambda: b"<p>" * 10_000_000, verdict, "unknown"),
    ("a line of 20 MB", lambda: ARTICLE + "周" * 7_000_000, characters, MAX_TEXT_CHARACTERS),
    ("100,000 deep", lambda: ARTICLE + "前" + "<div>" * 100_000 + "深", text, "前"),
    ("end tags of nothing", lambda: ARTICLE + "<p>前</p>" + "<font></i>" * 200_000, text, "前"),
    ("deep, with end tags of nothing", lambda: ARTICLE + "前" + "<b>" * 900 + "</i>" * 400_000, text, "前"),
    ("300,000 elements", lambda: ARTICLE + "<p>x</p>" * 300_000, is_bounded, True),
    ("100,000 links", lambda: ARTICLE + "<a href=x>1</a>" * 100_000, is_bounded, True),
    ("20,000 pictures", lambda: ARTICLE + f"{PICTURE}>" * 20_000, pictures, MAX_IMAGES),
    ("700,000 entities", lambda: ARTICLE + "&amp;" * 700_000, is_bounded, True),
    (
        "300,000 attributes",
        lambda: f'<div id="js_article" {" ".join(f"a{n}" for n in range(300_000))}><div id=js_content>周',
        *(text, "周"),
    ),
    ("an element with a name of 1 MB", lambda: f'<{"a" * 1_000_000} id="js_article"><p id="js_content">周', text, "周"),
    ("halves of characters", lambda: ARTICLE + "\ud83d" * 1000 + "周", lambda page: text(page)[-1], "周"),
    ("an unclosed comment", lambda: ARTICLE + "前<!--" + "- >" * 500_000, text, "前"),
    ("unclosed comments", lambda: "<!--" * 500_000 + ARTICLE, verdict, "unknown"),
    ("an unclosed script", lambda: "<script>" + "<" * 1_000_000 + ARTICLE, verdict, "unknown"),
    ("unclosed CDATA", lambda: ARTICLE + "<p>前</p>" + "<![CDATA[" * 100_000, is_bounded, True),
    ("an unclosed attribute", lambda: "<p a='" + "b=" * 500_000 + ARTICLE, verdict, "unknown"),
    ("another charset", lambda: pages.render(SPEC).decode().encode("gb18030"), verdict, "article"),
    ("UTF-16", lambda: pages.render(SPEC).decode().encode("utf-16"), verdict, "unknown"),
    ("NUL behind each byte", lambda: b"".join(bytes((byte, 0)) for byte in pages.render(SPEC)), verdict, "unknown"),
    (
        "the object's name in text",
        lambda: f"{ARTICLE}<script></script>周" + "window.cgiDataNew = " * 150_000,
        *(is_bounded, True),
    ),
    ("the object's name in scripts", lambda: f"{ARTICLE}周<script>" + "window.cgiDataNew = {" * 150_000, text, "周"),
    ("variables without end", lambda: f"{ARTICLE}周<script>" + "var ct='" * 200_000, text, "周"),
    ("a chain without end", lambda: f"{ARTICLE}周<script>var biz = " + "'' || " * 300_000, text, "周"),
    ("a call without end", lambda: f"{ARTICLE}周<script>var biz = ''.html(" + " " * 1_000_000, text, "周"),
    (
        "a number of 1 MB",
        lambda: f"{ARTICLE}周<script>var mid='{'9' * 1_000_000}';var ct='{'9' * 99}'",
        lambda page: (read_article(page).mid, read_article(page).published_at),
        (None, None),
    ),
    (
        "names of 1 MB",
        lambda: f"{ARTICLE}周<script>var nickname='{'周' * 300_000}';var user_name='{'g' * 300_000}'",
        lambda page: (read_article(page).account_name, read_article(page).account_id),
        (None, None),
    ),
    (
        "a picture of infinite size",
        lambda: f"{ARTICLE}{PICTURE} data-w={'9' * 9999} data-ratio=1e999>",
        lambda page: read_article(page).body.images[0].width,
        None,
    ),
    ("a share of 100,000 things", lambda: cgi("picture_page_info_list:[" + "{}," * 100_000), pictures, 0),
    (
        "a share of 20,000 pictures",
        lambda: cgi("picture_page_info_list:[" + f"{{cdn_url:'{pages.picture_url('x')}'}}," * 20_000),
        *(pictures, MAX_IMAGES),
    ),
    ("a cover of entities", lambda: cgi(f"cdn_url:'{'&amp;' * 700_000}'"), lambda page: read_article(page).cover, None),
    ("messages without end", lambda: "<i class=weui-msg__title>" * 100_000, verdict, "unknown"),
]

CODE: list[Row] = [
    ("elements without a key", lambda: b"[" + b"{b:1}," * 90_000 + b"]", values_of_a, {None}),
    ("the last element has the key", lambda: b"[" + b"{}," * 90_000 + b"{a:'1'}]", values_of_a, {None, "1"}),
    ("500,000 brackets deep", lambda: b"{a:" + b"[" * 500_000, lambda code: ObjectLiteral(code, 0).string("b"), None),
    ("a key in each value", lambda: b"{" + b"b:'a:'," * 90_000, lambda code: ObjectLiteral(code, 0).string("a"), None),
    ("spaces before a bracket", lambda: b"''.html(" + b" " * 1_000_000, value, ""),
    ("a string without end", lambda: b"'" + b"x" * 8_000_000 + b"'", value, None),
    ("backslashes", lambda: b"'" + b"\\" * 3_000_000 + b"'", lambda code: len(value(code) or ""), 1_500_000),
]

TEXTS: list[Row] = [
    ("marks", lambda: MARKS * 500_000, lambda found: len(dense(found)), 1_000_000),
    ("signs that unfold", lambda: "ﷺ" * 200_000, lambda found: len(dense(found)), 200_000 * 15),
    ("entities", lambda: "&amp;" * 500_000, lambda found: len(unescape_html(found)), 500_000),
    ("a title with marks", lambda: THIRD + MARKS * 500_000, read_title, None),
    ("a title of titles", lambda: f"{TITLE}[" * 50_000, read_title, None),
    ("a list in one line", lambda: Line("1" + f"{TITLE}[" * 50_000), listed, []),
    ("a list in one line of links", lambda: linked(THIRD * 2000), listed, []),
    ("a list of 20,000", lambda: [Line(THIRD)] * 20_000, lambda lines: listed(*lines), [(2025, 3)]),
    ("a list of 20,000 other lines", lambda: [Line("1")] * 20_000, lambda lines: listed(*lines), []),
    ("an address with a space at its end", lambda: f"{SPEC.long_url}&amp;nbsp;", address, SPEC.long_url),
    ("an address with a space in it", lambda: f"{SPEC.long_url}&nbsp;x", address, None),
    ("a body of marks", lambda: read_html(MARKS * 300_000), body_is_bounded, True),
]

ISSUES: list[Row] = [
    ("100,000 characters without a full stop", lambda: f"<p>{STATED}，{'其中' * 50_000}。</p>", figures, BOTH),
    ("20,000 lines without a full stop", lambda: f"<p>{STATED}。</p>" + "<p>一</p>" * 19_000, figures, BOTH),
    ("the same a thousand times", lambda: f"<p>{STATED}。</p>" * 1000, figures, BOTH),
    ("a number of 90,000 digits", lambda: f"<p>{STATED}，投诉{'9' * 90_000}起。</p>", figures, BOTH),
    ("a number of 20,000 groups", lambda: f"<p>{STATED}，投诉1{',111' * 20_000}起。</p>", figures, BOTH),
    ("a number that no store takes", lambda: f"<p>{HUGE}</p>{PICTURE}>", figures, {}),
    ("20,000 numbers", lambda: f"<p>{STATED}。{'1.1.' * 20_000}</p>", figures, BOTH),
    ("10,000 headings", lambda: f"<p>{STATED}。</p>" + "<p>本周网络安全基本态势</p>" * 9_000, figures, BOTH),
    ("marks behind a figure", lambda: f"<p>{STATED}。{MARKS * 40_000}</p>", figures, BOTH),
]

SAVED: list[Row] = [
    ("links that only begin", lambda: "[a](" * 300_000, saved, "unknown"),
    ("pictures that only begin", lambda: "![a](" * 300_000, saved, "unknown"),
    ("a site of headings", lambda: SITE + "<p>本周网络安全基本态势</p>" * 9_000, saved, "unknown"),
    ("a site 100,000 deep", lambda: SITE + "<div>" * 100_000 + "周", saved, "unknown"),
    ("a mail of mails", lambda: MAIL + MAIL.partition("\n")[2] * 20_000, saved, "unknown"),
    ("a mail of parts", lambda: MAIL + "--b\n" * 100_000, saved, "unknown"),
]

ARCHIVES: list[Row] = [
    ("a line without end", lambda: b"WARC/1.0" + b"x" * 60_000_000, answer, HEADERS),
    ("a header without end", lambda: RECORD + b"X: " + b"x" * 60_000_000, answer, HEADERS),
    ("headers without end", lambda: RECORD + b"a:b\r\n" * 9_000_000, answer, HEADERS),
    (
        "headers of an answer without end",
        lambda: RECORD + b"Content-Length: 45000000\r\n\r\nHTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 9_000_000,
        *(answer, HEADERS),
    ),
    ("empty lines", lambda: b"\r\n" * 9_000_000, answer, "/x.warc cannot be read as a WARC file"),
    (
        "no address",
        lambda: archived(b"x").replace(b"WARC-Target-URI", b"X"),
        *(answer, "/x.warc holds no answer that can be replayed"),
    ),
    ("a status that is no number", lambda: archived(b"xyz").replace(b" 200 ", " ²00".encode()), answer, b"xyz"),
    ("a date before all dates", lambda: dated("0001-01-01T00:00:00+23:59"), answer, b"x"),
    ("a date after all dates", lambda: dated("9999-12-31T23:59:00Z"), answer, b"x"),
    (
        "a chunk of 2 GB",
        lambda: archived(b"7fffffff\r\n" + bytes(9_000_000), "Transfer-Encoding", "chunked"),
        answer,
        None,
    ),
    ("a gzip bomb", lambda: archived(gzip.compress(bytes(99_000_000), 1), "Content-Encoding", "gzip"), answer, None),
    ("a brotli bomb", lambda: archived(brotli_bomb(), "Content-Encoding", "br"), answer, None),
    ("a zstd bomb", lambda: archived(zstd_bomb(), "Content-Encoding", "zstd"), answer, None),
    ("packed 3,000 times", lambda: archived(b"x", "Content-Encoding", "gzip," * 3000), answer, b"x"),
]

GROUPS = {"page": PAGES, "code": CODE, "text": TEXTS, "issue": ISSUES, "saved": SAVED, "archive": ARCHIVES}
SEEDS = {name: target.seeds() for name, target in TARGETS.items()}
ROWS = {f"{group}/{row[0]}": row for group, rows in GROUPS.items() for row in rows}


def limited(name: str, out: Connection) -> None:
    """Run a row within the limits; what is wrong goes to *out*."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        _, build, read, expected = ROWS[name]
        found = read(build())
        assert found == expected, f"{found!r}"[:500]
    except BaseException:
        out.send(traceback.format_exc()[-2000:])
    else:
        out.send("")


@pytest.fixture(scope="module")
def clean_start() -> multiprocessing.context.ForkServerContext:
    """Processes that begin with this module loaded, and without the threads of the test's own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
@pytest.mark.parametrize("name", ROWS)
def test_hostile_input_is_read_in_bounds(clean_start: multiprocessing.context.ForkServerContext, name: str) -> None:
    answer, out = clean_start.Pipe(duplex=False)
    process = clean_start.Process(target=limited, args=(name, out))
    process.start()
    out.close()
    try:
        wrong = answer.recv() if answer.poll(3 * SECONDS) else "it does not come back"
    except EOFError:
        wrong = f"more than {SECONDS} seconds of work, or it died"
    finally:
        process.kill()
        process.join()
        answer.close()
    assert not wrong, wrong


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_damage_breaks_no_reader(name: str, chance: Random) -> None:
    """benchmarks/fuzz.py does this a million times."""
    target = TARGETS[name]
    target.read(damaged(chance, SEEDS[name], target.longest))


async def test_a_crawl_survives_hostile_answers(site: LoopbackWeChat, tmp_path: Path) -> None:
    """They cost no other issue, and no more memory than a crawl may have; each is said in the ledger."""
    start = series.publish(site, "2024-11", "2024-16")[-1].url
    broken = {
        "2024-12": Answer(oversize=200_000_000, chunked=True),
        "2024-13": Answer(brotli_bomb(), headers={"Content-Encoding": "br"}),
        "2024-14": Answer(zstd_bomb(), headers={"Content-Encoding": "zstd"}),
        "2024-15": Answer(status=302, location="http://["),
    }
    for issue, answered in broken.items():
        site.add_article(series.published(issue).url, answered)
    bounds = (f"start={start}", "from=2024-11", "until=2024-16")
    result = crawl(site, tmp_path, *bounds, prefix=("prlimit", f"--as={MEMORY}"), settings={"RETRY_TIMES": 0})
    assert result.returncode == 1
    assert "Traceback" not in result.stderr, result.stderr[-3000:]
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        assert [issue.id async for issue in store.issues()] == ["2024-11", "2024-16"]
        reasons = {row.issue: row.reason or "" for row in await store.rows()}
    assert "DOWNLOAD_MAXSIZE" in reasons["2024-12"]
    assert "exceeded DOWNLOAD_MAXSIZE" in reasons["2024-13"]
    assert "exceeded DOWNLOAD_MAXSIZE" in reasons["2024-14"]
    assert reasons["2024-15"] == "redirected (HTTP 302) to no article: http://["
