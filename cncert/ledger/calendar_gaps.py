"""Completeness: every week of the calendar, and whether its issue is stored or why not."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal

from cncert.items import Model, Moment, Period, day_in_china
from cncert.report import calendar
from cncert.store.ledger_rows import LedgerRow, State

WeekState = Literal["stored", "blocked", "unavailable", "known", "gone", "rejected", "never seen"]

# Of several articles that claim a week, the first of these states is the state of the week.
_STATE_ORDER = (State.STORED, State.BLOCKED, State.UNAVAILABLE, State.KNOWN, State.GONE, State.REJECTED)


class Week(Model):
    """A week between the first and the newest known issue."""

    issue: str
    period: Period
    state: WeekState
    reason: str | None
    addresses: list[str]
    """Addresses of all articles that claim the week."""
    attempts: int
    """How often these were requested."""
    next_try: Moment | None


def weeks(
    rows: Iterable[LedgerRow],
    stored: Iterable[str],
    *,
    first: str | None = None,
    last: str | None = None,
    today: date | None = None,
) -> list[Week]:
    """Return every week from the first known issue to the newest, oldest first, bounded by *first* and *last*.

    *rows* is the ledger, *stored* the ids of the issues in the store. No issue is expected of a week that has not ended
    by *today*. What only the page of an issue names, or before the oldest stored or indexed issue a feed or a person,
    is not taken for the beginning or end of the series: years are misprinted.
    """
    today = today or day_in_china(datetime.now(UTC))
    claims: dict[str, list[LedgerRow]] = {}
    for row in rows:
        if row.issue is not None:
            claims.setdefault(row.issue, []).append(row)
    have = set(stored)
    sure = {
        issue
        for issue in have | {issue for issue, some in claims.items() if any(map(_is_indexed, some))}
        if _has_ended(issue, today)
    }
    if not sure:
        return []
    named = {
        issue
        for issue, some in claims.items()
        if _has_ended(issue, today) and not all(row.is_named_by_pages_only or not row.addresses for row in some)
    }
    oldest, newest = min(sure), max(sure | named)
    start, end = max(oldest, first or oldest), min(newest, last or newest)
    if start > end:
        return []
    result = []
    for year, number in calendar.weeks(calendar.parse_week(start), calendar.parse_week(end)):
        issue = f"{year:04d}-{number:02d}"
        result.append(_week(issue, calendar.period(year, number), claims.get(issue, []), issue in have))
    return result


def _is_indexed(row: LedgerRow) -> bool:
    return any("index" in address.sources for address in row.addresses)


def _has_ended(issue: str, today: date) -> bool:
    try:
        return calendar.period(*calendar.parse_week(issue)).end < today
    except ValueError:
        return False


def _week(issue: str, period: Period, rows: list[LedgerRow], stored: bool) -> Week:
    addresses = [address.url for row in rows for address in row.addresses]
    attempts = sum(address.tries for row in rows for address in row.addresses)

    def week(state: WeekState, reason: str | None, next_try: datetime | None = None) -> Week:
        return Week(
            issue=issue,
            period=period,
            state=state,
            reason=reason,
            addresses=addresses,
            attempts=attempts,
            next_try=next_try,
        )

    if stored:
        return week("stored", None)
    # A row whose state is stored has no document only if a person has removed it.
    others = [row for row in rows if row.state is not State.STORED]
    if not others:
        return week("never seen", "no list, no index names it" if not rows else "its document was removed")
    row = min(others, key=lambda row: _STATE_ORDER.index(row.state))
    return week(row.state.value, row.reason or (None if row.addresses else "no address is known"), row.next_try)


def missing(all_weeks: Iterable[Week]) -> list[Week]:
    """Return the weeks whose issue is not stored."""
    return [week for week in all_weeks if week.state != "stored"]
