"""Validates an issue against the model: errors reject it with a reason that is kept, doubts become warnings."""

from datetime import UTC, datetime

from pydantic import ValidationError
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue
from cncert.ledger.article_rows import Ledger, issue_row_id
from cncert.report.validation import first_problem, validate_issue
from cncert.store.records import Reject, State


class ValidatePipeline:
    """What passes is an :class:`Issue` in every field; what does not stays in the store as a reject."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ValidatePipeline":
        return cls(crawler)

    async def process_item(self, item: Issue) -> Issue:
        """Raises DropItem for an item that breaks the model; the reject is in the store by then."""
        try:
            issue = validate_issue(item)
        except ValidationError as error:
            reason = first_problem(error)
            self.crawler.stats.inc_value("cncert/rejected/invalid")
            await self._keep(item, reason)
            raise DropItem(f"invalid: {reason}") from None
        for warning in issue.warnings:
            self.crawler.stats.inc_value(f"cncert/warnings/{warning.code}")
        return issue

    async def _keep(self, item: Issue, reason: str) -> None:
        run = RunRecorder.of(self.crawler)
        if run.record is not None:
            run.record.rejected.append(item.id)
        ident = issue_row_id(item)
        try:
            await run.store.put_reject(
                Reject(
                    id=ident,
                    issue=item.id,
                    reason=reason,
                    address=item.article.url,
                    rejected_at=datetime.now(UTC),
                    document=item.model_dump(warnings="none"),
                )
            )
            await Ledger(run.store).settle(ident, State.REJECTED, f"invalid: {reason}", url=item.provenance.address)
        except StoreError as error:
            await run.stop(error)
