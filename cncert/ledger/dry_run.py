"""What a run would request, worked out on a copy of the ledger that is lost afterwards."""

from collections.abc import Sequence

from cncert.items import Issue
from cncert.ledger.article_ledger import AddressReader, FoundAddress, Ledger
from cncert.ledger.frontier import Frontier, PlannedRequest, RunScope
from cncert.store import Store
from cncert.store.ledger_rows import LedgerRow


async def planned_requests(
    store: Store,
    copy: Store,
    scope: RunScope,
    *,
    reader: AddressReader,
    reprints: bool,
    indexed: Sequence[FoundAddress],
    start: Sequence[str],
) -> list[PlannedRequest]:
    """Return the requests for pages that a run would plan before the first answer, in their order.

    *copy* is an empty store, into which the ledger of *store* is copied; *indexed* are addresses that every run knows,
    *start* those that a person gave. May raise StoreError.
    """
    rows = await store.rows()
    await copy.write_all(copy.write(LedgerRow, row.id, None, row) for row in rows)
    await Ledger(copy, reader).add(indexed)
    weeks = {row.issue for row in await copy.rows() if row.issue}
    issues = await store.get_issues(weeks)
    await copy.write_all(copy.write(Issue, issue.id, None, issue) for issue in issues.values())

    def ignore(*_: object) -> None:
        """Take a count, a failure or a note of the frontier."""

    frontier = Frontier(copy, scope, reader=reader, reprints=reprints, count=ignore, note_failure=ignore, note=ignore)
    found = [FoundAddress(url, "start") for url in start]
    asked_for = await frontier.plan(found, asked_for=True) if found else []
    planned = [one for one in asked_for if one is not None] + [one async for one in frontier.due()]
    # The first one is sent at once, before the others are known.
    return planned[:1] + sorted(planned[1:], key=lambda one: -one.priority)
