"""The monitors at work: what they look at, what follows from what was told before, and who is told.

Used by the run's extension when a run ends, and by ``scrapy status``. Whatever fails here changes no run.
"""

import logging
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cncert.exceptions import StoreError
from cncert.monitoring import alert_channels
from cncert.monitoring.alert_history import continued, told, told_before, untold
from cncert.monitoring.monitors import examine
from cncert.monitoring.store_snapshot import Facts, gather
from cncert.store import Store
from cncert.store.records import Alert, RunRecord

logger = logging.getLogger(__name__)


def at_begin(settings: Mapping[str, Any]) -> None:
    """Say in the log why nobody will be told, if there is anybody to tell."""
    for problem in alert_channels.problems(alert_channels.addresses(settings)):
        logger.warning("No alert can be sent: %s", problem)


async def at_end(store: Store, settings: Mapping[str, Any], record: RunRecord | None, lost: StoreError | None) -> int:
    """Let the monitors look after the run *record*, tell what is news, and keep both in the record.

    *lost* is why the store cannot be asked, if it cannot. Returns the number of addresses that were not reached.
    """
    now, source = datetime.now(UTC), f"{socket.gethostname()}, {record.id if record else 'no run'}"
    failures: list[str] = []
    try:
        if lost is not None:
            # The store cannot remember that this was told: the next run that finds it lost tells it again.
            failures = (await _tell([_lost(lost, now)], settings, source, now))[1]
        elif record is not None:
            _, found = await look(store, settings, now)
            record.alerts, failures = await _tell(found, settings, source, now)
            await store.put_run(record)
    except StoreError as error:
        logger.warning("The monitors could not look: %s", error)
    except Exception:  # a fault of the program: the run is over and recorded, its store still has to be closed
        logger.exception("The monitors failed")
    for failure in failures:
        logger.warning("No alert was sent: %s", failure)
    return len(failures)


async def look(store: Store, settings: Mapping[str, Any], now: datetime) -> tuple[Facts, list[Alert]]:
    """The facts, and the alerts that follow from them and from those of earlier runs. May raise StoreError."""
    fresh = timedelta(days=float(settings["CNCERT_FRESH_DAYS"]))
    facts = await gather(store, now, fresh, folders(settings))
    return facts, continued(told_before(facts.runs), examine(facts), now)


def folders(settings: Mapping[str, Any]) -> dict[str, str]:
    """The local directories that things are kept in, by their settings."""
    named = {name: str(settings[name]) for name in ("CNCERT_FILES", "CNCERT_ARCHIVE")}
    return {
        name: place.removeprefix("file://")
        for name, place in named.items()
        if place and urlsplit(place).scheme in ("", "file")
    }


async def _tell(
    found: Sequence[Alert], settings: Mapping[str, Any], source: str, now: datetime
) -> tuple[list[Alert], list[str]]:
    """*found* after a message about what of it is news, and a line for each address that was not reached."""
    urls, news = alert_channels.addresses(settings), untold(found, now)
    if not urls or not news:
        return list(found), []
    delivery = await alert_channels.send(alert_channels.message(news, settings["CNCERT_LANGUAGE"], source), urls)
    return told(found, now) if delivery.taken else list(found), delivery.failures


def _lost(error: StoreError, now: datetime) -> Alert:
    return Alert(
        name="store",
        level="attention",
        about=[],
        text=f"the store failed: {error}",
        advice="look whether the database runs and its disk has room (scrapy doctor); then run again",
        text_zh=f"数据库故障：{error}",
        advice_zh="请检查数据库是否运行、磁盘是否有空间（scrapy doctor），然后重新运行",
        since=now,
    )
