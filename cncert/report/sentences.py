"""The sentences of the report: in the form that is compared with labels, and in the one that is quoted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cncert.report.metrics import fold
from cncert.report.sections import Part
from cncert.wechat.text import tidy

_END = "。！？!?"
_SENTENCE = re.compile(rf"[^{_END}]+[{_END}]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: folded for comparing; its pieces, each from one line, with the place in ``text`` where it ends."""

    text: str
    pieces: tuple[tuple[int, str], ...]
    section: str | None

    def printed(self, start: int, end: int) -> str:
        """The pieces that hold the characters ``start:end`` of ``text``, as printed."""
        begin, held = 0, []
        for finish, piece in self.pieces:
            if begin < end and start < finish:
                held.append(piece)
            begin = finish
        return "".join(held)


def sentences(part: Part) -> Iterator[Sentence]:
    """The sentences of *part*. One that its line leaves unfinished goes on in the next line."""
    text, pieces = "", []
    for line in part.lines:
        for match in _SENTENCE.finditer(line.text):
            text += fold(match[0])
            pieces.append((len(text), tidy(match[0])))
            if match[0][-1] in _END:
                yield Sentence(text, tuple(pieces), part.heading)
                text, pieces = "", []
    if text:
        yield Sentence(text, tuple(pieces), part.heading)
