"""The register of breaks: where two figures of one metric may not be compared (``data/series_breaks.toml``).

Whoever draws a line from week to week, or computes a change between two weeks, asks :func:`are_comparable` first and
shows the notes of :func:`breaks` where the answer is no.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from cncert.items import issue_id
from cncert.report.calendar import Week, next_week, parse_week, previous_week

Kind = Literal["renamed", "redefined", "moved to pictures", "back in text", "stopped", "unknown gap"]

_FIELDS = frozenset({"metrics", "kind", "from", "between", "note", "note_zh", "source", "inferred"})


@dataclass(frozen=True, slots=True)
class Break:
    """A change of what the figures of some metrics are."""

    metrics: tuple[str, ...]
    kind: Kind
    old: Week
    """The last week of which it is known that it is before the change."""
    new: Week
    """The first week of which it is known that it is after the change."""
    note: str
    note_zh: str
    source: str
    """What the note rests on."""
    inferred: bool
    """Whether nobody stated it and the texts only let conclude it."""

    def parts(self, one: Week, other: Week) -> bool:
        """Whether the change lies, or may lie, between two different weeks."""
        return one != other and min(one, other) < self.new and max(one, other) > self.old

    @property
    def when(self) -> str:
        """``from 2018-06``, or ``between 2015-01 and 2018-06`` where the week is not known."""
        old, new = issue_id(*self.old), issue_id(*self.new)
        return f"from {new}" if next_week(self.old) == self.new else f"between {old} and {new}"


@cache
def breaks(metric: str) -> tuple[Break, ...]:
    """The breaks of *metric* (a name of ``data/metric_labels.toml``, or ``rating``), oldest first."""
    return tuple(one for one in register() if metric in one.metrics)


def are_comparable(metric: str, one: Week, other: Week) -> bool:
    """Return whether figures of *metric* may be compared between two weeks: a line drawn, a change computed.

    Two weeks of a time in which the change happened, nobody knows when, are not comparable with each other either.
    """
    return not any(known.parts(one, other) for known in breaks(metric))


@cache
def register() -> tuple[Break, ...]:
    """All breaks, oldest first. Raises ValueError for an entry that is none."""
    text = files("cncert").joinpath("data", "series_breaks.toml").read_text(encoding="utf-8")
    return tuple(sorted(map(read_break, tomllib.loads(text)["break"]), key=lambda one: (one.old, one.new)))


def read_break(entry: dict[str, Any]) -> Break:
    """The break that *entry* of the register describes. Raises ValueError if it describes none."""
    if unknown := entry.keys() - _FIELDS:
        raise ValueError(f"a break has no field {', '.join(sorted(unknown))}")
    if ("from" in entry) is ("between" in entry):
        raise ValueError("a break has either from or between")
    if entry.get("kind") not in get_args(Kind):
        raise ValueError(f"{entry.get('kind')!r} is no kind of break")
    if "from" in entry:
        new = parse_week(entry["from"])
        old = previous_week(new)
    else:
        old, new = map(parse_week, entry["between"])
    texts = {name: entry.get(name, "") for name in ("note", "note_zh", "source")}
    if old >= new or not entry.get("metrics") or not all(texts.values()):
        raise ValueError("a break lies between two weeks, has metrics, note, note_zh and source")
    kind, inferred = cast("Kind", entry["kind"]), bool(entry.get("inferred", False))
    return Break(metrics=tuple(entry["metrics"]), kind=kind, old=old, new=new, inferred=inferred, **texts)
