"""Numbers with the units that stand beside or below them, and percentages with the direction that they point in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.words_and_marks import Mark, Rectangle, surround
from cncert.report.numbers import Number, read_number
from cncert.store.picture_readings import Direction

_GAP = 0.9
"""Between a number and its unit at most, in heights of the lower one."""
_LEGEND = re.compile(
    r"(?P<colour>[红橙黄绿蓝紫])色?(?:字体?|箭头|数字)?(?:代表|表示|为|:|指)?(?:较|比|与)?(?:上周)?(?:相比)?(?:环比)?"
    r"(?:(?P<up>上升|增加|增长|上涨|升|增|涨)|下降|减少|降低|下跌|降|减|跌)"
)
_REACH = 2.6
"""A mark or a word belongs to a percentage that is not farther away than so many of its heights."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A number and its unit."""

    token: Token
    mark: Token | None
    """The unit that stands for itself."""
    scale: str | None
    head: Token | None = None
    """单位：万台 above it."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All that it was read from."""
        return tuple(token for token in (self.token, self.mark, self.head) if token is not None)

    @property
    def number(self) -> Number:
        """In plain units."""
        digits = "".join(one for one in self.token.text if one in "0123456789.,")
        return read_number(digits, self.scale)

    @property
    def printed(self) -> str:
        """As printed, with its unit."""
        mark = self.mark.printed if self.mark else self.scale if self.head else None
        return self.token.printed + (mark or "")

    @property
    def unit(self) -> str | None:
        """As printed."""
        return (self.mark.unit if self.mark else None) or self.token.unit

    @property
    def box(self) -> Rectangle:
        """The number, with its unit."""
        return surround(token.box for token in (self.token, self.mark) if token is not None)

    @property
    def line(self) -> float:
        """The height of its digits."""
        return self.token.box.height


def find_numbers(numbers: Sequence[Token], tokens: Sequence[Token]) -> list[Value]:
    """*numbers* with the units among *tokens* that stand for themselves; each unit belongs to the nearest number."""
    values = {id(token): Value(token, None, token.scale) for token in numbers}
    for unit in tokens:
        if unit.kind != "unit":
            continue
        near = [(gap, n) for n, token in enumerate(numbers) if (gap := _gap(token, unit)) is not None]
        if not near:
            continue
        value = values[id(numbers[min(near)[1]])]
        if value.mark is None and not (value.scale and unit.scale):
            values[id(value.token)] = replace(value, mark=unit, scale=value.scale or unit.scale)
    heads = [token for token in tokens if token.kind == "scale" and token.scale]
    return [_under(value, heads) for value in values.values()]


def _gap(number: Token, unit: Token) -> float | None:
    """How far *unit* stands behind or below *number*, None if it does not."""
    size = min(number.box.height, unit.box.height)
    if number.box.shared_height(unit.box) > 0.4:
        gap = unit.box.x - number.box.right
    elif number.box.shared_width(unit.box) > 0.4:
        gap = unit.box.y - number.box.bottom
    else:
        return None
    return gap if -0.5 * size <= gap <= _GAP * size else None


def _under(value: Value, heads: list[Token]) -> Value:
    """*value* in the unit of the table that it stands in."""
    above = [head for head in heads if head.box.bottom <= value.token.box.y + 0.5 * value.token.box.height]
    if value.scale is not None or not above or value.unit:
        return value
    head = max(above, key=lambda head: head.box.y)
    return replace(value, scale=head.scale, head=head)


@dataclass(frozen=True, slots=True, eq=False)
class Percentage:
    """A percentage, or the word that says there is none."""

    token: Token
    box: Rectangle
    """With its mark and its word."""
    role: str | None
    direction: Direction | None
    contradicted: bool
    """Whether what says its direction does not agree."""
    tokens: tuple[Token, ...]


def find_percentages(tokens: Sequence[Token], marks: Sequence[Mark]) -> list[Percentage]:
    """All percentages among *tokens* with their directions; 持平 is one without a number."""
    percents = [token for token in tokens if token.kind == "percent"]
    flat = [token for token in tokens if token.kind == "trend" and token.direction == "flat"]
    trends = [token for token in tokens if token.kind == "trend" and token.direction != "flat"]
    legend = _legend(tokens)
    of_mark = {id(mark): _nearest(mark.box, percents) for mark in marks}
    of_trend = {id(trend): _nearest(trend.box, percents) for trend in trends}
    changes = []
    for percent in percents:
        words = [trend for trend in trends if of_trend[id(trend)] is percent]
        shapes = [mark for mark in marks if of_mark[id(mark)] is percent]
        changes.append(_change(percent, words, shapes, legend.get(percent.colour or "")))
    return changes + [Percentage(token, token.box, token.role, "flat", False, (token,)) for token in flat]


def _legend(tokens: Sequence[Token]) -> dict[str, Direction]:
    """What colours mean, if the picture says it: 红色表示较上周上升."""
    found: dict[str, set[Direction]] = {}
    for token in tokens:
        if token.kind in ("label", "trend"):
            for match in _LEGEND.finditer(token.text):
                found.setdefault(match["colour"], set()).add("up" if match["up"] else "down")
    return {colour: directions.pop() for colour, directions in found.items() if len(directions) == 1}


def _change(percent: Token, words: list[Token], shapes: list[Mark], meant: Direction | None) -> Percentage:
    said: set[Direction] = {mark.direction for mark in shapes}
    if meant is not None:
        said.add(meant)
    said |= {word.direction for word in (percent, *words) if word.direction is not None}
    role = percent.role or next((word.role for word in words if word.role), None)
    if role is None and said:
        role = "change"
    box = percent.box
    for other in (*(word.box for word in words), *(shape.box for shape in shapes)):
        box = box.around(other)
    direction = next(iter(said)) if len(said) == 1 else None
    return Percentage(percent, box, role, direction, len(said) > 1, (percent, *words))


def _nearest(box: Rectangle, percents: list[Token]) -> Token | None:
    """The percentage that something at *box* belongs to."""
    near = [(_distance(box, percent.box), n) for n, percent in enumerate(percents)]
    near = [(gap, n) for gap, n in near if gap <= _REACH * percents[n].box.height]
    return percents[min(near)[1]] if near else None


def _distance(one: Rectangle, other: Rectangle) -> float:
    """Between the edges; upwards and downwards counts double."""
    across = max(one.x - other.right, other.x - one.right, 0.0)
    along = max(one.y - other.bottom, other.y - one.bottom, 0.0)
    return across + 2 * along
