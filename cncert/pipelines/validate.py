"""Validates an issue against its model."""

from pydantic import ValidationError
from scrapy.exceptions import DropItem

from cncert.editions.take_issue import reject
from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunComponent
from cncert.items import Issue
from cncert.report.validation import first_problem, validate_issue


class ValidatePipeline(RunComponent):
    """Calls :func:`cncert.report.validation.validate_issue`, and stores an invalid issue as a reject."""

    async def process_item(self, item: Issue) -> Issue:
        """Validate *item*. Raises DropItem if it is not valid, after storing the reject."""
        stats, run = self.crawler.stats, self.run
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
