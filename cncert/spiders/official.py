"""The spider of CNCERT's own site, where the weekly report is a page with a PDF.

Domain: https://www.cert.org.cn
Caveats: only pages under a title of the series are requested; ``ledger/frontier.py`` decides how far lists are read.
Spider arguments: see ``spiders/arguments.py`` and docs/official.md.
"""

import os
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, ClassVar

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from cncert.cert_site import addresses
from cncert.cert_site.pages import judge_page, read_site_page
from cncert.exceptions import ListError
from cncert.ledger.article_ledger import SiteAddress
from cncert.report.site_issue import fetch_site_issue, read_site_list
from cncert.spiders.series_spider import SeriesSpider, provenance
from cncert.wechat.failure_pages import Page

LISTS_FIRST = 1_000_000_000
"""Priority of list pages: all that they name is known before the first page is requested."""


class OfficialSpider(SeriesSpider):
    """``scrapy crawl official``: the lists of the site, newest first, then every page of the series and its PDF."""

    name = "official"
    allowed_domains: ClassVar[list[str]] = [addresses.HOST]
    custom_settings = {  # noqa: RUF012  # as Scrapy declares it
        "ROBOTSTXT_OBEY": True,
        "DOWNLOAD_DELAY": os.getenv("DOWNLOAD_DELAY", "3"),
        "CNCERT_BROWSER": "off",
        "DOWNLOAD_HANDLERS": {"https": "cncert.middlewares.https_first.HttpsFirstHandler"},
    }
    listed: Mapping[str, str | None] | None = None
    """What the lists of this run have named: issues by the addresses of their pages. None: no list was read."""

    async def start(self) -> AsyncIterator[Any]:
        for url in self.arguments.start:
            yield Request(url)
        for url in dict.fromkeys((addresses.NEWEST_LIST, *self.unread_lists)):
            yield Request(url, self.parse_list, priority=LISTS_FIRST)

    @staticmethod
    def read_address(text: str) -> SiteAddress | None:
        """Return the address of a page of the site."""
        url = addresses.read_page_address(text)
        return SiteAddress(url) if url is not None else None

    def may_fetch(self, url: str) -> bool:
        """Whether *url* is a list of pages, or a file that a page may link to."""
        return url in (addresses.read_list_address(url), addresses.read_file_address(url))

    @staticmethod
    def judge(response: Response) -> Page:
        """Return the page of the site that *response* is."""
        return judge_page(response.url, response.status, response.body)

    def parse_list(self, response: Response) -> Any:
        """Yield a request for each issue on a list page, and for the list page behind it. May raise ListError.

        @url https://www.cert.org.cn/publish/main/44/index.html
        @returns items 0 0
        @returns requests 2
        """
        url, first = response.url, self.arguments.first or ""
        issues, lost, is_end = read_site_list(response.status, response.body, url, self.listed)
        for page, issue in issues.items():
            yield Request(page, meta={"source": "list", "issue": issue})
        self.listed = {**(self.listed or {}), **issues}
        onward = addresses.list_behind(url) if is_end else addresses.next_list_page(url)
        if onward is not None and max(filter(None, issues.values()), default=first) >= first:
            behind = [] if url in self.unread_lists else list(issues)  # behind those nothing may be known
            yield Request(onward, self.parse_list, priority=LISTS_FIRST, meta={"behind": behind})
        if lost:
            raise ListError("unknown", f"{len(lost)} issues at addresses that are not known, such as {lost[0]}")

    async def parse(self, response: Response) -> AsyncIterator[Any]:
        """Yield the issue of a page. Raises NotAnIssue if it has none."""
        page = read_site_page(response.body, response.url)
        assert page is not None  # or the answer was refused
        fetch = partial(self.fetch_file, near=response.meta.get("archived_at"))
        issue, contents = await fetch_site_issue(page, fetch, self.write_file, provenance(response, "site"))
        if self.arguments.wants(issue.id):
            self.seen += "answer" not in response.meta  # further answers are of the same issue
            self.contents |= contents
            yield issue
        if self.seen == self.arguments.limit:
            raise CloseSpider("limit")
