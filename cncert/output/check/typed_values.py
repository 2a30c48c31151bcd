"""What a person types: numbers as the report prints them."""

import re
from functools import cache

from cncert.report.metrics import fold, metrics, relations
from cncert.report.numbers import DIGITS, LARGEST, read_number
from cncert.terminal.safe_text import UNSAFE_CHARACTERS

LONGEST = 60
"""Characters of what is typed into a field."""
LONGEST_UNIT = 8
LARGEST_CHANGE = 1_000_000
"""Percent."""

_VALUE = re.compile(rf"(?P<digits>{DIGITS})(?P<scale>[万亿])?")
_UP, _DOWN = ("+", "上升", "增长", "增加", "↑"), ("-", "下降", "减少", "降低", "↓")
_SIGN = "|".join(map(re.escape, (*_UP, *_DOWN)))
_CHANGE = re.compile(rf"(?P<sign>{_SIGN})?(?P<digits>{DIGITS})%?")
_UNCHANGED = ("持平", "无变化")


class NotMeant(Exception):
    """What was typed cannot be meant. ``word`` names the line that says why, in check_words.toml."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@cache
def numeric_metrics() -> frozenset[str]:
    """The metrics whose values are numbers."""
    return frozenset(metric.name for metric in metrics() if metric.unit or metric.name in _fractions())


@cache
def _fractions() -> frozenset[str]:
    """The metrics that may be no whole number."""
    return frozenset(relation.whole for relation in relations("ratio"))


def typed_metric(text: str) -> str:
    """*text* if it names a metric whose values are numbers. Raises NotMeant."""
    if text not in numeric_metrics():
        raise NotMeant("refused_metric")
    return text


def typed_value(text: str, metric: str, unit: str | None) -> int | float:
    """1,370,000 or 137万 or 137万台 as 1370000. Raises NotMeant for what is no value of *metric*."""
    folded = _folded(text).removesuffix(fold(unit or ""))
    match = _VALUE.fullmatch(folded)
    if match is None:
        raise NotMeant("refused_value")
    value = read_number(match["digits"], match["scale"]).value
    if value > LARGEST:
        raise NotMeant("refused_large")
    if isinstance(value, float) and metric not in _fractions():
        raise NotMeant("refused_fraction")
    return value


def typed_unit(text: str) -> str | None:
    """A short word, None for nothing. Raises NotMeant."""
    unit = text.strip()
    if len(unit) > LONGEST_UNIT or UNSAFE_CHARACTERS.search(unit):
        raise NotMeant("refused_unit")
    return unit or None


def typed_change(text: str) -> float | None:
    """-3.5, 下降3.5%, 持平 as a signed percentage, None for nothing. Raises NotMeant."""
    folded = _folded(text)
    if not folded:
        return None
    if folded in _UNCHANGED:
        return 0.0
    match = _CHANGE.fullmatch(folded)
    if match is None:
        raise NotMeant("refused_change")
    change = float(read_number(match["digits"], None).value)
    if match["sign"] in _DOWN:
        change = -change
    if not -100 <= change <= LARGEST_CHANGE:
        raise NotMeant("refused_fall" if change < 0 else "refused_change")
    return change + 0.0  # no -0.0


def _folded(text: str) -> str:
    if len(text) > LONGEST:
        raise NotMeant("refused_long")
    return fold(text.replace("\N{MINUS SIGN}", "-"))
