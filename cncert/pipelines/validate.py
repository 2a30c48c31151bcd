"""Validates an issue against its model."""

from typing import Any, Self

from pydantic import ValidationError
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from cncert.editions.take_issue import reject
from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue
from cncert.report.validation import first_problem, validate_issue


class ValidatePipeline:
    """Calls :func:`cncert.report.validation.validate_issue`, and stores an invalid issue as a reject of the run."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Validate an issue; other items pass. Raises DropItem if it is not valid, after storing the reject."""
        if not isinstance(item, Issue):
            return item
        stats, run = self._crawler.stats, self._crawler.get_extension(RunRecorder)
        try:
            issue = validate_issue(item)
        except ValidationError as error:
            reason = first_problem(error)
            stats.inc_value("cncert/rejected/invalid")
            if run is not None:
                run.rejected(item.id)
                try:
                    await reject(run.store, item, reason)
                except StoreError as lost:
                    await run.stop(lost)
            raise DropItem(f"invalid: {reason}") from None
        for warning in issue.warnings:
            stats.inc_value(f"cncert/warnings/{warning.code}")
        return issue
