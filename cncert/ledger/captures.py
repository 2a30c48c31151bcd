"""What the ledger knows of captures in the Wayback Machine: what is looked up, and which capture is next."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import Literal

from cncert.ledger.next_address import ranked_addresses
from cncert.ledger.week_order import is_reprint, may_be_reprint
from cncert.store import Store
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerAddress, LedgerRow
from cncert.wechat.address import Address, read_address
from cncert.wechat.wayback import Capture, best_captures, is_of, read_capture

LOOK_UP_AFTER = timedelta(days=30)
"""How long it is remembered that the archive has no (other) captures of an address."""
MAX_ARTICLES_A_WEEK = 4
"""Articles of one week that are looked up: feeds may name any number."""
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
