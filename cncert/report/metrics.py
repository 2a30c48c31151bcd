"""Loads ``data/metric_labels.toml``: the metrics, their labels, and the eras of the report."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from cncert.report.calendar import Week, parse_week
from cncert.wechat.text import tidy


@dataclass(frozen=True, slots=True)
class Era:
    """Weeks in which the report was worded alike; ``until`` is None for the present one."""

    name: str
    start: Week
    until: Week | None


@dataclass(frozen=True, slots=True)
class Form:
    """A label around a value: the words on its left and on its right, as :func:`fold` leaves them."""

    metric: str
    unit: str | None
    left: str
    right: str
    near: tuple[str, ...]
    """One of these stands before the label."""
    unless: str
    """Where this stands before the label, its first character may belong to another word."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as people read of it."""

    name: str
    zh: str
    meaning: str
    unit: str | None
    always: tuple[str, ...]
    """Names of the eras whose every text states it."""
    part_of: str | None
    """The metric that counts the same and more."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What figures of one week must be to each other: ``whole`` the sum of ``parts``, or the first by the second."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartForm:
    """A label around a percentage: a named share of a metric."""

    metric: str
    name: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class WordForm:
    """A label before a word, one of the characters *words*; ``rating`` is the metric of the overall rating."""

    metric: str
    words: str
    label: str


@dataclass(frozen=True, slots=True)
class RankingForm:
    """How a ranking is worded."""

    by: Literal["province", "kind"]
    cues: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]
    """The names of metrics, each with the word that stands before the cue."""
    unless: tuple[str, ...]
    """Where one of these stands before the cue, the ranking is of something else."""
    names: tuple[str, ...]
    suffixes: tuple[str, ...]


class _Folding(dict[int, str]):
    """A table of what each character becomes, filled when it is first met; only the basic plane's 65,536 are kept."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = unicodedata.normalize("NFKC", tidy(f"|{character}|")[1:-1]).lower()
        # Footnote marks (¹ ①) and other signs that hold a digit would become digits of the number beside them.
        mark = any(map(str.isdigit, folded)) and not character.isdecimal()
        result = "" if mark else "".join(folded.split())
        if code < 0x10000:
            self[code] = result
        return result


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return *text* as it is compared with labels: half-width, in small letters, without space and footnote marks.

    Each character is folded by itself, so that a place in the result can be found again in *text*.
    """
    return text.translate(_FOLDING)


@cache
def definitions() -> dict[str, Any]:
    """Return ``data/metric_labels.toml`` as it is."""
    return tomllib.loads(files("cncert").joinpath("data", "metric_labels.toml").read_text(encoding="utf-8"))


@cache
def eras() -> tuple[Era, ...]:
    """Return the eras of the report that are known, oldest first."""
    return tuple(
        Era(
            name=entry["name"],
            start=parse_week(entry["from"]),
            until=parse_week(entry["until"]) if "until" in entry else None,
        )
        for entry in definitions()["era"]
    )


def era_of(week: Week) -> Era | None:
    """Return the era that *week* is of, None where no text of that time is known."""
    return next((era for era in eras() if era.start <= week and (era.until is None or week <= era.until)), None)


@cache
def metrics() -> tuple[Metric, ...]:
    """Return all metrics that are looked for."""
    return tuple(
        Metric(
            name=entry["name"],
            zh=entry["zh"],
            meaning=entry["meaning"],
            unit=entry.get("unit"),
            always=tuple(entry.get("always", ())),
            part_of=entry.get("part_of"),
        )
        for entry in definitions()["metric"]
    )


@cache
def relations(kind: Literal["sum", "ratio"]) -> tuple[Relation, ...]:
    """Return the relations of *kind*."""
    return tuple(Relation(entry["whole"], tuple(entry["parts"])) for entry in definitions()[kind])


@cache
def number_forms() -> tuple[Form, ...]:
    """Return the labels of all figures that are numbers."""
    return tuple(
        Form(entry["name"], entry["unit"], left, right, tuple(map(fold, form.get("near", ()))), form.get("unless", ""))
        for entry in definitions()["metric"]
        if "words" not in entry
        for form in entry["forms"]
        for left, right in _sides(form["label"], "{n}")
    )


@cache
def part_forms() -> tuple[PartForm, ...]:
    """Return the labels of all named shares."""
    return tuple(
        PartForm(entry["name"], part["name"], left, right)
        for entry in definitions()["metric"]
        for part in entry.get("parts", ())
        for left, right in _sides(part["label"], "{p}")
    )


@cache
def word_forms() -> tuple[WordForm, ...]:
    """Return the labels of the rating and of all figures that are words."""
    entries = [{"name": "rating", **definitions()["rating"]}, *definitions()["metric"]]
    return tuple(
        WordForm(entry["name"], entry["words"], label.removesuffix("{word}"))
        for entry in entries
        if "words" in entry
        for form in entry["forms"]
        for label in spellings(form["label"])
    )


@cache
def ranking_forms() -> tuple[RankingForm, ...]:
    """Return all rankings that are looked for."""
    return tuple(
        RankingForm(
            by=entry["by"],
            cues=tuple(map(fold, entry["cues"])),
            metrics=tuple((metric["name"], fold(metric["near"])) for metric in entry["metrics"]),
            unless=tuple(map(fold, entry.get("unless", ()))),
            names=tuple(map(fold, entry["names"])),
            suffixes=tuple(map(fold, entry["suffixes"])),
        )
        for entry in definitions()["ranking"]
    )


@cache
def regions() -> re.Pattern[str]:
    """Return the names of the provinces: a figure of one province is not a national figure."""
    return re.compile("|".join(name for form in ranking_forms() if form.by == "province" for name in form.names))


def spellings(label: str) -> list[str]:
    """Return all ways to write *label*, folded: with and without each of its ``[optional]`` parts."""
    match = re.search(r"\[(.*?)\]", label)
    if match is None:
        return [fold(label)]
    before, after = label[: match.start()], label[match.end() :]
    return spellings(before + match[1] + after) + spellings(before + after)


def _sides(label: str, value: str) -> Iterator[tuple[str, str]]:
    for spelling in spellings(label):
        left, _, right = spelling.partition(value)
        yield left, right
