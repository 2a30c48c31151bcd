"""What stands around the text of a page: running heads and feet, page numbers, contents, footnotes."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import zip_longest

from cncert.pdf.normalise import raised
from cncert.pdf.runs import Run, joined, rows_of

_ZONE = 0.16
"""The part of a page's height, above and below, in which heads and feet stand."""
_MAX_ROWS = 4
_SAME_PLACE = 4.0
"""Points by which a head may move between pages."""
_NUMBER = r"(?:[0-9]{1,4}|[ivxlc]{1,6}|[一二三四五六七八九十]{1,3})"
_PAGE_NUMBER = re.compile(
    rf"[\W_]*(?:第|page|p\.)?\s*{_NUMBER}\s*页?\s*(?:[/／]\s*{_NUMBER}|of\s*{_NUMBER}|[\W_]*[共总]?\s*第?\s*{_NUMBER}\s*页)?[\W_]*",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?:[.．·•…‥⋯_。]\s?){4,}\s*[0-9ivxlc]{1,4}$")
"""Dots that lead to a page number in a table of contents."""
_CONTENTS = re.compile(r"目\s*[录次]|(?:table of )?contents", re.IGNORECASE)
_MAX_LEADER, _MAX_PAGE_NUMBER = 300, 40
"""Characters that are looked through for either."""
_PAGE = re.compile(r"[0-9]{1,3}")
_DIGITS = re.compile(r"[0-9]+")
_NOTE = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]|[0-9①-⑳]|[*※†]|注[0-9:：]|[\[［〔][0-9]")
_NOTE_NUMBER = re.compile(r"[0-9]{1,2}(?![0-9.%％年月日万亿个])")
_NOTE_ZONE = 0.5
_MAX_NOTE_SIZE = 0.92
_OTHER_SIZE = 0.08
_MIN_GAP = 1.0
"""Between a page number and the text, in sizes of it."""

Row = list[Run]


def without_heads_and_feet(pages: Sequence[list[Run]], heights: Sequence[float]) -> list[list[Run]]:
    """Return the runs of *pages* without what repeats at one place of several pages, and without page numbers."""
    rows = [rows_of(page) for page in pages]
    outer = [_outer_rows(of_page, height) for of_page, height in zip(rows, heights, strict=True)]
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, edges in enumerate(outer):
        for edge in edges:
            for row in edge[:-1]:
                places[_key(row)].append((number, row[0].y))
    kept = []
    for number, (page, edges) in enumerate(zip(pages, outer, strict=True)):
        dropped: set[int] = set()
        for edge in edges:
            passed: list[Run] = []
            for row, inner in zip_longest(edge, edge[1:]):
                passed += row
                repeats = any(other != number and abs(y - row[0].y) < _SAME_PLACE for other, y in places[_key(row)])
                is_number = _is_page_number(row)
                if not repeats and not is_number:
                    break
                # Rows of the text may repeat too.
                if _is_apart(row, inner) or (repeats and (is_number or _differs(row, inner))):
                    dropped.update(map(id, passed))
        kept.append([run for run in page if id(run) not in dropped])
    return kept


def _outer_rows(rows: list[Row], height: float) -> tuple[list[Row], list[Row]]:
    """Return the rows of the head and those of the foot, from the edge of the page inwards, each with one more."""
    head = sum(row[0].y < _ZONE * height for row in rows[:_MAX_ROWS])
    foot = sum(row[0].y > (1 - _ZONE) * height for row in rows[-_MAX_ROWS:])
    return rows[: head + 1], rows[::-1][: foot + 1]


def _key(row: Row) -> str:
    """Return what a repeated row has in common: its text but for numbers, and its size."""
    return _DIGITS.sub("0", "".join(run.text for run in row)) + f" {row[0].size:.0f}"


def _is_page_number(row: Row) -> bool:
    text = " ".join(run.text for run in row)
    return len(text) <= _MAX_PAGE_NUMBER and _PAGE_NUMBER.fullmatch(text) is not None


def _is_apart(row: Row, inner: Row | None) -> bool:
    """Whether there is more room between a row and the next one, towards the text, than in a text."""
    if inner is None:
        return False
    gap = max(inner[0].top - row[0].bottom, row[0].top - inner[0].bottom)
    return gap > _MIN_GAP * max(row[0].size, inner[0].size)


def _differs(row: Row, inner: Row | None) -> bool:
    return inner is not None and abs(row[0].size - inner[0].size) > _OTHER_SIZE * row[0].size


def without_contents(pages: Sequence[list[Run]]) -> list[list[Run]]:
    """Return the runs of *pages* without tables of contents: rows in which dots lead to a number, or below 目录."""
    kept = []
    is_open = False
    for page in pages:
        dropped: set[int] = set()
        for row in rows_of(page):
            text = " ".join(run.text for run in row)
            is_entry = len(row) > 1 and _PAGE.fullmatch(row[-1].text) is not None
            if _CONTENTS.fullmatch(text) or _LEADER.search(text[-_MAX_LEADER:]) or (is_open and is_entry):
                dropped.update(map(id, row))
                is_open = True
            else:
                is_open = False
        kept.append([run for run in page if id(run) not in dropped])
    return kept


def body_size(pages: Sequence[list[Run]]) -> float:
    """Return the size in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for run in page:
            sizes[round(run.size * 2) / 2] += len(run.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def split_footnotes(runs: list[Run], height: float, size: float) -> tuple[list[Run], list[str]]:
    """Return *runs* without the footnotes at the end of the page, and these, each on one line.

    They are set smaller than the text, whose *size* is given, and begin with a mark. In its place a footnote would part
    a sentence that goes on at the next page.
    """
    rows = rows_of(runs)
    start = len(rows)
    while start and _is_note_row(rows[start - 1], height, size):
        start -= 1
    while start < len(rows) and not _NOTE.match(rows[start][0].text):
        start += 1
    notes: list[str] = []
    for row in rows[start:]:
        text = ""
        for run in row:
            text = joined(text, run.text)
        if notes and not _NOTE.match(text):
            notes[-1] = joined(notes[-1], text)
        else:
            notes.append(_NOTE_NUMBER.sub(lambda mark: raised(mark[0]), text, count=1) if text[0].isdigit() else text)
    of_notes = {id(run) for row in rows[start:] for run in row}
    return [run for run in runs if id(run) not in of_notes], notes


def _is_note_row(row: Row, height: float, size: float) -> bool:
    small = all(run.size <= _MAX_NOTE_SIZE * size or run.is_raised for run in row)
    return small and row[0].y > _NOTE_ZONE * height and len(row) <= 2
