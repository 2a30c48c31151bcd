"""What a store keeps beside the issues: the ledger of addresses, the rejects, the revisions, the runs."""

import math
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from cncert.items import Issue, Model, Moment

AddressForm = Literal["signed", "short", "unsigned", "temporary", "site"]
"""The forms of WeChat's addresses (``cncert/wechat/address.py``), and the pages of another site."""
ADDRESS_FORMS: tuple[AddressForm, ...] = get_args(AddressForm)
"""The forms in the order in which they are tried."""
EXPIRED = "expired: "
"""What the result of an address that will never work again begins with, in documents."""


KEPT_ATTEMPTS = 20


class State(StrEnum):
    """What is known of an article of the series."""

    KNOWN = "known"
    STORED = "stored"
    BLOCKED = "blocked"
    GONE = "gone"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"


class Attempt(Model):
    """One try of an address."""

    at: Moment
    result: str


class LedgerAddress(Model):
    """One address of an article, where it was found, and what came of it."""

    url: str
    form: AddressForm
    sources: list[str]
    """``start``, ``index``, ``file``, or the issue whose review list holds it (``2025-03``)."""
    first_seen: Moment
    tries: int = 0
    history: list[Attempt] = Field(default_factory=list)
    """The last tries, oldest first; :data:`KEPT_ATTEMPTS` of them."""

    @property
    def last_result(self) -> str | None:
        """What came of the last try."""
        return self.history[-1].result if self.history else None

    @property
    def leads_nowhere(self) -> bool:
        """Whether the address will never work again. The one place that reads a state from words of a document."""
        return (self.last_result or "").startswith(EXPIRED)

    def tried(self, when: datetime, result: str) -> "LedgerAddress":
        """Return this address after one more try."""
        history = [*self.history, Attempt(at=when, result=result)][-KEPT_ATTEMPTS:]
        return self.model_copy(update={"tries": self.tries + 1, "history": history})

    def merged_with(self, other: "LedgerAddress") -> "LedgerAddress":
        """What both know of the same address; merging twice changes nothing more."""
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
        """This row with *url* as found in *source*; the row itself if it knows that already."""
        found = LedgerAddress(url=url, form=form, sources=[source], first_seen=when)
        if any(address.url == url and source in address.sources for address in self.addresses):
            return self
        return self.model_copy(
            update={
                "addresses": united(self.addresses, [found]),
                "updated_at": max(self.updated_at, found.first_seen),
            }
        )

    def merged_with(self, other: "LedgerRow") -> "LedgerRow":
        """This row with all that *other* knows of the same article; merging twice changes nothing more.

        What became of the article is told by a stored row, else by the row changed last that tells anything.
        """
        rank = {State.STORED: 2, State.KNOWN: 0}
        teller = max(self, other, key=lambda row: (rank.get(row.state, 1), row.updated_at))
        silent = other if teller is self else self
        addresses = united(self.addresses, other.addresses)
        return self.model_copy(
            update={
                "issue": teller.issue or silent.issue,
                "state": teller.state,
                "reason": teller.reason,
                "addresses": addresses,
                # Not the sum of both: a merge that was cut off is repeated.
                "attempts": max(self.attempts, other.attempts, sum(address.tries for address in addresses)),
                "last_error": teller.last_error,
                "next_try": teller.next_try,
                "first_seen": min(self.first_seen, other.first_seen),
                "updated_at": max(self.updated_at, other.updated_at),
            }
        )


def united(some: list[LedgerAddress], more: list[LedgerAddress]) -> list[LedgerAddress]:
    """Every address of both once, those of *some* first."""
    result = {address.url: address for address in some}
    for address in more:
        known = result.get(address.url)
        result[address.url] = known.merged_with(address) if known else address
    return list(result.values())


class Outcome(StrEnum):
    """What putting an issue into the store did."""

    NEW = "new"
    CHANGED = "changed"
    """CNCERT's text differs: the former document became a revision."""
    UPDATED = "updated"
    """Same text, other circumstances (a picture came, a better parser read more, the page of what was known from a
    copy): no revision."""
    SAME = "same"
    """Nothing was written."""
    OLDER = "older"
    """The store holds the same issue from an article published later, or from WeChat while this is from a copy:
    nothing was written."""


class Revision(Model):
    """A former state of an issue."""

    id: Annotated[str, Field(alias="_id")]
    issue: str
    replaced_at: Moment
    document: Issue


def storable(value: Any) -> Any:
    """*value* as every store can keep it: a refused item may hold anything."""
    if isinstance(value, dict):
        return {str(key): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [storable(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate pair is in no encoding


class Reject(Model):
    """An item that was refused by validation, kept with the reason so that a person can look at it."""

    id: Annotated[str, Field(alias="_id")]
    """The article's ledger id."""
    issue: str | None
    reason: str
    address: str | None
    rejected_at: Moment
    document: Annotated[dict[str, Any], BeforeValidator(storable)]
    """The item as it was, in JSON form; keys are field names of the model only."""


AlertLevel = Literal["attention", "warning"]
"""Whether somebody has to act, or should look when there is time."""


class Alert(Model):
    """What a monitor found at the end of a run (``cncert/monitors/``), and what was told of it."""

    name: str
    """Of the monitor."""
    level: AlertLevel
    about: list[str]
    """What it is about, such as issues: what is added to it is news."""
    text: str
    """What is wrong, in one line."""
    advice: str
    """What to do, in one line."""
    text_zh: str
    advice_zh: str
    since: Moment
    """When it was found first, without a break until now."""
    told_at: Moment | None = None
    """When a message about it last reached somebody."""
    news: bool = True
    """It has begun, grown or ended, and no message about that has reached anybody."""
    over: bool = False
    """It has ended; kept only until that is told."""


class RunRecord(Model):
    """One run of the spider."""

    id: Annotated[str, Field(alias="_id")]
    spider: str
    started_at: Moment
    ended_at: Moment | None = None
    arguments: dict[str, str]
    job: str | None = None
    """Scrapyd's id of the job that it was."""
    host: str
    pid: int
    close_reason: str | None = None
    verdicts: dict[str, int] = Field(default_factory=dict)
    """Pages by verdict, and failures before a page came (``failed``)."""
    new: list[str] = Field(default_factory=list)
    changed: list[str] = Field(default_factory=list)
    rejected: list[str] = Field(default_factory=list)
    pictures: dict[str, int] = Field(default_factory=dict)
    gaps_before: int | None = None
    gaps_after: int | None = None
    faults: dict[str, int] = Field(default_factory=dict)
    """What went wrong in it, by the kinds of ``cncert/monitoring/run_failures.py``."""
    warnings: list[str] = Field(default_factory=list)
    """Why it is not clean."""
    notes: list[str] = Field(default_factory=list)
    """What a person should look at in the issues that it stored; that makes no run unclean."""
    sources: list[str] = Field(default_factory=list)
    """Feeds and albums that could not be read, or not all of them; that makes no run unclean either."""
    alerts: list[Alert] | None = None
    """What the monitors found when it ended; None if they did not look."""
    clean: bool | None = None
    """None while it runs, and for ever if it died."""

    @property
    def remarks(self) -> list[str]:
        """All that a person should read, what makes it unclean first."""
        return [*self.warnings, *self.notes, *self.sources]
