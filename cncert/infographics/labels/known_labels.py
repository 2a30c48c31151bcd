"""Which metric a label of a picture names: ``pictures`` and ``pictures_below`` of data/metric_labels.toml."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from cncert.report.label_context import without_asides
from cncert.report.metrics import definitions, fold
from cncert.report.numbers import UNITS

_LONGEST = 40
"""Characters of a label."""
_UNIT = re.compile(rf"\((?:单位:?)?(?P<scale>[万亿])?(?P<unit>[{UNITS}]|[^\W0-9]类)?(?:/周)?\)")


@dataclass(frozen=True, slots=True)
class Label:
    """What a label names: ``metric``, some of them only ``below`` another one."""

    metric: str
    below: str | None


@dataclass(frozen=True, slots=True)
class _Form:
    label: Label
    needed: tuple[tuple[str, ...], ...]
    """One of each must stand in the label."""
    whole: re.Pattern[str]
    """All that may stand there."""

    def fits(self, text: str) -> bool:
        return all(any(word in text for word in words) for words in self.needed) and bool(self.whole.fullmatch(text))


def scale_of(label: str) -> str | None:
    """万 or 亿, if the folded *label* names such a unit in brackets: 感染主机数量(万台)."""
    return next((match["scale"] for match in _UNIT.finditer(label) if match["scale"]), None)


@lru_cache(maxsize=4096)
def name_label(label: str) -> tuple[Label, ...]:
    """The metrics that the folded *label* may name: none, one, or several that need different places."""
    if len(label) > _LONGEST:
        return ()
    text = without_asides(_UNIT.sub("", label)).strip("()")
    fits = [form.label for form in _forms() if form.fits(text)]
    alone = {fit for fit in fits if fit.below is None}
    if len(alone) > 1:
        return ()
    return tuple(alone) or tuple(dict.fromkeys(fits))


@cache
def _forms() -> tuple[_Form, ...]:
    """All labels that are known."""
    forms = []
    for entry in definitions()["metric"]:
        below = entry.get("pictures_below", {"metric": None, "labels": []})
        for labels, under in ((entry.get("pictures", []), None), (below["labels"], below["metric"])):
            forms += [_form(Label(entry["name"], under), label) for label in labels]
    return tuple(forms)


def _form(label: Label, words: str) -> _Form:
    needed, _, optional = words.partition("[")
    groups = tuple(tuple(map(fold, group.split("|"))) for group in needed.split())
    others = map(fold, (*optional.rstrip("]").split(), *definitions()["picture_words"]))
    known = sorted({*others, *(word for group in groups for word in group)}, key=len, reverse=True)
    return _Form(label, groups, re.compile(f"(?:{'|'.join(map(re.escape, known))})+"))
