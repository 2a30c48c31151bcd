"""The monitors: rules that look at a snapshot of the store and return a finding if something is wrong.

A rule judges the present state, not an event: it finds the same thing again as long as that is wrong, so that alerts
can be sent when it begins and when it is over. To add a monitor, write its function here, a line in MONITORS, and
its sentences in ``alert_words.toml``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from statistics import median

from cncert.items import Issue, day_in_china
from cncert.ledger.calendar_gaps import Week
from cncert.ledger.publishing_habits import due_by
from cncert.ledger.retry_times import ANSWERED_FORMS
from cncert.monitoring import issue_notes
from cncert.monitoring.believed_times import run_moment
from cncert.monitoring.due_dates import publication_day
from cncert.monitoring.exit_status import CLEAN_REASONS
from cncert.monitoring.monitor_input import StoreSnapshot
from cncert.quality.series_breaks import all_breaks, are_comparable
from cncert.report import calendar
from cncert.store.close_reasons import CloseReason
from cncert.store.endings import State
from cncert.store.run_records import AlertFacts, AlertLevel, RunRecord

NEW_ISSUES = 4
"""Issues that count as new: what is odd about them is worth a message."""
COMPARED_ISSUES = 6
"""Issues before one that it is compared with."""
RECENT_WEEKS = 13
"""Weeks, the newest that are named, of which a missing issue is worth a message; scrapy gaps lists all."""
REVIEW_LENGTH = 5
"""Earlier issues that an issue lists: a week that none of the next five issues lists had no issue."""
LOW_BYTES = 500_000_000
"""A disk with less is nearly full; the series takes less than that in a year."""
PROGRAM_FAILURES = ("robots", "hosts", "program", "items")
"""Kinds of failures (``cncert/monitoring/exit_status.py``) of the program and its settings, not of a page."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found to be wrong."""

    level: AlertLevel
    about: tuple[str, ...] = ()
    """What it is about, such as issues: more of it is worth another message."""
    sentence: str = "text"
    """The name of the sentence in the monitor's table of ``alert_words.toml``."""
    facts: AlertFacts = field(default_factory=AlertFacts)
    """What the sentence needs beside *about*."""


# --- The series


def stale(snapshot: StoreSnapshot) -> Finding | None:
    """Report that no new issue came, although one is due."""
    if not snapshot.issues:
        return Finding("attention", sentence="nothing_stored", facts=AlertFacts(advice=["crawl"]))
    newest, day = snapshot.issues[0], day_in_china(snapshot.now)
    published = publication_day(newest, snapshot.now)
    due, days = due_by(published, snapshot.fresh), (day - published).days
    if day <= due:
        return None
    return Finding("attention", (newest.id,), facts=AlertFacts(days=days, newest=newest.id, due=due))


def missing_weeks(snapshot: StoreSnapshot) -> Finding | None:
    """Report recent weeks whose issue is not stored, though there seems to be one and no run will ask for it.

    Where nothing is stored, or nothing newer was named, ``stale`` says all there is to say.
    """
    if not snapshot.issues:
        return None
    after_the_named = takewhile(lambda week: week.state == "never named", reversed(snapshot.weeks))
    recent = snapshot.weeks[: len(snapshot.weeks) - len(list(after_the_named))][-RECENT_WEEKS:]
    in_ledger = {row.issue for row in snapshot.rows}
    missing = [
        week
        for place, week in enumerate(recent)
        if week.issue in in_ledger or week.state == "never named"  # else the next run adds it
        if _is_missing(week, recent[place + 1 : place + 1 + REVIEW_LENGTH])
    ]
    if not missing:
        return None
    missing.reverse()
    return Finding("attention", tuple(week.issue for week in missing), facts=_facts(missing))


def _is_missing(week: Week, after: list[Week]) -> bool:
    """Whether an issue of *week* should be stored, given the weeks *after* it."""
    match week.state:
        case "unavailable" | "rejected":
            return True
        case "known":
            return not _is_asked_next(week)
        case "never named":
            # A later issue lists it, or will, unless CNCERT's own list leaves it out.
            return not any(other.state == "stored" or _is_asked_next(other) for other in after)
    return False


def _is_asked_next(week: Week) -> bool:
    """Whether the next run asks for *week* for the first time."""
    return week.state == "known" and bool(week.addresses) and not week.attempts


def _facts(weeks: list[Week]) -> AlertFacts:
    """Return what a sentence says of *weeks*: their states, and what would help."""
    advice = dict.fromkeys(week.advice for week in weeks if week.advice is not None)
    return AlertFacts(states=[week.state for week in weeks], advice=list(advice))


def blocked(snapshot: StoreSnapshot) -> Finding | None:
    """Report issues for which WeChat asks for a verification."""
    weeks = [week for week in reversed(snapshot.weeks) if week.state == "blocked"]
    stopped = any(runs[0].close_reason is CloseReason.VERIFICATION_ASKED for runs in snapshot.ended_runs)
    if not weeks and not stopped:
        return None
    issues = tuple(week.issue for week in weeks)
    # Of an address without signature nothing else is to be expected.
    rows = [row for row in snapshot.rows if row.state is State.BLOCKED and row.issue in issues]
    good = any(address.form in ANSWERED_FORMS and address.tries for row in rows for address in row.addresses)
    level: AlertLevel = "attention" if stopped or good else "warning"
    return Finding(level, issues, "text" if issues else "run_stopped", _facts(weeks))


def rejected(snapshot: StoreSnapshot) -> Finding | None:
    """Report issues that validation refused."""
    issues = tuple(sorted((reject.issue or reject.id for reject in snapshot.rejects), reverse=True))
    return _finding("attention", issues)


# --- The content of the newest issues


def missing_figures(snapshot: StoreSnapshot) -> Finding | None:
    """Report a figure, or the rating, that the issues before a new one all state and the new one does not."""
    lost = tuple(
        f"{issue.id} {metric}"
        for issue, before in _new_and_earlier(snapshot.issues)
        for metric in sorted(set.intersection(*map(_reported, before)) - _reported(issue))
        if all(are_comparable(metric, _week(issue), _week(other)) for other in before)
    )
    return _finding("warning", lost)


def questionable_figures(snapshot: StoreSnapshot) -> Finding | None:
    """Report new issues with numbers that nothing read, contradictions or outliers."""
    found = issue_notes.count({issue.id: snapshot.warnings[issue.id] for issue in snapshot.issues[:NEW_ISSUES]})
    odd = {issue for counter in found.keys() - {"missing"} for issue in found[counter]}
    return _finding("warning", tuple(sorted(odd, reverse=True)))


def few_pictures(snapshot: StoreSnapshot) -> Finding | None:
    """Report new issues with far fewer pictures than those before: most figures are only in pictures."""
    few = tuple(
        issue.id
        for issue, before in _new_and_earlier(snapshot.issues)
        if _pictures(issue) < median(map(_pictures, before)) / 2 and not any(_moved(issue, other) for other in before)
    )
    return _finding("warning", few)


# --- The crawl


def failed_pictures(snapshot: StoreSnapshot) -> Finding | None:
    """Report pictures that could not be fetched."""
    issues = tuple(sorted(snapshot.pictures, reverse=True))
    new = {issue.id for issue in snapshot.issues[:NEW_ISSUES]}
    level: AlertLevel = "warning" if new.isdisjoint(issues) else "attention"
    return _finding(level, issues)


def unreadable_feeds(snapshot: StoreSnapshot) -> Finding | None:
    """Report feeds and albums that two runs in a row could not read: once is an accident."""
    down: tuple[str, ...] = ()
    for runs in snapshot.ended_runs:
        whole = [run for run in runs if run.close_reason is not CloseReason.DIED]
        if len(whole) > 1:
            down += tuple(source for source in whole[0].failed_sources if source in whole[1].failed_sources)
    return _finding("attention" if stale(snapshot) else "warning", down)


def unwritable_archive(snapshot: StoreSnapshot) -> Finding | None:
    """Report that the last run could not write raw pages to the archive."""
    last = [runs[0] for runs in snapshot.ended_runs]
    failed = any("archive" in run.faults or run.close_reason is CloseReason.ARCHIVE_FAILED for run in last)
    return Finding("attention") if failed else None


def full_disks(snapshot: StoreSnapshot) -> Finding | None:
    """Report disks that are nearly full."""
    full = tuple(name for name, free in snapshot.free_bytes.items() if free < LOW_BYTES)
    return _finding("attention", full, AlertFacts(limit_mb=LOW_BYTES // 1_000_000))


def dead_runs(snapshot: StoreSnapshot) -> Finding | None:
    """Report runs that were killed: the last ones, or those right before the last one if that ended by itself."""
    level: AlertLevel = "warning"
    starts: tuple[str, ...] = ()
    for ended in snapshot.ended_runs:
        by_itself = ended[0].close_reason is not CloseReason.DIED
        dead = takewhile(lambda run: run.close_reason is CloseReason.DIED, ended[by_itself:])
        starts += tuple(f"{run.started_at:%Y-%m-%d %H:%M}" for run in dead)
        level = level if by_itself else "attention"
    return _finding(level, starts)


def bad_end(snapshot: StoreSnapshot) -> Finding | None:
    """Report that the last run was cut short, or met an error of the program or its settings."""
    found = [finding for runs in snapshot.ended_runs if (finding := _bad_end(runs[0])) is not None]
    return min(found, key=lambda finding: finding.level, default=None)  # "attention" comes first


def _bad_end(last: RunRecord) -> Finding | None:
    if last.close_reason in (
        CloseReason.DIED, CloseReason.VERIFICATION_ASKED, CloseReason.ARCHIVE_FAILED
    ):  # fmt: skip
        return None  # other monitors report these
    if last.close_reason not in CLEAN_REASONS:
        level: AlertLevel = "warning" if last.close_reason is CloseReason.SHUTDOWN else "attention"
        return Finding(level, (last.reason or "unknown",), "ended_early")
    return _finding("attention", tuple(kind for kind in PROGRAM_FAILURES if kind in last.faults))


def idle(snapshot: StoreSnapshot) -> Finding | None:
    """Report that no run has started for a long time."""
    # That of CNCERT's site does not bring the newest issues.
    runs = [run for run in snapshot.runs if run.spider == "weekly"] or snapshot.runs
    if not runs:
        return None
    if (began := run_moment(runs[0], snapshot.now)) is None:
        return Finding("attention", sentence="all_ahead")
    if (pause := snapshot.now - began) <= snapshot.fresh:
        return None
    return Finding("attention", facts=AlertFacts(days=pause.days))


# --- All of them

MONITORS: dict[str, Callable[[StoreSnapshot], Finding | None]] = {
    "stale": stale,
    "gaps": missing_weeks,
    "blocked": blocked,
    "rejected": rejected,
    "figures": missing_figures,
    "doubts": questionable_figures,
    "picture_count": few_pictures,
    "pictures": failed_pictures,
    "feeds": unreadable_feeds,
    "archive": unwritable_archive,
    "disk": full_disks,
    "died": dead_runs,
    "run": bad_end,
    "idle": idle,
}
"""Their rules."""


def find_problems(snapshot: StoreSnapshot) -> list[tuple[str, Finding]]:
    """Return what the monitors find, each with the monitor's name; what needs attention comes first."""
    found = [(name, finding) for name, rule in MONITORS.items() if (finding := rule(snapshot))]
    return sorted(found, key=lambda pair: pair[1].level != "attention")


def _finding(level: AlertLevel, about: tuple[str, ...], facts: AlertFacts | None = None) -> Finding | None:
    """Return a finding about these things; None if there are none."""
    return Finding(level, about, facts=facts or AlertFacts()) if about else None


def _new_and_earlier(issues: list[Issue]) -> Iterator[tuple[Issue, list[Issue]]]:
    """Yield the new ones of *issues*, each with the COMPARED_ISSUES before it; none that has fewer before it."""
    for place, issue in enumerate(issues[:NEW_ISSUES]):
        before = issues[place + 1 : place + 1 + COMPARED_ISSUES]
        if len(before) == COMPARED_ISSUES:
            yield issue, before


def _reported(issue: Issue) -> set[str]:
    """Return the metrics that the text of *issue* states: a crawl does not read the pictures."""
    return {figure.metric for figure in issue.figures if figure.source == "text"} | (
        {"rating"} if issue.rating else set()
    )


def _pictures(issue: Issue) -> int:
    return sum(picture.role == "body" for picture in issue.images)


def _week(issue: Issue) -> calendar.Week:
    return issue.year, issue.number


def _moved(issue: Issue, other: Issue) -> bool:
    """Whether figures moved between text and pictures from one issue to the other: the pictures then differ."""
    kinds = ("moved to pictures", "back in text")
    return any(known.kind in kinds and known.separates(_week(issue), _week(other)) for known in all_breaks())
