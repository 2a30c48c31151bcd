"""Characters to runs: what stands close together on one base line, in whatever order the file has it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from statistics import median

from cncert.pdf.characters import Glyph, Rule
from cncert.pdf.normalise import UNREADABLE, is_wide, lowered, raised

_MAX_GAP = 1.0
"""Between two characters of a run, as all lengths here in sizes of the larger one."""
_MAX_BASE_SHIFT = 0.2
_MAX_RAISED = 0.62
_MIN_RAISED = 0.12
_SMALL = 0.82
"""A raised character is not larger than this."""
_MIN_SPACE = 0.18
_MIN_PRINTED_SPACE = 0.06
"""Where the file has a space."""
_MIN_WIDE_SPACE = 0.9
_TWICE_PRINTED = 0.1
"""The same character that close is printed twice to look bold."""
_ASCENT, _DESCENT = 0.8, 0.15


@dataclass(slots=True)
class Run:
    """Characters on one line, without a wide gap between them."""

    glyphs: list[Glyph]
    x0: float = 0.0
    x1: float = 0.0
    y: float = 0.0
    """The base line."""
    size: float = 0.0
    text: str = ""

    @property
    def top(self) -> float:
        """Where its characters begin."""
        return self.y - _ASCENT * self.size

    @property
    def bottom(self) -> float:
        """Where its characters end."""
        return self.y + _DESCENT * self.size

    @property
    def end(self) -> float:
        """Where it ends but for a punctuation mark, which may stand outside of a column."""
        last = self.glyphs[-1]
        return last.x0 if last.text in _HANGING else self.x1

    @property
    def is_raised(self) -> bool:
        """Whether it begins with a raised character, as a footnote does."""
        return self.text[:1] in _RAISED_DIGITS


_RAISED_DIGITS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDE_MARKS = "，。；：、！？）》”’」』】"
_HANGING = _WIDE_MARKS + ",.;:!?)"


def make_runs(glyphs: Iterable[Glyph], rules: Sequence[Rule] = ()) -> list[Run]:
    """Return the runs of *glyphs*; an upright one of *rules* ends a run."""
    open_runs: dict[int, list[_OpenRun]] = defaultdict(list)
    runs: list[_OpenRun] = []
    for glyph in sorted(glyphs, key=attrgetter("x0")):
        reach = _MAX_RAISED * glyph.size * 1.7
        first, last = int((glyph.y - reach) // 8), int((glyph.y + reach) // 8)
        best, best_distance = None, 1e9
        for row in range(first, last + 1):
            for run in open_runs[row]:
                if glyph.x0 - run.x1 > 2 * run.size and glyph.x0 - run.x1 > 2 * glyph.size:
                    continue  # the most, told without a call
                distance = run.distance(glyph)
                if distance is not None and distance < best_distance:
                    best, best_distance = run, distance
        if best is None:
            best = _OpenRun([], glyph.x1, glyph.y, glyph.size)
            runs.append(best)
            open_runs[int(glyph.y // 8)].append(best)
        elif glyph.size > best.size * 1.2:  # it began with a raised character
            open_runs[int(best.y // 8)].remove(best)
            best.y, best.size = glyph.y, glyph.size
            open_runs[int(best.y // 8)].append(best)
        best.glyphs.append(glyph)
        if glyph.x1 > best.x1:
            best.x1 = glyph.x1
    upright = [rule for rule in rules if not rule.is_level]
    made = [_finished(part) for run in runs for part in _cut(run.glyphs, run.y, run.size, upright)]
    return [run for run in made if run.text]


@dataclass(slots=True)
class _OpenRun:
    """A run that goes on to the right."""

    glyphs: list[Glyph] = field(default_factory=list)
    x1: float = 0.0
    y: float = 0.0
    size: float = 0.0

    def distance(self, glyph: Glyph) -> float | None:
        """Return how far *glyph* is from where the run goes on; None if it is no part of the run."""
        size = max(self.size, glyph.size)
        # A full-width mark is blank in its right half, and may hang over the edge of a column.
        blank = 0.5 * size if self.glyphs and self.glyphs[-1].text in _WIDE_MARKS else 0.0
        gap = (glyph.x0 - self.x1 + blank) / size
        if not -0.7 <= gap <= _MAX_GAP:
            return None
        shift = abs(glyph.y - self.y) / size
        if shift > _MAX_BASE_SHIFT:
            small, large = (glyph, self) if glyph.size < self.size else (self, glyph)
            height = (large.y - small.y) / size
            if small.size > _SMALL * size or not -0.3 <= height <= _MAX_RAISED or gap - blank / size > 0.5:
                return None
        return shift * 3 + abs(gap)


def _cut(glyphs: list[Glyph], y: float, size: float, upright: Sequence[Rule]) -> list[list[Glyph]]:
    """Return *glyphs* in parts: what stands on two sides of an upright rule does not belong together."""
    middle = y - 0.3 * size
    cuts = sorted(
        (rule.x0 + rule.x1) / 2
        for rule in upright
        if rule.y0 <= middle <= rule.y1 and glyphs[0].x0 < (rule.x0 + rule.x1) / 2 < glyphs[-1].x1
    )
    if not cuts:
        return [glyphs]
    parts: list[list[Glyph]] = [[] for _ in range(len(cuts) + 1)]
    for glyph in glyphs:
        centre = (glyph.x0 + glyph.x1) / 2
        parts[sum(cut < centre for cut in cuts)].append(glyph)
    return [part for part in parts if part]


def _finished(glyphs: list[Glyph]) -> Run:
    widths: dict[float, float] = defaultdict(float)
    for glyph in glyphs:
        widths[round(glyph.size, 1)] += glyph.x1 - glyph.x0
    largest = max(widths)
    # A long footnote mark does not make the word beside it a lowered one.
    size = max(widths, key=lambda size: widths[size] if size > _SMALL * largest else widths[size] / 4)
    y = median(glyph.y for glyph in glyphs if abs(glyph.size - size) <= 0.1 * size)
    run = Run(glyphs, min(glyph.x0 for glyph in glyphs), max(glyph.x1 for glyph in glyphs), y, size)
    run.text = _text(run)
    return run


def _text(run: Run) -> str:
    """Return the characters of *run* with the spaces that are meant as such."""
    pieces: list[str] = []
    last: Glyph | None = None
    tracking = _tracking(run)
    for glyph in run.glyphs:
        text, height = glyph.text, (run.y - glyph.y) / run.size
        if last is not None:
            if text == last.text and glyph.x0 - last.x0 < _TWICE_PRINTED * run.size and abs(glyph.y - last.y) < 1:
                continue
            gap = (glyph.x0 - last.x1) / run.size
            wide = is_wide(text) or is_wide(last.text)
            least = _MIN_WIDE_SPACE if wide else _MIN_PRINTED_SPACE if glyph.after_space else _MIN_SPACE
            if gap > (least if wide else least + tracking):
                pieces.append(" ")
        is_small = glyph.size <= _SMALL * run.size
        if (is_small and abs(height) >= _MIN_RAISED) or height > 2 * _MIN_RAISED:
            text = raised(text) if height > 0 else lowered(text)
        pieces.append(text)
        last = glyph
    return "".join(_without_broken_numbers("".join(pieces))).strip()


def _tracking(run: Run) -> float:
    """Return the space that is put between all letters of *run*."""
    gaps = []
    for glyph, following in pairwise(run.glyphs):
        if not is_wide(glyph.text) and not is_wide(following.text):
            gaps.append((following.x0 - glyph.x1) / run.size)
    return max(0.0, median(gaps)) if len(gaps) > 2 else 0.0


def _without_broken_numbers(text: str) -> str:
    """Return *text* in which no part of a number stands beside a character that could not be read."""
    if UNREADABLE not in text:
        return text
    characters = list(text)
    for step in (1, -1):
        unknown = False
        for place in range(len(characters))[::step]:
            character = characters[place]
            if unknown and (character.isdigit() or character in ".,，%万亿"):
                characters[place] = UNREADABLE
            else:
                unknown = character == UNREADABLE
    return "".join(characters)


def rows_of(runs: Iterable[Run]) -> list[list[Run]]:
    """Return *runs* in rows, from above: what overlaps in height by a quarter of its size is in one row."""
    rows: list[list[Run]] = []
    bottom = -1e9
    for run in sorted(runs, key=lambda run: (run.top, run.x0)):
        if rows and bottom - run.top > 0.25 * min(run.size, rows[-1][-1].size):
            rows[-1].append(run)
            bottom = max(bottom, run.bottom)
        else:
            rows.append([run])
            bottom = run.bottom
    return [sorted(row, key=lambda run: run.x0) for row in rows]


def joined(left: str, right: str) -> str:
    """Return two pieces of a text that goes on: Chinese without a space, words with one."""
    if not left or not right:
        return left or right
    before, after = left[-1], right[0]
    if is_wide(before) or is_wide(after) or before in "-/_@" or after in "-/_@.,;:!?%)" or after in _RAISED_DIGITS:
        return left + right
    if before.isdigit() and after.isdigit():
        return left + right
    return f"{left} {right}"
