"""The percentage beside a number, and which way it points."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.words_and_marks import Mark, Rectangle
from cncert.store.picture_readings import Direction

_LEGEND = re.compile(
    r"(?P<colour>[红橙黄绿蓝紫])色?(?:字体?|箭头|数字)?(?:代表|表示|为|:|指)?(?:较|比|与)?(?:上周)?(?:相比)?(?:环比)?"
    r"(?:(?P<up>上升|增加|增长|上涨|升|增|涨)|下降|减少|降低|下跌|降|减|跌)"
)
_REACH = 2.6
"""A mark or a word belongs to a percentage that is not farther away than so many of its heights."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A percentage, or the word that says there is none."""

    token: Token
    box: Rectangle
    """With its mark and its word."""
    role: str | None
    direction: Direction | None
    contradicted: bool
    """Whether what says its direction does not agree."""
    tokens: tuple[Token, ...]


def read_changes(tokens: Sequence[Token], marks: Sequence[Mark]) -> list[Change]:
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
    return changes + [Change(token, token.box, token.role, "flat", False, (token,)) for token in flat]


def _legend(tokens: Sequence[Token]) -> dict[str, Direction]:
    """What colours mean, if the picture says it: 红色表示较上周上升."""
    found: dict[str, set[Direction]] = {}
    for token in tokens:
        if token.kind in ("label", "trend"):
            for match in _LEGEND.finditer(token.text):
                found.setdefault(match["colour"], set()).add("up" if match["up"] else "down")
    return {colour: directions.pop() for colour, directions in found.items() if len(directions) == 1}


def _change(percent: Token, words: list[Token], shapes: list[Mark], meant: Direction | None) -> Change:
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
    return Change(percent, box, role, direction, len(said) > 1, (percent, *words))


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
