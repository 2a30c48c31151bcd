"""Reads and writes the ledger: every article seen for the series, its addresses and the results of its requests."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cncert.exceptions import DocumentError, StoreError
from cncert.items import Issue, issue_id
from cncert.ledger.retry_times import LOOK_FOR_ORIGINAL_AFTER, next_try
from cncert.store import Store
from cncert.store.backend import MAX_CHANGE_ATTEMPTS, wait_for_others
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import Attempt, LedgerRow
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


UNRESOLVED = ("s-", "t-")
"""How the ids of rows begin of which it is unknown to which article they belong."""


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
    if url is not None and issue.provenance.source == "site":
        return SiteAddress(url).key
    return f"issue-{issue.id}"


def is_unresolved(row: LedgerRow) -> bool:
    """Whether it is still unknown to which article the addresses of *row* lead."""
    return row.id.startswith(UNRESOLVED)


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address, or none, that something names for an issue."""

    text: str | None
    source: str
    """As in :attr:`LedgerAddress.sources`."""
    issue: str | None = None
    says_own: bool = False
    """Whether *source* says that it is of CNCERT's account."""


class Ledger:
    """Reads and writes the ledger of a store. All methods may raise StoreError."""

    def __init__(self, store: Store, reader: AddressReader = read_address) -> None:
        self.store, self._read_address = store, reader

    async def add(self, found: Sequence[FoundAddress], ended: "Sequence[Result]" = ()) -> list[LedgerRow | None]:
        """Add addresses; return the row of each, None if it is of no article and names no issue, or cannot be read.

        All are looked up at once, and what is in the ledger already is not written again. *ended*: how requests that
        brought them ended.
        """
        now = datetime.now(UTC)
        read = [(one, self._read_address(one.text) if one.text else None) for one in found]
        wanted = [row_id(address) if address else one.issue and f"issue-{one.issue}" for one, address in read]
        urls = {address.url for _, address in read if address}
        idents = {ident for ident in wanted if ident} | {result.row for result in ended}
        for _ in range(MAX_CHANGE_ATTEMPTS):
            known = await self.store.load_rows(idents, urls)
            # A row that was merged into that of the article behind the address is found by the address.
            by_url = {url: ident for ident in reversed(known) for url in _urls(known[ident].document)}
            rows, places = {ident: loaded.document for ident, loaded in known.items()}, []
            for (one, address), ident in zip(read, wanted, strict=True):
                place = ident if ident in rows or address is None else by_url.get(address.url, ident)
                places.append(place)
                if place is None:
                    continue
                row = rows.get(place) or LedgerRow(id=place, issue=one.issue, first_seen=now, updated_at=now)
                if row.issue is None and one.issue is not None:
                    row = row.model_copy(update={"issue": one.issue})
                if address is not None:
                    row = row.with_address(address.url, address.form, one.source, now, says_own=one.says_own)
                rows[place] = row
            for result in ended:
                rows[result.row] = result.put_into(rows.get(result.row))
            # A row that cannot be read stays as it is.
            rows = {
                one: row for one, row in rows.items() if one in known or f"ledger {one}" not in self.store.unreadable
            }
            if await self.store.write_all(
                self.store.write(LedgerRow, ident, known.get(ident), row) for ident, row in rows.items()
            ):
                return [rows.get(place) if place else None for place in places]
            await wait_for_others()
        raise StoreError(f"{self.store.name}: rows of the ledger were changed by others again and again")

    async def merge_into(self, key: str, ident: str) -> None:
        """Merge the row *ident* into the row *key*: the page behind it turned out to be that article."""
        if ident != key:
            await self.store.merge_rows(key, ident)

    async def record(
        self,
        ident: str,
        ending: Ending,
        detail: str | None = None,
        *,
        url: str | None = None,
        issue: str | None = None,
        at_once: bool = False,
    ) -> LedgerRow:
        """Record how a request to *url* for the row *ident* ended. Return the row, a new one if it cannot be read.

        *at_once*: the article may be requested again immediately.
        """
        if ident.startswith(UNRESOLVED) and url is not None:
            # Another process may have merged the row into that of the article behind the address.
            known = await self.store.load_rows([ident], [url])
            ident = ident if ident in known else next(iter(known), ident)
        result = Result(ident, Attempt(at=datetime.now(UTC), ending=ending, detail=detail), url, issue, at_once)
        return await self.store.change_row(ident, result.put_into) or result.put_into(None)

    async def record_replay_miss(self, ident: str) -> None:
        """Record that a replayed archive lacks the row *ident*. That is no attempt: WeChat was not asked."""

        def change(row: LedgerRow) -> LedgerRow:
            if row.state is not State.KNOWN:
                return row
            missed = {"ending": Ending.NOT_ARCHIVED, "reason": NOT_ARCHIVED, "updated_at": datetime.now(UTC)}
            return row.model_copy(update={"state": State.UNAVAILABLE, **missed})

        with suppress(DocumentError):
            await self.store.change_rows([ident], change)


NOT_ARCHIVED = "not in the replayed archive"


def earlier_issues(issue: Issue) -> list[FoundAddress]:
    """Return the list of earlier issues that *issue* prints, with or without links."""
    return [FoundAddress(line.url, issue.id, issue_id(line.year, line.number)) for line in issue.review]


def _urls(row: LedgerRow) -> list[str]:
    return [address.url for address in row.addresses]


@dataclass(frozen=True, slots=True)
class Result:
    """How a request for an article ended."""

    row: str
    """Id of the article's row."""
    attempt: Attempt
    url: str | None = None
    """The address that was requested."""
    issue: str | None = None
    """The issue that the article is, if that is known now."""
    at_once: bool = False
    """Whether the article may be requested again immediately."""
    original: str | None = None
    """Key of the article of which it is a reprint."""
    look_again: bool = False
    """Whether a stored article's own page is looked for later: only a reprint of it was had."""

    def put_into(self, row: LedgerRow | None) -> LedgerRow:
        """Return *row*, or a new one, after the attempt.

        A stored article stays stored whatever goes wrong later; only its deletion is recorded. What a capture shows
        says nothing of the article today: it is recorded of the capture alone, unless it is the article.
        """
        attempt, state, now = self.attempt, self.attempt.ending.state, self.attempt.at
        if row is not None and row.state is State.STORED is state and self.url is None:
            # Nothing was requested. If this is the page itself, it is not looked for any more.
            is_found = row.next_try is not None and not self.look_again
            return row.model_copy(update={"next_try": None, "updated_at": now}) if is_found else row
        row = row or LedgerRow(id=self.row, issue=self.issue, first_seen=now, updated_at=now)
        tried = [address.tried(attempt) if address.url == self.url else address for address in row.addresses]
        if state is not State.STORED and any(one.url == self.url and one.form == "capture" for one in tried):
            return row.model_copy(update={"addresses": tried, "updated_at": now})
        update: dict[str, object] = {
            "addresses": tried,
            "attempts": row.attempts + 1,
            "updated_at": now,
        }
        if row.state is not State.STORED or state in (State.STORED, State.GONE):
            update |= {
                "state": state,
                "ending": attempt.ending,
                "reason": attempt.detail,
                "next_try": next_try(row, state, now, at_once=self.at_once),
            }
        if self.issue is not None:
            update["issue"] = self.issue
        if self.original is not None:
            update["original"] = self.original
        still_missing = row.state is State.STORED is not state and row.next_try is not None
        if (self.look_again and row.state is not State.STORED) or still_missing:
            update["next_try"] = now + LOOK_FOR_ORIGINAL_AFTER
        return row.model_copy(update=update)
