"""Stores the issue, renews what rests on it, then says so in the ledger: a kill in between costs a repeated fetch."""

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue
from cncert.ledger.article_rows import Ledger, issue_row_id
from cncert.quality import renew_warnings
from cncert.store.records import Outcome, State


class StorePipeline:
    """Puts issues into the run's store."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "StorePipeline":
        return cls(crawler)

    async def process_item(self, item: Issue) -> Issue:
        """Raises DropItem if the store is lost; the run closes then, and the issue stays due in the ledger."""
        run = RunRecorder.of(self.crawler)
        try:
            outcome = await run.store.put_issue(item)
            if outcome not in (Outcome.SAME, Outcome.OLDER):
                await renew_warnings.renew(run.store, item.id)
            if not item.provenance.is_copy:  # the article of a copy stays due
                await self._tell_ledger(item, outcome)
        except StoreError as error:
            await run.stop(error)
            raise DropItem(f"not stored: {error}") from None
        run.count(outcome, item.id)
        return item

    async def _tell_ledger(self, item: Issue, outcome: Outcome) -> None:
        run = RunRecorder.of(self.crawler)
        ledger, ident = Ledger(run.store), issue_row_id(item)
        if outcome is Outcome.OLDER:
            reason = f"older than the article that {item.id} was stored from"
            await ledger.settle(ident, State.REJECTED, reason, url=item.provenance.address, issue=item.id)
        elif await self._is_news(ident, outcome):
            await ledger.enter(item.article.url, source="page", issue=item.id)
            await ledger.settle(ident, State.STORED, None, url=item.provenance.address, issue=item.id)

    async def _is_news(self, ident: str, outcome: Outcome) -> bool:
        """Whether the ledger has something to learn: not from an issue that only had its pictures fetched again."""
        run = RunRecorder.of(self.crawler)
        row = await run.store.get_row(ident)
        return row is None or row.state is not State.STORED or outcome in (Outcome.NEW, Outcome.CHANGED)
