"""Decides when an article that could not be fetched is requested again."""

from datetime import datetime, timedelta

from cncert.store.ledger_rows import LedgerRow, State

RETRY_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long an article is not requested after its first, second and third attempt, and after every later one."""


def next_try(state: State, attempts: int, now: datetime, *, at_once: bool) -> datetime | None:
    """Return when an article in *state* may be requested again after *attempts* earlier attempts; None if never.

    *at_once*: now.
    """
    if state not in (State.BLOCKED, State.UNAVAILABLE):
        return None
    return now if at_once else now + RETRY_AFTER[min(attempts, len(RETRY_AFTER) - 1)]


def is_due(row: LedgerRow, *, now: datetime, retry: bool = False) -> bool:
    """Whether an article is to be requested: it is not stored or lost, and its next attempt is due.

    With *retry*, blocked and unavailable articles are due at once. A next attempt that is further away than any wait
    was noted by a clock that was ahead: it is not believed.
    """
    if row.state in (State.STORED, State.GONE, State.REJECTED):
        return False
    return retry or row.next_try is None or not now < row.next_try <= now + RETRY_AFTER[-1]
