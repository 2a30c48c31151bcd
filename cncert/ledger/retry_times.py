"""Decides when an article that could not be fetched is requested again."""

from datetime import datetime, timedelta
from typing import Final

from cncert.store.ledger_rows import AddressForm, LedgerRow, State

RETRY_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long an article is not requested after its first, second and third attempt, and after every later one."""

ANSWERED_FORMS: Final[tuple[AddressForm, ...]] = ("signed", "short", "site")
"""Forms of addresses that are answered as a rule; WeChat challenges the others."""
LOOK_FOR_ORIGINAL_AFTER = timedelta(days=30)
"""How long the page of an article is not requested of which a reprint was had."""


def next_try(state: State, attempts: int, now: datetime, *, at_once: bool) -> datetime | None:
    """Return when an article in *state* may be requested again after *attempts* earlier attempts; None if never.

    *at_once*: now.
    """
    if state not in (State.BLOCKED, State.UNAVAILABLE):
        return None
    return now if at_once else now + RETRY_AFTER[min(attempts, len(RETRY_AFTER) - 1)]


def is_looked_for(row: LedgerRow, now: datetime) -> bool:
    """Whether the page of a stored article is due: only a reprint was had, and an address may be answered."""
    may_be_answered = any(address.form in ANSWERED_FORMS for address in row.addresses)
    return row.next_try is not None and may_be_answered and not now < row.next_try <= now + LOOK_FOR_ORIGINAL_AFTER


def is_due(row: LedgerRow, *, now: datetime, retry: bool = False) -> bool:
    """Whether an article is to be requested: it is not stored or lost, and its next attempt is due.

    With *retry*, blocked and unavailable articles are due at once. A next attempt that is further away than any wait
    was noted by a clock that was ahead: it is not believed.
    """
    if row.state in (State.STORED, State.GONE, State.REJECTED):
        return False
    return retry or row.next_try is None or not now < row.next_try <= now + RETRY_AFTER[-1]
