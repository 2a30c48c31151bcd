"""When a feed was read last, and whether its entries reach back so far: a feed lists the newest only."""

from collections.abc import Iterator
from datetime import datetime

from cncert.monitoring.believed_times import believed, newest_runs
from cncert.store import Store
from cncert.store.run_records import FeedLook, RunRecord

MAX_RUNS = 100
"""Runs among which the last that read a feed is looked for."""


async def look_before(store: Store, name: str, now: datetime) -> datetime | None:
    """Return when the feed *name* was read last before *now*; None if never. May raise StoreError."""
    looks = [look for run in await newest_runs(store, now, MAX_RUNS) for look in run.feeds if look.name == name]
    return max((look.at for look in looks if believed(look.at, now)), default=None)


def missed_lines(record: RunRecord) -> Iterator[str]:
    """Yield a line for each feed that may have had entries which no run has seen."""
    for look in filter(may_have_missed, record.feeds):
        yield (
            f"feed {look.name}: the oldest of its {look.entries} entries ({look.oldest:%Y-%m-%d %H:%M}) is newer than "
            f"the last look ({look.before:%Y-%m-%d %H:%M}): entries may have been missed; run more often"
        )


def may_have_missed(look: FeedLook) -> bool:
    """Whether the feed had entries between two looks that neither of them saw, as far as its dates say."""
    return look.oldest is not None and look.before is not None and look.oldest > look.before
