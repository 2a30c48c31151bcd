"""The bundled index: the issues that were known when this version was released."""

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


@cache
def bundled_index() -> tuple[IndexedIssue, ...]:
    """Return the issues of ``data/known_issues.csv``, oldest first, with titles and addresses from public feeds."""
    text = (files("cncert") / "data" / "known_issues.csv").read_text(encoding="utf-8")
    rows = (
        IndexedIssue(issue_id(int(row["year"]), int(row["number"])), row["title"], row["url"] or None)
        for row in csv.DictReader(text.splitlines())
    )
    return tuple(sorted(rows, key=lambda row: row.issue))


def newest_address() -> str:
    """Return the address of the newest issue in the bundled index that has one."""
    return next(row.url for row in reversed(bundled_index()) if row.url)
