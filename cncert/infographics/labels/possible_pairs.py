"""Which number belongs to which label.

A number belongs to the label in its row or its column that nothing stands in front of. Where several do, the picture's
own habit decides: the relation (label on the left, above …) that most labels of that look share, then the distance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from cncert.infographics.labels.words_and_marks import Rectangle

Relation = Literal["left", "above", "below", "right"]
"""Where the label stands as seen from the number."""

MOST_LABELS = 120
"""Labels, and numbers, of a picture; one with more is a page of text, and where things stand says nothing."""
_ROW, _COLUMN = 0.5, 0.5
"""How much must stand beside or above each other to be of one row or column."""
_SAME_SIZE = 1.45
_HALF = 8.0
"""Heights between a label and its number after which half as much speaks for them."""
_SAME_OFFSET = 0.3
"""In heights of the lower one."""


class Placed(Protocol):
    """Something with a place."""

    @property
    def box(self) -> Rectangle:
        """Where it stands."""

    @property
    def line(self) -> float:
        """The height of one of its lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A label and a number that see each other; both by their places in the lists."""

    label: int
    number: int
    relation: Relation
    gap: float
    """In pixels."""
    size: float
    """The height of the lower one of the two."""
    support: int = 1
    """How many edges of the picture are like it, itself counted."""

    @property
    def relative_gap(self) -> float:
        """The gap in heights."""
        return max(self.gap, 0) / max(self.size, 1)

    @property
    def weight(self) -> float:
        """How much speaks for it."""
        return self.support / (1 + self.relative_gap / _HALF)


def find_edges(
    labels: Sequence[Placed], numbers: Sequence[Placed], obstacles: Sequence[Placed], row: float = _ROW
) -> list[Edge]:
    """All labels and numbers that see each other, with their support; *row*: how much must stand beside each other."""
    boxes = [thing.box for thing in (*labels, *numbers, *obstacles)]
    edges = []
    for n, label in enumerate(labels):
        for m, number in enumerate(numbers):
            found = _relation(label.box, number.box, row)
            if found and not _blocked(label.box, number.box, found[0], boxes):
                edges.append(Edge(n, m, found[0], found[1], min(label.line, number.line)))
    return [replace(edge, support=_support(edge, edges, labels, numbers)) for edge in edges]


def _relation(label: Rectangle, number: Rectangle, row: float) -> tuple[Relation, float] | None:
    if label.shared_height(number) >= row:
        slack = -0.4 * min(label.height, number.height)
        if (gap := number.x - label.right) >= slack:
            return "left", gap
        if (gap := label.x - number.right) >= slack:
            return "right", gap
    if label.shared_width(number) >= _COLUMN and label.shared_height(number) < _ROW:
        if number.centre > label.centre:
            return "above", number.y - label.bottom
        return "below", label.y - number.bottom
    return None


def _blocked(label: Rectangle, number: Rectangle, relation: Relation, boxes: list[Rectangle]) -> bool:
    """Whether another one stands between the two."""
    others = (box for box in boxes if box is not label and box is not number)
    if relation in ("left", "right"):
        left, right = (label, number) if relation == "left" else (number, label)
        top, bottom = max(label.y, number.y), min(label.bottom, number.bottom)
        return any(left.right <= box.middle <= right.x and _crosses(box.y, box.bottom, top, bottom) for box in others)
    upper, lower = (label, number) if relation == "above" else (number, label)
    start, end = max(label.x, number.x), min(label.right, number.right)
    return any(upper.bottom <= box.centre <= lower.y and _crosses(box.x, box.right, start, end) for box in others)


def _crosses(low: float, high: float, start: float, end: float) -> bool:
    """Whether more than an edge of what reaches from *low* to *high* is between *start* and *end*."""
    edge = 0.2 * (high - low)
    return low + edge < end and high - edge > start


def _support(edge: Edge, edges: Iterable[Edge], labels: Sequence[Placed], numbers: Sequence[Placed]) -> int:
    """How many labels have an edge like *edge*: the same relation between things of the same sizes, at the same
    offset or in line with it.
    """
    label, number = labels[edge.label].box, numbers[edge.number].box
    like: set[int] = set()
    for other in edges:
        if other.relation != edge.relation or other.label in like:
            continue
        box, value = labels[other.label].box, numbers[other.number].box
        lines = labels[edge.label].line, labels[other.label].line
        values = numbers[edge.number].line, numbers[other.number].line
        if not (same_size(*lines, _SAME_SIZE) and same_size(*values, _SAME_SIZE)):
            continue
        if _same_offset(edge, (label, number), (box, value)) or _in_line(edge, label, box):
            like.add(other.label)
    return len(like)


def _same_offset(edge: Edge, pair: tuple[Rectangle, Rectangle], other: tuple[Rectangle, Rectangle]) -> bool:
    """Whether both numbers stand as far from their labels, seen from any edge; one above the other may be shifted."""
    near = max(6.0, _SAME_OFFSET * edge.size)
    along = any(abs(one - two) <= near for one, two in zip(_along(*pair), _along(*other), strict=True))
    if edge.relation in ("above", "below"):
        return along
    return along and any(abs(one - two) <= near for one, two in zip(_across(*pair), _across(*other), strict=True))


def _across(label: Rectangle, number: Rectangle) -> tuple[float, ...]:
    right = number.right - label.right
    return number.x - label.x, number.x - label.right, number.middle - label.middle, right, label.x - number.right


def _along(label: Rectangle, number: Rectangle) -> tuple[float, ...]:
    return number.y - label.bottom, number.centre - label.centre, label.y - number.bottom


def _in_line(edge: Edge, one: Rectangle, other: Rectangle) -> bool:
    """Whether two labels stand in a row above or below their numbers, or in a column beside them."""
    near = 0.6 * max(one.height, other.height)
    if edge.relation in ("above", "below"):
        return abs(one.centre - other.centre) < near
    ends = (abs(one.x - other.x), abs(one.right - other.right), abs(one.middle - other.middle))
    return min(ends) < near


def same_size(one: float, other: float, times: float) -> bool:
    """Whether neither is more than so many *times* as high as the other."""
    return max(one, other) <= times * max(min(one, other), 1)


def match(edges: list[Edge], preferred: frozenset[int]) -> list[Edge]:
    """A number for each label and a label for each number: what the picture does most often and nearest comes first."""
    chosen: list[Edge] = []
    labels: set[int] = set()
    numbers: set[int] = set()
    for edge in sorted(edges, key=lambda edge: (-edge.weight, edge.label not in preferred, edge.relative_gap)):
        if edge.label not in labels and edge.number not in numbers:
            chosen.append(edge)
            labels.add(edge.label)
            numbers.add(edge.number)
    return chosen
