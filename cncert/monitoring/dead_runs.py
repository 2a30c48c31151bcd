"""Whether a run that has not ended is still going on, or died and left its record behind."""

from datetime import UTC, datetime, timedelta

from cncert.monitoring.believed_times import believed
from cncert.store import Store
from cncert.store.close_reasons import CloseReason
from cncert.store.run_records import RunRecord
from cncert.terminal.live_process import process_is_gone

HEARTBEAT_LIMIT = timedelta(minutes=10)
"""A run that has not been seen alive for longer has died; a live one renews its heartbeat every minute."""


def has_died(record: RunRecord, now: datetime) -> bool:
    """Whether the run of *record* has not ended and never will: it has no heartbeat, or its process here is gone."""
    if record.clean is not None:
        return False
    seen = believed(record.heartbeat_at, now) or believed(record.started_at, now)
    if seen is None or now - seen > HEARTBEAT_LIMIT:
        return True
    return process_is_gone(record.host, record.pid, seen, now)


def close_if_dead(record: RunRecord, now: datetime) -> RunRecord:
    """Return *record*, closed with the reason DIED if its run has died."""
    closed = {"close_reason": CloseReason.DIED, "clean": False}
    return record.model_copy(update=closed) if has_died(record, now) else record


async def close_dead_runs(store: Store) -> list[RunRecord]:
    """Close the records of runs that died; return these records. May raise StoreError."""
    died = []
    for record in await store.runs():
        if not has_died(record, datetime.now(UTC)):
            continue
        # It may have ended, or renewed its heartbeat, between the two reads.
        last = await store.get_run(record.id)
        if last is not None and has_died(last, now := datetime.now(UTC)):
            died.append(close_if_dead(last, now))
            await store.put_run(died[-1])
    return died
