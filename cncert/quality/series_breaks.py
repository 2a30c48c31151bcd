"""Loads ``data/series_breaks.toml``: the weeks between which figures of one metric may not be compared.

Code that draws a line from week to week, or computes a change between two weeks, calls :func:`are_comparable` first and
shows the notes of :func:`breaks` where that is false.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from cncert.items import issue_id
from cncert.report.calendar import Week, next_week, parse_week, previous_week

BreakKind = Literal["renamed", "redefined", "moved to pictures", "back in text", "stopped", "unknown gap"]

_FIELDS = frozenset({"metrics", "kind", "from", "between", "note", "note_zh", "source", "inferred"})


@dataclass(frozen=True, slots=True)
class Break:
    """A change in what the figures of some metrics count."""

    metrics: tuple[str, ...]
    kind: BreakKind
    old: Week
    """The last week that is known to be before the change."""
    new: Week
    """The first week that is known to be after the change."""
    note: str
    note_zh: str
    source: str
    """The evidence of the note."""
    inferred: bool
    """Whether it is concluded from the texts, and stated by nobody."""

    def separates(self, one: Week, other: Week) -> bool:
        """Whether the change lies, or may lie, between two different weeks."""
        return one != other and min(one, other) < self.new and max(one, other) > self.old

    @property
    def when(self) -> str:
        """``from 2018-06``, or ``between 2015-01 and 2018-06`` where the week is not known."""
        old, new = issue_id(*self.old), issue_id(*self.new)
        return f"from {new}" if next_week(self.old) == self.new else f"between {old} and {new}"


@cache
def breaks(metric: str) -> tuple[Break, ...]:
    """Return the breaks of *metric* (a name of ``data/metric_labels.toml``, or ``rating``), oldest first."""
    return tuple(one for one in all_breaks() if metric in one.metrics)


def are_comparable(metric: str, one: Week, other: Week) -> bool:
    """Whether figures of *metric* may be compared between two weeks: a line drawn, a change computed.

    Two weeks are not comparable either if the change happened at an unknown time around them.
    """
    return not any(known.separates(one, other) for known in breaks(metric))


@cache
def all_breaks() -> tuple[Break, ...]:
    """Return all breaks, oldest first. Raises ValueError for a wrong entry."""
    text = files("cncert").joinpath("data", "series_breaks.toml").read_text(encoding="utf-8")
    return tuple(sorted(map(read_break, tomllib.loads(text)["break"]), key=lambda one: (one.old, one.new)))


def read_break(entry: dict[str, Any]) -> Break:
    """Return the break that *entry* of the file describes. Raises ValueError if it describes none."""
    if unknown := entry.keys() - _FIELDS:
        raise ValueError(f"a break has no field {', '.join(sorted(unknown))}")
    if ("from" in entry) is ("between" in entry):
        raise ValueError("a break has either from or between")
    if entry.get("kind") not in get_args(BreakKind):
        raise ValueError(f"{entry.get('kind')!r} is no kind of break")
    if "from" in entry:
        new = parse_week(entry["from"])
        old = previous_week(new)
    else:
        old, new = map(parse_week, entry["between"])
    texts = {name: entry.get(name, "") for name in ("note", "note_zh", "source")}
    if old >= new or not entry.get("metrics") or not all(texts.values()):
        raise ValueError("a break lies between two weeks, has metrics, note, note_zh and source")
    kind, inferred = cast("BreakKind", entry["kind"]), bool(entry.get("inferred", False))
    return Break(metrics=tuple(entry["metrics"]), kind=kind, old=old, new=new, inferred=inferred, **texts)
