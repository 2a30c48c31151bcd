"""Refuses every request to a host that is not allowed."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from cncert.extensions.run_recorder import RunComponent
from cncert.ledger.article_ledger import SiteAddress
from cncert.middlewares.picture_retries import retried_issue
from cncert.options import Options
from cncert.sources.configured_sources import may_ask, read_sources
from cncert.spiders.series_spider import SeriesSpider
from cncert.wechat import wayback
from cncert.wechat.address import ARTICLE_HOST, PICTURE_HOSTS, may_fetch


class HostNotAllowed(IgnoreRequest):
    """The request goes to no page of the spider, no picture, feed or capture. Raised from :class:`HostsMiddleware`."""


class HostsMiddleware(RunComponent):
    """Downloader middleware: lets requests pass to the spider's pages, WeChat's articles and pictures, and the sources.

    Of the Wayback Machine only look-ups for them pass, and captures of them.

    It is the last before the network. Unlike Scrapy's offsite filter it also sees media pipelines and redirects.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        options = Options.of(crawler.settings)
        self.sources, self._wayback = read_sources(options), options.wayback

    def process_request(self, request: Request) -> None:
        """Raises :class:`HostNotAllowed` for an address that the crawl may not request."""
        url, spider = request.url, self.crawler.spider
        if may_fetch(url) or may_ask(url, self.sources) or retried_issue(request) is not None:
            return
        if self._wayback and wayback.may_ask(url):
            return
        hosts = {ARTICLE_HOST, *PICTURE_HOSTS} | ({wayback.HOST} if self._wayback else set())
        if isinstance(spider, SeriesSpider):
            address = spider.read_address(url)
            if spider.may_fetch(url) or (isinstance(address, SiteAddress) and address.url == url):
                return
            hosts |= set(spider.allowed_domains)
        if url in {f"https://{host}/robots.txt" for host in hosts}:
            return
        self.crawler.stats.inc_value("cncert/hosts/refused")
        raise HostNotAllowed(f"not an address that this crawl may ask: {url[:200]}")
