"""Rows of the ledger: an article, its addresses, and the attempts to fetch each."""

from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Annotated, Literal, get_args

from pydantic import Field

from cncert.items import Model, Moment

AddressForm = Literal["signed", "short", "unsigned", "temporary", "site"]
"""The forms of WeChat's addresses (``cncert/wechat/address.py``), and the pages of another site."""
ADDRESS_FORMS: tuple[AddressForm, ...] = get_args(AddressForm)
"""The forms in the order in which they are tried."""
EXPIRED = "expired: "
"""Beginning of the result of an address that will never work again."""

KEPT_ATTEMPTS = 20
"""How many attempts to fetch an address are kept."""


class State(StrEnum):
    """The state of an article of the series."""

    KNOWN = "known"
    STORED = "stored"
    BLOCKED = "blocked"
    GONE = "gone"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"


class Attempt(Model):
    """An attempt to fetch an address."""

    at: Moment
    result: str


class LedgerAddress(Model):
    """An address of an article, where it was found, and the results of the attempts to fetch it."""

    url: str
    form: AddressForm
    sources: list[str]
    """``start``, ``index``, ``file``, or the issue whose review list holds it (``2025-03``)."""
    first_seen: Moment
    tries: int = 0
    history: list[Attempt] = Field(default_factory=list)
    """The last attempts, at most :data:`KEPT_ATTEMPTS`, oldest first."""

    @property
    def last_result(self) -> str | None:
        """The result of the last attempt."""
        return self.history[-1].result if self.history else None

    @property
    def last_tried_at(self) -> datetime | None:
        """When it was tried last."""
        return self.history[-1].at if self.history else None

    @property
    def refusals_in_a_row(self) -> int:
        """How many of its last tries brought no article; 0 if the last one did."""
        return len(list(takewhile(lambda attempt: attempt.result != State.STORED, reversed(self.history))))

    @property
    def leads_nowhere(self) -> bool:
        """Whether the address will never work again."""
        return (self.last_result or "").startswith(EXPIRED)

    def tried(self, when: datetime, result: str) -> "LedgerAddress":
        """Return this address after one more attempt."""
        history = [*self.history, Attempt(at=when, result=result)][-KEPT_ATTEMPTS:]
        return self.model_copy(update={"tries": self.tries + 1, "history": history})

    def merged_with(self, other: "LedgerAddress") -> "LedgerAddress":
        """Return all that both hold of the same address; merging twice changes nothing more."""
        attempts = {(one.at, one.result): one for one in (*self.history, *other.history)}
        return self.model_copy(
            update={
                "sources": list(dict.fromkeys([*self.sources, *other.sources])),
                "first_seen": min(self.first_seen, other.first_seen),
                "tries": max(self.tries, other.tries),
                "history": [attempts[key] for key in sorted(attempts)][-KEPT_ATTEMPTS:],
            }
        )


class LedgerRow(Model):
    """An article that is, or claims to be, an issue of the series. Rows are never removed, only merged."""

    id: Annotated[str, Field(alias="_id")]
    """The article key (``biz-mid-idx``), ``s-TOKEN`` while only that is known, ``issue-2025-14`` while nothing is."""
    issue: str | None
    """The issue it is, or claims to be."""
    state: State = State.KNOWN
    reason: str | None = None
    addresses: list[LedgerAddress] = Field(default_factory=list)
    attempts: int = 0
    last_error: str | None = None
    next_try: Moment | None = None
    first_seen: Moment
    updated_at: Moment

    def with_address(self, url: str, form: AddressForm, source: str, when: datetime) -> "LedgerRow":
        """Return this row with *url* as found in *source*; the row itself if that is in it already."""
        found = LedgerAddress(url=url, form=form, sources=[source], first_seen=when)
        if any(address.url == url and source in address.sources for address in self.addresses):
            return self
        return self.model_copy(
            update={
                "addresses": _united(self.addresses, [found]),
                "updated_at": max(self.updated_at, found.first_seen),
            }
        )

    def merged_with(self, other: "LedgerRow") -> "LedgerRow":
        """Return this row with all that *other* holds of the same article; merging twice changes nothing more.

        The state is that of a stored row, else that of the row changed last whose state is not ``known``.
        """
        rank = {State.STORED: 2, State.KNOWN: 0}
        leading = max(self, other, key=lambda row: (rank.get(row.state, 1), row.updated_at))
        following = other if leading is self else self
        addresses = _united(self.addresses, other.addresses)
        return self.model_copy(
            update={
                "issue": leading.issue or following.issue,
                "state": leading.state,
                "reason": leading.reason,
                "addresses": addresses,
                # Not the sum of both: a merge that was interrupted is repeated.
                "attempts": max(self.attempts, other.attempts, sum(address.tries for address in addresses)),
                "last_error": leading.last_error,
                "next_try": leading.next_try,
                "first_seen": min(self.first_seen, other.first_seen),
                "updated_at": max(self.updated_at, other.updated_at),
            }
        )


def _united(some: list[LedgerAddress], more: list[LedgerAddress]) -> list[LedgerAddress]:
    result = {address.url: address for address in some}
    for address in more:
        known = result.get(address.url)
        result[address.url] = known.merged_with(address) if known else address
    return list(result.values())
