"""The colours that percentages are printed in: a legend may say what they mean."""

import re
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from cncert.infographics.labels.words_and_marks import Word

_PERCENT = re.compile(r"[0-9]\s*[%％]")
_HUES = ((10, "红"), (22, "橙"), (34, "黄"), (90, "绿"), (130, "蓝"), (165, "紫"), (181, "红"))
"""OpenCV's hues, to 180, and what they are called."""
_COLOURFUL = 60
"""Saturation, of 255, from which on a colour has a name."""


def with_colours(pixels: np.ndarray, words: Sequence[Word]) -> list[Word]:
    """*words*, the percentages among them with the name of their colour."""
    return [replace(word, colour=_colour(pixels, word)) if _PERCENT.search(word.text) else word for word in words]


def _colour(pixels: np.ndarray, word: Word) -> str | None:
    box = word.box
    area = pixels[max(int(box.y), 0) : int(box.bottom) + 1, max(int(box.x), 0) : int(box.right) + 1]
    if area.size == 0:
        return None
    colours = area.reshape(-1, 3).astype(np.int16)
    distance = np.abs(colours - np.median(colours, axis=0)).max(axis=1)
    ink = area.reshape(-1, 3)[distance >= 0.75 * distance.max()]
    hues = cv2.cvtColor(ink.reshape(-1, 1, 3), cv2.COLOR_BGR2HSV).reshape(-1, 3)
    hue, saturation = float(np.median(hues[:, 0])), float(np.median(hues[:, 1]))
    return next(name for end, name in _HUES if hue < end) if saturation >= _COLOURFUL else None
