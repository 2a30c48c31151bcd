"""What documents of earlier versions become in the present one. Pure functions of documents as a store keeps them.

``SCHEMA_VERSION`` rises when a field of an issue changes its meaning or is removed, ``LAYOUT`` when anything else in
the store does; then a step is added here. A new field with a default needs none: a document without it can be read, and
has it once it is written again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cncert.items import SCHEMA_VERSION
from cncert.store.endings import Ending, State

Document = dict[str, Any]
"""A document as its store keeps it: moments are dates in MongoDB and text in SQLite."""

_COMPUTED_WARNINGS = frozenset(
    {"change_disagrees", "figure_outlier", "picture_agrees", "picture_disagrees", "picture_missing"}
)
"""Codes of warnings that version 1 stored, and version 2 computes."""


def _issue_1_to_2(issue: Document) -> Document:
    """Version 2 has editions, and says what an issue was read from beside how it came."""
    origin = dict(issue["provenance"])
    via = origin["via"]
    return {
        **issue,
        "figures": [{**figure, "edition": None} for figure in issue["figures"]],
        "warnings": [one for one in issue["warnings"] if one["code"] not in _COMPUTED_WARNINGS],
        "provenance": {**origin, "source": via if via in ("file", "feed") else "page", "reprint": None},
        "editions": [],
    }


UPGRADES: Final[dict[int, Callable[[Document], Document]]] = {1: _issue_1_to_2}
"""By version: makes an issue of the next version, whose ``schema_version`` is set by :func:`upgraded_issue`."""


def upgraded_issue(document: Document) -> Document:
    """Return *document*, an issue, in the present version, not validated. Raises ValueError if there is no upgrade."""
    while (version := document.get("schema_version")) != SCHEMA_VERSION:
        if type(version) is not int or version not in UPGRADES:
            raise ValueError(other_version(version))
        try:
            document = {**UPGRADES[version](document), "schema_version": version + 1}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"is no issue of schema_version {version}: {error!r:.200}") from error
    return document


def other_version(version: object) -> str:
    """Return what to do about a document of a *version* that is not the present one, on one line."""
    if type(version) is int and version > SCHEMA_VERSION:
        return f"has schema_version {version}, this cncert knows {SCHEMA_VERSION}: update cncert"
    if type(version) is int and version in UPGRADES:
        return f"has schema_version {version}, this cncert reads {SCHEMA_VERSION}: run scrapy upgrade"
    return f"has schema_version {version!r:.50}, which never was one"


_PROSE_ENDINGS = (
    ("stored", Ending.STORED),
    ("expired: ", Ending.EXPIRED),
    ("empty: ", Ending.EMPTY),
    ("account: ", Ending.ACCOUNT),
    ("title: ", Ending.TITLE),
    ("identity: ", Ending.IDENTITY),
    ("invalid: ", Ending.INVALID),
    ("the address that was given for it leads to", Ending.OTHER_ISSUE),
    ("not in the replayed archive", Ending.NOT_ARCHIVED),
)
"""How the results began that layout 1 kept in words only."""
_OLDER = "older than the article"
_STATE_ENDINGS = {State.STORED: Ending.STORED, State.BLOCKED: Ending.BLOCKED, State.GONE: Ending.GONE}


def upgraded_row(document: Document) -> Document:
    """Return *document*, a row of the ledger, in the present layout.

    An article that was rejected because a better one of its week was stored, or for its account, is due again: all that
    is read is an edition now, and some other accounts' articles are reprints.
    """
    row = {name: value for name, value in document.items() if name != "last_error"}
    state, reason = State(document.get("state", State.KNOWN)), document.get("reason")
    ending = _STATE_ENDINGS.get(state) or (_ending_of(reason) if reason else None)
    known = {reason: ending} if reason and ending else {}
    row["addresses"] = [
        {**address, "history": [_upgraded_attempt(one, known) for one in address.get("history", [])]}
        for address in document.get("addresses", [])
    ]
    if "ending" not in document:
        if state is State.REJECTED and (str(reason).startswith(_OLDER) or ending is Ending.ACCOUNT):
            state, ending, reason, row["next_try"] = State.KNOWN, None, None, None
        row |= {"state": state.value, "ending": ending and ending.value, "reason": reason}
    return row


def _upgraded_attempt(attempt: Document, known: Mapping[str, Ending]) -> Document:
    """Return *attempt* in the present layout. The endings of some results are *known* from the state of the row."""
    if "result" not in attempt:
        return attempt
    result = str(attempt["result"])
    ending = known.get(result) or _ending_of(result)
    return {"at": attempt["at"], "ending": ending.value, "detail": None if ending is Ending.STORED else result}


def _ending_of(result: str) -> Ending:
    return next((ending for begin, ending in _PROSE_ENDINGS if result.startswith(begin)), Ending.OTHER)
