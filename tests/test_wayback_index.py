"""What of the Wayback Machine's index, redirects and captures is believed, and which of its addresses are asked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cncert.exceptions import SourceError
from cncert.wechat.address import read_address, read_picture
from cncert.wechat.failure_pages import Verdict
from cncert.wechat.wayback import (
    INDEX,
    MAX_CAPTURES,
    PAGE_LINES,
    Capture,
    best_captures,
    is_of,
    judge_capture,
    look_up_account,
    look_up_article,
    look_up_picture,
    may_ask,
    read_capture,
    read_index,
    redirected_to,
)
from tests import series
from tests.site import pages

LONG = series.published("2024-10").url
SHORT = "https://mp.weixin.qq.com/s/Qx7PzYw4nM2kLr8TbVc9Hg"
PICTURE = "https://mmbiz.qpic.cn/mmbiz_png/AbCdEfGhIjKl0123/640?wx_fmt=png"
WEB = "https://web.archive.org/web"
NOW = datetime.now(UTC)
CAPTURE = read_capture(f"{WEB}/20240401020304id_/{LONG}")
assert CAPTURE is not None


def at(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def test_a_capture_says_when_it_was_taken_and_of_what() -> None:
    assert CAPTURE is not None
    assert (CAPTURE.taken_at, CAPTURE.address) == (datetime(2024, 4, 1, 2, 3, 4, tzinfo=UTC), read_address(LONG))


@pytest.mark.parametrize("url", [f"{WEB}/20240401020304id_/{url}" for url in (LONG, SHORT, PICTURE)])
def test_a_capture_of_an_article_or_a_picture_may_be_asked(url: str) -> None:
    assert may_ask(url)


@pytest.mark.parametrize(
    "url",
    [
        f"http://web.archive.org/web/20240401020304id_/{LONG}",
        f"https://web.archive.org:444/web/20240401020304id_/{LONG}",
        f"https://user@web.archive.org/web/20240401020304id_/{LONG}",
        f"https://web.archive.org.example/web/20240401020304id_/{LONG}",
        f"https://archive.org/web/20240401020304id_/{LONG}",
        f"{WEB}/20240401020304/{LONG}",  # with the archive's own scripts
        f"{WEB}/20240401020304if_/{LONG}",
        f"{WEB}/2024id_/{LONG}",
        f"{WEB}/*/{LONG}",
        f"{WEB}/save/{LONG}",
        f"{WEB}/20240401020304id_/https://example.com/s/Qx7PzYw4nM2kLr8TbVc9Hg",
        f"{WEB}/20240401020304id_/https://mp.weixin.qq.com/mp/profile_ext?action=home",
        f"{WEB}/20240401020304id_/https://mp.weixin.qq.com@example.com/s/Qx7PzYw4nM2kLr8TbVc9Hg",
        f"{WEB}/20240401020304id_/{LONG}&key=0123456789abcdef",  # somebody's credentials
        f"{WEB}/20240401020304id_/{LONG}#/../../save/x",
        f"{WEB}/20240401020304id_/../../save/{LONG}",
        f"{WEB}/20240431020304id_/{LONG}",  # no such day
        f"{WEB}/20110401020304id_/{LONG}",  # before there was any
        f"{WEB}/{at(NOW + timedelta(days=2))}id_/{LONG}",
        f"{WEB}/20240401020304id_/{LONG} ",
        f"{WEB}/20240401020304id_/{LONG}{'x' * 3000}",
        f"{INDEX}?url=example.com&matchType=domain",
        f"{INDEX}?url=mp.weixin.qq.com%2F&matchType=prefix",
        f"{INDEX}?url=mp.weixin.qq.com%2Fs%3F__biz%3D&matchType=prefix",
        f"{INDEX}?url=https%3A%2F%2Fmp.weixin.qq.com%2Fs%2FQx7PzYw4nM2kLr8TbVc9Hg&url=example.com",
        f"{INDEX}?url=https%3A%2F%2Fmp.weixin.qq.com%2Fmp%2Fprofile_ext",
        f"{INDEX}?{'&'.join(f'a{n}=1' for n in range(2000))}"[:2000],
        INDEX,
        "https://web.archive.org/",
    ],
)
def test_nothing_else_of_the_archive_is_asked(url: str) -> None:
    try:
        assert not may_ask(url)
    except ValueError as error:  # too many fields
        pytest.fail(str(error))


@pytest.mark.parametrize(
    ("look_up", "asked"),
    [
        (look_up_account(3204940813), "mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw=="),
        (look_up_account(3204940813, "com,qq,weixin,mp)/s?__biz=x&mid=1 20240401020304"), None),
        (look_up_article(read_address(LONG)), "mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw=="),  # type: ignore[arg-type]  # it is one
        (look_up_article(read_address(SHORT)), SHORT),  # type: ignore[arg-type]  # it is one
        (look_up_picture(read_picture(PICTURE)), "mmbiz.qpic.cn/mmbiz_png/AbCdEfGhIjKl0123/"),  # type: ignore[arg-type]  # it is one
    ],
)
def test_a_look_up_may_be_asked(look_up: str, asked: str | None) -> None:
    assert may_ask(look_up)
    given = parse_qs(urlsplit(look_up).query)
    assert (given["output"], given["showResumeKey"]) == (["json"], ["true"])
    assert asked in (None, *given["url"])


@pytest.mark.parametrize(
    ("location", "timestamp"),
    [
        (f"{WEB}/20250101000000id_/{LONG}", "20250101000000"),
        (f"/web/20250101000000id_/{LONG}", "20250101000000"),
        (f"/web/20250101000000id_/{LONG.replace('https:', 'http:')}", "20250101000000"),
        (f"http://web.archive.org/web/20250101000000/{LONG}", "20250101000000"),  # raw all the same
        (f"/web/20250101000000id_/{LONG.replace('https://', 'https:/')}", "20250101000000"),
        (f"/web/20250101000000id_/{SHORT}", None),
        (f"/web/20250101000000id_/{series.published('2024-11').url}", None),
        (f"/web/20250101000000id_/{LONG}&x=1", None),
        (f"/web/{at(NOW + timedelta(days=3))}id_/{LONG}", None),
        (f"/web/20090101000000id_/{LONG}", None),
        (f"https://example.com/web/20250101000000id_/{LONG}", None),
        (f"//example.com/web/20250101000000id_/{LONG}", None),
        (LONG, None),
        ("/save/x", None),
        ("http://[", None),
        ("", None),
        (None, None),
    ],
)
def test_a_redirect_leads_to_another_time_of_the_same_address_only(location: str | None, timestamp: str | None) -> None:
    assert CAPTURE is not None
    target = redirected_to(CAPTURE, location)
    assert (target.url if target else None) == (timestamp and f"{WEB}/{timestamp}id_/{LONG}")


def line(timestamp: str = "20240401020304", original: str = LONG, status: str = "200", **more: str) -> list[str]:
    return [timestamp, original, status, more.get("digest", "A" * 32), more.get("length", "90000")]


NAMES = ["timestamp", "original", "statuscode", "digest", "length"]


def index(*lines: Any, names: Any = NAMES) -> bytes:
    return json.dumps([names, *lines]).encode()


@pytest.mark.parametrize(
    ("given", "captured"),
    [
        (line(), LONG),
        (line(original=LONG.replace("https", "http")), LONG),
        (line(original=LONG.replace("https://mp.weixin.qq.com", "http://mp.weixin.qq.com:80")), LONG),
        (line(original=f"{LONG}#rd"), LONG),
        (line(original=SHORT), SHORT),
        (line(digest="-", length="-"), LONG),
        (line(digest="x", length="9" * 40), LONG),
        (line(status="302"), None),
        (line(status="-"), None),
        (line("20240401"), None),
        (line("２０２４０４０１０２０３０４"), None),
        (line("20240230020304"), None),
        (line("20090101000000"), None),
        (line(at(NOW + timedelta(days=30))), None),
        (line(original=f"{LONG}&uin=MTIz&key=77"), None),
        (line(original=LONG.replace("&", "&amp;")), None),
        (line(original="https://example.com/"), None),
        (line(original="http://["), None),
        (line(original="https://mp.weixin.qq.com/s/" + "x" * 100_000), None),
        (line()[:4], None),
        ([*line(), "more"], None),
        ([20240401020304, LONG, 200, "A" * 32, 90000], None),
        ("text", None),
        (None, None),
        ({}, None),
        ([[[]]] * 5, None),
    ],
)
def test_a_line_of_the_index_is_a_capture_or_nothing(given: Any, captured: str | None) -> None:
    page = read_index(index(given))
    assert [one.address.url for one in page.captures] == ([captured] if captured else [])
    assert page.refused == (not captured)


@pytest.mark.parametrize(
    ("body", "captures", "key"),
    [
        (b"", 0, None),
        (b"\n", 0, None),
        (b"[]", 0, None),
        (index(), 0, None),
        (
            index(line(), [], ["com,qq,weixin,mp)/s?__biz=x 20240401020304"]),
            1,
            "com,qq,weixin,mp)/s?__biz=x 20240401020304",
        ),
        (index([], ["key"]), 0, "key"),
        (index(line(), [], ["a\r\nb"]), 1, None),
        (index(line(), [], ["x" * 10_000]), 1, None),
        (index(line(), [], [7]), 1, None),
        (index(*[line()] * (PAGE_LINES + 500)), PAGE_LINES, None),
    ],
)
def test_an_answer_of_the_index_is_read_in_bounds(body: bytes, captures: int, key: str | None) -> None:
    page = read_index(body)
    assert (len(page.captures), page.resume_key) == (captures, key)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Too many requests</html>",
        b"[[" * 100_000,
        b'{"a": 1}',
        b"7",
        b"[1]",
        index(line(), names=["original"]),
        index(line())[:-20],
        b"[" + b"9" * 100_000 + b"]",
        b"\xff\xfe[]",
    ],
)
def test_what_is_no_list_of_captures_is_an_error_of_the_source(body: bytes) -> None:
    with pytest.raises(SourceError, match="its index answers"):
        read_index(body)


def captures(*lines: list[str]) -> list[Capture]:
    return read_index(index(*lines)).captures


def test_the_newest_large_capture_comes_first_and_each_content_once() -> None:
    found = best_captures(
        captures(
            line("20240101000000", digest="A" * 32),
            line("20240201000000", digest="B" * 32),
            line("20240301000000", digest="B" * 32),
            line("20240401000000", digest="C" * 32, length="3000"),
        )
    )
    assert [f"{one.taken_at:%m}" for one in found] == ["03", "01", "04"]
    assert [f"{one.taken_at:%m}" for one in best_captures(found, {found[0].url})] == ["01", "04"]


def test_of_one_article_a_few_captures_are_kept() -> None:
    many = captures(
        *[
            line(
                f"2024{1 + n // 28:02}{1 + n % 28:02}000000", digest=f"{'A' * 30}{chr(65 + n // 26)}{chr(65 + n % 26)}"
            )
            for n in range(90)
        ]
    )
    assert len(best_captures(many)) == MAX_CAPTURES


@pytest.mark.parametrize(
    ("original", "same"),
    [
        (SHORT, True),
        (SHORT.lower(), False),  # the archive files both in one place
        (LONG, False),
    ],
)
def test_a_short_address_is_compared_letter_by_letter(original: str, same: bool) -> None:
    address = read_address(SHORT)
    assert address is not None
    assert [is_of(one, address) for one in captures(line(original=original))] == [same]


ARTICLE, DELETED = series.page_of("2024-10"), pages.FAILURES["deleted_zh"].page


@pytest.mark.parametrize(
    ("status", "location", "body", "verdict"),
    [
        (200, None, ARTICLE, Verdict.ARTICLE),
        (200, None, ARTICLE[: len(ARTICLE) // 2], Verdict.UNKNOWN),
        (200, None, DELETED, Verdict.GONE),
        (200, None, pages.FAILURES["verification"].page, Verdict.BLOCKED),
        (200, None, series.page_of("2024-11"), Verdict.EXPIRED),  # another article than the address names
        (200, None, b"<html>Blocked Site Error</html>", Verdict.UNKNOWN),
        (200, None, b"", Verdict.UNKNOWN),
        (302, f"/web/20250101000000id_/{LONG}", b"", Verdict.MOVED),
        (302, f"/web/20240401020304id_/{LONG}", b"", Verdict.EXPIRED),  # to itself
        (302, "https://example.com/", b"", Verdict.EXPIRED),
        (302, "https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x", b"", Verdict.BLOCKED),
        (
            302,
            "/web/20240401020304id_/https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x",
            b"",
            Verdict.BLOCKED,
        ),
        (404, None, b"", Verdict.EXPIRED),
        (403, None, b"", Verdict.UNAVAILABLE),
        (451, None, ARTICLE, Verdict.UNAVAILABLE),
        (500, None, ARTICLE, Verdict.UNAVAILABLE),
    ],
)
def test_a_capture_is_judged_as_any_page(status: int, location: str | None, body: bytes, verdict: Verdict) -> None:
    assert CAPTURE is not None
    assert judge_capture(CAPTURE, status, location, body).verdict is verdict
