"""The status of a store: newest issue, weeks, last run, what is due, alerts; all from a snapshot."""

from collections import Counter
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Self, get_args

from cncert.archive.own_files import count_files
from cncert.items import CHINA, IssueWarning, Model, Moment, day_in_china
from cncert.ledger import calendar_gaps
from cncert.ledger.retry_times import ANSWERED_FORMS, is_due, is_looked_for
from cncert.ledger.week_order import may_be_reprint
from cncert.ledger.week_states import Advice, WeekState
from cncert.monitoring.believed_times import believed
from cncert.monitoring.due_dates import publication_day
from cncert.monitoring.monitor_input import StoreSnapshot
from cncert.monitoring.run_lines import alert_document, run_document
from cncert.options import Options
from cncert.report.publication_time import publication_time
from cncert.store.endings import Ending, State
from cncert.store.run_records import Alert, RunRecord


class NewestIssue(Model):
    """The newest stored issue whose week has ended."""

    issue: str
    title: str
    published_at: Moment | None
    """None too if it is in the future."""
    published_on: date | None
    """The day, where no time is stated."""
    published_by: date | None
    """Where that is not known either: the day on which the reprint or copy was published that it was read from."""
    age_seconds: int
    """Time since it was published, or since the day that counts for it if the time is not known."""
    warnings: list[IssueWarning]


class ArchiveSize(Model):
    """The raw pages that are kept."""

    place: str
    files: int
    bytes: int

    @classmethod
    def of(cls, options: Options) -> Self | None:
        """Return what is in the archive of *options*; None if it is off."""
        if not options.archive:
            return None
        files, size = count_files(Path(options.archive))
        return cls(place=options.archive, files=files, bytes=size)


class Status(Model):
    """All that ``scrapy status`` shows."""

    at: Moment
    store: str
    """The address without passwords."""
    issues: int
    """How many are stored."""
    newest: NewestIssue | None
    weeks: dict[WeekState, int]
    """How many weeks of the calendar are in each state."""
    sources: dict[str, int]
    """How many weeks are stored from each source."""
    from_wayback: int
    """How many of them came from the Wayback Machine."""
    advice: dict[Advice, int]
    """How many missing weeks each advice would help, most first."""
    missing: list[calendar_gaps.Week]
    """Weeks without their issue, newest first."""
    last_run: RunRecord | None
    """The newest run that has ended, and was no replay unless of the sample series."""
    running: list[str]
    """The ids of runs that have not ended."""
    due_now: int
    """How many articles the next run requests: one a week, whatever else claims the week."""
    due_later: int
    """How many articles wait for a later run."""
    pictures: int
    """How many pictures the next run requests."""
    archive: ArchiveSize | None
    """The raw pages that are kept; None if the archive is off."""
    alerts: list[Alert]
    attention: bool
    """Whether somebody has to act."""


def status(snapshot: StoreSnapshot, alerts: list[Alert], store: str, archive: ArchiveSize | None = None) -> Status:
    """Return the status of *store* (its address) by *snapshot* and *alerts*, with the size of its *archive*."""
    counts = Counter(week.state for week in snapshot.weeks)
    advice = Counter(week.advice for week in snapshot.weeks if week.advice)
    due = _due_articles(snapshot)
    return Status(
        at=snapshot.now,
        store=store,
        issues=snapshot.stored,
        newest=_newest(snapshot),
        weeks={state: counts[state] for state in get_args(WeekState)},
        sources=calendar_gaps.stored_by_source(snapshot.weeks),
        from_wayback=sum(week.from_wayback for week in snapshot.weeks),
        advice=dict(advice.most_common()),
        missing=list(reversed(calendar_gaps.missing(snapshot.weeks))),
        last_run=snapshot.last_run,
        running=[run.id for run in snapshot.runs if run.clean is None],
        due_now=due[True],
        due_later=due[False],
        pictures=snapshot.outstanding,
        archive=archive,
        alerts=[alert for alert in alerts if not alert.over],
        attention=any(alert.level == "attention" and not alert.over for alert in alerts),
    )


def status_document(state: Status) -> dict[str, Any]:
    """Return *state* in JSON form, with the lines of its run, and the sentences of its alerts and weeks."""
    document = state.model_dump(mode="json")
    document["missing"] = list(map(calendar_gaps.week_document, state.missing))
    document["alerts"] = list(map(alert_document, state.alerts))
    if state.last_run is not None:
        document["last_run"] = run_document(state.last_run)
    return document


def _due_articles(snapshot: StoreSnapshot) -> Counter[bool]:
    """Return how many articles a run requests now (True), and how many later.

    A run begins with the bundled index in the ledger. It requests one article of a week, and the page of a stored
    article again of which only a reprint was had; a reprint, or what may be one, only of a week that is not stored.
    """
    had = {week.issue for week in snapshot.weeks if week.source in ("page", "reprint_card", "reprint")}
    waiting: dict[str, bool] = {}
    for row in calendar_gaps.with_index(snapshot.rows, reprints=snapshot.reprints):
        if row.state is State.STORED:
            is_asked = row.next_try is not None and any(one.form in ANSWERED_FORMS for one in row.addresses)
            due = is_looked_for(row, snapshot.now)
        else:
            is_waiting = row.state in (State.KNOWN, State.BLOCKED, State.UNAVAILABLE) or row.ending is Ending.REPRINT
            is_asked = bool(row.addresses) and is_waiting
            is_asked = is_asked and not (row.issue in had and may_be_reprint(row))
            due = is_due(row, now=snapshot.now)
        if is_asked:
            name = row.issue or row.id
            waiting[name] = waiting.get(name, False) or due
    return Counter(waiting.values())


def _newest(snapshot: StoreSnapshot) -> NewestIssue | None:
    if not snapshot.issues:
        return None
    issue = snapshot.issues[0]
    published_at = believed(issue.published_at, snapshot.now)
    known = publication_time(issue)
    day = known.day if known and not issue.published_at and known.day <= day_in_china(snapshot.now) else None
    published = published_at or datetime.combine(publication_day(issue, snapshot.now), time(), CHINA)
    return NewestIssue(
        issue=issue.id,
        title=issue.title,
        published_at=published_at,
        published_on=None if known and known.is_bound else day,
        published_by=day if known and known.is_bound else None,
        age_seconds=max(0, int((snapshot.now - published).total_seconds())),
        warnings=snapshot.warnings[issue.id],
    )
