"""Labels: their lines joined, their pieces put together, and the metrics that they name.

The wordings are ``pictures`` and ``pictures_below`` of data/metric_labels.toml.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, islice

from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.words_and_marks import Rectangle, surround
from cncert.report.label_context import without_asides
from cncert.report.metrics import definitions, fold
from cncert.report.numbers import UNITS

_LONGEST = 40
"""Characters of a label."""
_UNIT = re.compile(rf"\((?:单位:?)?(?P<scale>[万亿])?(?P<unit>[{UNITS}]|[^\W0-9]类)?(?:/周)?\)")
MOST_LINES = 4
"""Pieces that a label is looked for in."""
MOST_FOLLOWING = 4
"""Pieces that may come next."""
_LINE_GAP = 0.9
"""Between two lines of a label at most, in line heights."""
_CLOSE = 0.4
"""Between two lines of a label that is not known."""
_WORD_GAP = 1.2


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """What a label names: ``metric``, some of them only ``below`` another one."""

    metric: str
    below: str | None


@dataclass(frozen=True, slots=True)
class _Form:
    label: MetricLabel
    needed: tuple[tuple[str, ...], ...]
    """One of each must stand in the label."""
    whole: re.Pattern[str]
    """All that may stand there."""

    def fits(self, text: str) -> bool:
        return all(any(word in text for word in words) for words in self.needed) and bool(self.whole.fullmatch(text))


def scale_of(label: str) -> str | None:
    """万 or 亿, if the folded *label* names such a unit in brackets: 感染主机数量(万台)."""
    return next((match["scale"] for match in _UNIT.finditer(label) if match["scale"]), None)


@lru_cache(maxsize=4096)
def metrics_of_label(label: str) -> tuple[MetricLabel, ...]:
    """The metrics that the folded *label* may name: none, one, or several that need different places."""
    if len(label) > _LONGEST:
        return ()
    text = without_asides(_UNIT.sub("", label)).strip("()")
    fits = [form.label for form in _forms() if form.fits(text)]
    alone = {fit for fit in fits if fit.below is None}
    if len(alone) > 1:
        return ()
    return tuple(alone) or tuple(dict.fromkeys(fits))


@cache
def _forms() -> tuple[_Form, ...]:
    """All labels that are known."""
    forms = []
    for entry in definitions()["metric"]:
        below = entry.get("pictures_below", {"metric": None, "labels": []})
        for labels, under in ((entry.get("pictures", []), None), (below["labels"], below["metric"])):
            for words in labels:
                needed, _, optional = words.partition("[")
                groups = tuple(tuple(map(fold, group.split("|"))) for group in needed.split())
                others = map(fold, (*optional.rstrip("]").split(), *definitions()["picture_words"]))
                known = sorted({*others, *(word for group in groups for word in group)}, key=len, reverse=True)
                whole = re.compile(f"(?:{'|'.join(map(re.escape, known))})+")
                forms.append(_Form(MetricLabel(entry["name"], under), groups, whole))
    return tuple(forms)


@dataclass(frozen=True, slots=True, eq=False)
class Caption:
    """A label, perhaps of several lines."""

    tokens: tuple[Token, ...]
    names: tuple[MetricLabel, ...]

    @property
    def text(self) -> str:
        """Folded."""
        return "".join(token.text for token in self.tokens)

    @property
    def printed(self) -> str:
        """As printed, without line ends."""
        return "".join(token.printed for token in self.tokens)

    @property
    def box(self) -> Rectangle:
        """All its lines."""
        return surround(token.box for token in self.tokens)

    @property
    def line(self) -> float:
        """The height of a line."""
        return max(token.line for token in self.tokens)


def find_labels(tokens: Sequence[Token]) -> list[Caption]:
    """The labels among *tokens*: lines are joined only where that makes a known label."""
    alone = Counter(token.word for token in tokens)
    dates = [token for token in tokens if token.kind == "date" and alone[token.word] == 1]  # under a line of a chart
    labels = [token for token in tokens if token.kind == "label"]
    running = [token for token in labels if token.is_running]
    labels = [token for token in labels if not token.is_running]
    numbers = [token for token in tokens if token.kind == "number"]
    joined: list[Caption] = []
    taken: set[int] = set()

    def length(pieces: tuple[Token, ...]) -> int:
        return sum(len(piece.text) for piece in pieces)

    # The longest join first: 其中被篡改|政府网站 before 政府网站.
    for pieces in sorted(chain.from_iterable(_joins(token, labels) for token in labels), key=length, reverse=True):
        if _are_several(pieces, numbers):
            continue
        if taken.isdisjoint(map(id, pieces)) and (names := metrics_of_label("".join(piece.text for piece in pieces))):
            joined.append(Caption(pieces, names))
            taken.update(map(id, pieces))
    joined += [Caption((token,), metrics_of_label(token.text)) for token in running]
    joined += _unknown([token for token in labels if id(token) not in taken], numbers, taken)
    return joined + [Caption((token,), ()) for token in (*labels, *dates) if id(token) not in taken]


def _unknown(labels: list[Token], numbers: list[Token], taken: set[int]) -> list[Caption]:
    """The lines of labels that are not known, where they stand close."""
    captions = []
    for first in sorted(labels, key=lambda token: token.box.y):
        lines = [first]
        while id(first) not in taken and len(lines) < MOST_LINES:
            following = [
                token
                for token in labels
                if id(token) not in taken
                and token not in lines
                and goes_on_below(lines[-1], token)
                and token.box.y - lines[-1].box.bottom < _CLOSE * token.line
                and not _have_rows((*lines, token), numbers)
            ]
            if len(following) != 1:
                break
            lines += following
        if len(lines) > 1:
            captions.append(Caption(tuple(lines), ()))
            taken.update(map(id, lines))
    return captions


def _have_rows(pieces: tuple[Token, ...], numbers: list[Token]) -> bool:
    """Whether each of *pieces* has a number of its own beside it."""
    beside = [{n for n, number in enumerate(numbers) if number.box.shared_height(piece.box) > 0.5} for piece in pieces]
    return all(beside) and not set.intersection(*beside)


def _are_several(pieces: tuple[Token, ...], numbers: list[Token]) -> bool:
    """Whether *pieces* are labels each for itself: rows of a table, of which the lower one is a part of the upper."""
    labels = [(piece, names) for piece in pieces if (names := metrics_of_label(piece.text))]
    if len(labels) < 2:
        return False
    if sum(any(name.below is None for name in names) for _, names in labels) > 1:
        return True
    return _have_rows(tuple(piece for piece, _ in labels), numbers)


def _joins(first: Token, labels: list[Token]) -> list[tuple[Token, ...]]:
    """*first* with the pieces that may follow it, in all lengths."""
    found: list[tuple[Token, ...]] = [(first,)]
    grown = list(found)
    for _ in range(MOST_LINES - 1):
        grown = [(*pieces, token) for pieces in grown for token in _following(pieces, labels)]
        found += grown
    return found


def _following(pieces: tuple[Token, ...], labels: list[Token]) -> Iterator[Token]:
    last = pieces[-1]
    last_line = [piece for piece in pieces if piece.box.shared_height(last.box) > 0.5]
    following = (
        token
        for token in labels
        if token not in pieces
        and (goes_on_beside(last, token) or any(goes_on_below(piece, token) for piece in last_line))
    )
    return islice(following, MOST_FOLLOWING)


def goes_on_below(upper: Token, lower: Token) -> bool:
    """Whether *lower* stands where the next line of *upper* would."""
    height = max(upper.line, lower.line)
    gap = lower.box.y - upper.box.bottom
    aligned = min(abs(upper.box.x - lower.box.x), abs(upper.box.middle - lower.box.middle)) < 0.7 * height
    return aligned and alike(upper, lower) and -0.4 * height < gap < _LINE_GAP * height


def goes_on_beside(left: Token, right: Token) -> bool:
    """Whether *right* stands where the next word of *left* would."""
    height = max(left.line, right.line)
    gap = right.box.x - left.box.right
    return left.box.shared_height(right.box) > 0.6 and alike(left, right) and -0.5 * height < gap < _WORD_GAP * height


def alike(one: Token, other: Token) -> bool:
    """Whether both are level and printed in one size."""
    if one.line < one.box.height or other.line < other.box.height:
        return False
    return 0.72 < one.box.height / max(other.box.height, 1) < 1.39
