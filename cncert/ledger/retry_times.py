"""When an article that could not be had is asked for again."""

from datetime import datetime, timedelta

from cncert.store.ledger_rows import LedgerRow, State

RETRY_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long an article is left alone after its first, second, third attempt, and after every later one."""


def next_try(state: State, attempts: int, now: datetime, *, at_once: bool) -> datetime | None:
    """Return before which time an article in *state* is left alone after *attempts* earlier attempts, if it may come.

    *at_once*: it may be asked for again immediately.
    """
    if state not in (State.BLOCKED, State.UNAVAILABLE):
        return None
    return now if at_once else now + RETRY_AFTER[min(attempts, len(RETRY_AFTER) - 1)]


def is_due(row: LedgerRow, *, now: datetime, retry: bool = False) -> bool:
    """Whether an article is to be asked for: it is not stored, may come, and has been left alone long enough.

    *retry* asks at once for what is blocked or unavailable.
    """
    if row.state in (State.STORED, State.GONE, State.REJECTED):
        return False
    return retry or row.next_try is None or row.next_try <= now
