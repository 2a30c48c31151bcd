"""What a person types into the correction form: numbers as the report prints them."""

import re
from functools import cache

from cncert.report.metrics import fold, metrics, relations
from cncert.report.numbers import DIGITS, LARGEST_NUMBER, UNITS, read_number
from cncert.terminal.safe_text import UNSAFE_CHARACTERS

MAX_INPUT_LENGTH = 60
MAX_UNIT_LENGTH = 8
MAX_CHANGE_PCT = 1_000_000

_VALUE = re.compile(rf"(?P<digits>{DIGITS})(?P<scale>[万亿])?")
_UP, _DOWN = ("+", "上升", "增长", "增加", "↑"), ("-", "下降", "减少", "降低", "↓")
_SIGN = "|".join(map(re.escape, (*_UP, *_DOWN)))
_CHANGE = re.compile(rf"(?P<sign>{_SIGN})?(?P<digits>{DIGITS})%?")


class InvalidInput(Exception):
    """What was typed cannot be stored: the text is the key of the reason in check_words.toml."""


@cache
def numeric_metrics() -> frozenset[str]:
    """Return the metrics whose values are numbers."""
    return frozenset(metric.name for metric in metrics() if metric.unit or metric.name in _fractional_metrics())


@cache
def _fractional_metrics() -> frozenset[str]:
    return frozenset(relation.whole for relation in relations("ratio"))


def typed_value(text: str, metric: str, unit: str | None) -> int | float:
    """Read 1,370,000 or 137万 or 137 万台 as 1370000. Raises InvalidInput for what is no value of *metric*."""
    folded = _folded(text).removesuffix(fold(unit or ""))
    folded = folded[:-1] if folded.endswith(tuple(UNITS)) else folded
    match = _VALUE.fullmatch(folded)
    if match is None:
        raise InvalidInput("refused_value")
    value = read_number(match["digits"], match["scale"]).value
    if value > LARGEST_NUMBER:
        raise InvalidInput("refused_large")
    if isinstance(value, float) and metric not in _fractional_metrics():
        raise InvalidInput("refused_fraction")
    return value


def typed_unit(text: str) -> str | None:
    """Return a short word, None for an empty field. Raises InvalidInput."""
    unit = text.strip()
    if len(unit) > MAX_UNIT_LENGTH or UNSAFE_CHARACTERS.search(unit):
        raise InvalidInput("refused_unit")
    return unit or None


def typed_change(text: str) -> float | None:
    """Read -3.5, 下降3.5%, 持平 as a signed percentage; None for an empty field. Raises InvalidInput."""
    folded = _folded(text)
    if not folded:
        return None
    if folded in ("持平", "无变化"):
        return 0.0
    match = _CHANGE.fullmatch(folded)
    if match is None:
        raise InvalidInput("refused_change")
    change = float(read_number(match["digits"], None).value)
    if match["sign"] in _DOWN:
        change = -change
    if not -100 <= change <= MAX_CHANGE_PCT:
        raise InvalidInput("refused_fall" if change < 0 else "refused_change")
    return change + 0.0  # no -0.0


def _folded(text: str) -> str:
    if len(text) > MAX_INPUT_LENGTH:
        raise InvalidInput("refused_long")
    return fold(text.replace("\N{MINUS SIGN}", "-"))
