"""The weekly report, followed backwards through its review lists.

Domain: https://mp.weixin.qq.com (the WeChat account 国家互联网应急中心CNCERT)
Caveats: an article has several addresses, of which some are answered with a verification page; a page is an issue only
if account and title say so. Which requests are sent is decided by ``middlewares/ledger.py``; feeds and albums are asked
by ``middlewares/sources.py``.
Spider arguments: see ``spiders/arguments.py`` and docs/data.md.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from cncert.archive.http_cache import replay_settings
from cncert.browser import chromium
from cncert.items import Provenance, issue_id
from cncert.middlewares.verdict import page_of
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.sources.album import read_neighbours
from cncert.sources.listed_articles import find_issues
from cncert.spiders.arguments import JOB, Arguments
from cncert.wechat.address import ARTICLE_HOST


class WeeklySpider(Spider):
    """``scrapy crawl weekly``: one issue, then the five before it, and so on."""

    name = "weekly"
    allowed_domains: ClassVar[list[str]] = [ARTICLE_HOST]

    given: dict[str, str]
    arguments: Arguments
    seen = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "WeeklySpider":
        """Raises ArgumentError for a wrong argument, BrowserError for a missing browser, before anything is fetched."""
        given = {name: str(value) for name, value in kwargs.items()}
        arguments = Arguments.read(given)
        spider = super().from_crawler(crawler, *args)
        spider.given = {name: value for name, value in given.items() if name != JOB}
        spider.arguments = arguments
        if arguments.replay is not None:
            crawler.settings.setdict(replay_settings(arguments.replay), priority="spider")
        else:
            crawler.settings.setdict(chromium.crawl_settings(crawler.settings), priority="spider")
        return spider

    async def start(self) -> AsyncIterator[Any]:
        for url in self.arguments.start:
            yield Request(url)

    def parse(self, response: Response) -> Any:
        """Yield the issue, then a request for every issue that its review list links to or its album has beside it.

        Raises NotAnIssue for any other article.
        """
        article = page_of(response).article
        if article is None:
            return  # no answer of WeChat's that middlewares/verdict.py lets pass
        issue = read_issue(article, provenance(response))
        if self.arguments.wants(issue.id):
            self.seen += 1
            yield issue
        for line in issue.review:
            if line.url is not None:
                yield Request(line.url, meta={"source": issue.id, "issue": issue_id(line.year, line.number)})
        for named in find_issues(read_neighbours(response.body))[0]:
            yield Request(named.address.url, meta={"source": issue.id, "issue": named.issue})
        if self.seen == self.arguments.limit:
            raise CloseSpider("limit")


def provenance(response: Response) -> Provenance:
    """Where *response* came from, when, and a hash of what came."""
    archived: datetime | None = response.meta.get("archived_at")
    return Provenance(
        fetched_at=archived or datetime.now(UTC),
        via="archive" if archived else "browser" if "playwright" in response.flags else "http",
        address=response.url,
        sha256=sha256(response.body).hexdigest(),
        parser=PARSER,
    )
