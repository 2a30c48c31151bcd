"""The Wayback Machine as a source: look-ups in its index, captures of articles and pictures, and what they answer.

Nothing here sends a request. Only two kinds of addresses are ever requested: a look-up for an account, an article or a
picture of WeChat, and the raw capture of one (``id_``). What the index or a redirect names beside these is refused.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from cncert import __version__
from cncert.exceptions import SourceError
from cncert.wechat.address import (
    ARTICLE_HOST,
    Address,
    PictureAddress,
    biz_number,
    biz_text,
    is_verification,
    read_address,
    read_picture,
)
from cncert.wechat.failure_pages import Page, Verdict
from cncert.wechat.judge_answer import judge_answer

HOST: Final = "web.archive.org"
INDEX: Final = f"https://{HOST}/cdx/search/cdx"
INDEX_SLOT, CAPTURE_SLOT = f"{HOST}/cdx", f"{HOST}/web"
"""Names of the download slots, each with a pace of its own."""
HEADERS: Final = {"User-Agent": f"cncert/{__version__}"}
"""Name this program: the archive serves programs, and need not take it for a reader's browser."""
MAX_INDEX_BYTES = 8 * 1024 * 1024
"""Bytes of an answer of the index; a page of PAGE_LINES has less than one MB."""
PAGE_LINES = 2000
"""Lines that are asked for at once. WeChat's articles are small in number: an account has some hundred captures."""
MAX_CAPTURES = 5
"""Captures of one article that are kept of one look-up, and requested one after the other until one shows it."""
SMALL_BYTES = 20_000
"""Bytes below which a compressed capture is likely a verification page: it comes last."""

_FIELDS = ("timestamp", "original", "statuscode", "digest", "length")
_EARLIEST = datetime(2012, 1, 1, tzinfo=UTC)
"""WeChat's public accounts began in August 2012."""
_CLOCK_TOLERANCE = timedelta(days=1)
_MAX_CHARACTERS = 2200
_CAPTURE = re.compile(rf"https?://{re.escape(HOST)}/web/([0-9]{{14}})(?:id_)?/(https?:/{{1,2}}[^\s]+)")
_ACCOUNT = re.compile(rf"{re.escape(ARTICLE_HOST)}/s\?__biz=([A-Za-z0-9+/]+={{0,2}})")
_RESUME_KEY = re.compile(r"[\x21-\x7e]{1,2000}(?:[ +][\x21-\x7e]{1,2000})*")


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture: of which article or picture, when it was taken, and what the index says of it."""

    address: Address | PictureAddress
    taken_at: datetime
    digest: str | None = None
    length: int = 0
    """Bytes, compressed."""

    @property
    def url(self) -> str:
        """The address of the raw capture."""
        return f"https://{HOST}/web/{self.taken_at:%Y%m%d%H%M%S}id_/{self.address.url}"


@dataclass(frozen=True, slots=True)
class IndexPage:
    """An answer of the index, read."""

    captures: list[Capture]
    resume_key: str | None
    """Where the list goes on; None at its end."""
    refused: int
    """How many lines are no captures that may be requested."""


# --- look-ups


def look_up_account(biz: int, resume_key: str | None = None) -> str:
    """Return the look-up for every long address of an account."""
    return _look_up(f"{ARTICLE_HOST}/s?__biz={biz_text(biz)}", is_prefix=True, resume_key=resume_key)


def look_up_article(address: Address) -> str:
    """Return the look-up for an article: for every long address of it, or for its short one.

    The index sorts the parameters of an address, and ``chksm`` stands before ``mid``: only a filter finds the article
    in whatever form somebody had it captured.
    """
    if address.key is None:
        return _look_up(address.url)
    account = f"{ARTICLE_HOST}/s?__biz={biz_text(address.key.biz)}"
    return _look_up(account, is_prefix=True, mid=address.key.mid)


def look_up_picture(picture: PictureAddress) -> str:
    """Return the look-up for a picture in any size."""
    return _look_up(f"{urlsplit(picture.largest).netloc}/{picture.key}/", is_prefix=True)


def _look_up(url: str, *, is_prefix: bool = False, mid: int | None = None, resume_key: str | None = None) -> str:
    asked = [("url", url)]
    asked += [("matchType", "prefix")] * is_prefix
    asked += [("output", "json"), ("fl", ",".join(_FIELDS)), ("filter", "statuscode:200")]
    asked += [("filter", rf"original:.*[?&]mid={mid}(&.*)?")] * (mid is not None)
    asked += [("limit", str(PAGE_LINES)), ("showResumeKey", "true")]
    asked += [("resumeKey", resume_key)] if resume_key is not None else []
    return f"{INDEX}?{urlencode(asked)}"


def may_ask(url: str) -> bool:
    """Whether *url* is a look-up for something of WeChat, or a capture of an article or a picture of it."""
    return read_capture(url) is not None or _is_look_up(url)


def _is_look_up(url: str) -> bool:
    try:
        given = parse_qsl(url.removeprefix(f"{INDEX}?"), max_num_fields=10)
    except ValueError:
        return False
    target = dict(given).get("url", "")
    if account := _ACCOUNT.fullmatch(target):
        is_ours = biz_number(account[1]) is not None
    elif target.startswith(f"https://{ARTICLE_HOST}/"):
        address = read_address(target)
        is_ours = address is not None and address.url == target
    else:
        is_ours = target.endswith("/") and read_picture(f"https://{target}0") is not None
    return is_ours and [name for name, _ in given].count("url") == 1 and url == f"{INDEX}?{urlencode(given)}"


# --- captures


def read_capture(url: str) -> Capture | None:
    """Return the capture at *url*; None for any other address, and for a time that cannot be true."""
    capture = _read_loosely(url)
    return capture if capture is not None and capture.url == url else None


def _read_loosely(url: str) -> Capture | None:
    """Return the capture that *url* names in whatever form, as the archive writes it in redirects."""
    found = _CAPTURE.fullmatch(url) if len(url) <= _MAX_CHARACTERS else None
    return _capture(found[1], re.sub(r"^(https?):/+", r"\1://", found[2])) if found else None


def _capture(timestamp: str, original: str, digest: str = "", length: str = "") -> Capture | None:
    address = read_address(original) or read_picture(original)
    try:
        taken_at = datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        parts = urlsplit(original.partition("#")[0])
    except ValueError:
        return None
    if address is None or not _EARLIEST <= taken_at <= datetime.now(UTC) + _CLOCK_TOLERANCE:
        return None
    # The archive knows a page by its whole query: one with somebody's credentials, which are never sent, is lost.
    here = urlsplit(address.url)
    if (here.path.rstrip("/"), here.query) != (parts.path.rstrip("/"), parts.query):
        return None
    bytes_long = int(length) if re.fullmatch(r"[0-9]{1,12}", length) else 0
    return Capture(address, taken_at, digest if re.fullmatch(r"[A-Z2-7]{32}", digest) else None, bytes_long)


def read_index(body: bytes) -> IndexPage:
    """Return what an answer of the index lists. Raises SourceError if it is none."""
    try:
        rows = json.loads(body) if body.strip() else []
    except (ValueError, RecursionError) as error:
        raise SourceError("unreadable", "its index answers with what is no JSON") from error
    if not isinstance(rows, list) or (rows and rows[0] != list(_FIELDS)):
        raise SourceError("unreadable", "its index answers with what is no list of captures")
    key = None
    if len(rows) > 2 and rows[-2] == [] and isinstance(rows[-1], list) and len(rows[-1]) == 1:
        named = rows[-1][0]
        key = named if isinstance(named, str) and _RESUME_KEY.fullmatch(named) else None
        rows = rows[:-2]
    lines = rows[1 : 1 + PAGE_LINES]
    captures = [capture for line in lines if (capture := _read_line(line)) is not None]
    return IndexPage(captures, key, refused=len(rows[1:]) - len(captures))


def _read_line(line: object) -> Capture | None:
    if not isinstance(line, list) or len(line) != len(_FIELDS) or not all(isinstance(cell, str) for cell in line):
        return None
    timestamp, original, status, digest, length = line
    is_page = status == "200" and len(original) <= _MAX_CHARACTERS and re.fullmatch(r"[0-9]{14}", timestamp)
    return _capture(timestamp, original, digest, length) if is_page else None


def best_captures(captures: Iterable[Capture], known: Collection[str] = ()) -> list[Capture]:
    """Return those of *captures*, all of one article or picture, that should be requested, the best first.

    One of each content; the small ones, which hardly hold an article, behind the others; then the newest. The addresses
    *known* are left out.
    """
    ranked = sorted(captures, key=lambda one: (one.length >= SMALL_BYTES, one.taken_at), reverse=True)
    different: dict[str, Capture] = {}
    for one in ranked:
        different.setdefault(one.digest or one.url, one)
    return [one for one in different.values() if one.url not in known][:MAX_CAPTURES]


def is_of(capture: Capture, address: Address | PictureAddress) -> bool:
    """Whether *capture* is of what *address* names, letter by letter: the index does not tell small from capital."""
    named = address.url if address.key is None else address.key
    return named in (capture.address.key, capture.address.url)


# --- answers


def redirected_to(capture: Capture, location: str | None) -> Capture | None:
    """Return the capture to which the answer of *capture* redirects: another one of the same address, or None."""
    try:
        target = _read_loosely(urljoin(capture.url, location or ""))
    except ValueError:  # http://[
        return None
    is_other = target is not None and target.address == capture.address and target.url != capture.url
    return target if is_other else None


def judge_capture(capture: Capture, status: int, location: str | None, body: bytes) -> Page:
    """Return the page that *capture* of an article is: what WeChat answered then, or why the archive shows none."""
    if 300 <= status < 400:
        target = redirected_to(capture, location)
        if target is not None:
            return Page(Verdict.MOVED, "the archive has it from another time", moved_to=target.url)
        if is_verification(re.sub(rf"^(?:https?://{re.escape(HOST)})?/web/[0-9]{{14}}(?:id_)?/", "", location or "")):
            return Page(Verdict.BLOCKED, "a redirect to the verification page was captured")
        return Page(Verdict.EXPIRED, f"redirected (HTTP {status}) to no capture of it")
    if status in (404, 410):
        return Page(Verdict.EXPIRED, f"the archive has no such capture (HTTP {status})")
    if status != 200:
        return Page(Verdict.UNAVAILABLE, f"HTTP status {status}")
    page = judge_answer(capture.address.url, 200, None, body)
    named = capture.address.key if isinstance(capture.address, Address) else None
    if page.article is not None and named is not None and page.article.key not in (named, None):
        return Page(Verdict.EXPIRED, f"it shows another article, {page.article.key}")
    if page.verdict is Verdict.MOVED:  # the new address is WeChat's matter
        return Page(Verdict.UNKNOWN, "the page of a move was captured")
    return page
