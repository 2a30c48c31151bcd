"""Whether a process that began something, on this host or another, can still be at it."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


def process_is_gone(host: str, pid: int, since: datetime, now: datetime) -> bool:
    """Whether what process *pid* of *host* was doing at *since* can no longer be going on."""
    if host != socket.gethostname() or os.name != "posix":
        return now - since > timedelta(hours=24)  # nothing more is known of it, and no work takes longer
    return not _is_alive(pid, since)


def _is_alive(pid: int, since: datetime) -> bool:
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
