"""Which of the addresses of an article is asked next."""

from datetime import UTC, datetime, timedelta

import pytest

from cncert.ledger.next_address import next_address, ranked_addresses
from cncert.store.ledger_rows import EXPIRED, AddressForm, LedgerAddress

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def address(form: AddressForm, *results: str, hours: int = 0) -> LedgerAddress:
    """An address of that *form* after tries with these *results*, the last one so many *hours* after the others'."""
    found = LedgerAddress(url=f"https://example/{form}-{hours}", form=form, sources=["index"], first_seen=NOW)
    for result in results:
        found = found.tried(NOW + timedelta(hours=hours), result)
    return found


@pytest.mark.parametrize(
    ("addresses", "order"),
    [
        ([address("unsigned"), address("short"), address("signed")], ["signed", "short", "unsigned"]),
        ([address("signed", *["verification"] * 5), address("short")], ["short", "signed"]),
        ([address("signed", "a", "b"), address("short", "a", "b", "c")], ["signed", "short"]),
        ([address("signed", "a", "a", "stored"), address("short")], ["signed", "short"]),
        ([address("signed", f"{EXPIRED}wrong"), address("unsigned")], ["unsigned"]),
    ],
    ids=["by form", "not refused last", "refused less often in a row", "answered last", "leads nowhere"],
)
def test_the_order_of_addresses(addresses: list[LedgerAddress], order: list[str]) -> None:
    assert [one.form for one in ranked_addresses(addresses)] == order


def test_of_two_alike_the_one_tried_longest_ago_comes_first() -> None:
    late, early = address("short", "a", hours=2), address("short", "a", hours=1)
    assert ranked_addresses([late, early]) == [early, late]
    assert next_address([late, early], without={early.url}) is late
