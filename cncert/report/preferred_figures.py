"""The figure of a metric that counts, where an issue has several: the only rule for it.

What the text states comes before what a picture shows; of several the surest counts, then the first. Numbers and words
(``vulnerabilities.rating`` is 高, 中 or 低) are never compared with each other.
"""

from collections.abc import Iterable
from typing import TypeVar

from cncert.items import Figure

_Value = TypeVar("_Value")


def preferred_numbers(figures: Iterable[Figure]) -> dict[str, tuple[Figure, float]]:
    """Return by metric the figure that counts among those of *figures* that are numbers, and its number."""
    return _preferred((figure, figure.value) for figure in figures if not isinstance(figure.value, str))


def preferred_words(figures: Iterable[Figure]) -> dict[str, tuple[Figure, str]]:
    """Return by metric the figure that counts among those of *figures* that are words, and its word."""
    return _preferred((figure, figure.value) for figure in figures if isinstance(figure.value, str))


def _preferred(figures: Iterable[tuple[Figure, _Value]]) -> dict[str, tuple[Figure, _Value]]:
    found: dict[str, tuple[Figure, _Value]] = {}
    for figure, value in figures:
        known = found.get(figure.metric)
        if known is None or _rank(figure) < _rank(known[0]):
            found[figure.metric] = figure, value
    return found


def _rank(figure: Figure) -> tuple[bool, float]:
    return figure.source != "text", -figure.confidence
