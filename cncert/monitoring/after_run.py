"""What a run does about alerts at its end: run the monitors, and send the alerts that are pending.

Called by the run's extension; ``scrapy status`` uses :func:`evaluate` too. Nothing that fails here changes a run.
"""

import logging
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cncert.exceptions import StoreError
from cncert.monitoring import alert_channels
from cncert.monitoring.alert_history import mark_sent, pending, previous_alerts, update_alerts
from cncert.monitoring.exit_status import note_unreadable
from cncert.monitoring.monitor_input import StoreSnapshot, take_snapshot
from cncert.monitoring.monitors import Finding, find_problems
from cncert.options import Options, local_folder
from cncert.store import Store
from cncert.store.run_records import Alert, AlertFacts, RunRecord

logger = logging.getLogger(__name__)


async def run_monitors(store: Store, options: Options, record: RunRecord | None, store_error: StoreError | None) -> int:
    """Run the monitors after the run *record*, send the pending alerts, and keep them in the record.

    *store_error* is why the store cannot be read, if it cannot. Returns the number of addresses that were not reached.
    """
    now, source = datetime.now(UTC), f"{socket.gethostname()}, {record.id if record else 'no run'}"
    failures: list[str] = []
    try:
        if store_error is not None:
            # The store cannot remember that this was sent: the next run that cannot reach it sends it again.
            lost = Finding("attention", facts=AlertFacts(error=str(store_error)))
            failures = (await _send(update_alerts([], [("store", lost)], now), options, source, now))[1]
        elif record is not None:
            _, alerts = await evaluate(store, options, now)
            note_unreadable(record, len(store.unreadable))  # the monitors read more than the run
            record.alerts, failures = await _send(alerts, options, source, now)
            await store.put_run(record)
    except StoreError as error:
        logger.warning("The monitors could not look: %s", error)
    except Exception:  # a bug: the run is over and recorded, its store still has to be closed
        logger.exception("The monitors failed")
    for failure in failures:
        logger.warning("No alert was sent: %s", failure)
    return len(failures)


async def evaluate(store: Store, options: Options, now: datetime) -> tuple[StoreSnapshot, list[Alert]]:
    """Return a snapshot of *store*, and the alerts that follow from it and from those before. May raise StoreError."""
    places = {"CNCERT_FILES": options.files, "CNCERT_ARCHIVE": options.archive}
    folders = {name: folder for name, place in places.items() if place and (folder := local_folder(place))}
    snapshot = await take_snapshot(store, now, timedelta(days=options.fresh_days), folders, reprints=options.reprints)
    return snapshot, update_alerts(previous_alerts(snapshot.runs, now), find_problems(snapshot), now)


async def _send(alerts: Sequence[Alert], options: Options, source: str, now: datetime) -> tuple[list[Alert], list[str]]:
    """Send the pending ones of *alerts*; return all as they are then, and a line for each address not reached."""
    urls, news = options.alerts, pending(alerts, now)
    if not urls or not news:
        return list(alerts), []
    taken, failures = await alert_channels.send(alert_channels.message(news, options.language, source), urls)
    return mark_sent(alerts, now) if taken else list(alerts), failures
