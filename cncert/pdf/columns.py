"""The order in which the runs of a page are read: columns from left to right, what goes across them in between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from cncert.pdf.runs import Run, rows_of
from cncert.pdf.tables import Grid

_MIN_GUTTER = 0.5
"""Between columns, in sizes of the text."""
_MIN_COLUMN = 6.0
"""Width of a column, in sizes of the text."""
_MIN_LINES = 3
_MIN_FULL = 0.3
"""The share of lines that reach the right edge of a column; those of a table's cells do not."""
_FULL = 1.6
"""How far from the edge such a line may end, in sizes of the text."""
_MIN_DENSITY = 0.75
"""The share of a line's width that characters fill; nested columns have gaps too."""
_SAME_BASE = 0.12
"""How far the base lines of cells in one row of a table differ, in sizes of the text."""
_MAX_ALIGNED = 0.4
"""The share of lines in a column that have another beside them on the same base line, if columns are independent."""
_MIN_BREAK = 1.6
"""How many times the usual distance rows are apart where a column ends."""
_SAME_EDGE = 3
"""Points by which a column may move between pages."""
_MAX_DEPTH = 6
_MAX_EDGES = 40


@dataclass(slots=True)
class Region:
    """Items that stand below each other: runs, perhaps several in a row, and tables."""

    items: "list[Run | Grid]"
    is_column: bool
    """Whether it is one of several columns."""


Item = Run | Grid


def reading_order(items: Sequence[Item], edges: set[int], depth: int = 0) -> list[Region]:
    """Return *items* in regions, in the order in which they are read.

    *edges* are where columns begin at other pages: there, less is needed to take two sides for columns. What is found
    here is added to them.
    """
    items = sorted(items, key=lambda item: (item.top, item.x0))
    cut = _best_cut(items, edges) if depth < _MAX_DEPTH else None
    if cut is None:
        return [Region(items, depth > 0)] if items else []
    above, left, right, below = cut
    regions = reading_order(above, edges, depth) if above else []
    regions += reading_order(left, edges, depth + 1)
    regions += reading_order(right, edges, depth + 1)
    return regions + (reading_order(below, edges, depth) if below else [])


Cut = tuple[list[Item], list[Item], list[Item], list[Item]]


def _best_cut(items: list[Item], edges: set[int]) -> Cut | None:
    """Return what is above, left of, right of and below the gutter that most items stand beside; None without one."""
    best, most, found = None, 0, 0.0
    for edge in (*_left_edges(items), *map(float, edges)):
        is_known = not edges.isdisjoint(_near(edge))
        for start, end in _uncrossed(items, edge, 4 if is_known else 2 * _MIN_LINES):
            if end - start > most and (cut := _cut(items, edge, start, end, is_known=is_known)) is not None:
                best, most, found = cut, end - start, edge
    if best is not None:
        edges.add(round(found))
    return best


def _near(edge: float) -> range:
    return range(round(edge) - _SAME_EDGE, round(edge) + _SAME_EDGE + 1)


def _left_edges(items: Sequence[Item]) -> list[float]:
    """Return where several items begin, but for the first edge."""
    edges = Counter(round(item.x0 / 2) for item in items)
    first = min((item.x0 for item in items), default=0.0)
    return [
        edge * 2.0 - 1.5
        for edge, count in edges.most_common(_MAX_EDGES)
        if count + edges[edge + 1] >= _MIN_LINES and edge * 2 > first + 20
    ]


def _uncrossed(items: Sequence[Item], edge: float, least: int) -> list[tuple[int, int]]:
    """Return the slices of *items*, *least* or more, between those that stand across the gutter at *edge*."""
    slices, start = [], 0
    for place, item in enumerate(items):
        end = item.end + _MIN_GUTTER * item.size if isinstance(item, Run) else item.x1
        if item.x0 < edge < end:
            slices.append((start, place))
            start = place + 1
    slices.append((start, len(items)))
    return [(first, last) for first, last in slices if last - first >= least]


def _cut(items: list[Item], edge: float, start: int, end: int, *, is_known: bool) -> Cut | None:
    left = [item for item in items[start:end] if item.x0 < edge]
    right = [item for item in items[start:end] if item.x0 >= edge]
    if not left or not right:
        return None
    top = min(item.top for item in left)
    early = _above_columns(right, top)
    right = right[len(early) :]
    left, late = _split_after_columns(left, max(item.bottom for item in right), is_last=end == len(items))
    bottom = max(item.bottom for item in left) if left else 0.0
    beside = [item for item in right if item.top < bottom]
    if not beside or not (_are_columns(left, beside, right) or (is_known and _are_large_enough(left, right))):
        return None
    return items[:start] + early, left, right, late + items[end:]


def _above_columns(right: list[Item], top: float) -> list[Item]:
    """Return the items of a right side that stand above both columns, the left one of which begins at *top*."""
    pitch = _pitch(right)
    for place, (above, item) in enumerate(pairwise(right)):
        if above.bottom >= top:
            break
        if item.top - above.top > _MIN_BREAK * pitch and item.top - above.bottom > 2 * _size(right):
            return right[: place + 1]
    return []


def _split_after_columns(left: list[Item], end: float, *, is_last: bool) -> tuple[list[Item], list[Item]]:
    """Return the items of a left column, and those of them that stand below both columns.

    These begin with a heading, or behind a gap, below the *end* of the right column; a left column may also just be
    longer than the right one, if it is the last of its page.
    """
    pitch = _pitch(left)
    for place in range(1, len(left)):
        above, item = left[place - 1], left[place]
        if item.top < end:
            continue
        is_larger = isinstance(item, Run) and isinstance(above, Run) and item.size > 1.1 * above.size
        if is_larger or item.top - above.top > _MIN_BREAK * pitch:
            if is_last and any(item.x1 > _right_edge(left[:place]) - _FULL * _size(left) for item in left[place:]):
                break
            return left[:place], left[place:]
    return left, []


def _pitch(items: Sequence[Item]) -> float:
    """Return the usual distance of the rows of *items*."""
    pitches = [below.top - above.top for above, below in pairwise(items) if below.bottom > above.bottom + 1]
    return median(pitches) if pitches else 0.0


def _size(items: Sequence[Item]) -> float:
    sizes = [item.size for item in items if isinstance(item, Run)]
    return median(sizes) if sizes else 10.0


def _right_edge(items: Sequence[Item]) -> float:
    return max(item.end if isinstance(item, Run) else item.x1 for item in items)


def _are_columns(left: Sequence[Item], beside: Sequence[Item], right: Sequence[Item]) -> bool:
    """Whether two sides are columns of text, not of a table: their lines fill them, or stand on other base lines."""
    if not _are_large_enough(left, right):
        return False
    if _fills(left) and _fills(right):
        return True
    bases = [item.y for item in left if isinstance(item, Run)]
    lines = [item for item in beside if isinstance(item, Run)]
    aligned = sum(any(abs(base - line.y) <= _SAME_BASE * line.size for base in bases) for line in lines)
    return aligned <= _MAX_ALIGNED * len(lines)


def _are_large_enough(*sides: Sequence[Item]) -> bool:
    widths = (_right_edge(items) - min(item.x0 for item in items) for items in sides)
    wide = all(width >= _MIN_COLUMN * _size(items) for width, items in zip(widths, sides, strict=True))
    return wide and min(map(len, sides)) > 1


def _fills(items: Sequence[Item]) -> bool:
    """Whether *items* are lines of a text: most cells of a table do not reach the edge."""
    if any(isinstance(item, Grid) for item in items):
        return True  # a table of its own stands in it
    rows = rows_of(item for item in items if isinstance(item, Run))
    size, edge = _size(items), _right_edge(items)
    full = sum(row[-1].x1 > edge - _FULL * size and _is_dense(row) for row in rows)
    return len(rows) >= _MIN_LINES and full >= _MIN_FULL * len(rows)


def _is_dense(row: Sequence[Run]) -> bool:
    """Whether a row of runs has no gaps as large as those between the cells of a table."""
    return sum(run.x1 - run.x0 for run in row) >= _MIN_DENSITY * (row[-1].x1 - row[0].x0)
