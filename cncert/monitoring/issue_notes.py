"""What a person should look at in the issues that a run stored, though the run is clean."""

from collections.abc import Iterable
from dataclasses import dataclass

from cncert.items import Issue

NAMED = 5
"""So many issues are named; ``scrapy warnings`` lists all."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Warnings that are counted together."""

    counter: str
    """Of the run, behind ``cncert/figures/``."""
    codes: frozenset[str]
    text: str
    """What such an issue does."""


CONCERNS = (
    Concern("unread", frozenset({"figures_unread", "figure_ambiguous"}), "with numbers that nothing read"),
    Concern(
        "missing", frozenset({"figure_missing", "rating_missing"}), "without a figure that others of its time state"
    ),
    Concern(
        "disagree",
        frozenset({"figures_disagree", "figure_conflict", "change_disagrees", "picture_disagrees"}),
        "with figures that contradict each other or the week before",
    ),
    Concern("outlier", frozenset({"figure_outlier"}), "with a figure far from those of the weeks around it"),
)


def count(issues: Iterable[Issue]) -> dict[str, dict[str, int]]:
    """How many warnings of each concern *issues* have: by counter, then by issue; what is 0 is left out."""
    found: dict[str, dict[str, int]] = {}
    for issue in issues:
        for concern in CONCERNS:
            if number := sum(doubt.code in concern.codes for doubt in issue.warnings):
                found.setdefault(concern.counter, {})[issue.id] = number
    return found


def notes(found: dict[str, dict[str, int]]) -> list[str]:
    """A line for each concern of :func:`count`."""
    return [_note(concern, sorted(found[concern.counter])) for concern in CONCERNS if concern.counter in found]


def _note(concern: Concern, ids: list[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} issue{'s' * (len(ids) > 1)} {concern.text}: {', '.join(ids[:NAMED])}{more}"
