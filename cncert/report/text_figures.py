"""Reads the rating, the figures and the rankings that the text of a report states.

``data/metric_labels.toml`` lists the metrics and their labels. Every number of the text is compared with them, together
with the words on both sides; without a label a number is no figure: the number of a picture, a date, an issue, an
address, a CVE.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import TypeVar, cast

from cncert.items import Figure, Level, Qualifier, Ranking, Rating, Share
from cncert.report.label_context import CONTEXT_CHARACTERS, of_other_time
from cncert.report.metric_of_number import NamedNumber, name_number
from cncert.report.metrics import PartForm, part_forms, word_forms
from cncert.report.numbers import COUNT, DIGITS, LARGEST_NUMBER, Number, read_number, strip_qualifier_before
from cncert.report.rankings import read_rankings
from cncert.report.sections import NO_FIGURES, Part
from cncert.report.sentences import MAX_NUMBERS_IN_SENTENCE, Sentence, Span, split_sentences
from cncert.report.shares_and_changes import NO_CLAUSES, Clauses, read_clauses
from cncert.report.typos import typos_at_end, typos_at_start
from cncert.report.unread_numbers import find_unread_numbers

T = TypeVar("T", int, float)

_CONFIDENCE_WITH_TYPO = 0.9
"""Confidence of a figure whose label has a typo."""
_MAX_EXCESS = 1.1
"""超700起 may be 731, not 900."""
_PERCENTAGE = re.compile(rf"(?<![0-9.])(?P<number>{DIGITS})(?=%)")


@dataclass(frozen=True, slots=True)
class TextFigures:
    """What a text states; figures in the order of the text."""

    rating: Rating | None
    figures: list[Figure]
    rankings: list[Ranking]
    unread: list[str]
    """Sentences with a number that was not read."""
    conflicts: dict[str, list[str]]
    """The values of each metric (or ``rating``) that is stated with different values. None of them is taken."""
    ambiguous: list[tuple[str, list[str]]]
    """Sentences with a number that could be of several metrics, and these metrics. None is taken."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """A value found: its metric, the typos of its label, its place in the sentence."""

    metric: str
    unit: str | None
    value: Number | str
    typos: int
    sentence: Sentence
    start: int
    end: int
    label_start: int
    qualifier: Qualifier | None
    clauses: Clauses

    @property
    def details(self) -> int:
        """How many facts are stated beside the value."""
        return sum(fact is not None for fact in (self.clauses.share_pct, self.clauses.change_pct, self.clauses.change))

    @property
    def span(self) -> Span:
        """The sentence, and which part of it is read."""
        return self.sentence, self.start, max(self.end, self.clauses.end)

    @property
    def evidence(self) -> str:
        """The sentence as printed."""
        return self.sentence.printed(self.label_start, max(self.end, self.clauses.end))

    def agrees(self, other: "_Hit") -> bool:
        """Whether both state the same value, one of them less exactly."""
        value, other_value = self.value, other.value
        if isinstance(value, str) or isinstance(other_value, str):
            return value == other_value
        if value.value > other_value.value:
            return other.agrees(self)
        if self.qualifier in ("超", "以上") and other_value.value <= value.value * _MAX_EXCESS:
            return True
        rounded = value.rounded() if self.qualifier else value
        return rounded.agrees(other_value.rounded() if other.qualifier else other_value)


def read_figures(parts: Iterable[Part]) -> TextFigures:
    """Return what *parts* state: a value stated twice is one figure, two different values are none."""
    # The list of earlier issues and the news may speak of other figures.
    text = list(chain.from_iterable(split_sentences(part) for part in parts if part.heading not in NO_FIGURES))
    all_hits: dict[str, list[_Hit]] = defaultdict(list)
    shares: dict[str, list[tuple[Share, Span]]] = defaultdict(list)
    rankings: list[tuple[Ranking, Span]] = []
    ambiguous: list[tuple[list[str], Span]] = []
    for sentence in text:
        for number in islice(COUNT.finditer(sentence.text), MAX_NUMBERS_IN_SENTENCE):
            fits = name_number(sentence.text, *number.span())
            if len(fits) > 1:
                ambiguous.append((sorted(named.form.metric for named in fits), (sentence, *number.span())))
            elif fits and (hit := _number_hit(sentence, number, fits[0])):
                all_hits[hit.metric].append(hit)
        for hit in _word_hits(sentence):
            all_hits[hit.metric].append(hit)
        for form, share, span in _shares(sentence):
            shares[form.metric].append((share, span))
        rankings += read_rankings(sentence)
    hits = {}
    for metric, found in all_hits.items():
        # Where hits contradict each other, those whose label has a typo do not count beside one without.
        exact = [hit for hit in found if not hit.typos]
        hits[metric] = exact if exact and _conflict(found) else found
    conflicts = {metric: values for metric, found in hits.items() if (values := _conflict(found))}
    spans = [hit.span for found in hits.values() for hit in found]
    spans += [span for metric in hits for _, span in shares[metric]]
    spans += [span for _, span in (*rankings, *ambiguous)]
    figures = [
        _figure(found, [share for share, _ in shares[metric]])
        for metric, found in hits.items()
        if metric not in conflicts and metric != "rating"
    ]
    rating = None if "rating" in conflicts or "rating" not in hits else hits["rating"][0].value
    return TextFigures(
        rating=cast("Rating | None", rating),
        figures=sorted(figures, key=lambda figure: figure.start or 0),
        rankings=[ranking for ranking, _ in rankings],
        unread=find_unread_numbers(text, spans, {figure.value for figure in figures}),
        conflicts=conflicts,
        ambiguous=[(sentence.printed(start, end), names) for names, (sentence, start, end) in ambiguous],
    )


def _number_hit(sentence: Sentence, number: re.Match[str], named: NamedNumber) -> _Hit | None:
    """Return what *sentence* states at *number*; None if that is too large for a figure."""
    start, end = number.span()
    value = read_number(number["digits"], number["scale"])
    if value.value > LARGEST_NUMBER:
        return None
    return _Hit(
        metric=named.form.metric,
        unit=named.form.unit,
        value=value,
        typos=named.typos,
        sentence=sentence,
        start=start,
        end=end,
        label_start=max(start - len(named.form.left), 0),
        qualifier=named.qualifier or ("超" if number["more"] else None),
        clauses=read_clauses(sentence.text, end, named.form.unit),
    )


@cache
def _word_patterns() -> dict[str, re.Pattern[str]]:
    """Return the pattern of each set of words: one of them, perhaps doubled, that is not part of a longer word."""
    return {
        # Not 中国, 优于, 优良, 不良, 良性循环.
        words: re.compile(rf"(?<![不非欠{words}])([{words}])\1?(?=[\W_]|$|级|我国|本周|较上周|与上周)")
        for words in {form.words for form in word_forms()}
    }


def _word_hits(sentence: Sentence) -> Iterator[_Hit]:
    """Yield the ratings of *sentence*: words behind one of their labels."""
    if "评价" not in sentence.text and "整体" not in sentence.text:
        return
    for words, pattern in _word_patterns().items():
        for match in pattern.finditer(sentence.text):
            before = sentence.text[max(match.start() - CONTEXT_CHARACTERS, 0) : match.start()].rstrip(
                "\"'“”‘’「」『』《》"
            )
            if of_other_time(sentence.text[: match.start()]):
                continue
            fits = [
                (typos, form)
                for form in word_forms()
                if form.words == words and (typos := typos_at_end(before, form.label)) < 2
            ]
            if not fits:
                continue
            typos, form = min(fits, key=lambda fit: fit[0])
            start, end = match.span(1)
            yield _Hit(
                metric=form.metric,
                unit=None,
                value=match[1],
                typos=typos,
                sentence=sentence,
                start=start,
                end=end,
                label_start=max(start - len(form.label), 0),
                qualifier=None,
                clauses=NO_CLAUSES,
            )


def _shares(sentence: Sentence) -> Iterator[tuple[PartForm, Share, Span]]:
    """Yield the named shares that *sentence* states."""
    if "%" not in sentence.text:
        return
    for match in islice(_PERCENTAGE.finditer(sentence.text), MAX_NUMBERS_IN_SENTENCE):
        before, _ = strip_qualifier_before(sentence.text[max(match.start() - CONTEXT_CHARACTERS, 0) : match.start()])
        after = sentence.text[match.end() : match.end() + CONTEXT_CHARACTERS]
        share = float(match["number"].replace(",", ""))
        if share > 100 or of_other_time(sentence.text[: match.start()]):
            continue
        fits = [(typos_at_end(before, form.left) + typos_at_start(after, form.right), form) for form in part_forms()]
        typos, form = min(fits, key=lambda fit: fit[0])
        if typos == 0 or [fit[0] for fit in fits].count(1) == 1:
            yield form, Share.model_construct(name=form.name, share_pct=share), (sentence, *match.span())


def _conflict(hits: list[_Hit]) -> list[str]:
    """Return the values that contradict each other; empty if none do."""
    hits = list({(hit.value, hit.qualifier): hit for hit in hits}.values())
    if all(hit.agrees(other) for hit in hits for other in hits):
        return []
    return list(dict.fromkeys(str(hit.value.value if isinstance(hit.value, Number) else hit.value) for hit in hits))


def _figure(hits: list[_Hit], shares: list[Share]) -> Figure:
    """Return the figure of *hits*, which state one value: the most exact of them, with the details of all."""
    hit = min(hits, key=lambda hit: (_rounding_step(hit), -hit.details))
    richest = max(hits, key=lambda other: (other.details, other is hit))
    start, end = hit.sentence.place(hit.start, hit.end)
    return Figure.model_construct(
        metric=hit.metric,
        value=hit.value.value if isinstance(hit.value, Number) else cast("Level", hit.value),
        unit=hit.unit,
        qualifier=hit.qualifier,
        change_pct=_agreed_value(hit.clauses.change_pct for hit in hits),
        change=_agreed_value(hit.clauses.change for hit in hits),
        share_pct=_agreed_value(hit.clauses.share_pct for hit in hits),
        parts=list({share.name: share for share in shares}.values()),
        section=hit.sentence.section,
        evidence=hit.evidence if richest.details == hit.details else f"{hit.evidence}\n{richest.evidence}",
        start=start,
        end=end,
        source="text",
        confidence=_CONFIDENCE_WITH_TYPO if hit.typos else 1.0,
        picture=None,
    )


def _rounding_step(hit: _Hit) -> float:
    """Return how inexact the value of *hit* is."""
    if isinstance(hit.value, str):
        return 0
    return hit.value.rounded().step if hit.qualifier else hit.value.step


def _agreed_value(facts: Iterable[T | None]) -> T | None:
    """Return the one value among *facts*; None if there is none, or several."""
    values = {fact for fact in facts if fact is not None}
    return values.pop() if len(values) == 1 else None
