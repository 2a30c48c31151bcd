"""``scrapy shell``: Scrapy's own command with what was read on the page; it begins no run and stores nothing."""

from datetime import UTC, datetime
from typing import Any

from scrapy.commands import shell
from scrapy.http import Response

from cncert.commands.inspecting_command import InspectingCommand
from cncert.exceptions import NotAnIssue
from cncert.items import Issue
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.sources.saved_files.saved_page import read_saved_page, unwrap_saved_page
from cncert.spiders.series_spider import SeriesSpider, provenance
from cncert.terminal.console import print_note
from cncert.wechat.failure_pages import Page


class ShellCommand(InspectingCommand, shell.Command):
    """Adds ``page``, ``article`` and ``issue`` to what the shell has at hand."""

    def update_vars(self, vars: dict[str, Any]) -> None:
        """Add what the response of *vars* is; each is None if there is no such thing."""
        response = vars["response"]
        page, issue, reason = read_response(response, vars["spider"]) if response is not None else (None, None, "")
        vars.update(page=page, article=page.article if page else None, issue=issue)
        if page is not None:
            print_note(f"page, article, issue: {reason if issue is None else f'issue {issue.id}'}")


def read_response(response: Response, spider: object) -> tuple[Page, Issue | None, str]:
    """Return the page that *response* is, the issue on it, and why it has none."""
    if not isinstance(spider, SeriesSpider):  # a file, or a page of another site
        content = read_saved_page(unwrap_saved_page(response.body, datetime.now(UTC)))
        return content.page, content.issue and clean_issue(content.issue), content.reason
    page = spider.judge(response)
    if page.article is None:
        return page, None, page.reason
    try:
        return page, clean_issue(read_issue(page.article, provenance(response))), ""
    except NotAnIssue as error:
        return page, None, f"no issue ({error.reason}): {error}"
