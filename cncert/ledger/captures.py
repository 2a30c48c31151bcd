"""What the ledger knows of captures in the Wayback Machine: what is looked up, and which capture is next."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from sys import maxsize
from typing import Literal

from cncert.ledger.next_address import ranked_addresses
from cncert.ledger.week_order import is_reprint, may_be_reprint
from cncert.report.series import CNCERT_BIZ
from cncert.store import Store
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerAddress, LedgerRow
from cncert.wechat.address import Address, ArticleKey, read_address
from cncert.wechat.wayback import Capture, best_captures, is_of, read_capture

LOOK_UP_AFTER = timedelta(days=30)
"""How long it is remembered that the archive has no (other) captures of an address."""
MAX_ARTICLES_A_WEEK = 4
"""Articles of one week that are looked up: feeds may name any number."""
MAX_UNNAMED = 40
"""Articles that nothing else names and that are taken from the list of the account's captures at a time."""
CaptureState = Literal["waiting", "none"]
"""Of a missing issue: captures that were not requested yet, or none that shows it in all that was looked up."""


def was_looked_up(at: datetime | None, now: datetime) -> bool:
    """Whether a look-up at *at* still holds; a time in the future is not believed."""
    return at is not None and now - LOOK_UP_AFTER < at <= now


def unseen_captures(row: LedgerRow) -> list[LedgerAddress]:
    """Return the captures of *row* that may show the article, the best first."""
    captures = (address for address in row.addresses if address.form == "capture")
    return [one for one in ranked_addresses(captures) if not one.history or one.history[-1].ending is not Ending.STORED]


def long_forms(row: LedgerRow) -> list[str]:
    """Return the long addresses of *row*: one look-up is for all of them."""
    return [address.url for address in row.addresses if address.form in ("signed", "unsigned")]


def _looked_up_forms(row: LedgerRow) -> list[LedgerAddress]:
    return [address for address in row.addresses if address.form in ("signed", "short", "unsigned")]


def due_look_ups(row: LedgerRow, now: datetime) -> list[Address]:
    """Return the addresses for which *row* has to be looked up: one stands for all the long ones of an article."""
    due = [one for one in _looked_up_forms(row) if not was_looked_up(one.captures_looked_up, now)]
    read = [address for one in due if (address := read_address(one.url)) is not None]
    return list({address.key or address.url: address for address in read}.values())


def capture_state(rows: Iterable[LedgerRow], now: datetime) -> CaptureState | None:
    """Return what is known of the captures of a missing issue, which *rows* claim; None if it was not looked up."""
    wanted = [row for row in rows if _may_be_captured(row)]
    if any(map(unseen_captures, wanted)):
        return "waiting"
    forms = [address for row in wanted for address in _looked_up_forms(row)]
    return "none" if forms and all(was_looked_up(one.captures_looked_up, now) for one in forms) else None


def articles_to_look_up(rows: Iterable[LedgerRow], stored: Collection[str], *, reprints: bool) -> list[LedgerRow]:
    """Return the articles of missing issues that may be captured: the newest issue first, of one CNCERT's own first."""
    wanted = [
        row
        for row in rows
        if row.issue and row.issue not in stored and _may_be_captured(row) and (reprints or not is_reprint(row))
    ]
    wanted.sort(key=lambda row: (may_be_reprint(row), row.id))
    wanted.sort(key=lambda row: row.issue or "", reverse=True)
    by_issue = groupby(wanted, key=lambda row: row.issue)
    return [row for _, some in by_issue for row in islice(some, MAX_ARTICLES_A_WEEK)]


def _may_be_captured(row: LedgerRow) -> bool:
    """Whether a capture of *row* would help; also of one that was deleted since."""
    return row.state not in (State.STORED, State.REJECTED) or row.ending is Ending.REPRINT


def is_unnamed(row: LedgerRow) -> bool:
    """Whether only the list of the account's captures names *row*, and none of them was read."""
    return row.issue is None and row.state is State.KNOWN and all(one.form == "capture" for one in row.addresses)


async def note_unnamed(store: Store, captures: Iterable[Capture], weeks: Collection[str], now: datetime) -> None:
    """Add rows for the articles of *captures* that none names and that may be the issue of one of *weeks*.

    An account numbers its articles as it publishes them: that of a week lies between those of the issues before and
    after it. They are read from the archive, and not asked of WeChat. May raise StoreError.
    """
    rows = await store.rows()
    numbers = list[tuple[str, int]]()
    for row in rows:
        account, _, article = row.id.partition("-")
        is_sure = row.state is State.STORED or any("index" in one.sources for one in row.addresses)
        if row.issue and is_sure and account == str(CNCERT_BIZ):
            numbers.append((row.issue, int(article.partition("-")[0])))
    spans = {
        (
            max((number for issue, number in numbers if issue < week), default=0),
            min((number for issue, number in numbers if issue > week), default=maxsize),
        )
        for week in weeks
    }
    known, found = {row.id for row in rows}, dict[str, list[Capture]]()
    for capture in captures:
        key = capture.address.key
        if isinstance(key, ArticleKey) and str(key) not in known and any(a < key.mid < b for a, b in spans):
            found.setdefault(str(key), []).append(capture)
    for ident, some in islice(sorted(found.items()), max(0, MAX_UNNAMED - sum(map(is_unnamed, rows)))):
        row = LedgerRow(id=ident, issue=None, first_seen=now, updated_at=now)
        for capture in best_captures(some):
            row = row.with_address(capture.url, "capture", "wayback", now)

        def add(there: LedgerRow | None, new: LedgerRow = row) -> LedgerRow:
            return there or new

        await store.change_row(ident, add)


async def note_look_up(
    store: Store, row_id: str, looked_up: Collection[str], captures: Collection[Capture], now: datetime
) -> None:
    """Add those of *captures* that are of the row, and note that its addresses *looked_up* were.

    May raise StoreError.
    """

    def change(row: LedgerRow) -> LedgerRow:
        read = [address for one in row.addresses if (address := read_address(one.url)) is not None]
        known = {address.url for address in row.addresses}
        own = [one for one in captures if any(is_of(one, address) for address in read)]
        noted = [
            one.model_copy(update={"captures_looked_up": now}) if one.url in looked_up else one for one in row.addresses
        ]
        row = row.model_copy(update={"addresses": noted})
        for capture in best_captures(own, known):
            row = row.with_address(capture.url, "capture", "wayback", now)
        return row

    await store.change_rows([row_id], change)


async def note_moved(store: Store, row_id: str, url: str) -> None:
    """Add the capture *url*, to which another one of the row leads. May raise StoreError."""
    if read_capture(url) is not None:
        await store.change_rows([row_id], lambda row: row.with_address(url, "capture", "wayback", datetime.now(UTC)))
