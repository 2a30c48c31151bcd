"""Pictures of an issue -> what they state."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cncert.infographics.labels import DEFAULT, Pair, Thresholds, read_words
from cncert.infographics.words.cut_pictures import goes_on
from cncert.infographics.words.enlarged_look import look_closer
from cncert.infographics.words.ocr_engine import Engine
from cncert.infographics.words.open_image import PIXELS, Opened, State, open_picture
from cncert.infographics.words.text_colours import with_colours
from cncert.infographics.words.triangles_and_arrows import find_marks
from cncert.infographics.words.two_passes import Levelled, read_twice
from cncert.infographics.words.unread_areas import Ink


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as it was downloaded."""

    name: str
    """For people: the file's name, or the picture's key."""
    data: bytes


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What a picture states."""

    name: str
    checksum: str
    """SHA-256 of the file."""
    state: State
    reason: str | None
    """One line to a person: why there is nothing, or what was left out."""
    width: int | None
    height: int | None
    """In pixels, as it is shown; None if that cannot be known."""
    engine: str
    seconds: float
    engine_seconds: float
    """Of ``seconds`` those that the engine took. Pictures that were read together share them."""
    words: int
    pairs: list[Pair]
    """In reading order."""
    joined: list[str]
    """Checksums of the other slices that were read as one picture with it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read, and what is believed."""

    thresholds: Thresholds = DEFAULT
    pixels: int = PIXELS

    @staticmethod
    def of(settings: Mapping[str, Any]) -> "Limits":
        """Those of CNCERT_OCR_*."""
        word, drop, pairing = (float(settings[f"CNCERT_OCR_{name}"]) for name in ("WORD", "DROP", "PAIRING"))
        return Limits(Thresholds(word, drop, pairing))


_LIMITS = Limits()


def read_pictures(pictures: Iterable[PictureFile], engine: Engine, limits: Limits = _LIMITS) -> list[PictureReading]:
    """What each of *pictures*, those of one issue in their order, states. No picture raises anything."""
    return list(each_picture(pictures, engine, limits))


def each_picture(pictures: Iterable[PictureFile], engine: Engine, limits: Limits = _LIMITS) -> Iterator[PictureReading]:
    """As :func:`read_pictures`, each reading as soon as it is known; at most one picture is opened ahead."""
    stack: list[_Piece] = []
    for picture in pictures:
        began = time.perf_counter()
        opened = open_picture(picture.data, limits.pixels)
        piece = _Piece(picture, opened, time.perf_counter() - began)
        if stack and not _goes_on(stack, piece):
            yield from _read_stack(stack, engine, limits)
            stack = []
        stack.append(piece)
    if stack:
        yield from _read_stack(stack, engine, limits)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A picture that was opened, which took *seconds*."""

    picture: PictureFile
    opened: Opened
    seconds: float


def _goes_on(stack: Sequence[_Piece], piece: _Piece) -> bool:
    before = [one.opened.pixels for one in stack if one.opened.pixels is not None]
    return bool(before) and piece.opened.pixels is not None and goes_on(before, piece.opened.pixels)


def _read_stack(stack: Sequence[_Piece], engine: Engine, limits: Limits) -> list[PictureReading]:
    empty = [_reading(piece, engine) for piece in stack]
    opened = [piece.opened for piece in stack]
    parts = [one.pixels for one in opened if one.pixels is not None]
    if not parts:
        return empty
    began = time.perf_counter()
    pixels = np.concatenate(parts) if len(parts) > 1 else parts[0]
    level = read_twice(engine, pixels)
    marks = find_marks(level.pixels, level.words)
    ink = Ink(level.pixels, level.words, marks)
    looked = time.perf_counter()
    words = [*level.words, *look_closer(engine, level.pixels, level.words, ink)]
    in_engine = level.seconds + time.perf_counter() - looked
    pairs = read_words(with_colours(level.pixels, words), marks, ink.at, limits.thresholds)
    seconds = time.perf_counter() - began
    readings, top = [], 0
    for reading, one in zip(empty, opened, strict=True):
        assert one.pixels is not None
        rows = len(one.pixels)
        share = rows / len(pixels)
        count = sum(top <= _place(level, word.box.middle, word.box.centre)[1] < top + rows for word in level.words)
        readings.append(
            replace(
                reading,
                state="read" if count else "nothing",
                seconds=round(reading.seconds + seconds * share, 3),
                engine_seconds=round(in_engine * share, 3),
                words=count,
                joined=[other.checksum for other in empty if other is not reading],
                pairs=[placed for pair in pairs if (placed := _in_part(pair, level, top, one)) is not None],
            )
        )
        top += rows
    return readings


def _reading(piece: _Piece, engine: Engine) -> PictureReading:
    picture, opened = piece.picture, piece.opened
    return PictureReading(
        name=picture.name,
        checksum=hashlib.sha256(picture.data).hexdigest(),
        state=opened.state,
        reason=opened.reason,
        width=opened.width,
        height=opened.height,
        engine=engine.name,
        seconds=round(piece.seconds, 3),
        engine_seconds=0.0,
        words=0,
        pairs=[],
        joined=[],
    )


def _in_part(pair: Pair, level: Levelled, top: int, opened: Opened) -> Pair | None:
    """*pair* with its place in one picture of a stack; None if its number stands in another one."""
    assert opened.pixels is not None and opened.width is not None and opened.height is not None
    x, y, width, height = pair.box
    corners = [_place(level, *corner) for corner in ((x, y), (x + width, y), (x, y + height), (x + width, y + height))]
    middle = sum(corner[1] for corner in corners) / 4
    if not top <= middle < top + len(opened.pixels):
        return None
    xs = [min(max(corner[0] * opened.shrunk, 0), opened.width) for corner in corners]
    ys = [min(max((corner[1] - top) * opened.shrunk, 0), opened.height) for corner in corners]
    box = (round(min(xs)), round(min(ys)), round(max(xs) - min(xs)), round(max(ys) - min(ys)))
    return replace(pair, box=box)


def _place(level: Levelled, x: float, y: float) -> tuple[float, float]:
    """Where a place of the levelled picture is in the stack."""
    across, along = level.back @ np.array([x, y, 1.0])
    return float(across), float(along)
