"""Whether a run that has not ended is still going on, or died and left its record behind."""

from datetime import UTC, datetime

from cncert.store import Store
from cncert.store.close_reasons import CloseReason
from cncert.store.run_records import RunRecord
from cncert.terminal.live_process import process_is_gone


def has_died(record: RunRecord, now: datetime) -> bool:
    """Whether the run of *record* has not ended and never will, as far as this host can see."""
    return record.clean is None and process_is_gone(record.host, record.pid, record.started_at, now)


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
        # Its process is gone, so what stands there now is final: the run may have ended between the two reads.
        last = await store.get_run(record.id)
        if last is not None and last.clean is None:
            died.append(close_if_dead(last, datetime.now(UTC)))
            await store.put_run(died[-1])
    return died
