"""Sentences in a picture: their lines put together and read as the report's text is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cncert.infographics.labels.words_and_marks import Word
from cncert.items import Figure
from cncert.report.metrics import fold
from cncert.report.sections import Part
from cncert.report.text_figures import read_figures
from cncert.wechat.body import Line

_STOPS = re.compile(r"[。；;！!]|[，,](?![0-9])")
_LEAST = 12
"""Characters of a sentence."""
_LINE_GAP = 1.8
"""Between two lines at most, in line heights."""
_INDENT, _LONGER = 2.6, 6.0
"""By how many heights the first line may begin later than the second one, and end before it."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of running text."""

    lines: tuple[Word, ...]

    @property
    def text(self) -> str:
        """As printed, without line ends."""
        return "".join(line.text for line in self.lines)

    @property
    def scores(self) -> tuple[float, ...]:
        """Of all characters."""
        return tuple(score for line in self.lines for score in line.scores)

    @property
    def agreed(self) -> bool:
        """Whether all passes read all lines so."""
        return all(line.agreed for line in self.lines)

    def part(self, start: int, end: int) -> Word:
        """The characters ``start:end``, at the place where they begin."""
        word = Word(self.text[start:end], self.lines[0].box, self.scores[start:end], (), self.agreed)
        for line in self.lines:
            if start < len(line.text):
                return replace(word, box=line.part(start, min(end, len(line.text))).box)
            start, end = start - len(line.text), end - len(line.text)
        return word


def find_paragraphs(words: Sequence[Word]) -> tuple[list[Word], list[Paragraph]]:
    """*words* that are no running text, and the paragraphs that the others make."""
    rows = sorted(words, key=lambda word: (word.box.y, word.box.x))
    taken: set[int] = set()
    paragraphs = []
    for word in rows:
        chinese = sum(character > "\u2e7f" for character in word.text)
        if id(word) in taken or len(word.text) < 6 or chinese < 4:
            continue
        lines = [word]
        while (following := _next_line(lines, rows, taken)) is not None:
            lines.append(following)
        text = "".join(line.text for line in lines)
        if _STOPS.search(text) and any(character.isdigit() for character in text) and len(fold(text)) >= _LEAST:
            paragraphs.append(Paragraph(tuple(lines)))
            taken.update(map(id, lines))
    return [word for word in words if id(word) not in taken], paragraphs


def _next_line(lines: Sequence[Word], rows: Sequence[Word], taken: set[int]) -> Word | None:
    """The line that goes on below *lines*, if their last one is full."""
    last = lines[-1]
    height = last.box.height
    if re.search(r"[。！!]\s*$", last.text):
        return None
    right = max(line.box.right for line in lines)
    if last.box.right < right - 2 * height:
        return None

    def goes_on(word: Word) -> bool:
        gap = word.box.y - last.box.bottom
        indent = last.box.x - word.box.x
        return (
            id(word) not in taken
            and word not in lines
            and -0.4 * height < gap < _LINE_GAP * height
            and 0.75 < word.box.height / max(height, 1) < 1.33
            and (abs(indent) < 0.8 * height or (len(lines) == 1 and 0 < indent < _INDENT * height))
            and word.box.right <= right + _LONGER * height
        )

    return next((word for word in rows if goes_on(word)), None)


def label_before(text: str, start: int) -> str:
    """The clause that ends where a number begins, without the words that lead to the number."""
    clause = re.split(r"[，。；：、,;:（）()！!]", text[:start])[-1]
    return re.sub(r"(?:为|达到|达|是|有|共|数?量?约|大约|近|超过?|逾)*$", "", clause).strip()


def figures_of(paragraphs: Sequence[Paragraph]) -> Iterator[tuple[Paragraph, Figure]]:
    """Return the figures that *paragraphs* state."""
    for paragraph in paragraphs:
        for figure in read_figures([Part(None, (Line(paragraph.text),), (0,))]).figures:
            if figure.start is not None and figure.end is not None and not isinstance(figure.value, str):
                yield paragraph, figure
