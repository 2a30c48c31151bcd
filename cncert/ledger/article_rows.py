"""The ledger: every article ever seen for the series, its addresses, what became of it, and when to ask again."""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from cncert.items import Issue
from cncert.store import Store
from cncert.store.records import LedgerAddress, LedgerRow, State
from cncert.wechat.address import Address, ArticleKey, biz_number, rank, read_address

RETRY_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long an article that could not be had is left alone, by the number of attempts; the last one for ever after."""

DEAD = "expired: "
"""What the last result of an address that will never work again begins with."""


def row_id(address: Address) -> str:
    """The id of the row that *address* belongs to as long as nobody has opened the page behind it."""
    if address.key is not None:
        return str(address.key)
    if address.token is not None:
        return f"s-{address.token}"
    return f"t-{hashlib.sha256(address.url.encode()).hexdigest()[:32]}"


def issue_row_id(issue: Issue) -> str:
    """Return the id of the row of the article that *issue* was read from."""
    biz, article = biz_number(issue.account.biz or ""), issue.article
    if biz is None or article.mid is None or article.idx is None:
        return f"issue-{issue.id}"
    return str(ArticleKey(biz, article.mid, article.idx))


def is_unopened(row: LedgerRow) -> bool:
    """Whether the addresses of *row* do not say which article they lead to, and nobody has looked."""
    return row.id.startswith(("s-", "t-"))


def best_address(row: LedgerRow, without: Collection[str] = ()) -> LedgerAddress | None:
    """The address of *row* that WeChat most likely answers, none dead or *without*."""
    return next((address for address in addresses_by_worth(row) if address.url not in without), None)


def addresses_by_worth(row: LedgerRow) -> list[LedgerAddress]:
    """The addresses of *row* that may work, by form, then the least tried."""
    alive = [address for address in row.addresses if not (address.last_result or "").startswith(DEAD)]
    return sorted(alive, key=lambda address: (rank(address.form), address.tries))


class Ledger:
    """Reads and writes the ledger of a store. All methods may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def enter(self, text: str | None, source: str, issue: str | None = None) -> LedgerRow | None:
        """Note that *source* names the address *text* (or none) for *issue*; None if that says nothing.

        What is entered already costs a look-up and no write.
        """
        address = read_address(text) if text else None
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
            ident = known.id  # the row has gone into that of the article behind the address

        def add(row: LedgerRow | None) -> LedgerRow:
            row = row or LedgerRow(id=ident, issue=issue, first_seen=now, updated_at=now)
            if row.issue is None and issue is not None:
                row = row.model_copy(update={"issue": issue})
            return row.with_address(address.url, address.form, source, now)

        return await self.store.change_row(ident, add)

    async def learn(self, ident: str, key: str) -> None:
        """The page behind row *ident* turned out to be article *key*: one row for both from now on."""
        if ident != key:
            await self.store.merge_rows(key, ident)

    async def settle(
        self,
        ident: str,
        state: State,
        reason: str | None,
        *,
        url: str | None = None,
        issue: str | None = None,
        at_once: bool = False,
    ) -> LedgerRow:
        """Write down what came of an attempt on row *ident* by *url*.

        A stored issue stays stored whatever goes wrong later; only its deletion is noted. What may be had later gets a
        time before which it is left alone, which is now if it may be asked for again *at_once*.
        """
        now = datetime.now(UTC)

        def change(row: LedgerRow | None) -> LedgerRow:
            row = row or LedgerRow(id=ident, issue=issue, first_seen=now, updated_at=now)
            update: dict[str, object] = {
                "addresses": [_tried(address, url, state, reason, now) for address in row.addresses],
                "attempts": row.attempts + 1,
                "last_error": None if state is State.STORED else reason,
                "updated_at": now,
            }
            if row.state is not State.STORED or state in (State.STORED, State.GONE):
                update |= {"state": state, "reason": None if state is State.STORED else reason, "next_try": None}
                if state in (State.BLOCKED, State.UNAVAILABLE):
                    wait = RETRY_AFTER[min(row.attempts, len(RETRY_AFTER) - 1)]
                    update["next_try"] = now if at_once else now + wait
            if issue is not None:
                update["issue"] = issue
            return row.model_copy(update=update)

        return await self.store.change_row(ident, change)

    async def miss(self, ident: str, reason: str) -> None:
        """Note that a replayed archive lacks row *ident*: it says nothing of WeChat, so no attempt is counted."""

        def change(row: LedgerRow | None) -> LedgerRow:
            assert row is not None
            if row.state is not State.KNOWN:
                return row
            return row.model_copy(
                update={"state": State.UNAVAILABLE, "reason": reason, "updated_at": datetime.now(UTC)}
            )

        await self.store.change_row(ident, change)


def _tried(address: LedgerAddress, url: str | None, state: State, reason: str | None, now: datetime) -> LedgerAddress:
    if address.url != url:
        return address
    return address.tried(now, "stored" if state is State.STORED else reason or state)


def is_due(row: LedgerRow, *, now: datetime, retry: bool = False) -> bool:
    """Whether an article should be asked for: it is not had yet, may be had, and has been left alone long enough.

    *retry* asks at once for what is blocked or unavailable.
    """
    if row.state in (State.STORED, State.GONE, State.REJECTED):
        return False
    return retry or row.next_try is None or row.next_try <= now
