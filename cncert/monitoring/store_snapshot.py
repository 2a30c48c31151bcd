"""What the monitors judge, read from the store in one go."""

import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cncert.exceptions import DocumentError, StoreError
from cncert.items import Issue
from cncert.ledger import calendar_gaps
from cncert.monitoring.dead_runs import DIED, has_died
from cncert.monitoring.due_dates import today
from cncert.store import Store
from cncert.store.backend import UNFINISHED
from cncert.store.records import LedgerRow, Reject, RunRecord

NEWEST_ISSUES = 10
"""So many are read: the recent ones and those that they are compared with."""
NEWEST_RUNS = 50

NOT_HAD = ("failed", "placeholder")
"""States of a picture that was asked for and not had."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of the series at one moment."""

    now: datetime
    fresh: timedelta
    """How long after an issue the next one may take (CNCERT_FRESH_DAYS)."""
    weeks: list[calendar_gaps.Week]
    issues: list[Issue] = field(default_factory=list)
    """The newest stored ones, newest first."""
    runs: list[RunRecord] = field(default_factory=list)
    """The newest runs that asked WeChat (no replays), newest first; those that died say so."""
    rejects: list[Reject] = field(default_factory=list)
    """Refused issues that have not been stored since."""
    pictures: dict[str, int] = field(default_factory=dict)
    """Pictures that could not be had, by issue."""
    outstanding: int = 0
    """Pictures that the next run asks for, these included."""
    free_bytes: dict[str, int] = field(default_factory=dict)
    """Of the disks on which things are kept, by what is kept there."""
    rows: list[LedgerRow] = field(default_factory=list)
    """The ledger."""
    stored: int = 0
    """How many issues there are in all."""

    @property
    def last_run(self) -> RunRecord | None:
        """The newest run that has ended, well or not."""
        return next((run for run in self.runs if run.clean is not None), None)


async def gather(store: Store, now: datetime, fresh: timedelta, folders: Mapping[str, str] | None = None) -> Facts:
    """Read the facts; *folders* are local directories by what is kept there. May raise StoreError."""
    rows, ids = await store.rows(), await store.issue_ids()
    unfinished = [issue async for issue in store.unfinished_pictures()]
    return Facts(
        now=now,
        fresh=fresh,
        weeks=calendar_gaps.weeks(rows, ids, today=today(now)),
        issues=[issue for one in reversed(ids[-NEWEST_ISSUES:]) if (issue := await _readable(store, one))],
        runs=_real(await store.runs(NEWEST_RUNS), now),
        rejects=[reject for reject in await store.rejects() if await _still_refused(store, reject)],
        pictures={issue.id: number for issue in unfinished if (number := _number(issue, NOT_HAD))},
        outstanding=sum(_number(issue, UNFINISHED) for issue in unfinished),
        free_bytes=await _free_bytes(store, folders or {}),
        rows=rows,
        stored=len(ids),
    )


def _real(runs: Iterable[RunRecord], now: datetime) -> list[RunRecord]:
    return [
        run.model_copy(update={"clean": False, "close_reason": DIED}) if has_died(run, now) else run
        for run in runs
        if "replay" not in run.arguments
    ]


async def _readable(store: Store, issue_id: str) -> Issue | None:
    try:
        return await store.get_issue(issue_id)
    except DocumentError:
        return None  # whoever needs this very document says so


async def _still_refused(store: Store, reject: Reject) -> bool:
    if reject.issue is None:
        return True
    stored = await _readable(store, reject.issue)
    return stored is None or stored.provenance.fetched_at < reject.rejected_at


def _number(issue: Issue, states: Collection[str]) -> int:
    return sum(picture.status in states for picture in issue.images)


async def _free_bytes(store: Store, folders: Mapping[str, str]) -> dict[str, int]:
    free = {}
    try:
        if (of_store := (await store.server()).free_bytes) is not None:
            free["store"] = of_store
    except StoreError:
        pass  # a user of the database who may not ask
    return free | {name: shutil.disk_usage(existing_parent(Path(folder))).free for name, folder in folders.items()}


def existing_parent(folder: Path) -> Path:
    """Return *folder*, or the nearest directory above it that exists: where it will be made."""
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
