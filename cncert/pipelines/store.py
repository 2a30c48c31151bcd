"""Stores an issue."""

from scrapy.exceptions import DropItem

from cncert.editions.take_issue import take
from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunComponent
from cncert.items import Issue
from cncert.quality.renew_warnings import renew
from cncert.store.revisions import Outcome


class StorePipeline(RunComponent):
    """Calls :func:`cncert.editions.take_issue.take` for the store of the run."""

    async def process_item(self, item: Issue) -> Issue:
        """Store *item*. Raises DropItem if the store fails: the run closes, and the issue stays due in the ledger."""
        run = self.run
        try:
            outcome = await take(run.store, item, "page")
            if outcome not in (Outcome.SAME, Outcome.OLDER):
                await renew(run.store, item.id)
        except StoreError as error:
            await run.stop(error)
            raise DropItem(f"not stored: {error}") from None
        run.count(outcome, item.id)
        return item
