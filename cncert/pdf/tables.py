"""Tables: those drawn with rules, and those whose cells only stand below each other; a row becomes a line."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cncert.pdf.characters import Rule
from cncert.pdf.runs import Run, joined, rows_of

MAX_RULES = 800
"""Of a page; what has more is a drawing."""
_NEAR = 2.5
"""Points between two rules that meet, or that are one."""
_MAX_CELL_ROWS = 8
"""Lines of a cell; one with more is a column of text that stands in a frame."""
_NUMBER = re.compile(r"[-+±↑↓约近超]{0,3}[0-9]")
_END = "。！？!?；;"


@dataclass(slots=True)
class Grid:
    """A table that rules draw: the borders of its columns and rows."""

    columns: list[float]
    rows: list[float]

    @property
    def x0(self) -> float:
        """Its left border."""
        return self.columns[0]

    @property
    def x1(self) -> float:
        """Its right border."""
        return self.columns[-1]

    @property
    def top(self) -> float:
        """Its upper border."""
        return self.rows[0]

    @property
    def bottom(self) -> float:
        """Its lower border."""
        return self.rows[-1]

    def holds(self, run: Run) -> bool:
        """Whether *run* stands in it."""
        x, y = (run.x0 + run.x1) / 2, run.y - 0.3 * run.size
        return self.x0 <= x <= self.x1 and self.top <= y <= self.bottom

    def cells(self, runs: Iterable[Run]) -> list[list[list[Run]]]:
        """Return *runs* by rows and columns."""
        cells: list[list[list[Run]]] = [[[] for _ in self.columns[1:]] for _ in self.rows[1:]]
        for run in runs:
            x, y = (run.x0 + run.x1) / 2, run.y - 0.3 * run.size
            column = sum(border < x for border in self.columns[1:-1])
            row = sum(border < y for border in self.rows[1:-1])
            cells[row][column].append(run)
        return cells


def find_grids(rules: Sequence[Rule]) -> list[Grid]:
    """Return the tables that *rules* draw: at least two columns."""
    if len(rules) > MAX_RULES:
        return []
    groups: list[list[Rule]] = []
    for rule in rules:
        touched = [group for group in groups if any(_touch(rule, other) for other in group)]
        groups = [group for group in groups if not any(group is other for other in touched)]
        groups.append([rule, *(other for group in touched for other in group)])
    grids = []
    for group in groups:
        level = [rule for rule in group if rule.is_level]
        upright = [rule for rule in group if not rule.is_level]
        if not upright or len(level) < 2:
            continue
        sides = [min(rule.x0 for rule in group), max(rule.x1 for rule in group)]
        columns = _distinct([*((rule.x0 + rule.x1) / 2 for rule in upright), *sides])
        # Where a row goes on at the next page, it has no rule at its end.
        ends = [min(rule.y0 for rule in upright), max(rule.y1 for rule in upright)]
        rows = _distinct([*((rule.y0 + rule.y1) / 2 for rule in level), *ends])
        if len(columns) > 2 and len(rows) > 1:
            grids.append(Grid(columns, rows))
    return grids


def _touch(one: Rule, other: Rule) -> bool:
    return (
        one.x0 - _NEAR <= other.x1
        and other.x0 - _NEAR <= one.x1
        and one.y0 - _NEAR <= other.y1
        and other.y0 - _NEAR <= one.y1
    )


def _distinct(places: Iterable[float]) -> list[float]:
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > 2 * _NEAR:
            found.append(place)
    return found


def has_columns_of_text(row: Sequence[Sequence[Run]]) -> bool:
    """Whether a cell of *row* is so long that the table is a frame around columns of text."""
    return any(len(rows_of(cell)) > _MAX_CELL_ROWS for cell in row)


def cell_text(runs: Iterable[Run]) -> str:
    """Return the text of a cell, its lines joined."""
    text = ""
    for row in rows_of(runs):
        for run in row:
            text = joined(text, run.text)
    return text


def row_text(cells: Iterable[str]) -> str:
    """Return the cells of a row as a line that ends as a sentence does.

    A number follows its label after a space; all else is parted by commas, or two numbers would become one where
    spaces do not count.
    """
    text = last = ""
    for cell in filter(None, cells):
        follows_label = _NUMBER.match(cell) and not _NUMBER.match(last)
        text += (" " if follows_label else "，") + cell if text else cell
        last = cell
    return text if not text or text[-1] in _END else text + "。"


def aligned_rows(rows: Sequence[list[Run]]) -> set[int]:
    """Return which *rows* are those of a table without rules: a gap goes through two or more of them."""
    gaps = [_gaps(row) for row in rows]
    found: set[int] = set()
    for place in range(len(rows) - 1):
        if any(
            min(a[1], b[1]) - max(a[0], b[0]) > 0.5 * rows[place][0].size for a in gaps[place] for b in gaps[place + 1]
        ):
            found |= {place, place + 1}
    return found


def _gaps(row: list[Run]) -> list[tuple[float, float]]:
    return [(left.x1, right.x0) for left, right in pairwise(row) if right.x0 - left.x1 > left.size * 0.9]
