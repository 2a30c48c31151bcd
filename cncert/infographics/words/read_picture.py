"""Pictures of an issue -> what they state."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from cncert.infographics.labels.read_labelled_numbers import DEFAULT, Limits, read_labelled_numbers
from cncert.infographics.words.cut_pictures import is_next_slice
from cncert.infographics.words.enlarged_numbers import find_missed_units
from cncert.infographics.words.ocr_engine import Engine
from cncert.infographics.words.open_image import OpenedPicture, open_picture
from cncert.infographics.words.text_colours import with_colours
from cncert.infographics.words.triangles_and_arrows import find_marks
from cncert.infographics.words.two_passes import LevelPicture, read_twice
from cncert.infographics.words.unread_areas import UnreadInk
from cncert.store.picture_readings import LabelledNumber, PictureReading


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as it was downloaded."""

    name: str
    """For people: the file's name, or the picture's key."""
    data: bytes
    fault: OpenedPicture | None = None
    """Why the file holds no picture, where that is known without opening it."""

    @property
    def checksum(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.data).hexdigest()


def read_pictures(
    pictures: Iterable[PictureFile], engine: Engine, limits: Limits = DEFAULT
) -> Iterator[tuple[PictureFile, PictureReading]]:
    """Read *pictures*, those of one issue in their order; yields each with its reading, as soon as that is there.

    No picture raises anything. At most one is opened ahead.
    """
    stack: list[_Piece] = []
    for picture in pictures:
        began = time.perf_counter()
        opened = picture.fault or open_picture(picture.data)
        piece = _Piece(picture, opened, time.perf_counter() - began)
        before = [one.opened.pixels for one in stack if one.opened.pixels is not None]
        if stack and not (before and opened.pixels is not None and is_next_slice(before, opened.pixels)):
            yield from _read_stack(stack, engine, limits)
            stack = []
        stack.append(piece)
    if stack:
        yield from _read_stack(stack, engine, limits)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A picture that was opened, which took *seconds*."""

    picture: PictureFile
    opened: OpenedPicture
    seconds: float


def _read_stack(
    stack: Sequence[_Piece], engine: Engine, limits: Limits
) -> Iterator[tuple[PictureFile, PictureReading]]:
    parts = [piece.opened.pixels for piece in stack if piece.opened.pixels is not None]
    if not parts:
        yield from ((piece.picture, _reading(piece, engine, limits)) for piece in stack)
        return
    began = time.perf_counter()
    pixels = np.concatenate(parts) if len(parts) > 1 else parts[0]
    level = read_twice(engine, pixels)
    marks = find_marks(level.pixels, level.words)
    ink = UnreadInk(level.pixels, level.words, marks)
    looked = time.perf_counter()
    words = [*level.words, *find_missed_units(engine, level.pixels, level.words, ink)]
    in_engine = level.seconds + time.perf_counter() - looked
    pairs = read_labelled_numbers(with_colours(level.pixels, words), marks, ink.has_ink, limits)
    seconds = time.perf_counter() - began
    checksums = [piece.picture.checksum for piece in stack] if len(stack) > 1 else []
    top = 0
    for n, (piece, part) in enumerate(zip(stack, parts, strict=True)):
        rows = len(part)
        share = rows / len(pixels)
        count = sum(top <= _place(level, word.box.middle, word.box.centre)[1] < top + rows for word in level.words)
        reading = _reading(
            piece,
            engine,
            limits,
            state="read" if count else "nothing",
            seconds=round(piece.seconds + seconds * share, 3),
            engine_seconds=round(in_engine * share, 3),
            words=count,
            joined=[*checksums[:n], *checksums[n + 1 :]],
            pairs=[placed for pair in pairs if (placed := _in_part(pair, level, top, piece.opened)) is not None],
        )
        yield piece.picture, reading
        top += rows


def _reading(piece: _Piece, engine: Engine, limits: Limits, **found: Any) -> PictureReading:
    """A reading of *piece* with what was *found* in it."""
    opened = piece.opened
    facts: dict[str, Any] = {
        "state": opened.state,
        "reason": opened.reason,
        "width": opened.width,
        "height": opened.height,
        "engine": engine.name,
        "rules": limits.rules,
        "read_at": datetime.now(UTC),
        "seconds": round(piece.seconds, 3),
    }
    return PictureReading(**facts | found)


def _in_part(pair: LabelledNumber, level: LevelPicture, top: int, opened: OpenedPicture) -> LabelledNumber | None:
    """*pair* with its place in one picture of a stack; None if its number stands in another one."""
    assert opened.pixels is not None and opened.width is not None and opened.height is not None
    x, y, width, height = pair.box
    corners = [_place(level, *corner) for corner in ((x, y), (x + width, y), (x, y + height), (x + width, y + height))]
    middle = sum(corner[1] for corner in corners) / 4
    if not top <= middle < top + len(opened.pixels):
        return None
    xs = [min(max(corner[0] * opened.shrunk, 0), opened.width) for corner in corners]
    ys = [min(max((corner[1] - top) * opened.shrunk, 0), opened.height) for corner in corners]
    box = [round(min(xs)), round(min(ys)), round(max(xs) - min(xs)), round(max(ys) - min(ys))]
    return LabelledNumber.model_validate(dict(pair) | {"box": box})  # they were built unchecked


def _place(level: LevelPicture, x: float, y: float) -> tuple[float, float]:
    """Where a place of the levelled picture is in the stack."""
    across, along = level.back @ np.array([x, y, 1.0])
    return float(across), float(along)
