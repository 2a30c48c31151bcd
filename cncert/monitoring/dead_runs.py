"""Whether a run that has not ended is still going on, or died and left its record behind."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cncert.store import Store
from cncert.store.records import RunRecord

CLEAN_REASONS = ("finished", "limit")
"""Close reasons of a run that came to its end."""

DIED = "died"
"""Close reason of a run that was killed, or lost its store, before it could say how it ended."""

FOREIGN = timedelta(hours=24)
"""No run takes so long: what another host began before that, and has not ended, died."""


def has_died(record: RunRecord, now: datetime) -> bool:
    """Whether the run of *record* has not ended and never will, as far as this host can see."""
    return record.clean is None and is_over(record.host, record.pid, record.started_at, now)


def is_over(host: str, pid: int, since: datetime, now: datetime) -> bool:
    """Whether what process *pid* of *host* did at *since* can no longer be going on."""
    if host != socket.gethostname() or os.name != "posix":
        return now - since > FOREIGN
    return not _is_there(pid, since)


def _is_there(pid: int, since: datetime) -> bool:
    """Whether process *pid* of this host lives and already did so at *since*: a number is given to others later."""
    if pid <= 0:
        return False  # to kill(2) these are groups
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # somebody else's
    except (ProcessLookupError, OverflowError):
        return False
    try:
        # The name, in brackets, may hold anything; the 20th field behind it is the start in ticks since the boot.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, IndexError):
        return True  # no Linux: the number is all there is to go by
    began = datetime.now(UTC) - timedelta(seconds=age)
    return fields[0] not in "ZX" and began <= since + timedelta(seconds=1)


def close_if_dead(record: RunRecord, now: datetime) -> RunRecord:
    """Return *record*, closed with the reason DIED if its run has died."""
    return record.model_copy(update={"close_reason": DIED, "clean": False}) if has_died(record, now) else record


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
