"""The rating, the figures and the rankings that the text of a report states.

``data/metric_labels.toml`` says what is looked for and in which words. Every number of the text is looked at,
together with the words on its two sides; it is a figure only if these are a label. So a number that no label names
can never become one: the number of a picture, a date, an issue, an address, a CVE.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import TypeVar, cast

from cncert.items import Figure, Level, Qualifier, Ranking, Rating, Share
from cncert.report.clauses import NO_CLAUSES, Clauses, read_clauses
from cncert.report.label_context import REACH, of_other_time
from cncert.report.metric_of_number import Named, name_number
from cncert.report.metrics import PartForm, WordForm, part_forms, word_forms
from cncert.report.numbers import COUNT, DIGITS, LARGEST, Number, read_number, unqualified
from cncert.report.rankings import read_rankings
from cncert.report.sections import NO_FIGURES, Part
from cncert.report.sentences import MOST_NUMBERS, Sentence, Span, sentences
from cncert.report.typos import leading, trailing
from cncert.report.unread_numbers import find_unread

T = TypeVar("T", int, float)

_SLIPPED = 0.9
"""Confidence of a figure whose label has a slip."""
_NOT_MUCH_MORE = 1.1
"""超700起 may be 731, not 900."""
_PERCENTAGE = re.compile(rf"(?<![0-9.])(?P<number>{DIGITS})(?=%)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text states, figures in its order."""

    rating: Rating | None
    figures: list[Figure]
    rankings: list[Ranking]
    unread: list[str]
    """Sentences with a number that nothing read."""
    conflicts: dict[str, list[str]]
    """What is stated with different values, and these: a metric's name, or ``rating``. None of them is taken."""
    ambiguous: list[tuple[str, list[str]]]
    """Sentences with a number that several metrics could mean, and these. It is taken for none."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """A value found: what it is of, its slips, its place in the sentence."""

    metric: str
    unit: str | None
    value: Number | str
    slips: int
    sentence: Sentence
    start: int
    end: int
    label_start: int
    qualifier: Qualifier | None
    clauses: Clauses

    @property
    def stated(self) -> int:
        """How much is stated beside the value."""
        return sum(fact is not None for fact in (self.clauses.share_pct, self.clauses.change_pct, self.clauses.change))

    @property
    def span(self) -> Span:
        """The sentence, and what is read of it."""
        return self.sentence, self.start, max(self.end, self.clauses.end)

    @property
    def evidence(self) -> str:
        """The sentence as printed."""
        return self.sentence.printed(self.label_start, max(self.end, self.clauses.end))

    def agrees(self, other: "_Hit") -> bool:
        """Whether both state the same value, one of them less exactly."""
        ours, theirs = self.value, other.value
        if isinstance(ours, str) or isinstance(theirs, str):
            return ours == theirs
        if ours.value > theirs.value:
            return other.agrees(self)
        if self.qualifier in ("超", "以上") and theirs.value <= ours.value * _NOT_MUCH_MORE:
            return True
        return (ours.rounded() if self.qualifier else ours).agrees(theirs.rounded() if other.qualifier else theirs)


def read_figures(parts: Iterable[Part]) -> Reading:
    """What *parts* state: one value stated twice is one figure, two different ones none."""
    # The list of earlier issues and the news may speak of other figures.
    text = list(chain.from_iterable(sentences(part) for part in parts if part.heading not in NO_FIGURES))
    found = _Found()
    for sentence in text:
        found.look(sentence)
    return found.reading(text)


class _Found:
    """What was found in the sentences looked at so far."""

    def __init__(self) -> None:
        self._hits: dict[str, list[_Hit]] = defaultdict(list)
        self._shares: dict[str, list[tuple[Share, Span]]] = defaultdict(list)
        self._rankings: list[tuple[Ranking, Span]] = []
        self._ambiguous: list[tuple[Span, list[str]]] = []

    def look(self, sentence: Sentence) -> None:
        """Look for everything in *sentence*."""
        for number in islice(COUNT.finditer(sentence.text), MOST_NUMBERS):
            fits = name_number(sentence.text, *number.span())
            if len(fits) > 1:
                names = sorted(named.form.metric for named in fits)
                self._ambiguous.append(((sentence, *number.span()), names))
            elif fits and (hit := _hit(sentence, number, fits[0])):
                self._hits[hit.metric].append(hit)
        for hit in _words(sentence):
            self._hits[hit.metric].append(hit)
        for form, share, span in _shares(sentence):
            self._shares[form.metric].append((share, span))
        self._rankings += read_rankings(sentence)

    def reading(self, text: list[Sentence]) -> Reading:
        """What all sentences, *text*, state together."""
        hits = {metric: _surest(found) for metric, found in self._hits.items()}
        conflicts = {metric: values for metric, found in hits.items() if (values := _conflict(found))}
        spans = [hit.span for found in hits.values() for hit in found]
        spans += [span for metric in hits for _, span in self._shares[metric]]
        spans += [span for _, span in (*self._rankings, *((names, span) for span, names in self._ambiguous))]
        figures = [
            _figure(found, [share for share, _ in self._shares[metric]])
            for metric, found in hits.items()
            if metric not in conflicts and metric != "rating"
        ]
        rating = None if "rating" in conflicts or "rating" not in hits else hits["rating"][0].value
        return Reading(
            rating=cast("Rating | None", rating),
            figures=sorted(figures, key=lambda figure: figure.start or 0),
            rankings=[ranking for ranking, _ in self._rankings],
            unread=find_unread(text, spans, {figure.value for figure in figures}),
            conflicts=conflicts,
            ambiguous=[(sentence.printed(start, end), names) for (sentence, start, end), names in self._ambiguous],
        )


def _hit(sentence: Sentence, number: re.Match[str], named: Named) -> _Hit | None:
    """What *sentence* states at *number*; None if it is larger than anything that is counted."""
    start, end = number.span()
    value = read_number(number["digits"], number["scale"])
    if value.value > LARGEST:
        return None
    return _Hit(
        metric=named.form.metric,
        unit=named.form.unit,
        value=value,
        slips=named.slips,
        sentence=sentence,
        start=start,
        end=end,
        label_start=max(start - len(named.form.left), 0),
        qualifier=named.qualifier or ("超" if number["more"] else None),
        clauses=read_clauses(sentence.text, end, named.form.unit),
    )


@cache
def _word_patterns() -> dict[str, re.Pattern[str]]:
    """For each set of words the pattern of one of them that stands for itself; it may be doubled, as any character."""
    return {
        # Not 中国, 优于, 优良, 不良, 良性循环.
        words: re.compile(rf"(?<![不非欠{words}])([{words}])\1?(?=[\W_]|$|级|我国|本周|较上周|与上周)")
        for words in {form.words for form in word_forms()}
    }


def _words(sentence: Sentence) -> Iterator[_Hit]:
    """The words of *sentence* that a label makes a rating."""
    if "评价" not in sentence.text and "整体" not in sentence.text:
        return
    for words, pattern in _word_patterns().items():
        for match in pattern.finditer(sentence.text):
            before = sentence.text[max(match.start() - REACH, 0) : match.start()].rstrip("\"'“”‘’「」『』《》")
            if of_other_time(sentence.text[: match.start()]):
                continue
            fits = [
                (slips, form)
                for form in word_forms()
                if form.words == words and (slips := trailing(before, form.label)) < 2
            ]
            if fits:
                slips, form = min(fits, key=lambda fit: fit[0])
                yield _word_hit(form, slips, sentence, match)


def _word_hit(form: WordForm, slips: int, sentence: Sentence, match: re.Match[str]) -> _Hit:
    start, end = match.span(1)
    return _Hit(
        metric=form.metric,
        unit=None,
        value=match[1],
        slips=slips,
        sentence=sentence,
        start=start,
        end=end,
        label_start=max(start - len(form.label), 0),
        qualifier=None,
        clauses=NO_CLAUSES,
    )


def _shares(sentence: Sentence) -> Iterator[tuple[PartForm, Share, Span]]:
    """The named shares that *sentence* states."""
    if "%" not in sentence.text:
        return
    for match in islice(_PERCENTAGE.finditer(sentence.text), MOST_NUMBERS):
        before, _ = unqualified(sentence.text[max(match.start() - REACH, 0) : match.start()])
        after = sentence.text[match.end() : match.end() + REACH]
        share = float(match["number"].replace(",", ""))
        if share > 100 or of_other_time(sentence.text[: match.start()]):
            continue
        fits = [(trailing(before, form.left) + leading(after, form.right), form) for form in part_forms()]
        slips, form = min(fits, key=lambda fit: fit[0])
        if slips == 0 or [fit[0] for fit in fits].count(1) == 1:
            yield form, Share.model_construct(name=form.name, share_pct=share), (sentence, *match.span())


def _surest(hits: list[_Hit]) -> list[_Hit]:
    """*hits*, without those whose label has a slip if others without one state something else."""
    exact = [hit for hit in hits if not hit.slips]
    return exact if exact and _conflict(hits) else hits


def _conflict(hits: list[_Hit]) -> list[str]:
    """The values that contradict each other; empty if none do."""
    hits = list({(hit.value, hit.qualifier): hit for hit in hits}.values())
    if all(hit.agrees(other) for hit in hits for other in hits):
        return []
    return list(dict.fromkeys(str(hit.value.value if isinstance(hit.value, Number) else hit.value) for hit in hits))


def _figure(hits: list[_Hit], shares: list[Share]) -> Figure:
    """The figure of *hits*, statements of one value: the most exact of them, with what any of them says beside it."""
    hit = min(hits, key=lambda hit: (_step(hit), -hit.stated))
    richest = max(hits, key=lambda other: (other.stated, other is hit))
    start, end = hit.sentence.place(hit.start, hit.end)
    return Figure.model_construct(
        metric=hit.metric,
        value=hit.value.value if isinstance(hit.value, Number) else cast("Level", hit.value),
        unit=hit.unit,
        qualifier=hit.qualifier,
        change_pct=_only(hit.clauses.change_pct for hit in hits),
        change=_only(hit.clauses.change for hit in hits),
        share_pct=_only(hit.clauses.share_pct for hit in hits),
        parts=list({share.name: share for share in shares}.values()),
        section=hit.sentence.section,
        evidence=hit.evidence if richest.stated == hit.stated else f"{hit.evidence}\n{richest.evidence}",
        start=start,
        end=end,
        source="text",
        confidence=_SLIPPED if hit.slips else 1.0,
        picture=None,
    )


def _step(hit: _Hit) -> float:
    """How inexact the value of *hit* is."""
    if isinstance(hit.value, str):
        return 0
    return hit.value.rounded().step if hit.qualifier else hit.value.step


def _only(facts: Iterable[T | None]) -> T | None:
    """What *facts* state, None if they contradict each other."""
    stated = {fact for fact in facts if fact is not None}
    return stated.pop() if len(stated) == 1 else None
