"""Notes on the issues that a run stored: which have warnings to look at. The run may be clean all the same."""

from collections.abc import Iterable
from dataclasses import dataclass

from cncert.items import Issue

LISTED_ISSUES = 5
"""The most issues that a note lists; ``scrapy warnings`` lists all."""


@dataclass(frozen=True, slots=True)
class WarningGroup:
    """Codes of warnings that are counted together."""

    counter: str
    """The end of the name of Scrapy's counter, behind ``cncert/figures/``."""
    codes: frozenset[str]
    text: str
    """What is said of an issue with such a warning."""


WARNING_GROUPS = (
    WarningGroup("unread", frozenset({"figures_unread", "figure_ambiguous"}), "with numbers that nothing read"),
    WarningGroup(
        "missing", frozenset({"figure_missing", "rating_missing"}), "without a figure that others of its time state"
    ),
    WarningGroup(
        "disagree",
        frozenset({"figures_disagree", "figure_conflict", "change_disagrees", "picture_disagrees"}),
        "with figures that contradict each other or the week before",
    ),
    WarningGroup("outlier", frozenset({"figure_outlier"}), "with a figure far from those of the weeks around it"),
)


def count(issues: Iterable[Issue]) -> dict[str, dict[str, int]]:
    """Count the warnings of each group: by counter, then by issue; without zeros."""
    found: dict[str, dict[str, int]] = {}
    for issue in issues:
        for group in WARNING_GROUPS:
            if number := sum(doubt.code in group.codes for doubt in issue.warnings):
                found.setdefault(group.counter, {})[issue.id] = number
    return found


def notes(found: dict[str, dict[str, int]]) -> list[str]:
    """Return a line for each group that :func:`count` found."""
    return [_note(group, sorted(found[group.counter])) for group in WARNING_GROUPS if group.counter in found]


def _note(group: WarningGroup, ids: list[str]) -> str:
    more = f" and {len(ids) - LISTED_ISSUES} more" if len(ids) > LISTED_ISSUES else ""
    return f"{len(ids)} issue{'s' * (len(ids) > 1)} {group.text}: {', '.join(ids[:LISTED_ISSUES])}{more}"
