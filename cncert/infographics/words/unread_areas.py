"""Where a picture holds something that was not read."""

from collections.abc import Iterable

import cv2
import numpy as np

from cncert.infographics.labels.words_and_marks import Mark, Rectangle, Word

_EDGE = 40
"""How different two neighbours of an outline are, of 255 in one of the channels."""
_NOISE = 3.0
"""How many times as different as most neighbours, in a picture full of grain."""
_LEAST = 10
"""Pixels of outlines that are something."""


_SMALLEST, _LARGEST = 8, 0.2
"""Pixels of a sign, and its size in parts of the picture's width; less is noise, more a frame or a drawing."""


class UnreadInk:
    """The outlines in a picture, without those of its words and marks."""

    def __init__(self, pixels: np.ndarray, words: Iterable[Word], marks: Iterable[Mark]) -> None:
        grey = pixels.max(axis=2)
        steps = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
        outlines = _without_frames((steps > max(_EDGE, _NOISE * float(np.median(steps)))).astype(np.uint8))
        self._outlines = outlines
        for box in (*(word.box for word in words), *(mark.box for mark in marks)):
            self._clear(box)
        self._sums = cv2.integral(outlines)

    def _clear(self, box: Rectangle) -> None:
        beside, above = max(2, int(0.1 * box.height)), 2  # an engine's box can be a pixel too small
        rows = slice(max(int(box.y) - above, 0), int(box.bottom) + above)
        self._outlines[rows, max(int(box.x) - beside, 0) : int(box.right) + beside] = 0

    def forget(self, box: Rectangle) -> None:
        """Nothing at *box* is to be read."""
        self._clear(box)
        self._sums = cv2.integral(self._outlines)

    def has_ink(self, box: Rectangle) -> bool:
        """Whether something stands at *box*."""
        height, width = self._sums.shape
        left, right = (min(max(int(x), 0), width - 1) for x in (box.x, box.right))
        top, bottom = (min(max(int(y), 0), height - 1) for y in (box.y, box.bottom))
        if left >= right or top >= bottom:
            return False
        sums = self._sums
        found = int(sums[bottom, right]) - int(sums[top, right]) - int(sums[bottom, left]) + int(sums[top, left])
        return found >= _LEAST


def _without_frames(outlines: np.ndarray) -> np.ndarray:
    """*outlines*, those that may be signs."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outlines, connectivity=8)
    size = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    is_sign = (size <= _LARGEST * outlines.shape[1]) & (stats[:, cv2.CC_STAT_AREA] >= _SMALLEST)
    is_sign[0] = False
    signs: np.ndarray = is_sign[labels].astype(np.uint8)
    return signs
