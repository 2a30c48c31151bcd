"""Decides which address of an article is requested next."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from cncert.store.ledger_rows import ADDRESS_FORMS, LedgerAddress

NEVER = datetime.min.replace(tzinfo=UTC)


def ranked_addresses(addresses: Iterable[LedgerAddress]) -> list[LedgerAddress]:
    """Return those of *addresses* that may work, the one to be asked first in front.

    The order: not refused last; then least often refused in a row; then by form, the one that WeChat most likely
    answers; then the one tried longest ago. So no address that is refused again and again hides one that works.
    """
    alive, now = [address for address in addresses if not address.leads_nowhere], datetime.now(UTC)

    def last_tried(address: LedgerAddress) -> datetime:
        tried = address.last_tried_at or NEVER
        return tried if tried <= now else NEVER  # by a clock that was ahead

    return sorted(alive, key=lambda one: (one.refusals_in_a_row, ADDRESS_FORMS.index(one.form), last_tried(one)))


def next_address(addresses: Iterable[LedgerAddress], without: Collection[str] = ()) -> LedgerAddress | None:
    """Return the first of the ranked *addresses* that is not in *without*."""
    return next((address for address in ranked_addresses(addresses) if address.url not in without), None)
