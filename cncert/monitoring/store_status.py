"""How things stand, from the store alone: newest issue, weeks, last run, what is due, alerts."""

from collections import Counter
from datetime import datetime, time
from typing import get_args

from cncert.items import CHINA, Doubt, Model, Moment
from cncert.ledger import calendar_gaps
from cncert.ledger.retry_times import is_due
from cncert.monitoring.due_dates import came_on
from cncert.monitoring.store_snapshot import Facts
from cncert.store.records import Alert, LedgerRow, RunRecord, State

STATES: tuple[calendar_gaps.WeekState, ...] = get_args(calendar_gaps.WeekState)


class Newest(Model):
    """The newest stored issue."""

    issue: str
    title: str
    published_at: Moment | None
    age_seconds: int
    """Since it was published, or since the usual day if that is not known."""
    warnings: list[Doubt]


class Status(Model):
    """All that ``scrapy status`` tells."""

    at: Moment
    store: str
    """Its address without passwords."""
    issues: int
    """How many are stored."""
    newest: Newest | None
    weeks: dict[calendar_gaps.WeekState, int]
    """How many weeks of the calendar are in each state."""
    missing: list[calendar_gaps.Week]
    """Those without their issue, newest first."""
    last_run: RunRecord | None
    """The newest run that has ended and was no replay."""
    running: list[str]
    """Runs that go on."""
    due_now: int
    """Articles that the next run asks for."""
    due_later: int
    """Articles that are left alone for a while."""
    pictures: int
    """Pictures that the next run asks for."""
    alerts: list[Alert]
    attention: bool
    """Whether somebody has to act."""


def status(facts: Facts, alerts: list[Alert], store: str) -> Status:
    """The state of things in *store*."""
    counts = Counter(week.state for week in facts.weeks)
    waiting = [row for row in facts.rows if _is_waiting(row)]
    due = sum(is_due(row, now=facts.now) for row in waiting)
    return Status(
        at=facts.now,
        store=store,
        issues=facts.stored,
        newest=_newest(facts),
        weeks={state: counts[state] for state in STATES},
        missing=list(reversed(calendar_gaps.missing(facts.weeks))),
        last_run=facts.last_run,
        running=[run.id for run in facts.runs if run.clean is None],
        due_now=due,
        due_later=len(waiting) - due,
        pictures=facts.outstanding,
        alerts=[alert for alert in alerts if not alert.over],
        attention=any(alert.level == "attention" and not alert.over for alert in alerts),
    )


def _is_waiting(row: LedgerRow) -> bool:
    return bool(row.addresses) and row.state in (State.KNOWN, State.BLOCKED, State.UNAVAILABLE)


def _newest(facts: Facts) -> Newest | None:
    if not facts.issues:
        return None
    issue = facts.issues[0]
    came = issue.published_at or datetime.combine(came_on(issue), time(), CHINA)
    return Newest(
        issue=issue.id,
        title=issue.title,
        published_at=issue.published_at,
        age_seconds=int((facts.now - came).total_seconds()),
        warnings=issue.warnings,
    )
