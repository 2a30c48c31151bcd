"""No address leaves the allowed hosts, whoever asked for it."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from cncert.wechat.address import ARTICLE_HOST, PICTURE_HOSTS, may_fetch

ROBOTS = frozenset(f"https://{host}/robots.txt" for host in (ARTICLE_HOST, *PICTURE_HOSTS))


class HostNotAllowed(IgnoreRequest):
    """The request goes to none of the article or picture addresses. Raised from :class:`HostsMiddleware`."""


class HostsMiddleware:
    """Downloader middleware, the last before the wire: only articles and pictures of WeChat pass.

    Offsite filters look at the spider's requests; this looks at everything, media pipelines and redirects included.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "HostsMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise :class:`HostNotAllowed` for an address that the crawl has no business with."""
        if may_fetch(request.url) or request.url in ROBOTS:
            return
        self.crawler.stats.inc_value("cncert/hosts/refused")
        raise HostNotAllowed(f"not an article or picture address of WeChat: {request.url[:200]}")
