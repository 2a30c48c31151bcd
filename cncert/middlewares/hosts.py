"""No request leaves the allowed hosts, whoever asked for it."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from cncert.middlewares.unfinished import unfinished_issue
from cncert.sources.configured_sources import may_ask, read_sources
from cncert.wechat.address import ARTICLE_HOST, PICTURE_HOSTS, may_fetch

ROBOTS = frozenset(f"https://{host}/robots.txt" for host in (ARTICLE_HOST, *PICTURE_HOSTS))


class HostNotAllowed(IgnoreRequest):
    """The request goes to none of the article, picture or feed addresses. Raised from :class:`HostsMiddleware`."""


class HostsMiddleware:
    """Downloader middleware, the last before the wire: only articles and pictures of WeChat and named sources pass.

    Offsite filters look at the spider's requests; this looks at everything, media pipelines and redirects included.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.sources = read_sources(crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "HostsMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise :class:`HostNotAllowed` for an address that the crawl has no business with."""
        if may_fetch(request.url) or request.url in ROBOTS or may_ask(request.url, self.sources):
            return
        if unfinished_issue(request) is not None:
            return
        self.crawler.stats.inc_value("cncert/hosts/refused")
        raise HostNotAllowed(f"not an article or picture address of WeChat: {request.url[:200]}")
