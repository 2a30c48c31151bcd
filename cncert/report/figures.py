"""The rating and the figures that the text of a report states.

``data/figures.toml`` says what is looked for and in which words. Every number of the text is looked at, together with
the words on its two sides; it is a figure only if these are a label. So a number that no label names can never become
one: the number of a picture, a date, an issue, an address, a CVE.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import cast

from cncert.items import Figure, Rating
from cncert.report.metrics import Form, Metric, metrics, other_times, rating
from cncert.report.sections import REVIEW, Part
from cncert.report.sentences import Sentence, sentences
from cncert.report.slips import leading, trailing

# Not part of an address, a name, a date, a range or a share, and no change: 增5起.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z第图表年月增减少多升降-])(?<![0-9A-Za-z][.,:/~=_])(?<!百分之)"
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,12}(?:\.[0-9]{1,4})?)(?P<scale>[万亿])?"
    r"(?![0-9A-Za-z年月日号期%‰万亿])(?![-.,:/~至到][0-9])"
)
_SCALE = {"万": 10_000, "亿": 100_000_000}
_CLAUSE_END = re.compile(r"[,;:()]")
_REACH = 200
"""Characters beside a number that are looked at: more than any label and clause has."""
_SLIPPED = 0.9
"""Confidence of a figure whose label has a slip."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text states, figures in its order."""

    rating: Rating | None
    figures: list[Figure]
    conflicts: dict[str, list[str]]
    """What is stated with different values, and these: a metric's name, or ``rating``. None of them is taken."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """A label found: the value it states, its slips and its place in the sentence."""

    value: int | float
    slips: int
    sentence: Sentence
    start: int
    end: int


def read_figures(parts: Iterable[Part]) -> Reading:
    """The rating and the figures that *parts* state: one value stated twice is one figure, two different ones none."""
    ratings: list[Rating] = []
    found: dict[Metric, list[_Hit]] = {}
    # The list of earlier issues may speak of their figures.
    for sentence in chain.from_iterable(sentences(part) for part in parts if part.heading != REVIEW):
        ratings += _ratings(sentence)
        for metric, hit in _number_hits(sentence):
            found.setdefault(metric, []).append(hit)
    stated = {metric.name: _distinct(hit.value for hit in hits) for metric, hits in found.items()}
    stated["rating"] = _distinct(ratings)
    conflicts = {name: values for name, values in stated.items() if len(values) > 1}
    return Reading(
        rating=ratings[0] if ratings and "rating" not in conflicts else None,
        figures=[_figure(metric, hits[0]) for metric, hits in found.items() if metric.name not in conflicts],
        conflicts=conflicts,
    )


@cache
def _rating_word() -> re.Pattern[str]:
    words = rating().words
    # Not 中国, 优于, 优良, 不良; the word itself may be doubled.
    return re.compile(rf"(?<![不非欠{words}])([{words}])\1?(?![国于{words}])")


def _ratings(sentence: Sentence) -> Iterator[Rating]:
    for match in _rating_word().finditer(sentence.text):
        before = _before(sentence, match)
        if any(trailing(before, label) < 2 for label in rating().labels) and not _of_other_time(before):
            yield cast("Rating", match[1])


def _number_hits(sentence: Sentence) -> Iterator[tuple[Metric, _Hit]]:
    for match in _NUMBER.finditer(sentence.text):
        before = _before(sentence, match).removesuffix("约")
        after = sentence.text[match.end() : match.end() + _REACH]
        for metric in metrics():
            fits = [(slips, form) for form in metric.forms if (slips := _slips(form, metric.unit, before, after)) < 2]
            if fits and not _of_other_time(before):
                slips, form = min(fits, key=lambda fit: fit[0])
                start, end = match.start() - len(form.left), match.end() + len(form.right)
                yield metric, _Hit(_value(match), slips, sentence, start, end)


def _before(sentence: Sentence, match: re.Match[str]) -> str:
    return sentence.text[max(match.start() - _REACH, 0) : match.start()]


def _slips(form: Form, unit: str, before: str, after: str) -> int:
    """Slips with which *before* and *after* a number are the label *form*."""
    left = trailing(before, form.left)
    return left if left > 1 else left + _slips_after(form.right, unit, after)


def _slips_after(label: str, unit: str, after: str) -> int:
    if label == unit:
        # Where it is missing, another unit could stand, unless the clause ends there.
        if after.startswith(label) or not after[:1].isalnum():
            return 0
        return 1 if after.startswith(label, 1) else 2
    if label.startswith(unit) and after.startswith(label.removeprefix(unit)):
        return 0
    return leading(after, label)


def _of_other_time(before: str) -> bool:
    """Whether the clause that *before* ends with speaks of another time than the week."""
    return other_times().search(_CLAUSE_END.split(before)[-1]) is not None


def _value(match: re.Match[str]) -> int | float:
    value = Decimal(match["number"].replace(",", "")) * _SCALE.get(match["scale"], 1)
    return int(value) if value == value.to_integral_value() else float(value)


def _distinct(values: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(map(str, values)))


def _figure(metric: Metric, hit: _Hit) -> Figure:
    return Figure.model_construct(
        metric=metric.name,
        value=hit.value,
        unit=metric.unit,
        change_pct=None,
        share_pct=None,
        section=hit.sentence.section,
        evidence=hit.sentence.printed(hit.start, hit.end),
        source="text",
        confidence=_SLIPPED if hit.slips else 1.0,
        picture=None,
    )
