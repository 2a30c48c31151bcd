"""Two passes over a picture, at two sizes: what both read alike is sure.

One pass is sometimes sure of a wrong reading: a line found a digit too short. At another size the line is found anew.
"""

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from cncert.infographics.labels.words_and_marks import Rectangle, Word
from cncert.infographics.words.ocr_engine import Engine, TextLine
from cncert.report.metrics import fold

SIDES = (736, 960)
"""To what the shorter side of a picture is enlarged, in pixels: the first pass and the second."""
SMALLER = 0.8
"""A picture whose shorter side is as long as the second pass would make it is read so much smaller."""
TALLEST = 1600
"""A taller picture is read in bands."""
_STEEPEST = 4
"""How many times as high as wide a band may be."""
_LEAST_TURN, _MOST_TURN = 0.4, 12.0
"""Degrees: a picture turned less is level; no picture is turned more, but watermarks are."""


@dataclass(frozen=True, slots=True)
class LevelPicture:
    """A picture with level lines, and its words."""

    pixels: np.ndarray
    words: list[Word]
    back: np.ndarray
    """Matrix of 2 by 3 that takes places in ``pixels`` to places in the picture."""
    seconds: float
    """Of the engine."""


def read_twice(engine: Engine, pixels: np.ndarray) -> LevelPicture:
    """The words of a picture, with whether both passes read them alike."""
    clock = _Clock(engine)
    found = clock.read(pixels, first=True)
    to_picture = np.eye(3)
    if _is_on_its_side(found):
        pixels, found, to_picture = _upright(clock, pixels)
    angle = _angle(found)
    if abs(angle) >= _LEAST_TURN:
        pixels, turn = _turned(pixels, angle)
        found = [_moved(line, turn) for line in found]
        to_picture = to_picture @ np.linalg.inv(turn)
    again = clock.read(pixels, first=False) if found else []
    words = merge_passes(*([_word(line) for line in lines if _is_level(line)] for lines in (found, again)))
    return LevelPicture(pixels, words, to_picture[:2], clock.seconds)


class _Clock:
    """An engine whose time is taken."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seconds = 0.0

    def read(self, pixels: np.ndarray, *, first: bool) -> list[TextLine]:
        """The words of a pass, band by band."""
        began = time.perf_counter()
        found = []
        for top, bottom in bands(pixels):
            band = _widened(pixels[top:bottom])
            for line in self._pass(band, first):
                found.append(replace(line, corners=tuple((x, y + top) for x, y in line.corners)))
        self.seconds += time.perf_counter() - began
        return found

    def _pass(self, band: np.ndarray, first: bool) -> list[TextLine]:
        side = min(band.shape[:2])
        if first:
            return self._engine.read(band, SIDES[0])
        if side < 0.9 * SIDES[1]:
            return self._engine.read(band, SIDES[1])
        small = cv2.resize(band, None, fx=SMALLER, fy=SMALLER, interpolation=cv2.INTER_AREA)
        lines = self._engine.read(small, SIDES[0])
        return [replace(line, corners=tuple((x / SMALLER, y / SMALLER) for x, y in line.corners)) for line in lines]


def _widened(band: np.ndarray) -> np.ndarray:
    """A narrow strip with room on its right: enlarged by its shorter side it would have no end."""
    height, width = band.shape[:2]
    room = height // _STEEPEST - width
    return cv2.copyMakeBorder(band, 0, 0, 0, room, cv2.BORDER_REPLICATE) if room > 0 else band


def bands(pixels: np.ndarray) -> list[tuple[int, int]]:
    """Rows at which a tall picture is cut, where there is least ink."""
    height = pixels.shape[0]
    if height <= TALLEST:
        return [(0, height)]
    ink = np.abs(np.diff(pixels[:, ::4].astype(np.int16), axis=1)).max(axis=2).sum(axis=1)
    found, top = [], 0
    while height - top > TALLEST:
        low, high = top + TALLEST // 2, top + TALLEST
        calm = np.convolve(ink[low:high], np.ones(9), mode="same")
        cut = low + int(calm.argmin())
        found.append((top, cut))
        top = cut
    return [*found, (top, height)]


def _is_on_its_side(found: Sequence[TextLine]) -> bool:
    """Whether most of the text runs up or down."""
    long = [line for line in found if len(line.text) > 2]
    upright = [line for line in long if _size(line)[1] > 1.5 * _size(line)[0]]
    return len(long) >= 2 and len(upright) > 0.6 * len(long)


def _upright(clock: _Clock, pixels: np.ndarray) -> tuple[np.ndarray, list[TextLine], np.ndarray]:
    """The picture turned by a quarter, to the side on which it can be read."""
    height, width = pixels.shape[:2]
    turns = (
        (np.ascontiguousarray(np.rot90(pixels, 1)), np.array([[0.0, -1, width], [1, 0, 0], [0, 0, 1]])),
        (np.ascontiguousarray(np.rot90(pixels, -1)), np.array([[0.0, 1, 0], [-1, 0, height], [0, 0, 1]])),
    )
    read = [(turned, clock.read(turned, first=True), matrix) for turned, matrix in turns]
    return max(read, key=lambda one: sum(sum(line.scores) for line in one[1]))


def _angle(found: Sequence[TextLine]) -> float:
    """By how many degrees the lines fall to the right: that of most of the text."""
    angles, weights = [], []
    for line in found:
        width, height = _size(line)
        if width >= 3 * height and abs(turned := _turn(line)) <= _MOST_TURN:
            angles.append(turned)
            weights.append(width)
    if not angles:
        return 0.0
    order = np.argsort(angles)
    middle = np.searchsorted(np.cumsum(np.array(weights)[order]), sum(weights) / 2)
    return float(angles[order[min(int(middle), len(order) - 1)]])


def _turn(line: TextLine) -> float:
    """By how many degrees *line* falls to the right."""
    (x0, y0), (x1, y1), *_ = line.corners
    return float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))


def _is_level(line: TextLine) -> bool:
    """Whether *line* is no watermark; of a short one that cannot be said."""
    width, height = _size(line)
    return width < 1.6 * height or abs(_turn(line)) <= _MOST_TURN


def _turned(pixels: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """*pixels* turned so that lines which fall by *angle* are level, and the matrix that took them there."""
    height, width = pixels.shape[:2]
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), [0, 0, 1]])
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    turn = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ turn
    size = (int(np.ceil(high[0] - low[0])), int(np.ceil(high[1] - low[1])))
    return cv2.warpAffine(pixels, turn[:2], size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), turn


def _moved(line: TextLine, matrix: np.ndarray) -> TextLine:
    corners = np.array([(x, y, 1.0) for x, y in line.corners]) @ matrix.T
    return replace(line, corners=tuple((float(x), float(y)) for x, y, _ in corners))


def _size(line: TextLine) -> tuple[float, float]:
    (x0, y0), (x1, y1), (x2, y2), _ = line.corners
    return float(np.hypot(x1 - x0, y1 - y0)), float(np.hypot(x2 - x1, y2 - y1))


def _word(line: TextLine) -> Word:
    xs, ys = [x for x, _ in line.corners], [y for _, y in line.corners]
    return Word(line.text, Rectangle(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)), line.scores, line.places)


_NO_CONTENT = re.compile(r"[^0-9a-z%.,+−–\u3400-\u9fff-]|(?<![0-9])[.,]|[.,](?![0-9])|(?<=[0-9])[+−–-]|[+−–-](?![0-9])")

_UNIT = re.compile(r"(?<=[0-9万亿])[个起家台次条]$")


def compared_content(text: str) -> str:
    """What of *text* must be read alike: a sign before a number; not arrows, brackets, a unit at the end."""
    return _UNIT.sub("", _NO_CONTENT.sub("", fold(text)))


def merge_passes(first: Sequence[Word], second: Sequence[Word]) -> list[Word]:
    """The words of both passes, each once, ``agreed`` where both read the same."""
    left = list(second)
    words: list[Word] = []
    for word in first:
        same = [other for other in left if _overlap(word.box, other.box) > 0.5]
        left = [other for other in left if not any(other is one for one in same)]
        words += _agreed(word, sorted(same, key=lambda other: other.box.x))
    return words + [replace(word, agreed=False) for word in left]


def _agreed(word: Word, others: Sequence[Word]) -> Iterable[Word]:
    """*word* of the first pass and what the second read in its place."""
    if not others:
        return [replace(word, agreed=False)]
    text = compared_content(word.text)
    if text == compared_content("".join(other.text for other in others)):
        if len(others) == 1:
            return [max((word, others[0]), key=_least)]
        return others
    partly = [other for other in others if compared_content(other.text) == text]
    if partly:  # the second pass found more beside it
        rest = (
            replace(other, agreed=False) for other in others if other is not partly[0] and compared_content(other.text)
        )
        return [partly[0], *rest]
    return [replace(max((word, *others), key=lambda one: sum(one.scores) / len(one.scores)), agreed=False)]


def _least(word: Word) -> float:
    """The score of its least sure character."""
    pairs = zip(word.text, word.scores, strict=True)
    return min((score for character, score in pairs if not character.isspace()), default=0.0)


def _overlap(one: Rectangle, other: Rectangle) -> float:
    """How much of the smaller box the other one covers."""
    across = min(one.right, other.right) - max(one.x, other.x)
    along = min(one.bottom, other.bottom) - max(one.y, other.y)
    if across <= 0 or along <= 0:
        return 0.0
    return across * along / max(min(one.width * one.height, other.width * other.height), 1.0)
