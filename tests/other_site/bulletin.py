"""The weekly report as another site publishes it: a list of its pages, and a page an issue.

Registered with one setting: ``SPIDER_MODULES=cncert.spiders,tests.other_site``.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import HtmlResponse, Response

from cncert.items import Issue
from cncert.ledger.article_ledger import SiteAddress
from cncert.report.issue import read_issue
from cncert.sources.saved_files.pages_of_other_sites import read_page_of_other_site
from cncert.spiders.series_spider import SeriesSpider, provenance
from cncert.wechat.failure_pages import Page, Verdict

HOST = "bulletin.example"
LIST = f"https://{HOST}/list.html"
_ISSUE = re.compile(rf"https://{re.escape(HOST)}/issue/[0-9]{{4}}-[0-9]{{2}}\.html")


class BulletinSpider(SeriesSpider):
    """``scrapy crawl bulletin``: the list, then every page that it names."""

    name = "bulletin"
    allowed_domains: ClassVar[list[str]] = [HOST]
    custom_settings: ClassVar[dict[str, Any]] = {
        "ITEM_PIPELINES": {
            "cncert.pipelines.clean.CleanPipeline": 100,
            "tests.other_site.bulletin.RemarkPipeline": 150,
            "cncert.pipelines.pictures.PicturesPipeline": 200,
            "cncert.pipelines.validate.ValidatePipeline": 300,
            "cncert.pipelines.store.StorePipeline": 400,
        }
    }

    async def start(self) -> AsyncIterator[Any]:
        yield Request(LIST, self.parse_list)

    @staticmethod
    def read_address(text: str) -> SiteAddress | None:
        """Return the address of an issue's page."""
        return SiteAddress(text) if _ISSUE.fullmatch(text) else None

    def may_fetch(self, url: str) -> bool:
        """Whether *url* is the list."""
        return url == LIST

    @staticmethod
    def judge(response: Response) -> Page:
        """Return what the page is."""
        if response.status == 404:
            return Page(Verdict.GONE, "no such page")
        return Page(Verdict.ARTICLE, "a page of the site")

    def parse_list(self, response: HtmlResponse) -> Any:
        """Yield a request for each issue of the list."""
        for link in response.css("a[href^='/issue/']"):
            url = response.urljoin(link.attrib["href"])
            yield Request(url, meta={"source": "list", "issue": url[-12:-5]})

    def parse(self, response: HtmlResponse) -> Any:
        """Yield the issue. Raises NotAnIssue for a page that shows none."""
        yield read_issue(read_page_of_other_site(response.text, None), provenance(response, "site"))


class RemarkPipeline:
    """A step of the spider's own: it marks its issues by their account."""

    def process_item(self, item: Issue) -> Issue:
        return item.model_copy(update={"account": item.account.model_copy(update={"name": "bulletin"})})
