"""The bundled index: the issues, and reprints of them, that were known when this version was released."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cncert.items import issue_id


@dataclass(frozen=True, slots=True)
class IndexedIssue:
    """A row of the bundled index: an issue that exists, with its address if known."""

    issue: str
    title: str
    url: str | None


@dataclass(frozen=True, slots=True)
class IndexedReprint:
    """An article of another account that is known to reprint an issue."""

    issue: str
    account: str | None
    """The name of the account, if known."""
    url: str


@cache
def bundled_index() -> tuple[IndexedIssue, ...]:
    """Return the issues of ``data/known_issues.csv``, oldest first, with titles and addresses from public feeds."""
    rows = (
        IndexedIssue(issue_id(int(row["year"]), int(row["number"])), row["title"], row["url"] or None)
        for row in _rows("known_issues.csv")
    )
    return tuple(sorted(rows, key=lambda row: row.issue))


@cache
def bundled_reprints() -> tuple[IndexedReprint, ...]:
    """Return the reprints of ``data/known_reprints.csv``, oldest issue first, with addresses from public feeds."""
    rows = (IndexedReprint(row["issue"], row["account"] or None, row["url"]) for row in _rows("known_reprints.csv"))
    return tuple(sorted(rows, key=lambda row: row.issue))


def newest_address() -> str:
    """Return the address of the newest issue in the bundled index that has one."""
    return next(row.url for row in reversed(bundled_index()) if row.url)


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("cncert") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
