"""The spider of the weekly report, which follows the lists of earlier issues.

Domain: https://mp.weixin.qq.com (the WeChat account 国家互联网应急中心CNCERT)
Caveats: an article has several addresses, of which some are answered with a verification page; a page is an issue only
if account and title say so. ``ledger/frontier.py`` decides which requests are sent; ``middlewares/sources.py`` reads
feeds and albums.
Spider arguments: see ``spiders/arguments.py`` and docs/crawl.md.
"""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from cncert.exceptions import NotAnIssue
from cncert.items import issue_id
from cncert.options import Options
from cncert.report.issue import read_issue
from cncert.sources.album import read_neighbours
from cncert.sources.listed_articles import find_issues
from cncert.spiders.series_spider import SeriesSpider, provenance
from cncert.wechat.address import ARTICLE_HOST, Address, read_address
from cncert.wechat.failure_pages import Page
from cncert.wechat.judge_answer import judge_answer
from cncert.wechat.wayback import judge_capture, read_capture


class WeeklySpider(SeriesSpider):
    """``scrapy crawl weekly``: one issue, then the five before it, and so on."""

    name = "weekly"
    allowed_domains: ClassVar[list[str]] = [ARTICLE_HOST]
    asks_sources: ClassVar[bool] = True

    async def start(self) -> AsyncIterator[Any]:
        for url in self.arguments.start:
            yield Request(url)

    @staticmethod
    def read_address(text: str) -> Address | None:
        """Return the address of a WeChat article."""
        return read_address(text)

    @staticmethod
    def judge(response: Response) -> Page:
        """Return the WeChat page that *response* is, or that it is a capture of."""
        location = (response.headers.get("Location") or b"").decode("latin-1")
        if (capture := read_capture(response.url)) is not None:
            return judge_capture(capture, response.status, location, response.body)
        return judge_answer(response.url, response.status, location, response.body)

    def parse(self, response: Response) -> Any:
        """Yield the issue, then a request for every issue that it links to or that its album has beside it.

        Raises NotAnIssue for any other article.

        @url https://mp.weixin.qq.com/s/1lrCvS2QhNiaX6iHwVVyeQ
        @returns items 1 1
        @scrapes id title period article figures provenance
        """
        page = self.judge(response)
        if (article := page.article) is None:  # in a run such a page does not come here
            self.logger.warning("%s: %s", response.url, page.reason)
            return
        issue = read_issue(article, provenance(response))
        if issue.provenance.reprint is not None and not Options.of(self.settings).reprints:
            raise NotAnIssue("reprint", "a reprint, and CNCERT_REPRINTS is off")
        if self.arguments.wants(issue.id):
            self.seen += "answer" not in response.meta  # further answers are of the same issue
            yield issue
        for line in issue.review:
            if line.url is not None:
                yield Request(line.url, meta={"source": issue.id, "issue": issue_id(line.year, line.number)})
        for named in find_issues(read_neighbours(response.body))[0]:
            yield Request(named.address.url, meta={"source": issue.id, "issue": named.issue})
        if self.seen == self.arguments.limit:
            raise CloseSpider("limit")
