"""Which times are believed: none that is in the future of the clock. A clock that was ahead once decides nothing."""

from datetime import UTC, datetime, timedelta

from cncert.store import Store
from cncert.store.run_records import RunRecord

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far the clocks of two machines may differ: more makes trouble, with certificates too (``scrapy doctor``)."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def believed(moment: datetime | None, now: datetime) -> datetime | None:
    """Return *moment*, or None if it is in the future."""
    return moment if moment is not None and moment <= now + CLOCK_TOLERANCE else None


def run_moment(run: RunRecord, now: datetime) -> datetime | None:
    """Return when *run* began, or the first later time in its record that is believed; None if none is."""
    return next(filter(None, (believed(at, now) for at in (run.started_at, run.heartbeat_at, run.ended_at))), None)


def end_moment(run: RunRecord, now: datetime) -> datetime | None:
    """Return when *run* ended, or was last seen alive if it died; None if no time in its record is believed."""
    return next(filter(None, (believed(at, now) for at in (run.ended_at, run.heartbeat_at, run.started_at))), None)


async def newest_runs(store: Store, now: datetime, limit: int | None = None) -> list[RunRecord]:
    """Return all runs of *store*, or the last *limit*, newest first; one without a believed time counts as oldest.

    May raise StoreError.
    """
    runs = await store.runs(limit)
    if limit is not None and any(believed(run.started_at, now) is None for run in runs):
        runs = await store.runs()  # those of the future stand in the places of others
    return sorted(runs, key=lambda run: run_moment(run, now) or _NEVER, reverse=True)[:limit]
