"""Which pictures are slices of one infographic: CNCERT cuts a long picture into several, sometimes through a row."""

from collections.abc import Sequence

import numpy as np

_ALIKE = 14.0
"""How different the rows on the two sides of a cut are on average, of 255."""
_MARGIN, _PLAIN_MARGIN = 0.06, 0.12
"""Empty space at a cut, in widths: more is the margin of a picture of its own. It may be more where the background goes
on.
"""
_INK = 40
_STROKES = 4
"""Outlines in a row that holds a piece of a letter."""
_TALLEST = 12_000
"""Rows of a stack."""


def is_next_slice(stack: Sequence[np.ndarray], pixels: np.ndarray) -> bool:
    """Whether *pixels* are the next slice of the infographic that *stack* is the beginning of."""
    upper = stack[-1]
    if upper.shape[1] != pixels.shape[1] or sum(map(len, stack)) + len(pixels) > _TALLEST:
        return False
    above, below = upper[-1].astype(np.int16), pixels[0].astype(np.int16)
    is_plain = float(np.abs(above - below).mean()) <= _ALIKE
    space = (_PLAIN_MARGIN if is_plain else _MARGIN) * upper.shape[1]
    return bool(_margin(upper[::-1]) + _margin(pixels) <= space)


def _margin(pixels: np.ndarray) -> int:
    """Rows before the first that holds ink."""
    part = pixels[: int(_PLAIN_MARGIN * pixels.shape[1]) + 2].astype(np.int16)
    edges = (np.abs(np.diff(part, axis=1)).max(axis=2) > _INK).sum(axis=1)
    least = int(edges.min())  # frames and panels reach to the cut: what counts is what is not in every row
    ink = np.flatnonzero(edges > least + _STROKES)
    return 0 if least > _STROKES * 2 else int(ink[0]) if ink.size else len(part)
