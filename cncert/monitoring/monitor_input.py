"""A snapshot of the store at one moment: all that the monitors and ``scrapy status`` need, read at once."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cncert.exceptions import StoreError
from cncert.items import Issue, IssueWarning, day_in_china
from cncert.ledger import calendar_gaps
from cncert.monitoring.believed_times import believed, newest_runs, run_moment
from cncert.monitoring.dead_runs import close_if_dead
from cncert.quality.all_warnings import issues_with_warnings
from cncert.store import Store
from cncert.store.ledger_rows import LedgerRow
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """The state of the store and of its runs at one moment."""

    now: datetime
    fresh: timedelta
    """How long after an issue the next one may take (CNCERT_FRESH_DAYS)."""
    weeks: list[calendar_gaps.Week]
    issues: list[Issue] = field(default_factory=list)
    """The newest stored issues whose week has ended, newest first."""
    warnings: dict[str, list[IssueWarning]] = field(default_factory=dict)
    """All warnings of each of these, by its id."""
    runs: list[RunRecord] = field(default_factory=list)
    """The newest runs, newest first; those that died say so. A run of the future is no new one.

    Replays say nothing of the site: they are left out, except of the sample series, which comes from nowhere else.
    """
    rejects: list[Reject] = field(default_factory=list)
    """Refused issues that have not been stored since."""
    pictures: dict[str, int] = field(default_factory=dict)
    """How many pictures could not be fetched, by issue."""
    outstanding: int = 0
    """How many pictures the next run requests, these included."""
    free_bytes: dict[str, int] = field(default_factory=dict)
    """Free bytes of the disks of the store and of local directories, by ``store`` or the directory's setting."""
    rows: list[LedgerRow] = field(default_factory=list)
    """All rows of the ledger."""
    stored: int = 0
    """How many issues are stored."""
    reprints: bool = True
    """Whether runs request reprints (CNCERT_REPRINTS); of sample data there are none."""

    @property
    def last_run(self) -> RunRecord | None:
        """The newest run that has ended, clean or not."""
        return next((run for run in self.runs if run.clean is not None), None)

    @property
    def ended_runs(self) -> list[list[RunRecord]]:
        """The runs of each spider that have ended, newest first: one spider's good end says nothing of another's.

        A spider that has not run for long, such as one for a backfill, is left out.
        """
        by_spider: dict[str, list[RunRecord]] = {}
        for run in self.runs:
            if run.clean is not None:
                by_spider.setdefault(run.spider, []).append(run)
        newest = [(run_moment(runs[0], self.now), runs) for runs in by_spider.values()]
        return [runs for began, runs in newest if began is None or self.now - began <= self.fresh or len(newest) == 1]


async def take_snapshot(
    store: Store,
    now: datetime,
    fresh: timedelta,
    folders: Mapping[str, Path] | None = None,
    *,
    reprints: bool = True,
) -> StoreSnapshot:
    """Read *store*; *folders* are local directories by the setting that names them. May raise StoreError."""
    rows, stored, is_sample = await store.rows(), await store.issue_sources(), await store.is_sample()
    reprints = reprints and not is_sample
    weeks = calendar_gaps.weeks(rows, stored, today=day_in_china(now), reprints=reprints)
    free = {name: shutil.disk_usage(existing_parent(folder)).free for name, folder in (folders or {}).items()}
    with suppress(StoreError):  # the user of the database may have no right to ask
        if (of_store := (await store.server()).free_bytes) is not None:
            free = {"store": of_store, **free}
    unfinished = [issue async for issue in store.issues_with_unfinished_pictures()]
    # Of the newest ten, the new ones are compared with the others.
    recent = [week.issue for week in weeks if week.state == "stored"][-10:]
    newest = [found async for found in issues_with_warnings(store, recent[0], recent[-1])] if recent else []
    return StoreSnapshot(
        now=now,
        fresh=fresh,
        weeks=weeks,
        issues=[issue for issue, _ in reversed(newest)],
        warnings={issue.id: warnings for issue, warnings in newest},
        runs=[
            close_if_dead(run, now)
            for run in await newest_runs(store, now, 50)
            if is_sample or "replay" not in run.arguments
        ],
        rejects=[reject for reject in await store.rejects() if await _still_refused(store, reject, now)],
        pictures={
            issue.id: number
            for issue in unfinished
            if (number := sum(one.status in ("failed", "placeholder") for one in issue.images))
        },
        outstanding=sum(len(issue.unfinished_pictures) for issue in unfinished),
        free_bytes=free,
        rows=rows,
        stored=len(stored),
        reprints=reprints,
    )


async def _still_refused(store: Store, reject: Reject, now: datetime) -> bool:
    stored = await store.get_issue(reject.issue) if reject.issue is not None else None
    fetched_at, rejected_at = stored.provenance.fetched_at if stored is not None else None, reject.rejected_at
    if fetched_at is None:
        return True
    if (believed(fetched_at, now) is None) != (believed(rejected_at, now) is None):
        return believed(fetched_at, now) is None  # the other time is the only one that is known
    return fetched_at < rejected_at


def existing_parent(folder: Path) -> Path:
    """Return *folder*, or the nearest directory above it that exists: where it will be made."""
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
