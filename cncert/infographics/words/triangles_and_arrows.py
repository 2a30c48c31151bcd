"""Triangles and arrows beside percentages, and which way they point.

The engine reads small arrows as any glyph or not at all: their shape is taken from the pixels.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import product

import cv2
import numpy as np

from cncert.infographics.labels.words_and_marks import Mark, Rectangle, Word
from cncert.store.picture_readings import Direction

_PERCENT = re.compile(r"[0-9][0-9.,]*\s*[%％]")
_REACH = 2.6
"""How far beside a percentage a mark is looked for, in heights of its digits."""
_SMALLEST, _LARGEST = 0.35, 2.2
"""Height of a mark, in heights of the digits."""
_CONTRAST = 28.0
"""How different a mark is from what is around it, of 255 in one of the channels."""
_ENLARGED = 36
"""Digits of fewer pixels are enlarged to so many: of a triangle of six rows nothing can be told."""
_SURE = 0.9
_DISC = 0.4
"""How much of its box a disc with a mark in it fills."""
_ROWS = 24
_FIT = 0.15
"""How far the outline of a mark may be from a drawn one on average, in widths."""
_TIMES, _MORE = 1.5, 0.02
"""How much farther it must be from those that point the other way."""


def find_marks(pixels: np.ndarray, words: Sequence[Word]) -> list[Mark]:
    """The marks beside the percentages among *words*."""
    marks: dict[tuple[int, int], Mark] = {}
    # What of a word is text: an arrow may have been read as any sign.
    letters = [
        word.part(*match.span()).box
        for word in words
        if _is_sure(word)
        for match in re.finditer(r"[\w%％.,，+-]+", word.text)
    ]
    for word in words:
        for match in _PERCENT.finditer(word.text):
            for mark in _beside(pixels, word.part(*match.span()).box, letters):
                marks[round(mark.box.middle / 4), round(mark.box.centre / 4)] = mark
    return list(marks.values())


def _is_sure(word: Word) -> bool:
    """Whether it is text: a mark alone is read as any letter, and never twice as the same."""
    return len(word.text) > 1 or (word.agreed and min(word.scores, default=0.0) > _SURE)


def _beside(pixels: np.ndarray, digits: Rectangle, letters: list[Rectangle]) -> list[Mark]:
    height, width = pixels.shape[:2]
    reach = _REACH * digits.height
    left, top = max(int(digits.x - reach), 0), max(int(digits.y - 0.35 * digits.height), 0)
    right, bottom = min(int(digits.right + reach), width), min(int(digits.bottom + 0.35 * digits.height), height)
    if right - left < 4 or bottom - top < 4:
        return []
    area = pixels[top:bottom, left:right]
    larger = max(_ENLARGED / max(digits.height, 1.0), 1.0)
    if larger > 1:
        area = cv2.resize(area, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
    ink = _ink(area)
    size = digits.height * larger
    marks = []
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    for n in range(1, count):
        x, y, w, h = (int(value) for value in stats[n][:4])
        if x == 0 or y == 0 or x + w == ink.shape[1] or y + h == ink.shape[0]:
            continue  # goes on outside
        if not _SMALLEST * size <= h <= _LARGEST * size or w < 0.2 * size or w > 1.8 * h:
            continue
        place = Rectangle(x / larger + left, y / larger + top, w / larger, h / larger)
        if any(box.x < place.middle < box.right and box.y < place.centre < box.bottom for box in letters):
            continue
        shape = labels[y : y + h, x : x + w] == n
        direction = direction_of(shape) or _pointing_within(shape)
        if direction is not None:
            marks.append(Mark(place, direction))
    return marks


def _ink(area: np.ndarray) -> np.ndarray:
    """The pixels that are not the background, which is what most of them are."""
    background = np.median(area.reshape(-1, 3), axis=0)
    distance = np.abs(area.astype(np.int16) - background.astype(np.int16)).max(axis=2)
    ink: np.ndarray = distance > max(_CONTRAST, 0.45 * float(np.percentile(distance, 99)))
    return ink.astype(np.uint8)


def _pointing_within(shape: np.ndarray) -> Direction | None:
    """Which way a mark points that is left out of a disc or a square."""
    height, width = shape.shape
    if max(height, width) > 1.4 * min(height, width) or shape.mean() < _DISC:
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~shape).astype(np.uint8), connectivity=4)
    for n in range(1, count):
        x, y, w, h = (int(value) for value in stats[n][:4])
        if h > 0.3 * height and x > 0 and y > 0 and x + w < width and y + h < height:
            return direction_of(labels[y : y + h, x : x + w] == n)
    return None


def direction_of(shape: np.ndarray) -> Direction | None:
    """Which way a shape of true pixels points: a triangle to its tip, an arrow to its head; None if it is neither."""
    # Left and right are alike in every mark that points up or down.
    if len(shape) < 5 or (shape & shape[:, ::-1]).sum() <= 0.72 * shape.sum():
        return None
    first = shape.argmax(axis=1)
    last = shape.shape[1] - shape[:, ::-1].argmax(axis=1)
    extent = np.where(shape.any(axis=1), last - first, 0).astype(float)
    body = np.flatnonzero(extent >= 0.15 * extent.max())  # without what a coarse JPEG leaves at the tip
    extent = extent[body[0] : body[-1] + 1]
    outline = np.interp(np.linspace(0, len(extent) - 1, _ROWS), np.arange(len(extent)), extent / extent.max())
    up, down = (float(np.abs(_outlines() - one).mean(axis=1).min()) for one in (outline, outline[::-1]))
    if min(up, down) > _FIT or max(up, down) < max(_TIMES * min(up, down), min(up, down) + _MORE):
        return None
    return "up" if up < down else "down"


@cache
def _outlines() -> np.ndarray:
    """How wide marks that point up are, row by row from the tip: triangles and arrows, sharp and blurred."""
    rows = (np.arange(_ROWS) + 0.5) / _ROWS
    drawn = [tip + (1 - tip) * rows for tip in (0.0, 0.1, 0.2)]
    for tip, head, shaft in product((0.05, 0.2, 0.3), np.arange(0.3, 0.71, 0.05), (0.08, 0.2, 0.3, 0.4, 0.5)):
        drawn.append(np.where(rows <= head, tip + (1 - tip) * rows / head, shaft))
    outlines = list(drawn)
    for size in (3, 5):
        for outline in drawn:
            blurred = np.convolve(np.pad(outline, size, mode="edge"), np.ones(size) / size, mode="same")[size:-size]
            outlines.append(blurred / blurred.max())
    return np.array(outlines)
