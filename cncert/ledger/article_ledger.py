"""Reads and writes the ledger: every article seen for the series, its addresses and the results of its requests."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cncert.items import Issue, issue_id
from cncert.ledger.retry_times import next_try
from cncert.store import Store
from cncert.store.ledger_rows import EXPIRED, LedgerAddress, LedgerRow, State
from cncert.wechat.address import Address, ArticleKey, biz_number, read_address


@dataclass(frozen=True, slots=True)
class SiteAddress:
    """The address of a page that is not WeChat's; it identifies the page."""

    url: str
    form: Literal["site"] = "site"

    @property
    def key(self) -> str:
        """The id of the page's row."""
        return f"site-{hashlib.sha256(self.url.encode()).hexdigest()[:32]}"


AddressReader = Callable[[str], Address | SiteAddress | None]
"""Returns the address of a page of the series; None for any other text."""


def row_id(address: Address | SiteAddress) -> str:
    """Return the id of the row of *address*, until the page behind it has been fetched."""
    if address.key is not None:
        return str(address.key)
    if isinstance(address, Address) and address.token is not None:
        return f"s-{address.token}"
    return f"t-{hashlib.sha256(address.url.encode()).hexdigest()[:32]}"


def issue_row_id(issue: Issue) -> str:
    """Return the id of the row of the article, or the page of a site, that *issue* was read from."""
    biz, article, url = biz_number(issue.account.biz or ""), issue.article, issue.provenance.address
    if biz is not None and article.mid is not None and article.idx is not None:
        return str(ArticleKey(biz, article.mid, article.idx))
    if url is not None and not issue.provenance.is_copy and read_address(url) is None:
        return SiteAddress(url).key
    return f"issue-{issue.id}"


def is_unresolved(row: LedgerRow) -> bool:
    """Whether it is still unknown to which article the addresses of *row* lead."""
    return row.id.startswith(("s-", "t-"))


class Ledger:
    """Reads and writes the ledger of a store. All methods may raise StoreError."""

    def __init__(self, store: Store, reader: AddressReader = read_address) -> None:
        self.store, self._read_address = store, reader

    async def add_address(self, text: str | None, source: str, issue: str | None = None) -> LedgerRow | None:
        """Add the address *text* of *issue*, found in *source*. Return its row, None if both are None.

        What is in the ledger already is not written again.
        """
        address = self._read_address(text) if text else None
        now = datetime.now(UTC)
        if address is None:
            if issue is None:
                return None
            nameless = f"issue-{issue}"
            return await self.store.change_row(
                nameless, lambda row: row or LedgerRow(id=nameless, issue=issue, first_seen=now, updated_at=now)
            )
        ident = row_id(address)
        if await self.store.get_row(ident) is None and (known := await self.store.find_row(address.url)):
            ident = known.id  # the row was merged into that of the article behind the address

        def add(row: LedgerRow | None) -> LedgerRow:
            row = row or LedgerRow(id=ident, issue=issue, first_seen=now, updated_at=now)
            if row.issue is None and issue is not None:
                row = row.model_copy(update={"issue": issue})
            return row.with_address(address.url, address.form, source, now)

        return await self.store.change_row(ident, add)

    async def add_earlier_issues(self, issue: Issue) -> None:
        """Add the list of earlier issues that *issue* prints, with or without links."""
        for line in issue.review:
            await self.add_address(line.url, source=issue.id, issue=issue_id(line.year, line.number))

    async def merge_into(self, key: str, ident: str) -> None:
        """Merge the row *ident* into the row *key*: the page behind it turned out to be that article."""
        if ident != key:
            await self.store.merge_rows(key, ident)

    async def record_result(
        self,
        ident: str,
        state: State,
        reason: str | None,
        *,
        url: str | None = None,
        issue: str | None = None,
        leads_nowhere: bool = False,
        at_once: bool = False,
    ) -> LedgerRow:
        """Record the result of a request to *url* for the row *ident*. Return the row.

        A stored issue stays stored whatever goes wrong later; only its deletion is recorded. *leads_nowhere*: the
        address will never work again. *at_once*: the article may be requested again immediately.
        """
        now = datetime.now(UTC)
        if leads_nowhere:
            reason = f"{EXPIRED}{reason}"

        def change(row: LedgerRow | None) -> LedgerRow:
            row = row or LedgerRow(id=ident, issue=issue, first_seen=now, updated_at=now)
            update: dict[str, object] = {
                "addresses": [_tried(address, url, state, reason, now) for address in row.addresses],
                "attempts": row.attempts + 1,
                "last_error": None if state is State.STORED else reason,
                "updated_at": now,
            }
            if row.state is not State.STORED or state in (State.STORED, State.GONE):
                update |= {
                    "state": state,
                    "reason": None if state is State.STORED else reason,
                    "next_try": next_try(state, row.attempts, now, at_once=at_once),
                }
            if issue is not None:
                update["issue"] = issue
            return row.model_copy(update=update)

        return await self.store.change_row(ident, change)

    async def record_replay_miss(self, ident: str) -> None:
        """Record that a replayed archive lacks the row *ident*. That is no attempt: WeChat was not asked."""

        def change(row: LedgerRow | None) -> LedgerRow:
            assert row is not None
            if row.state is not State.KNOWN:
                return row
            return row.model_copy(
                update={"state": State.UNAVAILABLE, "reason": NOT_ARCHIVED, "updated_at": datetime.now(UTC)}
            )

        await self.store.change_row(ident, change)


NOT_ARCHIVED = "not in the replayed archive"


def _tried(address: LedgerAddress, url: str | None, state: State, reason: str | None, now: datetime) -> LedgerAddress:
    if address.url != url:
        return address
    return address.tried(now, "stored" if state is State.STORED else reason or state)
