"""What is looked for in the text: ``data/figures.toml``, read once."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cncert.report.calendar import Week, parse_week
from cncert.wechat.text import dense


@dataclass(frozen=True, slots=True)
class Form:
    """A label around a number: the words on its left and on its right, as :func:`fold` leaves them."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and the words by which each era states it."""

    name: str
    unit: str
    forms: tuple[Form, ...]
    stated_since: Week | None
    """The first issue since which every text states it."""


@dataclass(frozen=True, slots=True)
class RatingForms:
    """The words of the rating, and the labels before them."""

    words: str
    labels: tuple[str, ...]


# Footnote marks: NFKC would make them digits of the number beside them.
_MARKS = dict.fromkeys(map(ord, "⁰¹²³⁴⁵⁶⁷⁸⁹①②③④⑤⑥⑦⑧⑨⑩"))


def fold(text: str) -> str:
    """*text* as it is compared with labels: dense, in small letters, without footnote marks."""
    return dense(text.translate(_MARKS)).lower()


@cache
def definitions() -> dict[str, Any]:
    """``data/figures.toml`` as it is."""
    return tomllib.loads(files("cncert").joinpath("data", "figures.toml").read_text(encoding="utf-8"))


@cache
def metrics() -> tuple[Metric, ...]:
    """All metrics that are looked for."""
    return tuple(
        Metric(
            name=entry["name"],
            unit=entry["unit"],
            forms=tuple(Form(*fold(form["label"]).split("{n}")) for form in entry["forms"]),
            stated_since=parse_week(entry["stated_since"]) if "stated_since" in entry else None,
        )
        for entry in definitions()["metric"]
    )


@cache
def rating() -> RatingForms:
    """The rating that is looked for."""
    entry = definitions()["rating"]
    return RatingForms(entry["words"], tuple(fold(form["label"]).removesuffix("{word}") for form in entry["forms"]))


@cache
def other_times() -> re.Pattern[str]:
    """Words of a clause that states no figure of the week."""
    return re.compile("|".join(map(re.escape, definitions()["other_times"])))
