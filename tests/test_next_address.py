"""Which of the addresses of an article is asked next."""

from datetime import UTC, datetime, timedelta

import pytest

from cncert.ledger.next_address import next_address, ranked_addresses
from cncert.store.endings import Ending
from cncert.store.ledger_rows import AddressForm, Attempt, LedgerAddress

NOW = datetime(2026, 11, 1, tzinfo=UTC)


B, S, E = Ending.BLOCKED, Ending.STORED, Ending.EXPIRED


def address(form: AddressForm, *endings: Ending, hours: int = 0) -> LedgerAddress:
    """An address of that *form* after tries that ended so, so many *hours* after the others'."""
    found = LedgerAddress(url=f"https://example/{form}-{hours}", form=form, sources=["index"], first_seen=NOW)
    for ending in endings:
        found = found.tried(Attempt(at=NOW + timedelta(hours=hours), ending=ending))
    return found


@pytest.mark.parametrize(
    ("addresses", "order"),
    [
        ([address("unsigned"), address("short"), address("signed")], ["signed", "short", "unsigned"]),
        ([address("signed", *[B] * 5), address("short")], ["short", "signed"]),
        ([address("signed", B, B), address("short", B, B, B)], ["signed", "short"]),
        ([address("signed", B, B, S), address("short")], ["signed", "short"]),
        ([address("signed", E), address("unsigned")], ["unsigned"]),
    ],
    ids=["by form", "not refused last", "refused less often in a row", "answered last", "leads nowhere"],
)
def test_the_order_of_addresses(addresses: list[LedgerAddress], order: list[str]) -> None:
    assert [one.form for one in ranked_addresses(addresses)] == order


def test_of_two_alike_the_one_tried_longest_ago_comes_first() -> None:
    late, early = address("short", B, hours=2), address("short", B, hours=1)
    assert ranked_addresses([late, early]) == [early, late]
    assert next_address([late, early], without={early.url}) is late


def test_a_try_of_a_clock_that_was_ahead_puts_no_address_last() -> None:
    ahead, today = address("short", B, hours=24 * 3650), address("short", B, hours=1)
    assert ranked_addresses([today, ahead]) == [ahead, today]
