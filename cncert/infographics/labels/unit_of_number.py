"""Numbers with the units that stand beside or below them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.words_and_marks import Rectangle, surround
from cncert.report.numbers import Number, read_number

_GAP = 0.9
"""Between a number and its unit at most, in heights of the lower one."""


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


def join_units(numbers: Sequence[Token], tokens: Sequence[Token]) -> list[Value]:
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
