"""Splits the report into sentences, each in the form that is compared with labels and in the one that is quoted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from cncert.report.metrics import fold
from cncert.report.sections import Part
from cncert.wechat.text import tidy

_END = "。！？!?"
MAX_NUMBERS_IN_SENTENCE = 100
"""Numbers of a sentence that are looked at; no sentence of the report has a tenth of them."""
_MAX_SENTENCE_CHARACTERS = 2000
"""Far more than any sentence has: a text without full stops is cut there, or one evidence would be the whole text."""
# The ? of an address ends no sentence.
_SENTENCE = re.compile(rf"(?:[^{_END}]|[!?](?=[0-9A-Za-z])){{1,{_MAX_SENTENCE_CHARACTERS}}}[{_END}]{{0,5}}|[{_END}]+")


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    """Return the number of characters that one becomes when it is folded."""
    return len(fold(character))


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a sentence that stands on one line."""

    printed: str
    place: int
    """Where it begins in the text of the issue."""
    end: int
    """Where it ends in the folded sentence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, folded for comparing, and its pieces as printed."""

    text: str
    pieces: tuple[Piece, ...]
    section: str | None

    def printed(self, start: int, end: int) -> str:
        """Return the pieces that hold the characters ``start:end`` of ``text``, as printed."""
        begin, printed = 0, []
        for piece in self.pieces:
            if begin < end and start < piece.end:
                printed.append(tidy(piece.printed))
            begin = piece.end
        return "".join(printed)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where the characters ``start:end`` of ``text`` stand in the text of the issue."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, index: int) -> int:
        begin = 0
        for piece in self.pieces:
            if index < piece.end:
                widths = accumulate(map(_width, piece.printed))
                return piece.place + next(n for n, width in enumerate(widths) if index - begin < width)
            begin = piece.end
        raise IndexError(f"the sentence has no character {index}")


Span = tuple[Sentence, int, int]
"""A sentence, and the characters ``start:end`` of its folded text."""


def split_sentences(part: Part) -> Iterator[Sentence]:
    """Yield the sentences of *part*. One that its line leaves unfinished goes on in the next line."""
    text: list[str] = []
    length = 0
    pieces: list[Piece] = []
    for line, place in zip(part.lines, part.places, strict=True):
        for match in _SENTENCE.finditer(line.text):
            text.append(fold(match[0]))
            length += len(text[-1])
            pieces.append(Piece(match[0], place + match.start(), length))
            if match[0][-1] in _END or length >= _MAX_SENTENCE_CHARACTERS:
                yield Sentence("".join(text), tuple(pieces), part.heading)
                text, length, pieces = [], 0, []
    if text:
        yield Sentence("".join(text), tuple(pieces), part.heading)
