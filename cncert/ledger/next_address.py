"""Decides which address of an article is requested next."""

from collections.abc import Collection, Iterable

from cncert.store.ledger_rows import ADDRESS_FORMS, LedgerAddress


def ranked_addresses(addresses: Iterable[LedgerAddress]) -> list[LedgerAddress]:
    """Return the *addresses* that may work, the most likely first: by their forms, then by the fewest attempts."""
    alive = [address for address in addresses if not address.leads_nowhere]
    return sorted(alive, key=lambda address: (ADDRESS_FORMS.index(address.form), address.tries))


def next_address(addresses: Iterable[LedgerAddress], without: Collection[str] = ()) -> LedgerAddress | None:
    """Return the first of the ranked *addresses* that is not in *without*."""
    return next((address for address in ranked_addresses(addresses) if address.url not in without), None)
