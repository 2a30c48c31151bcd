"""Decides which articles of a week are requested, and in which order: CNCERT's own, then what may be a reprint.

One page of a week is enough. CNCERT's own is the better source, but one that should be answered comes first: WeChat
challenges addresses without a signature.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache

from cncert.items import Issue
from cncert.ledger.article_ledger import is_unresolved
from cncert.ledger.retry_times import ANSWERED_FORMS, LOOK_FOR_ORIGINAL_AFTER
from cncert.report.issue_warnings import DOUBTED_WEEK
from cncert.report.series import CNCERT_BIZ
from cncert.report.which_week import claims_of
from cncert.sources import bundled_reprints
from cncert.store import Store
from cncert.store.endings import State
from cncert.store.ledger_rows import LedgerAddress, LedgerRow
from cncert.wechat.address import read_address


def may_be_reprint(row: LedgerRow) -> bool:
    """Whether the article of *row* is of another account, or it is not known yet of which account."""
    return is_unresolved(row) or is_of_other_account(row)


def is_of_other_account(row: LedgerRow) -> bool:
    """Whether the article of *row* is of another account than CNCERT's."""
    account = row.id.partition("-")[0]
    return account.isdigit() and int(account) != CNCERT_BIZ


@cache
def _reprint_urls() -> frozenset[str]:
    read = (read_address(reprint.url) for reprint in bundled_reprints())
    return frozenset(address.url for address in read if address is not None)


def is_reprint(row: LedgerRow) -> bool:
    """Whether *row* is known to be a reprint: it says so, the index does, or it is the article of another account."""
    is_indexed = any(address.url in _reprint_urls() for address in row.addresses)
    return is_indexed or row.original is not None or is_of_other_account(row)


def place_in_week(row: LedgerRow, address: LedgerAddress) -> int:
    """Return the place of a request for *address* of *row* among those of its week; 0 comes first.

    What should be answered comes before what should not, and CNCERT's own before what may be a reprint.
    """
    should_be_answered = address.form in ANSWERED_FORMS and not address.refusals_in_a_row
    is_own = not may_be_reprint(row) or address.says_own
    return 2 * (not should_be_answered) + (not is_own)


def needs_page(row: LedgerRow, stored: Issue | None, now: datetime) -> bool:
    """Whether the page of *row*, which may be a reprint, is needed though *stored* is what its week has.

    It is not if a page shows the week already, and surely that week. Of a reprint, that another account may have
    edited, the list of earlier issues has to say so too. Beside it, an article of an unknown account may be the
    original: it is looked for as seldom as any original.
    """
    if stored is None or any(warning.code in DOUBTED_WEEK for warning in stored.warnings):
        return True
    if stored.provenance.reprint is None:
        return stored.provenance.source != "page"
    if not claims_of(stored).agree_on((stored.year, stored.number)):
        return True
    fetched = stored.provenance.fetched_at
    may_be_original = is_unresolved(row) and not is_reprint(row)
    return may_be_original and fetched is not None and fetched + LOOK_FOR_ORIGINAL_AFTER < now


async def still_missing(store: Store, failed: Collection[str]) -> set[str]:
    """Return those of the rows *failed*, whose requests failed in a run, that no other page has made up for.

    A reprint may stand in for CNCERT's page, and any page for a reprint. May raise StoreError.
    """
    rows = [loaded.document for loaded in (await store.load_rows(failed, [])).values()]
    stored = await store.get_issues({row.issue for row in rows if row.issue and may_be_reprint(row)})
    now = datetime.now(UTC)

    def is_made_up_for(row: LedgerRow) -> bool:
        if row.state is State.STORED:
            return row.next_try is not None  # by a reprint: its own page is looked for later
        return may_be_reprint(row) and not needs_page(row, stored.get(row.issue or ""), now)

    return set(failed) - {row.id for row in rows if is_made_up_for(row)}
