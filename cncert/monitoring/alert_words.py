"""The sentences of alerts and messages in English and Chinese, read from ``alert_words.toml``."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from cncert.ledger.week_states import week_words
from cncert.store.run_records import Alert

LISTED_THINGS = 5
"""The most things, such as issues, that a sentence lists."""


class _Facts(dict[str, object]):
    """The facts of a sentence; one that is not known is shown as a question mark."""

    def __missing__(self, name: str) -> str:
        return "?"


@cache
def alert_words() -> dict[str, dict[str, Any]]:
    """Return all sentences: by table, by name, by language."""
    text = files("cncert").joinpath("monitoring", "alert_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sentence(table: str, name: str, language: str, **facts: object) -> str:
    """Return the sentence *name* of *table* in *language* (``en``, ``zh``) with *facts* in their places."""
    return str(alert_words()[table][name][language]).format_map(_Facts(facts))


def text_and_advice(alert: Alert, language: str) -> tuple[str, str]:
    """Return what *alert* says is wrong and what to do, in *language*."""
    words = alert_words().get(alert.name, {})
    of_weeks = week_words()
    terms = {
        term: translations[language]
        for table in (of_weeks["state"], words.get("terms", {}))
        for term, translations in table.items()
    }
    weeks = [f"{week} {state}" for week, state in zip(alert.about, alert.facts.states, strict=False)]
    about = _listed(alert.about, alert.number, terms)
    if language not in words.get(alert.sentence, {}):  # another version had this monitor
        return f"{alert.name}: {about}", "scrapy status says how things stand"
    facts = alert.facts.model_dump(exclude_none=True)
    text = sentence(
        alert.name, alert.sentence, language, **facts, about=about, weeks=_listed(weeks, alert.number, terms)
    )
    helps = [of_weeks["advice"][name][language] for name in alert.facts.advice if name in of_weeks["advice"]]
    return text, "; ".join(helps) or sentence(alert.name, "advice", language)


def _listed(things: Sequence[str], number: int, terms: Mapping[str, str]) -> str:
    """Join the first of *number* things. One may be a term, or an issue's id with a term (``2025-02 unavailable``)."""
    shown = [" ".join(terms.get(part, part) for part in thing.split(" ", 1)) for thing in things[:LISTED_THINGS]]
    more = f" (+{number - LISTED_THINGS})" if number > LISTED_THINGS else ""
    return ", ".join(shown) + more
