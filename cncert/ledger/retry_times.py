"""Decides when an article that could not be fetched is requested again."""

from datetime import datetime, timedelta
from typing import Final

from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import AddressForm, LedgerRow

RETRY_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long an article is not requested after its first, second and third attempt, and after every later one."""

ANSWERED_FORMS: Final[tuple[AddressForm, ...]] = ("signed", "short", "site")
"""Forms of addresses that are answered as a rule; WeChat challenges the others."""
UNSIGNED_RETRY_AFTER = timedelta(days=7)
"""How long an article is not requested that was challenged and has no other address: WeChat will do it again."""
LOOK_FOR_ORIGINAL_AFTER = timedelta(days=30)
"""How long the page of an article is not requested of which a reprint was had."""


def next_try(row: LedgerRow, state: State, now: datetime, *, at_once: bool) -> datetime | None:
    """Return when the article of *row*, in *state* after one more attempt, may be requested again; None if never.

    *at_once*: now.
    """
    if state not in (State.BLOCKED, State.UNAVAILABLE):
        return None
    if state is State.BLOCKED and not any(address.form in ANSWERED_FORMS for address in row.addresses):
        return now + UNSIGNED_RETRY_AFTER
    return now if at_once else now + RETRY_AFTER[min(row.attempts, len(RETRY_AFTER) - 1)]


def is_looked_for(row: LedgerRow, now: datetime) -> bool:
    """Whether the page of a stored article is due: only a reprint was had, and an address may be answered."""
    may_be_answered = any(address.form in ANSWERED_FORMS for address in row.addresses)
    return row.next_try is not None and may_be_answered and not now < row.next_try <= now + LOOK_FOR_ORIGINAL_AFTER


def is_due(row: LedgerRow, *, now: datetime, retry: bool = False, reprints: bool = True) -> bool:
    """Whether an article is to be requested: it is not stored or lost, and its next attempt is due.

    With *retry*, blocked and unavailable articles are due at once; with *reprints*, reprints that were refused. An
    address that may be answered, and was never tried, is tried at once. A next attempt that is further away than any
    wait was noted by a clock that was ahead: it is not believed.
    """
    if row.state in (State.STORED, State.GONE, State.REJECTED):
        return reprints and row.ending is Ending.REPRINT
    if retry or any(not address.tries and address.form in ANSWERED_FORMS for address in row.addresses):
        return True
    return row.next_try is None or not now < row.next_try <= now + UNSIGNED_RETRY_AFTER
