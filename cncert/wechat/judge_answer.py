"""What an answer of WeChat's server is, from its status, its ``Location`` and its body."""

from contextlib import suppress
from functools import lru_cache
from threading import Lock
from urllib.parse import urljoin

from cncert.wechat.address import is_verification, read_address
from cncert.wechat.failure_pages import Page, Verdict, is_cut_off, read_page

_one_at_a_time = Lock()


def judge_answer(url: str, status: int, location: str | None, body: bytes) -> Page:
    """Return the page that *url* answered with.

    *location* is the header of that name. Redirects are not followed: where they lead decides.
    """
    with _one_at_a_time:  # who asks in another thread meanwhile gets the same page, read once
        return _judge(url, status, location, body)


@lru_cache(maxsize=1)  # the archive, the ledger and the spider ask about one answer
def _judge(url: str, status: int, location: str | None, body: bytes) -> Page:
    if 300 <= status < 400:
        target = location or ""
        with suppress(ValueError):  # http://[
            target = urljoin(url, target)
        if is_verification(target):
            return Page(Verdict.BLOCKED, "redirected to the verification page")
        address = read_address(target)
        if address is None or address.url == url:  # or to itself
            return Page(Verdict.UNAVAILABLE, f"redirected (HTTP {status}) to no article: {target[:120]}")
        return Page(Verdict.MOVED, "redirected to another address", moved_to=address.url)
    page = read_page(body, url)
    if status != 200 and page.verdict in (Verdict.ARTICLE, Verdict.UNKNOWN):
        return Page(Verdict.UNKNOWN, f"HTTP status {status}")
    if page.verdict is Verdict.ARTICLE and is_cut_off(body):
        return Page(Verdict.UNKNOWN, "the page breaks off")
    return page
