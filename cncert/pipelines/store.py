"""Takes in an issue."""

from scrapy.exceptions import DropItem

from cncert.editions.take_issue import take
from cncert.exceptions import DocumentError, StoreError
from cncert.extensions.run_recorder import RunComponent
from cncert.items import Issue
from cncert.middlewares.archive import archived


class StorePipeline(RunComponent):
    """Calls :func:`cncert.editions.take_issue.take` for the store of the run."""

    async def process_item(self, item: Issue) -> Issue:
        """Take in *item*, and return the document that stands for it now.

        Raises DropItem if the store fails: the run closes, and the issue stays due in the ledger. If only what is
        stored of it cannot be read, that stays as it is, and the run goes on. A document, which came for its pictures,
        is taken in already.
        """
        run = self.run
        try:
            if item.editions:
                return await run.store.get_issue(item.id) or item
            await archived(self.crawler)
            taken = await take(run.store, item, "page")
        except DocumentError:
            run.note_failure(f"issue-{item.id}", "not_stored")
            raise DropItem("not stored: what the store holds of it cannot be read") from None
        except StoreError as error:
            await run.stop(error)
            raise DropItem(f"not stored: {error}") from None
        run.count(taken)
        return taken.document or item
