"""The sentences of alerts and messages in English and Chinese, read from ``alert_words.toml``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from cncert.store.run_records import Alert

LISTED_THINGS = 5
"""The most things, such as issues, that a sentence lists."""


@cache
def alert_words() -> dict[str, dict[str, Any]]:
    """Return all sentences: by table, by name, by language."""
    text = files("cncert").joinpath("monitoring", "alert_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sentence(table: str, name: str, language: str, **facts: object) -> str:
    """Return the sentence *name* of *table* in *language* (``en``, ``zh``) with *facts* in their places."""
    words = alert_words()[table]
    terms = {term: translations[language] for term, translations in words.get("terms", {}).items()}
    shown = {key: _listed(fact, terms) if isinstance(fact, tuple) else fact for key, fact in facts.items()}
    return str(words[name][language]).format_map(shown)


def text_and_advice(alert: Alert, language: str) -> tuple[str, str]:
    """Return what *alert* says is wrong and what to do, in *language*."""
    return (alert.text_zh, alert.advice_zh) if language == "zh" else (alert.text, alert.advice)


def _listed(things: tuple[str, ...], terms: Mapping[str, str]) -> str:
    """Join *things*. One may be a term, or an issue's id with a term (``2025-02 unavailable``)."""
    shown = [" ".join(terms.get(part, part) for part in thing.split(" ", 1)) for thing in things[:LISTED_THINGS]]
    more = f" (+{len(things) - LISTED_THINGS})" if len(things) > LISTED_THINGS else ""
    return ", ".join(shown) + more
