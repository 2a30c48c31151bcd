"""Reads each answer once and decides what it is."""

from contextlib import suppress

from scrapy.crawler import Crawler
from scrapy.http import Response

from cncert.exceptions import PageRefused
from cncert.middlewares.unfinished import unfinished_issue
from cncert.wechat.address import is_verification, read_address
from cncert.wechat.failure_pages import Page, Verdict, read_page


class VerdictMiddleware:
    """Spider middleware: hands articles to the spider as its ``page`` argument, raises PageRefused for the rest.

    ``process_spider_input`` is one of the few places from which Scrapy lets an exception reach the request's errback
    whatever the status of the answer.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "VerdictMiddleware":
        return cls(crawler)

    def process_spider_input(self, response: Response) -> None:
        """Read the answer; raise :class:`PageRefused` unless it is an article."""
        if unfinished_issue(response) is not None:
            return
        page = judge(response)
        self.crawler.stats.inc_value(f"cncert/verdict/{page.verdict}")
        if page.verdict is not Verdict.ARTICLE:
            raise PageRefused(page)
        assert response.request is not None
        response.request.cb_kwargs["page"] = page


def breaks_off(page: bytes) -> bool:
    """Whether *page* has lost its end: half an article reads like a whole one."""
    return b"<html" in page and b"</html" not in page[-2000:]


def judge(response: Response) -> Page:
    """The page that *response* is. Redirects are not followed: where they lead decides."""
    if 300 <= response.status < 400:
        target = (response.headers.get("Location") or b"").decode("latin-1")
        with suppress(ValueError):  # http://[
            target = response.urljoin(target)
        if is_verification(target):
            return Page(Verdict.BLOCKED, "redirected to the verification page")
        address = read_address(target)
        if address is None or address.url == response.url:  # or to itself
            return Page(Verdict.UNAVAILABLE, f"redirected (HTTP {response.status}) to no article: {target[:120]}")
        return Page(Verdict.MOVED, "redirected to another address", moved_to=address.url)
    page = read_page(response.body, response.url)
    if response.status != 200 and page.verdict in (Verdict.ARTICLE, Verdict.UNKNOWN):
        return Page(Verdict.UNKNOWN, f"HTTP status {response.status}")
    if page.verdict is Verdict.ARTICLE and breaks_off(response.body):
        return Page(Verdict.UNKNOWN, "the page breaks off")
    return page
