"""Checks of the numbers of one picture against each other: those that contradict each other become candidates."""

from collections import defaultdict
from collections.abc import Iterator

from cncert.report.metrics import metrics, relations
from cncert.store.picture_readings import LabelledNumber

_ROUNDING = 0.01
"""Of a total: numbers in 万 are rounded each by itself."""
_FRACTIONS = frozenset({"phishing.pages_per_ip"})
"""Metrics that may be no whole number."""


def check_plausibility(pairs: list[LabelledNumber]) -> list[LabelledNumber]:
    """Return *pairs*, those that cannot be right as candidates with the reason."""
    reasons: dict[int, list[str]] = defaultdict(list)
    places: dict[str, list[int]] = defaultdict(list)
    for n, pair in enumerate(pairs):
        if pair.metric is not None:
            places[pair.metric].append(n)
            if pair.metric not in _FRACTIONS and not float(pair.value).is_integer():
                reasons[n].append("no whole number")
    for found in places.values():
        if len({(pairs[n].value, pairs[n].change_pct) for n in found}) > 1:
            for n in found:
                reasons[n].append(f"read twice, as {' and '.join(dict.fromkeys(pairs[n].printed for n in found))}")
    for n in _pointless(pairs):
        reasons[n].append("a decimal point may be lost")
    values = {metric: pairs[found[0]].value for metric, found in places.items()}
    for whole, parts, text in _contradictions(values):
        for name in (whole, *parts):
            for n in places[name]:
                reasons[n].append(text)
    return [_as_candidate(pair, reasons[n]) if n in reasons else pair for n, pair in enumerate(pairs)]


def _pointless(pairs: list[LabelledNumber]) -> Iterator[int]:
    """Pairs that print without a decimal point what others print with one: engines miss it, and both passes do.

    A percentage needs others without a point beside it.
    """
    percents = {n: pair.change_printed for n, pair in enumerate(pairs) if pair.change_printed}
    for n, printed in percents.items():
        if "." not in printed and (len(percents) == 1 or any("." in other for other in percents.values())):
            yield n
    for scale in "万亿":
        numbers = {n: pair.printed for n, pair in enumerate(pairs) if scale in pair.printed}
        if any("." in printed for printed in numbers.values()):
            yield from (n for n, printed in numbers.items() if "." not in printed)


def _contradictions(values: dict[str, int | float]) -> list[tuple[str, tuple[str, ...], str]]:
    found: list[tuple[str, tuple[str, ...], str]] = []
    for metric in metrics():
        whole = metric.part_of
        if whole in values and metric.name in values and values[metric.name] > values[whole]:
            found.append((whole, (metric.name,), f"{metric.name} is more than {whole}"))
    for rule in relations("sum"):
        if values.keys() >= {rule.whole, *rule.parts}:
            total = sum(values[part] for part in rule.parts)
            if abs(total - values[rule.whole]) > _ROUNDING * values[rule.whole]:
                found.append((rule.whole, rule.parts, f"{' + '.join(rule.parts)} is not {rule.whole}"))
    return found


def _as_candidate(pair: LabelledNumber, reasons: list[str]) -> LabelledNumber:
    known = [pair.reason] if pair.reason else []
    return pair.model_copy(update={"state": "candidate", "reason": "; ".join((*known, *reasons))})
