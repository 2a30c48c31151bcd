"""Rows of the ledger: an article, its addresses, and the attempts to fetch each."""

import re
from datetime import datetime
from itertools import takewhile
from typing import Annotated, Literal, get_args

from pydantic import Field

from cncert.items import ISSUE_ID, Model, Moment
from cncert.store.endings import Ending, State

AddressForm = Literal["signed", "short", "unsigned", "temporary", "site", "capture"]
"""The forms of WeChat's addresses (``cncert/wechat/address.py``), the pages of another site, and captures of the
Wayback Machine (``cncert/wechat/wayback.py``)."""
ADDRESS_FORMS: tuple[AddressForm, ...] = get_args(AddressForm)
"""The forms in the order in which they are tried."""
KEPT_ATTEMPTS = 20
"""How many attempts to fetch an address are kept."""


class Attempt(Model):
    """An attempt to fetch an address."""

    at: Moment
    ending: Ending
    detail: str | None = None
    """What was answered, in words for a person."""


class LedgerAddress(Model):
    """An address of an article, where it was found, and the results of the attempts to fetch it."""

    url: str
    form: AddressForm
    sources: list[str]
    """``start``, ``index``, ``file``, ``page``, ``wayback``, a feed, an album, or the issue listing it, ``2025-03``."""
    says_own: bool = False
    """Whether a feed says that it is of CNCERT's account, which proves nothing."""
    first_seen: Moment
    captures_looked_up: Moment | None = None
    """When the Wayback Machine was last asked whether it has captures of it."""
    tries: int = 0
    history: list[Attempt] = Field(default_factory=list)
    """The last attempts, at most :data:`KEPT_ATTEMPTS`, oldest first."""

    @property
    def last_tried_at(self) -> datetime | None:
        """When it was tried last."""
        return self.history[-1].at if self.history else None

    @property
    def refusals_in_a_row(self) -> int:
        """How many of its last tries brought no article; 0 if the last one did."""
        return len(list(takewhile(lambda attempt: attempt.ending is not Ending.STORED, reversed(self.history))))

    @property
    def leads_nowhere(self) -> bool:
        """Whether the address will never work again: what a capture shows stays the same."""
        if not self.history:
            return False
        ending = self.history[-1].ending
        if self.form == "capture":
            return ending not in (Ending.STORED, Ending.UNANSWERED, Ending.UNAVAILABLE)
        return ending is Ending.EXPIRED

    def tried(self, attempt: Attempt) -> "LedgerAddress":
        """Return this address after one more attempt."""
        return self.model_copy(update={"tries": self.tries + 1, "history": [*self.history, attempt][-KEPT_ATTEMPTS:]})

    def merged_with(self, other: "LedgerAddress") -> "LedgerAddress":
        """Return all that both hold of the same address; merging twice changes nothing more."""
        attempts = {(one.at, one.ending): one for one in (*self.history, *other.history)}
        return self.model_copy(
            update={
                "sources": list(dict.fromkeys([*self.sources, *other.sources])),
                "says_own": self.says_own or other.says_own,
                "first_seen": min(self.first_seen, other.first_seen),
                "captures_looked_up": max(
                    filter(None, (self.captures_looked_up, other.captures_looked_up)), default=None
                ),
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
    ending: Ending | None = None
    """How it came to this state; None if it was never requested, or only stored from a file."""
    reason: str | None = None
    """What was answered then, in words for a person."""
    addresses: list[LedgerAddress] = Field(default_factory=list)
    attempts: int = 0
    next_try: Moment | None = None
    """When it is requested next; of a stored article, of which only a reprint was had, its own page."""
    original: str | None = None
    """Key of the article of which it is a reprint."""
    first_seen: Moment
    updated_at: Moment

    @property
    def is_named_by_pages_only(self) -> bool:
        """Whether nothing but the pages of issues names it: no index, feed, album, file or person."""
        sources = self._sources
        return bool(sources) and all(re.fullmatch(ISSUE_ID, source) for source in sources)

    @property
    def is_named_by_feeds_only(self) -> bool:
        """Whether nothing but feeds names it."""
        sources = self._sources
        return bool(sources) and all(source.startswith("feed:") for source in sources)

    @property
    def _sources(self) -> set[str]:
        """What names it; a capture of a known address names nothing new."""
        return {source for one in self.addresses if one.form != "capture" for source in one.sources}

    def with_address(
        self, url: str, form: AddressForm, source: str, when: datetime, *, says_own: bool = False
    ) -> "LedgerRow":
        """Return this row with *url* as found in *source*; the row itself if that is in it already."""
        found = LedgerAddress(url=url, form=form, sources=[source], says_own=says_own, first_seen=when)
        known = next((address for address in self.addresses if address.url == url), None)
        if known is not None and source in known.sources and known.says_own >= says_own:
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
                "ending": leading.ending,
                "reason": leading.reason,
                "addresses": addresses,
                # Not the sum of both: a merge that was interrupted is repeated.
                "attempts": max(self.attempts, other.attempts, sum(address.tries for address in addresses)),
                "next_try": leading.next_try,
                "original": leading.original or following.original,
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
