"""Stores an issue and records it in the ledger: every issue, wherever it was read, is stored by :func:`take`."""

from datetime import UTC, datetime
from typing import Literal

from cncert.items import Issue
from cncert.ledger.article_ledger import Ledger, issue_row_id
from cncert.store import Store
from cncert.store.ledger_rows import State
from cncert.store.revisions import Outcome, Reject

FoundIn = Literal["page", "feed", "file"]
"""Where an issue was read: in a page fetched now, in a feed's copy, in a saved file."""


async def take(store: Store, issue: Issue, found_in: FoundIn) -> Outcome:
    """Store *issue*, which is valid, and record it in the ledger; return what storing did.

    The issue is stored first: if the process is killed in between, it is fetched again. May raise StoreError.
    """
    outcome = await store.put_issue(issue)
    await record_in_ledger(store, issue, outcome, found_in)
    return outcome


async def record_in_ledger(store: Store, issue: Issue, outcome: Outcome, found_in: FoundIn) -> None:
    """Record the article of *issue*, and the earlier issues that it lists. *outcome*: what storing it did.

    The article of a copy stays due, because the page itself is the better source. May raise StoreError.
    """
    ledger, ident = Ledger(store), issue_row_id(issue)
    is_page = not issue.provenance.is_copy
    if found_in == "file" and (outcome is not Outcome.OLDER or await store.get_row(ident) is not None):
        for url in (issue.article.url, *issue.article.aliases):
            named = await ledger.add_address(url, found_in, issue.id)
            if is_page and url is not None and named is not None:
                await ledger.merge_into(ident, named.id)
    if found_in != "page":
        await ledger.add_earlier_issues(issue)  # the frontier has added those of a fetched page
    if not is_page:
        return
    if outcome is Outcome.OLDER:
        if found_in == "page":
            reason = f"older than the article that {issue.id} was stored from"
            await ledger.record_result(ident, State.REJECTED, reason, url=issue.provenance.address, issue=issue.id)
        return
    row = await store.get_row(ident)
    is_new = row is None or row.state is not State.STORED
    # An issue of which only pictures were fetched again is no new result.
    if found_in == "page" and (is_new or outcome in (Outcome.NEW, Outcome.CHANGED)):
        if issue.article.url is not None:  # the page of another site has no article
            await ledger.add_address(issue.article.url, found_in, issue.id)
        await ledger.record_result(ident, State.STORED, None, url=issue.provenance.address, issue=issue.id)
    elif found_in == "file" and is_new:
        await ledger.record_result(ident, State.STORED, None, issue=issue.id)


async def reject(store: Store, issue: Issue, reason: str) -> None:
    """Store *issue*, which is not valid, as a reject with its *reason*, and record it. May raise StoreError."""
    ident = issue_row_id(issue)
    await store.put_reject(
        Reject(
            id=ident,
            issue=issue.id,
            reason=reason,
            address=issue.article.url,
            rejected_at=datetime.now(UTC),
            document=issue.model_dump(warnings="none"),
        )
    )
    await Ledger(store).record_result(ident, State.REJECTED, f"invalid: {reason}", url=issue.provenance.address)
