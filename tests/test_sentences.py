"""Sentences of all eras, and exactly what a careful reader takes from each: the table is tests/sentences.toml."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from cncert.items import Figure, Ranking
from cncert.report.metrics import metrics
from cncert.report.sections import split_parts
from cncert.report.text_figures import TextFigures, read_figures
from cncert.wechat.body import Line
from cncert.wechat.text import tidy

TABLE = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8"))
CASES = [pytest.param(case, id=f"{n} {case['why']}") for n, case in enumerate(TABLE["case"])]
MARKED = re.compile(r"〔([^〕]*)〕")
WIDE = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}
NARROW = str.maketrans("，；：（）％", ",;:()%")
DRESSES: dict[str, Callable[[str], str]] = {
    "a space between all characters": lambda text: "\n".join(map(" ".join, text.split("\n"))),
    "a wide space between all characters": lambda text: "\n".join(map("\u3000".join, text.split("\n"))),
    "a line end behind every comma": lambda text: re.sub("[，；]", r"\g<0>\n", text),
    "wide characters": lambda text: text.translate(WIDE),
    "punctuation of half width": lambda text: text.translate(NARROW),
}
"""Ways to print a text that do not change what it says."""


def lines(case: dict[str, Any]) -> list[str]:
    """The lines of the body, as they come from a page: the heading, then the text."""
    text = tidy(case["text"]).split("\n")
    return [case["under"], *text] if "under" in case else text


def read(body: list[str]) -> TextFigures:
    return read_figures(split_parts(Line(text) for text in body))


def unit(metric: str) -> str:
    return "起" if metric.startswith("incidents.") else "个"


def ranked(name: str, value: float | Literal[False] = False, share_pct: float | None = None) -> list[Any]:
    return [name, None if value is False else value, share_pct]


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """What *case* expects of a reading, all of it said."""
    section = case.get("under")
    figures = [
        {
            "metric": figure["metric"],
            "value": figure["value"],
            "unit": figure.get("unit", unit(figure["metric"])) or None,
            "qualifier": figure.get("qualifier"),
            "change_pct": figure.get("change_pct"),
            "change": figure.get("change"),
            "share_pct": figure.get("share_pct"),
            "parts": figure.get("parts", []),
            "section": figure.get("section", section),
        }
        for figure in case.get("figures", [])
    ]
    rankings = [
        {"section": section, **ranking, "items": [ranked(*item) for item in ranking["items"]]}
        for ranking in case.get("rankings", [])
    ]
    return {
        "rating": case.get("rating"),
        "figures": figures,
        "rankings": rankings,
        "unread": case.get("unread", 0),
        "conflicts": case.get("conflicts", {}),
        "ambiguous": [sorted(case["ambiguous"])] if "ambiguous" in case else [],
    }


def stated(figure: Figure) -> dict[str, Any]:
    names = ("metric", "value", "unit", "qualifier", "change_pct", "change", "share_pct", "section")
    return {name: getattr(figure, name) for name in names} | {
        "parts": [[part.name, part.share_pct] for part in figure.parts]
    }


def listed(ranking: Ranking) -> dict[str, Any]:
    items = [[item.name, item.value, item.share_pct] for item in ranking.items]
    return {"metric": ranking.metric, "by": ranking.by, "items": items, "section": ranking.section}


def taken(reading: TextFigures) -> dict[str, Any]:
    """What *reading* holds, as :func:`expected` says it."""
    return {
        "rating": reading.rating,
        "figures": [stated(figure) for figure in reading.figures],
        "rankings": [listed(ranking) for ranking in reading.rankings],
        "unread": len(reading.unread),
        "conflicts": reading.conflicts,
        "ambiguous": [sorted(names) for _, names in reading.ambiguous],
    }


def typos(text: str) -> Iterator[tuple[str, str]]:
    """(character, text) for every character of *text* between 〔〕 missing, and for every one doubled."""
    for mark in MARKED.finditer(text):
        before, after = (MARKED.sub(r"\1", part) for part in (text[: mark.start()], text[mark.end() :]))
        for n, character in enumerate(mark[1]):
            yield character, before + mark[1][:n] + mark[1][n + 1 :] + after
            yield character, before + mark[1][:n] + character + mark[1][n:] + after


def misread(cases: Iterable[dict[str, Any]]) -> list[str]:
    """Texts of the cases of which something else is taken than expected."""
    return [case["text"] for case in cases if taken(read(lines(case))) != expected(case)]


@pytest.mark.parametrize("case", CASES)
def test_a_sentence(case):
    assert taken(read(lines(case))) == expected(case)


@pytest.mark.parametrize("typo", TABLE["typo"], ids=[typo["text"][:20] for typo in TABLE["typo"]])
def test_one_typo_in_a_label(typo):
    damaged = [text for character, text in typos(typo["text"]) if character not in typo.get("keep", "")]
    assert len(damaged) > 5
    assert misread({**typo, "text": text} for text in damaged) == []


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES.keys())
def test_sentences_in_another_dress(dress):
    assert misread({**case, "text": dress(case["text"])} for case in TABLE["case"] if "bare" not in case) == []


@pytest.mark.parametrize("case", CASES)
def test_evidence_and_place(case):
    body = lines(case)
    text = "\n".join(body)
    reading = read(body)
    for figure in reading.figures:
        printed = text[figure.start : figure.end]
        assert printed.replace("\n", "") in figure.evidence
        assert printed[0].isdigit() or printed == figure.value
    for ranking in reading.rankings:
        printed = text[ranking.start : ranking.end]
        assert printed in ranking.evidence
        assert ranking.items[0].name[:2].casefold() in printed[:5].casefold()


def test_every_metric_is_in_the_table():
    named = {figure["metric"] for case in TABLE["case"] for figure in case.get("figures", [])}
    assert named == {metric.name for metric in metrics()}
