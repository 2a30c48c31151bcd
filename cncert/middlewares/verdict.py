"""Judges each answer to a request for an issue, and stops those that are no article."""

from scrapy.http import Response

from cncert.exceptions import CncertError
from cncert.extensions.run_recorder import RunComponent
from cncert.spiders.series_spider import SeriesSpider
from cncert.wechat.failure_pages import Page, Verdict


class PageRefused(CncertError):
    """The answer is no article. Raised from :class:`VerdictMiddleware`."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.reason)
        self.page = page


class VerdictMiddleware(RunComponent):
    """Spider middleware: lets articles pass, and raises :class:`PageRefused` for anything else.

    An exception from ``process_spider_input`` reaches the request's errback whatever the status of the answer.
    """

    def process_spider_input(self, response: Response) -> None:
        """Judge the answer to a request for an issue; any other answer passes."""
        spider, request = self.crawler.spider, response.request
        assert isinstance(spider, SeriesSpider)
        if request is None or spider.read_address(request.url) is None:
            return
        page = spider.judge(response)
        self.crawler.stats.inc_value(f"cncert/verdict/{page.verdict}")
        if page.verdict is not Verdict.ARTICLE:
            raise PageRefused(page)
