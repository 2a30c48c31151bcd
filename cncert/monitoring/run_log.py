"""Keeps the record of one run: from its beginning, so that a run that dies leaves it, to the judgement at its end."""

import logging
import os
import secrets
import socket
import time
from datetime import UTC, datetime

from cncert.editions.take_issue import Outcome, Taken
from cncert.exceptions import StoreError
from cncert.items import day_in_china
from cncert.ledger import calendar_gaps
from cncert.monitoring import issue_notes
from cncert.monitoring.exit_status import is_clean, note_unreadable
from cncert.quality.all_warnings import issues_with_warnings
from cncert.store import Store
from cncert.store.close_reasons import read_reason
from cncert.store.run_records import RunRecord

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 60.0
"""How often a run that goes on renews its record."""


class RunLog:
    """The record of a run in *store*. Its coroutines may raise StoreError.

    *first* and *last* bound the weeks that the run is about.
    """

    def __init__(
        self,
        store: Store,
        spider: str,
        arguments: dict[str, str],
        *,
        job: str | None = None,
        first: str | None = None,
        last: str | None = None,
    ) -> None:
        started = datetime.now(UTC)
        self.record = RunRecord(
            id=f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            spider=spider,
            started_at=started,
            arguments=arguments,
            job=job,
            host=socket.gethostname(),
            pid=os.getpid(),
        )
        self._store, self._first, self._last = store, first, last
        self._not_chosen: set[str] = set()
        """Issues of which the run read an edition that does not count."""
        self._begins: str | None = None
        """The first week of the calendar when the run began; ``~``, which is behind all, if it had none."""
        self._saved_at = 0.0

    async def save(self) -> None:
        """Write the record into the store as it stands; the run is alive."""
        self._saved_at = time.monotonic()
        self.record.heartbeat_at = datetime.now(UTC)
        await self._store.put_run(self.record)

    async def beat(self) -> None:
        """Save the record, unless that was just done. A store that fails stops nothing here."""
        if time.monotonic() < self._saved_at + HEARTBEAT_SECONDS / 2:
            return
        try:
            await self.save()
        except StoreError as error:
            logger.warning("The record of the run could not be renewed: %s", error)

    async def missing_weeks(self) -> int:
        """Return how many of the weeks that the run is about have no issue in the store."""
        weeks = await self.weeks()
        self._begins = self._begins or min((week.issue for week in weeks), default="~")
        return len(calendar_gaps.missing(weeks))

    async def note_gaps_after(self) -> None:
        """Note how many weeks are missing now.

        An issue that is older than all before stretches the calendar: the weeks behind it were missing before too.
        """
        weeks, record = await self.weeks(), self.record
        record.gaps_after = len(calendar_gaps.missing(weeks))
        older = sum(week.issue < (self._begins or "") for week in weeks)
        record.gaps_before = (record.gaps_before or 0) + older

    async def weeks(self) -> list[calendar_gaps.Week]:
        """Return the weeks that the run is about."""
        rows, stored = await self._store.rows(), dict.fromkeys(await self._store.issue_ids())
        # Of the day on which the run began: another week that is due meanwhile is not lost by it.
        today = day_in_china(self.record.started_at)
        return calendar_gaps.weeks(rows, stored, first=self._first, last=self._last, today=today)

    def count(self, taken: Taken) -> None:
        """Note what became of an issue that was taken in, and of those that depended on it."""
        lists = {Outcome.NEW: self.record.new, Outcome.CHANGED: self.record.changed, Outcome.LOST: self.record.changed}
        for issue, outcome in taken.outcomes.items():
            if outcome in lists and issue not in lists[outcome]:
                lists[outcome].append(issue)
        if taken.document is not None and not taken.is_chosen:
            self._not_chosen.add(taken.document.id)

    async def note_issues(self) -> dict[str, dict[str, int]]:
        """Note what is odd about the issues that the run stored; return how many warnings of each kind they have."""
        ids = {*self.record.new, *self.record.changed, *self._not_chosen}
        if not ids:
            return {}
        seen = issues_with_warnings(self._store, min(ids), max(ids))
        found = {issue.id: warnings async for issue, warnings in seen if issue.id in ids}
        self.record.notes += [note for one in sorted(found) for note in issue_notes.notes_on(one, found[one])]
        return issue_notes.count(found)

    def close(self, reason: str) -> None:
        """Note that the run ends now, for what Scrapy calls *reason*."""
        record = self.record
        record.ended_at = datetime.now(UTC)
        record.close_reason, record.other_reason = read_reason(reason)

    async def end(self) -> None:
        """Decide whether the run, which :meth:`close` has closed, is clean, and save its record."""
        self.record.clean = is_clean(self.record)
        note_unreadable(self.record, len(self._store.unreadable))
        await self.save()
