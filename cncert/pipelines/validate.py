"""Validates an issue against its model."""

from pydantic import ValidationError
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from cncert.editions.take_issue import reject
from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue
from cncert.report.validation import first_problem, validate_issue


class ValidatePipeline:
    """Calls :func:`cncert.report.validation.validate_issue`, and stores an invalid issue as a reject."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ValidatePipeline":
        return cls(crawler)

    async def process_item(self, item: Issue) -> Issue:
        """Validate *item*. Raises DropItem if it is not valid, after storing the reject."""
        stats, run = self.crawler.stats, RunRecorder.of(self.crawler)
        try:
            issue = validate_issue(item)
        except ValidationError as error:
            reason = first_problem(error)
            stats.inc_value("cncert/rejected/invalid")
            run.rejected(item.id)
            try:
                await reject(run.store, item, reason)
            except StoreError as lost:
                await run.stop(lost)
            raise DropItem(f"invalid: {reason}") from None
        for warning in issue.warnings:
            stats.inc_value(f"cncert/warnings/{warning.code}")
        return issue
