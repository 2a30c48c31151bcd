"""Which metric the words around a number name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cncert.items import Qualifier
from cncert.report.label_context import REACH, clause_before, of_other_time, without_asides
from cncert.report.metrics import Form, number_forms, regions
from cncert.report.numbers import qualified_after, unqualified
from cncert.report.typos import doubled_one, leading, lost_one, trailing

_SHORT = 4
"""A label of fewer characters must be exact."""
_NOT_ADDED = "增减升降多少(["
"""A number after one of these, where the label has none, is that of a change or of a note: 事件增5起, 事件[5]."""
_DENYING = "未不非无没"
_LINKING = ("以及", "和", "及", "与", "或", "而", "其中", "、")
"""What may follow a number whose unit is missing, beside the end of the clause."""


@dataclass(frozen=True, slots=True)
class Named:
    """A label that fits a number."""

    form: Form
    slips: int
    likely: int
    """How likely a slip it is: 0 none, 1 a doubled character, 2 a missing one, 3 another one added."""
    qualifier: Qualifier | None
    near: int
    """Where the word stands that the label needs before it; -1 if it needs none."""


def name_number(text: str, start: int, end: int) -> list[Named]:
    """The labels that fit the number at ``start:end`` of a folded sentence: none, the one, or several metrics' ones."""
    head = text[max(start - REACH, 0) : start]
    before, qualifier = unqualified(without_asides(head))
    tail = text[end : end + REACH]
    fits = []
    for form in _candidates(before):
        after, qualifier_after = qualified_after(tail, form.unit or "")
        slips = _slips(form, before, after)
        near = max((found_near(head, word) for word in form.near), default=-1)
        if slips < 2 and not (form.near and near < 0):
            likely = _likely(before, form.left) if slips else 0
            fits.append(Named(form, slips, likely, qualifier or qualifier_after, near))
    if not fits or of_other_time(text[:start]) or regions().search(clause_before(text[:start])):
        return []
    return _best(fits)


def _best(fits: list[Named]) -> list[Named]:
    """Of *fits* the one label of each metric that fits best; others only if nothing tells them from it."""
    nearest = max((named.near for named in fits), default=-1)
    fits = [named for named in fits if named.near in (-1, nearest)]

    def rank(named: Named) -> tuple[int, int]:
        return named.likely, -len(named.form.left + named.form.right)

    best = min(map(rank, fits), default=None)
    return list({named.form.metric: named for named in fits if rank(named) == best}.values())


def _likely(before: str, label: str) -> int:
    if before.endswith(tuple(doubled_one(label))):
        return 1
    return 2 if before.endswith(tuple(lost_one(label))) else 3


def found_near(text: str, word: str) -> int:
    """Where *word*, perhaps without one of its characters, stands last in *text*; -1 if it does not."""
    place = text.rfind(word)
    return place if place >= 0 or len(word) < _SHORT else max(map(text.rfind, lost_one(word)))


@cache
def _by_ending() -> dict[str, tuple[Form, ...]]:
    """The forms by the characters with which their left side, exact or with its last one missing, ends."""
    found: dict[str, list[Form]] = defaultdict(list)
    for form in number_forms():
        for character in dict.fromkeys(form.left[-2:]):
            found[character].append(form)
    return {character: tuple(forms) for character, forms in found.items()}


def _candidates(before: str) -> Iterable[Form]:
    """The forms that *before* may end with, an additional character perhaps standing last."""
    if not before:
        return ()
    forms = _by_ending().get(before[-1], ())
    if before[-1] in _NOT_ADDED or len(before) < 2:
        return forms
    return dict.fromkeys((*forms, *_by_ending().get(before[-2], ())))


def _slips(form: Form, before: str, after: str) -> int:
    """Slips with which *before* and *after* a number are the label *form*."""
    slips = trailing(before, form.left)
    if form.unless and before.endswith(form.unless + form.left):
        slips = 1
    if slips and before[-len(form.left) :][:1] in _DENYING:
        return 2  # 未处理 is no 共处理
    if slips < 2:
        slips += _slips_after(form.right, form.unit or "", after)
    return 2 if slips and len(form.left + form.right) < _SHORT else slips


def _slips_after(label: str, unit: str, after: str) -> int:
    if label == unit:
        # Where it is missing, another unit could stand, unless the clause ends there.
        if after.startswith((label, *_LINKING)) or not after[:1].isalnum():
            return 0
        return 1 if after.startswith(label, 1) else 2
    if label.startswith(unit) and after.startswith(label.removeprefix(unit)):
        return 0
    return leading(after, label)
