"""Tables: which of several numbers is this week's, and in which unit."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from cncert.infographics.labels.find_labels import metrics_of_label
from cncert.infographics.labels.possible_pairs import Placed
from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.words_and_marks import Rectangle
from cncert.report.label_context import of_other_time

Head = Literal["this", "other", "change", "other_change", "share"]
"""``other`` is another week or a serial number, ``other_change`` a comparison with another time than last week."""

_UNDER = 0.4
"""How much of a number stands under its head."""
_NEAR = 3
"""A head of one row is nearer to its number than so many heights."""
_THIS = re.compile(r"(?:本[周期]|当[周期前])?(?:数量|数值|数据|数|总数|监测数|监测数量|监测值|值)?(?:\([^()]{1,3}\))?")
_CHANGE = re.compile(
    r"(?:较上周|比上周|与上周相比|较上期|周?环比)?(?:增减|变化|变动|增幅|涨幅|增长|升降)?(?:率|幅度|情况|比例)?(?:\(%\))?|环比|趋势"
)
_SHARE = re.compile(r"(?:所)?占比(?:\(%\))?|比例|百分比|份额")
_OTHER_CHANGE = re.compile(
    r"(?:较|比|与)?(?:去年|上年|上月)?(?:同期|同比)(?:相比|变化|增减|增长)*(?:率|幅度)?(?:\(%\))?"
)

_HEADS: tuple[tuple[re.Pattern[str], Head], ...] = (
    (_CHANGE, "change"),
    (_OTHER_CHANGE, "other_change"),
    (_SHARE, "share"),
    (_THIS, "this"),
)
_EDGES = ("x", "right", "middle")
"""By which numbers of a column stand below each other."""
_LONGEST = 6
"""Characters of a head that names another time."""


def head_of(token: Token) -> Head | None:
    """What stands under or beside *token*; None if it is no head of a column or row."""
    if token.kind == "trend" and token.direction is None:
        return "other_change" if token.role == "other" else "change"
    if token.kind != "label" or len(token.text) > 10 or metrics_of_label(token.text):
        return None
    for pattern, head in _HEADS:
        if pattern.fullmatch(token.text):
            return head
    if len(token.text) <= _LONGEST and of_other_time(token.text):
        return "other"
    return None


class Heads:
    """The heads of a picture's tables."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        tokens = [token for token in tokens if not token.is_running]
        self._heads: list[tuple[Token, Head]] = [(token, head) for token in tokens if (head := head_of(token))]
        self._own = {id(token) for token, _ in self._heads}
        # 序号, 单位: beside 本周 every cell is a head.
        this = [token for token, head in self._heads if head == "this"]
        for token in tokens:
            is_label = token.kind == "label" and id(token) not in self._own and not metrics_of_label(token.text)
            if is_label and any(_in_row(token, other) for other in this):
                self._heads.append((token, "other"))

    def hold(self, token: Token) -> bool:
        """Whether *token* is a head by its own words."""
        return id(token) in self._own

    def titles(self, numbers: Sequence[Placed]) -> list[Token]:
        """Those that are heads of nothing: no number and no other head stands in their row."""
        others = [token for token, head in self._heads if head == "other" and id(token) in self._own]
        rows = [token.box for token, _ in self._heads] + [number.box for number in numbers]
        return [
            token
            for token in others
            if not any(box is not token.box and box.shared_height(token.box) > 0.5 for box in rows)
        ]

    def legend(self, labels: Iterable[Placed], numbers: Sequence[Placed]) -> Literal["left", "right"] | None:
        """On which side of 上周 本周 stands, where both are a legend: no number is in the row of its label."""
        this = [token for token, head in self._heads if head == "this" and "周" in token.text]
        other = [token for token, head in self._heads if head == "other" and "周" in token.text]
        both = [(one, two) for one in this for two in other if _in_row(one, two)]
        if not both or any(label.box.shared_height(number.box) > 0.5 for label in labels for number in numbers):
            return None
        one, two = both[0]
        return "left" if one.box.x < two.box.x else "right"

    def over(self, box: Rectangle) -> Head | None:
        """The head that speaks of what stands at *box*: close beside it, over its column, before its row."""
        beside = [
            (box.x - token.box.right, head, token)
            for token, head in self._heads
            if token.box.right <= box.x + 0.3 * box.height and token.box.shared_height(box) >= 0.5
        ]
        near = [found for found in beside if found[0] < _NEAR * found[2].line]
        above = [
            (box.y - token.box.bottom, head, token)
            for token, head in self._heads
            if token.box.bottom <= box.y + 0.3 * box.height
            and token.box.shared_width(box) >= _UNDER
            and any(other is not token and _in_row(token, other) for other, _ in self._heads)
        ]
        rows = [found for found in beside if self._begins_row(found[2])]
        found = near or above or rows
        return min(found, key=lambda one: one[0])[1] if found else None

    def _begins_row(self, token: Token) -> bool:
        return any(other is not token and other.box.shared_width(token.box) > 0.6 for other, _ in self._heads)


def _in_row(one: Token, other: Token) -> bool:
    return one.box.shared_height(other.box) > 0.6


def counters(numbers: list[Token]) -> list[Token]:
    """Those of *numbers* that count the items themselves: 1, 2, 3 in columns, each with another number in its row."""
    runs = []
    for line in _lines(numbers, _EDGES):
        line.sort(key=lambda token: token.box.centre)
        values = [token.number.value if token.number and not token.unit else 0 for token in line]
        is_counting = len(line) > 1 and values == list(range(int(values[0]), int(values[0]) + len(line)))
        if is_counting and all(
            any(other is not token and _in_row(token, other) for other in numbers) for token in line
        ):
            runs.append((values, line))
    counted = sorted({value for values, _ in runs for value in values})
    go_on = counted == list(range(1, len(counted) + 1))  # from one column to the next
    return [token for values, line in runs if go_on or values[0] == 1 for token in line]


def ticks(numbers: list[Token]) -> Iterator[Token]:
    """Those of *numbers* that are the ticks of an axis: in one row or column, evenly spaced, evenly growing."""
    for along, edges in (("centre", _EDGES), ("middle", ("centre",))):
        for line in _lines(numbers, edges):
            line.sort(key=lambda token: getattr(token.box, along))
            yield from _even([token for token in line if token.unit is None], along)


def _lines(numbers: list[Token], edges: tuple[str, ...]) -> Iterator[list[Token]]:
    """Groups of numbers in line with each other: by one of *edges*."""
    for edge in edges:
        left = sorted(numbers, key=lambda token: getattr(token.box, edge))
        line: list[Token] = []
        for token in left:
            if line and getattr(token.box, edge) - getattr(line[-1].box, edge) > 0.35 * token.box.height:
                yield line
                line = []
            line.append(token)
        yield line


def _even(line: list[Token], along: str) -> Iterator[Token]:
    """The longest part of *line* whose places and values grow by steps."""
    if len(line) < 3:
        return
    places = [getattr(token.box, along) for token in line]
    values = [float(token.number.value) if token.number else 0.0 for token in line]
    start = 0
    for end in range(2, len(line) + 1):
        whole = end < len(line) and _steady(places[start : end + 1], 0.12) and _steady(values[start : end + 1], 0.001)
        if not whole:
            # An axis begins at nothing, or is long; three numbers can be evenly spaced by chance.
            if end - start >= (3 if 0 in values[start:end] else 5):
                yield from line[start:end]
            start = end - 1


def _steady(values: list[float], tolerance: float) -> bool:
    steps = [after - before for before, after in pairwise(values)]
    mean = sum(steps) / len(steps)
    return mean != 0 and all(abs(step - mean) <= tolerance * abs(mean) for step in steps)
