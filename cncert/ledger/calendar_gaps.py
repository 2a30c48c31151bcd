"""Completeness: every week of the calendar, and whether its issue is stored or why not.

The calendar knows the bundled index before any crawl, and reaches to the last week whose issue is due.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, get_args

from cncert.items import Model, Moment, Period, Source, day_in_china, issue_id
from cncert.ledger.article_ledger import row_id
from cncert.ledger.captures import CaptureState, capture_state
from cncert.ledger.next_address import ranked_addresses
from cncert.ledger.publishing_habits import last_due_week
from cncert.ledger.week_order import is_reprint
from cncert.ledger.week_states import Advice, WeekState, advise, week_words
from cncert.report import calendar
from cncert.report.series import SERIES
from cncert.sources import bundled_index, bundled_reprints
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerRow
from cncert.store.views import NEVER_NAMED, NO_ADDRESS, STATE_ORDER, WAS_REMOVED
from cncert.wechat.address import read_address

MAX_FROM_FEEDS = 5
"""Addresses of a week that only feeds name and that are listed: a feed may name any number."""
MAX_SILENCE = timedelta(weeks=104)
"""How far the clock is believed to be ahead of the newest issue that is known. A new version, whose index is newer,
comes sooner; a clock that is further ahead would fill the calendar with weeks of which nobody knows anything."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Week(Model):
    """A week between the first known issue and the last one that is due."""

    issue: str
    period: Period
    state: WeekState
    source: Source | None
    """What the stored issue was read from."""
    reason: str | None
    advice: Advice | None
    """What would help, if the issue is missing."""
    addresses: list[str]
    """Addresses that may be requested, of all articles that claim the week, the best first."""
    reprints: list[str]
    """Those of them that are known to lead to a reprint."""
    attempts: int
    """How often articles that claim the week were requested."""
    next_try: Moment | None
    from_wayback: bool = False
    """Whether the page of the stored issue came from the Wayback Machine."""
    captures: CaptureState | None = None
    """What is known of captures in the Wayback Machine, if the issue is missing; None if they were not looked up."""


def weeks(
    rows: Iterable[LedgerRow],
    stored: Mapping[str, Source | None],
    *,
    first: str | None = None,
    last: str | None = None,
    today: date | None = None,
    reprints: bool = True,
) -> list[Week]:
    """Return every week from the first known issue to the last one due, oldest first, bounded by *first* and *last*.

    *rows* is the ledger, *stored* the issues in the store with their sources; *reprints*: whether those that are not
    stored count, of the ledger and of the bundled index. No issue is expected of a week that has not ended by *today*;
    a clock that is behind the bundled index, or too far ahead of all that is known, is not believed. What only the page
    of an issue names, or a feed or a person before the oldest stored or indexed issue, does not begin or end the
    series: years are misprinted.
    """
    today = max(today or day_in_china(datetime.now(UTC)), _end(bundled_index()[-1].issue) + timedelta(days=1))
    rows = list(rows)
    claims: dict[str, list[LedgerRow]] = {}
    for row in with_index(rows, reprints=reprints):
        if row.issue is not None:
            claims.setdefault(row.issue, []).append(row)
    sure = {issue for issue in {*stored, *(one.issue for one in bundled_index())} if _has_ended(issue, today)}
    named = {issue for issue, some in claims.items() if any(map(_is_named, some)) and _has_ended(issue, today)}
    oldest, newest = min(sure), max(sure | named)
    if today <= _end(newest) + MAX_SILENCE:
        newest = max(newest, issue_id(*last_due_week(today)))
    start, end = max(oldest, first or oldest), min(newest, last or newest)
    found = [
        _week(issue_id(*week), claims.get(issue_id(*week), []), stored)
        for week in calendar.weeks(calendar.parse_week(start), calendar.parse_week(end))
    ]
    are_of_site = {address.form == "site" for row in rows for address in row.addresses if address.tries}
    if rows and are_of_site != {True}:
        return found
    # No run has looked at WeChat yet: it may find what nothing has named so far.
    changed: dict[Advice | None, Advice] = {"search": "crawl"} if rows else dict.fromkeys(get_args(Advice), "crawl")
    return [week.model_copy(update={"advice": changed.get(week.advice, week.advice)}) for week in found]


def missing(all_weeks: Iterable[Week]) -> list[Week]:
    """Return the weeks whose issue is not stored."""
    return [week for week in all_weeks if week.state != "stored"]


def search_title(week: Week) -> str:
    """Return how the title of the week's issue begins."""
    year, number = calendar.parse_week(week.issue)
    return f"{SERIES}{year}年第{number}期"


def stored_by_source(all_weeks: Iterable[Week]) -> dict[str, int]:
    """Return how many weeks are stored from each source, the most frequent first; ``unknown`` if none is stated."""
    return dict(Counter(week.source or "unknown" for week in all_weeks if week.state == "stored").most_common())


def week_document(week: Week) -> dict[str, Any]:
    """Return *week* in JSON form, with the sentence of its advice in both languages."""
    words = week_words()["advice"][week.advice] if week.advice else {"en": None, "zh": None}
    return week.model_dump(mode="json") | {f"advice_{language}": text for language, text in words.items()}


def with_index(rows: Iterable[LedgerRow], *, reprints: bool = True) -> list[LedgerRow]:
    """Return *rows* with what the bundled index has beside them, as a run adds it to the ledger.

    Without *reprints*, those that no run would request are left out.
    """
    known = {row.id: row for row in rows if reprints or row.state is State.STORED or not is_reprint(row)}
    urls = {address.url for row in known.values() for address in row.addresses}
    for indexed in _index_rows(reprints):
        new = [address for address in indexed.addresses if address.url not in urls]
        if (row := known.get(indexed.id)) is not None:
            update = {"issue": row.issue or indexed.issue, "addresses": [*row.addresses, *new]}
            known[row.id] = row.model_copy(update=update)
        elif new or not indexed.addresses:
            known[indexed.id] = indexed.model_copy(update={"addresses": new})
    return list(known.values())


@cache
def _index_rows(reprints: bool) -> tuple[LedgerRow, ...]:
    """Return what the bundled index knows, with or without *reprints*, as rows that were never requested."""
    known = [(one.issue, one.url) for one in bundled_index()]
    known += [(one.issue, one.url) for one in bundled_reprints() if reprints]
    rows: dict[str, LedgerRow] = {}
    for issue, url in known:
        address = read_address(url) if url else None
        ident = row_id(address) if address else f"issue-{issue}"
        row = rows.get(ident) or LedgerRow(id=ident, issue=issue, first_seen=_LONG_AGO, updated_at=_LONG_AGO)
        rows[ident] = row.with_address(address.url, address.form, "index", _LONG_AGO) if address else row
    return tuple(rows.values())


def _is_named(row: LedgerRow) -> bool:
    return bool(row.addresses) and not row.is_named_by_pages_only


def _end(issue: str) -> date:
    return calendar.period(*calendar.parse_week(issue)).end


def _has_ended(issue: str, today: date) -> bool:
    try:
        return _end(issue) < today
    except ValueError:
        return False


def _is_captured(rows: Iterable[LedgerRow]) -> bool:
    """Whether the last page of *rows* that came is a capture."""
    came = [
        (attempt.at, address.form)
        for row in rows
        for address in row.addresses
        for attempt in address.history
        if attempt.ending is Ending.STORED
    ]
    return bool(came) and max(came)[1] == "capture"


def _week(issue: str, rows: list[LedgerRow], stored: Mapping[str, Source | None]) -> Week:
    # What was never requested says nothing beside another article, unless it is the article itself, with an address.
    asked_for = [row for row in rows if row.state is not State.KNOWN and row.ending is not Ending.NOT_ARCHIVED]
    telling = [row for row in rows if row in asked_for or (row.addresses and not is_reprint(row))] or rows
    asked = [
        row for row in rows if row.state not in (State.GONE, State.REJECTED) or row.ending is Ending.REPRINT
    ]  # a reprint that was refused is wanted now
    own, copies = (
        {
            address.url: address
            for row in asked
            if is_reprint(row) is wanted
            for address in row.addresses
            if address.form != "capture"  # no person can give it to a crawl
        }
        for wanted in (False, True)
    )
    ranked = ranked_addresses((own | copies).values())  # of two that are alike the article itself comes first
    from_feeds = [one for one in ranked if all(source.startswith("feed:") for source in one.sources)]
    ranked = [one for one in ranked if one not in from_feeds[MAX_FROM_FEEDS:]]
    state: WeekState = "never named"
    reason: str | None = NEVER_NAMED
    row = min(telling, key=lambda row: STATE_ORDER.index(row.state), default=None)
    if issue in stored:
        state, reason = "stored", None
    elif row is not None and row.state is State.STORED:  # a person has removed its document
        state, reason = "known", WAS_REMOVED
    elif row is not None:
        state, reason = row.state.value, row.reason or (None if ranked else NO_ADDRESS)
    captures = None if state == "stored" else capture_state(rows, datetime.now(UTC))
    return Week(
        issue=issue,
        period=calendar.period(*calendar.parse_week(issue)),
        state=state,
        source=stored.get(issue),
        reason=reason,
        advice=advise(state, row.ending if row is not None else None, ranked, captures),
        addresses=[address.url for address in ranked],
        reprints=[address.url for address in ranked if address.url in copies],
        attempts=sum(address.tries for row in rows for address in row.addresses),
        next_try=row.next_try if row is not None and state != "stored" else None,
        from_wayback=stored.get(issue) in ("page", "reprint_card", "reprint") and _is_captured(rows),
        captures=captures,
    )
