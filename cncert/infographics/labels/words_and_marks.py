"""Words and marks of a picture, with their places."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce

from cncert.store.picture_readings import Direction


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle in pixels, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half way between left and right."""
        return self.x + self.width / 2

    @property
    def centre(self) -> float:
        """Half way between top and bottom."""
        return self.y + self.height / 2

    def shared_width(self, other: "Rectangle") -> float:
        """How much of the narrower one stands above or below the other: 1 all of it, 0 or less nothing."""
        shared = min(self.right, other.right) - max(self.x, other.x)
        return shared / max(min(self.width, other.width), 1)

    def shared_height(self, other: "Rectangle") -> float:
        """How much of the lower one stands beside the other."""
        shared = min(self.bottom, other.bottom) - max(self.y, other.y)
        return shared / max(min(self.height, other.height), 1)

    def around(self, other: "Rectangle") -> "Rectangle":
        """The smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rectangle(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)


def surround(boxes: Iterable[Rectangle]) -> Rectangle:
    """The smallest box that holds *boxes*, one at least."""
    return reduce(Rectangle.around, boxes)


_BESIDE = 0.3
"""How far beside a number a digit of it could stand, in heights."""


def sides(box: Rectangle) -> tuple[Rectangle, Rectangle]:
    """Where a digit of the number at *box* would stand that was cut off: on its left and on its right."""
    strip = replace(box, y=box.y + 0.2 * box.height, width=_BESIDE * box.height, height=0.6 * box.height)
    return replace(strip, x=box.x - strip.width), replace(strip, x=box.right)


HasInk = Callable[[Rectangle], bool]
"""Whether something stands at a place that is none of the words."""


@dataclass(frozen=True, slots=True)
class Word:
    """A line of text as an engine found it: words that stand close together."""

    text: str
    box: Rectangle
    scores: tuple[float, ...]
    """How sure the engine is of each character of ``text``, 0 to 1."""
    places: tuple[float, ...] = ()
    """Where the middle of each character stands, from 0 at the left end of ``box`` to 1; may be unknown."""
    agreed: bool = True
    """Whether all passes read it so."""
    colour: str | None = None
    """红, 绿 …, if that is known."""

    @property
    def line(self) -> float:
        """The height of its line."""
        return self.box.height

    def part(self, start: int, end: int) -> "Word":
        """The characters ``start:end``, with the place that they probably have."""
        if len(self.places) == len(self.text):
            half = 0.5 * self.box.height / max(self.box.width, 1)
            left = max(self.places[start] - half * _width(self.text[start]), 0.0)
            right = min(self.places[end - 1] + half * _width(self.text[end - 1]), 1.0)
        else:
            widths = [_width(character) for character in self.text]
            total = sum(widths) or 1.0
            left, right = sum(widths[:start]) / total, sum(widths[:end]) / total
        box = replace(self.box, x=self.box.x + left * self.box.width, width=(right - left) * self.box.width)
        return replace(self, text=self.text[start:end], box=box, scores=self.scores[start:end], places=())


def _width(character: str) -> float:
    """In heights of the line."""
    return 1.0 if ord(character) > 0x2E7F else 0.55


@dataclass(frozen=True, slots=True)
class Mark:
    """A triangle or an arrow beside a percentage."""

    box: Rectangle
    direction: Direction
