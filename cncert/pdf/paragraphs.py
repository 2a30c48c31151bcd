"""Rows to lines of text: the rows of a paragraph joined, those of tables, headings and lists each on its own line."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from cncert.pdf.columns import Region, reading_order
from cncert.pdf.normalise import is_wide
from cncert.pdf.runs import Run, joined, rows_of
from cncert.pdf.tables import Grid, aligned_rows, cell_text, has_columns_of_text, row_text

_SAME_SIZE = 0.07
_INDENT = 0.7
"""A row that begins farther right than the one above begins a paragraph; in sizes of the text, as the others."""
_FULL = 2.0
"""How far from the right edge a row may end that goes on in the next one."""
_ROWS_BEYOND = 8
"""One row in so many may reach beyond the right edge."""
_MIN_TITLE, _MAX_TITLE_PITCH, _MAX_TITLE_ROWS = 1.15, 2.2, 4
"""How much larger than the text the title is, how far its rows are apart, and how many there are."""
_MIN_HEADING = 1.07
"""How much larger than the text a heading is."""
_MAX_PITCH = 1.35
"""How many times the usual distance rows of a paragraph may be apart."""
_SENTENCE_END = "。！？"
_LIST_MARK = re.compile(
    r"[●○■□◆◇▪•·※►➢✓★☆*]|[(（]?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})[、)）]|[0-9]{1,2}[.．](?![0-9])|[①-⑳]|[图表][0-9]"
)
_NOTE_MARK = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]")
# What cannot be parted at the end of a row: a word, or a character, with its brackets and punctuation marks.
_FIRST_WORD = re.compile(r"[（《“‘「『【]*(?:[!-~]+|.)[，。；：、！？）》”’」』】]*")


@dataclass(slots=True)
class Row:
    """A row of text, with the edges of the column in which it stands."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    left: float
    right: float
    pitch: float
    """The usual distance of rows."""
    place: int
    """The number of its region, counted over all pages."""
    is_column: bool
    """Whether that is one of several columns of the page."""
    is_cell: bool = False
    """Whether it is a row of a table."""


def rows_of_page(runs: Iterable[Run], grids: Sequence[Grid], first_place: int, edges: set[int]) -> list[Row]:
    """Return the rows of a page in reading order; *first_place* is the number of its first region.

    *edges* are where columns begin at other pages, and are added to.
    """
    inside: list[list[Run]] = [[] for _ in grids]
    items: list[Run | Grid] = []
    for run in runs:
        place = next((place for place, grid in enumerate(grids) if grid.holds(run)), None)
        if place is None:
            items.append(run)
        else:
            inside[place].append(run)
    cells = {id(grid): grid.cells(held) for grid, held in zip(grids, inside, strict=True) if held}
    items += [grid for grid in grids if id(grid) in cells]
    rows: list[Row] = []
    for region in reading_order(items, edges):
        rows += _rows_of_region(region, cells, rows[-1].place + 1 if rows else first_place)
    return rows


def _rows_of_region(region: Region, cells: dict[int, list[list[list[Run]]]], place: int) -> list[Row]:
    rows: list[Row] = []
    runs: list[Run] = []
    for item in region.items:
        if isinstance(item, Run):
            runs.append(item)
            continue
        rows += _rows_of_runs(runs, place, region.is_column)
        runs = []
        for row in cells[id(item)]:
            if has_columns_of_text(row):
                for cell in row:
                    rows += rows_of_page(cell, (), place + 1, set())
                    place = rows[-1].place if rows else place
            elif text := row_text(cell_text(cell) for cell in row):
                rows.append(
                    Row(text, item.x0, item.x1, item.top, 0.0, item.x0, item.x1, 0.0, place, False, is_cell=True)
                )
    return rows + _rows_of_runs(runs, place, region.is_column)


def _rows_of_runs(runs: list[Run], place: int, is_column: bool) -> list[Row]:
    rows = rows_of(runs)
    if not rows:
        return []
    left = min(run.x0 for run in runs)
    raw = [_line_of(row) for row in rows]
    ends = sorted(row[-1].end for row in rows)
    right = ends[-1 - len(ends) // _ROWS_BEYOND]
    distances = [below[0].y - above[0].y for above, below in pairwise(rows)]
    pitch = median(distances) if len(distances) > 1 else 0.0
    in_table = aligned_rows(rows)
    made = []
    for number, row in enumerate(rows):
        is_cell = number in in_table and not _is_spaced(row)
        text = row_text(run.text for run in row) if is_cell else raw[number]
        size = max(row, key=lambda run: len(run.text)).size
        edges = row[0].x0, row[-1].x1, row[0].y, size, left, right, pitch
        made.append(Row(text, *edges, place, is_column, is_cell))
    return made


def _is_spaced(row: Sequence[Run]) -> bool:
    """Whether *row* is a word whose characters stand far apart."""
    return len(row) > 1 and all(len(run.text) == 1 and is_wide(run.text) for run in row)


def _line_of(row: Sequence[Run]) -> str:
    if _is_spaced(row):
        return "".join(run.text for run in row)
    text = row[0].text
    for last, run in pairwise(row):
        gap = (run.x0 - last.x1) / max(last.size, run.size)
        if gap >= 1 and text[-1].isdigit() and run.text[0].isdigit():
            text += "，"  # or two numbers would be one where spaces do not count
        is_near = gap < 1 and is_wide(text[-1]) and is_wide(run.text[0])
        text += run.text if is_near else f" {run.text}"
    return text


def lines_of(rows: Sequence[Row], size: float) -> list[str]:
    """Return *rows*, those of all pages, as lines: a paragraph is one, and a row of a table.

    *size* is the one in which most of the text is set.
    """
    title_size = _title_size(rows, size)
    widest = max((row.right for row in rows if not row.is_cell), default=0.0)
    lines: list[str] = []
    last: Row | None = None
    begins_at = 0.0
    for row in rows:
        if last is not None and (_goes_on(last, row, widest, begins_at, size) or _is_one_title(last, row, title_size)):
            lines[-1] = joined(lines[-1], row.text)
        else:
            lines.append(row.text)
            begins_at = row.x0 - row.left
        last = row
    return lines


def _are_alike(last: Row, row: Row) -> bool:
    return not last.is_cell and not row.is_cell and abs(last.size - row.size) <= _SAME_SIZE * last.size


def _title_size(rows: Sequence[Row], size: float) -> float | None:
    """Return the size of the title: the largest, if only a few rows have it, and no others between them."""
    largest = max((row.size for row in rows), default=0.0)
    places = [place for place, row in enumerate(rows) if row.size >= largest * (1 - _SAME_SIZE)]
    follow = all(after == before + 1 for before, after in pairwise(places))
    return largest if follow and len(places) <= _MAX_TITLE_ROWS and largest >= _MIN_TITLE * size else None


def _is_one_title(last: Row, row: Row, title_size: float | None) -> bool:
    """Whether *last* and *row* are the title in two rows, each in the middle."""
    if title_size is None or not _are_alike(last, row) or row.size < title_size * (1 - _SAME_SIZE):
        return False
    middles = abs(last.x0 + last.x1 - row.x0 - row.x1) / 2
    return last.place == row.place and middles < row.size and row.y - last.y < _MAX_TITLE_PITCH * row.size


def _goes_on(last: Row, row: Row, widest: float, begins_at: float, usual: float) -> bool:
    """Whether *row* belongs to the paragraph of *last*, which began *begins_at* behind the left edge.

    *usual* is the size in which most of the text is set.
    """
    if not _are_alike(last, row) or _LIST_MARK.match(row.text):
        return False
    size, is_below = last.size, last.place == row.place
    is_heading = size >= _MIN_HEADING * usual
    if is_heading and not is_below:
        return False
    # In a region of few rows the longest of them is not the edge.
    edge = last.right if is_below or last.is_column else max(last.right, widest)
    if last.x1 + max(_FULL, _first_word(row.text)) * size < edge:
        return False
    indent, last_indent = row.x0 - row.left, last.x0 - last.left
    if indent > _INDENT * size and not is_heading:  # the rows of a heading may stand in the middle
        if abs(indent - last_indent) > _INDENT * size:
            # Below a mark, the rows of a list stand farther right than its first one.
            if not (_LIST_MARK.match(last.text) and indent - last_indent < 4 * size):
                return False
        elif begins_at > _INDENT * size and last_indent <= _INDENT * size:
            return False
    if is_below and row.y - last.y > (_MAX_PITCH * row.pitch + 0.3 * size if row.pitch else 3 * size):
        return False
    if last.text[-1] in _SENTENCE_END and _NOTE_MARK.match(row.text):
        return False
    # A heading may stand below a row that is full by chance. A paragraph that is parted is no harm.
    is_short = row.x1 + 2 * _FULL * size < (row.right if is_below else max(row.right, last.right))
    may_be_heading = is_wide(row.text[0]) and row.text[-1] not in "。！？!?；，：、）)"
    return is_heading or not (is_short and may_be_heading)


def _first_word(text: str) -> float:
    """Return the room, in sizes of the text, that a row needs for the first word of *text*."""
    word = _FIRST_WORD.match(text)
    return sum(1.0 if is_wide(character) else 0.6 for character in word[0]) + 0.5 if word else 0.0
