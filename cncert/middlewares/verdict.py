"""Decides what each answer is, and raises an exception for what is no article."""

from scrapy.crawler import Crawler
from scrapy.http import Response

from cncert.exceptions import CncertError
from cncert.middlewares.unfinished import unfinished_issue
from cncert.wechat.answer import judge_answer
from cncert.wechat.failure_pages import Page, Verdict


class PageRefused(CncertError):
    """WeChat answered with something else than an article. Raised from :class:`VerdictMiddleware`."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.reason)
        self.page = page


class VerdictMiddleware:
    """Spider middleware: lets articles pass, and raises :class:`PageRefused` for anything else.

    ``process_spider_input`` is one of the few places from which Scrapy lets an exception reach the request's errback
    whatever the status of the answer.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "VerdictMiddleware":
        return cls(crawler)

    def process_spider_input(self, response: Response) -> None:
        """Count the verdict. Raises :class:`PageRefused` unless the answer is an article."""
        if unfinished_issue(response) is not None:
            return
        page = page_of(response)
        self.crawler.stats.inc_value(f"cncert/verdict/{page.verdict}")
        if page.verdict is not Verdict.ARTICLE:
            raise PageRefused(page)


def page_of(response: Response) -> Page:
    """Return the WeChat page that *response* is."""
    location = response.headers.get("Location")
    return judge_answer(
        response.url, response.status, location.decode("latin-1") if location is not None else None, response.body
    )
