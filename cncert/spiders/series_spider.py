"""What every spider of the project has in common, and what it must bring for itself."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response

from cncert.archive.http_cache import replay_settings
from cncert.browser import chromium
from cncert.items import Provenance
from cncert.ledger.article_ledger import SiteAddress
from cncert.report.parser_version import PARSER
from cncert.spiders.arguments import JOB, Arguments
from cncert.wechat.address import Address
from cncert.wechat.failure_pages import Page


class SeriesSpider(Spider):
    """A spider whose pages are issues of the series.

    The middlewares, the run's record and ``scrapy crawl`` work with any subclass. It brings :meth:`read_address`,
    :meth:`judge` and ``parse``, which yields issues, and requests for the pages that it found: with
    ``meta={"source": …, "issue": …}`` for one that another page names.
    """

    allowed_domains: ClassVar[list[str]]
    """The hosts whose robots.txt may be asked, beside those of WeChat."""
    asks_sources: ClassVar[bool] = False
    """Whether feeds and albums are asked for issues before the spider starts."""
    given: dict[str, str]
    """The arguments as the user gave them."""
    arguments: Arguments
    seen = 0
    """How many issues of the range that was asked for have come."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Raises ArgumentError for a wrong argument, BrowserError for a missing browser, before anything is fetched."""
        given = {name: str(value) for name, value in kwargs.items()}
        arguments = Arguments.read(given, cls.read_address)
        spider = super().from_crawler(crawler, *args)
        spider.given = {name: value for name, value in given.items() if name != JOB}
        spider.arguments = arguments
        if arguments.replay is not None:
            crawler.settings.setdict(replay_settings(arguments.replay), priority="spider")
        else:
            crawler.settings.setdict(chromium.crawl_settings(crawler.settings), priority="spider")
        return spider

    @staticmethod
    def read_address(text: str) -> Address | SiteAddress | None:
        """Return the address of a page that may be an issue, None for any other text. No other page is fetched."""
        raise NotImplementedError

    @staticmethod
    def judge(response: Response) -> Page:
        """Return what *response* is: an article (``Verdict.ARTICLE``), or why it is none."""
        raise NotImplementedError

    def may_fetch(self, url: str) -> bool:
        """Whether *url*, which is no page that may be an issue, may be fetched all the same: a list of pages."""
        return False


def provenance(response: Response) -> Provenance:
    """Return where *response* came from, when, and a hash of what came."""
    archived: datetime | None = response.meta.get("archived_at")
    return Provenance(
        fetched_at=archived or datetime.now(UTC),
        via="archive" if archived else "browser" if "playwright" in response.flags else "http",
        address=response.url,
        sha256=sha256(response.body).hexdigest(),
        parser=PARSER,
    )
