"""The states of weeks, and what would help to get a missing issue: the one list, with its words in two languages."""

import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Literal

from cncert.ledger.captures import CaptureState
from cncert.ledger.retry_times import ANSWERED_FORMS
from cncert.store.endings import Ending
from cncert.store.ledger_rows import LedgerAddress

WeekState = Literal["stored", "known", "blocked", "gone", "unavailable", "rejected", "never named"]
"""The state of a week. ``never named``: no list, feed, index or person has named its issue."""
Advice = Literal["crawl", "wait", "slower", "open", "search", "copy", "other_copy", "address", "report", "official"]
"""What would help; the sentences are in ``week_states.toml``."""

_Words = dict[str, dict[str, str]]


def advise(
    state: WeekState, ending: Ending | None, addresses: Collection[LedgerAddress], captures: CaptureState | None = None
) -> Advice | None:
    """Return what would help a week in *state*, which came of *ending*; None if its issue is stored.

    *addresses* are those that may be requested, *captures* is what is known of them in the web archive.
    """
    answered = [address for address in addresses if address.form in ANSWERED_FORMS]
    if state == "stored":
        return None
    if state in ("known", "unavailable") and addresses and all(address.form == "site" for address in addresses):
        return "official"  # no other spider reads these
    is_waiting = ending in (Ending.NOT_ARCHIVED, Ending.REPRINT) or captures == "waiting"
    if is_waiting or not all(address.tries for address in answered):
        return "crawl"  # one that should be answered has not been tried, or was refused for what is wanted now
    match state:
        case "known" if addresses:
            return "crawl"
        case "blocked" if addresses:
            return "slower" if answered else "open"
        case "unavailable" if addresses:
            return "wait"
        case "gone":
            return "open" if addresses else "other_copy" if captures == "none" else "copy"
        case "rejected":
            return "report" if ending is Ending.INVALID else "address"
    return "search"


@cache
def week_words() -> dict[str, _Words]:
    """Return the words: by table (``state``, ``meaning``, ``advice``), by name, by language."""
    text = files("cncert").joinpath("ledger", "week_states.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
