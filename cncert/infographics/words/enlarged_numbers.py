"""Reads numbers once more, enlarged, where something beside them was not read: a unit, the line of a ring, a digit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cncert.infographics.labels.words_and_marks import Rectangle, Word, sides
from cncert.infographics.words.ocr_engine import Engine, TextLine
from cncert.infographics.words.unread_areas import UnreadInk
from cncert.report.metrics import fold
from cncert.report.numbers import UNITS

_NUMBER = re.compile(r"[0-9][0-9,.]*[万亿]?")
_UNIT = re.compile(rf"[万亿]?[{UNITS}]?")
_EDGES = re.compile(r"^\W+|\W+$")
_LEFT, _RIGHT, _ABOVE = 0.45, 1.1, 0.25
"""How much of the surroundings is looked at, in heights of the number."""
_HEIGHT, _ROOM, _WIDEST = 64, 32, 1200
"""Pixels: of an enlarged number, between two of them, and the width from which on a line is no number."""
_MOST = 24
"""Numbers of one picture that are looked at."""
_SIDE = 736


@dataclass(frozen=True, slots=True)
class _Crop:
    """A number with its surroundings, enlarged."""

    word: Word
    area: Rectangle
    pixels: np.ndarray
    scale: float


def find_missed_units(engine: Engine, pixels: np.ndarray, words: Sequence[Word], ink: UnreadInk) -> list[Word]:
    """Return units that were overlooked beside numbers among *words*; *ink* forgets what turns out to be no digit.

    All numbers that something unread stands beside are set below each other, enlarged, and read once more.
    """
    incomplete = [
        word for word in words if _NUMBER.fullmatch(fold(word.text)) and any(map(ink.has_ink, sides(word.box)))
    ]
    crops = [crop for word in incomplete[:_MOST] if (crop := _crop(word, pixels)).pixels.shape[1] <= _WIDEST]
    if not crops:
        return []
    sheet, tops = _below_each_other([crop.pixels for crop in crops])
    units = []
    lines = engine.read(sheet, min(_SIDE, *sheet.shape[:2]))
    for crop, top in zip(crops, tops, strict=True):
        height = crop.pixels.shape[0]
        found = [line for line in lines if top <= _middle(line, 1) < top + height]
        found.sort(key=lambda line: _middle(line, 0))
        text = _EDGES.sub("", "".join(fold(line.text) for line in found))
        number = fold(crop.word.text)
        unit = text.removeprefix(number)
        if not text.startswith(number) or not _UNIT.fullmatch(unit):
            continue
        if unit:
            units.append(_unit(unit, crop, found))
        elif number[-1] not in "万亿":
            continue  # it may be 万 that is still not read
        ink.forget(crop.area)
    return units


def _crop(word: Word, pixels: np.ndarray) -> _Crop:
    box = word.box
    left, right = max(box.x - _LEFT * box.height, 0), min(box.right + _RIGHT * box.height, pixels.shape[1])
    top, bottom = max(box.y - _ABOVE * box.height, 0), min(box.bottom + _ABOVE * box.height, pixels.shape[0])
    part = pixels[int(top) : int(bottom), int(left) : int(right)]
    scale = _HEIGHT / max(part.shape[0], 1)
    enlarged = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return _Crop(word, Rectangle(int(left), int(top), part.shape[1], part.shape[0]), enlarged, scale)


def _below_each_other(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, list[int]]:
    """One picture of *parts*, each on its own ground, and the rows at which they begin."""
    width = max(part.shape[1] for part in parts) + _ROOM
    half = _ROOM // 2
    rows, tops, top = [], [], 0
    for part in parts:
        ground = np.median(part.reshape(-1, 3), axis=0).tolist()
        room = width - part.shape[1] - half
        rows.append(cv2.copyMakeBorder(part, half, half, half, room, cv2.BORDER_CONSTANT, value=ground))
        tops.append(top + half)
        top += rows[-1].shape[0]
    return np.concatenate(rows), tops


def _middle(line: TextLine, axis: int) -> float:
    return sum(corner[axis] for corner in line.corners) / len(line.corners)


def _unit(text: str, crop: _Crop, found: Sequence[TextLine]) -> Word:
    """The unit as a word of its own; one look is not enough for 万, so the passes do not agree on it."""
    box, area = crop.word.box, crop.area
    right = min(box.right + len(text) * 0.6 * box.height, area.right)
    score = min((score for line in found for score in line.scores), default=0.0)
    place = Rectangle(box.right, box.y + 0.35 * box.height, right - box.right, 0.5 * box.height)
    return Word(text, place, (score,) * len(text), agreed=False)
