"""Finds the metric that the words around a number name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cncert.items import Qualifier
from cncert.report.label_context import CONTEXT_CHARACTERS, clause_before, of_other_time, without_asides
from cncert.report.metrics import Form, number_forms, regions
from cncert.report.numbers import strip_qualifier_after, strip_qualifier_before
from cncert.report.typos import typos_at_end, typos_at_start, with_one_doubled, without_one_character

_SHORT_LABEL = 4
"""A label of fewer characters must be exact."""
_NOT_AN_EXTRA_CHARACTER = "增减升降多少(["
"""A number after one of these, where the label has none, is that of a change or of a note: 事件增5起, 事件[5]."""
_NEGATIONS = "未不非无没"
_CONJUNCTIONS = ("以及", "和", "及", "与", "或", "而", "其中", "、")
"""What may follow a number whose unit is missing, beside the end of the clause."""


@dataclass(frozen=True, slots=True)
class NamedNumber:
    """A number and a label that fits it."""

    form: Form
    typos: int
    typo_rank: int
    """Kind of typo, likeliest first: 0 none, 1 a doubled character, 2 a missing one, 3 another one added."""
    qualifier: Qualifier | None
    near_place: int
    """Where the word stands that the label needs before it; -1 if it needs none."""


def name_number(text: str, start: int, end: int) -> list[NamedNumber]:
    """Return the number at ``start:end`` of a folded sentence with each label that fits: none, one, or one a metric."""
    head = text[max(start - CONTEXT_CHARACTERS, 0) : start]
    before, qualifier = strip_qualifier_before(without_asides(head))
    tail = text[end : end + CONTEXT_CHARACTERS]
    fits = []
    for form in _candidates(before):
        after, qualifier_after = strip_qualifier_after(tail, form.unit or "")
        typos = _typos(form, before, after)
        near_place = max((find_word(head, word) for word in form.near), default=-1)
        if typos < 2 and not (form.near and near_place < 0):
            typo_rank = _typo_rank(before, form.left) if typos else 0
            fits.append(NamedNumber(form, typos, typo_rank, qualifier or qualifier_after, near_place))
    if not fits or of_other_time(text[:start]) or regions().search(clause_before(text[:start])):
        return []
    return _preferred(fits)


def _preferred(fits: list[NamedNumber]) -> list[NamedNumber]:
    """Return the label of each metric that fits best; several metrics only if none fits better than the others."""
    nearest = max((named.near_place for named in fits), default=-1)
    fits = [named for named in fits if named.near_place in (-1, nearest)]

    def rank(named: NamedNumber) -> tuple[int, int]:
        return named.typo_rank, -len(named.form.left + named.form.right)

    lowest = min(map(rank, fits), default=None)
    return list({named.form.metric: named for named in fits if rank(named) == lowest}.values())


def _typo_rank(before: str, label: str) -> int:
    if before.endswith(tuple(with_one_doubled(label))):
        return 1
    return 2 if before.endswith(tuple(without_one_character(label))) else 3


def find_word(text: str, word: str) -> int:
    """Return where *word*, perhaps without one of its characters, stands last in *text*; -1 if it does not."""
    place = text.rfind(word)
    return place if place >= 0 or len(word) < _SHORT_LABEL else max(map(text.rfind, without_one_character(word)))


@cache
def _by_ending() -> dict[str, tuple[Form, ...]]:
    """Return the forms by the characters with which their left side, exact or with its last one missing, ends."""
    found: dict[str, list[Form]] = defaultdict(list)
    for form in number_forms():
        for character in dict.fromkeys(form.left[-2:]):
            found[character].append(form)
    return {character: tuple(forms) for character, forms in found.items()}


def _candidates(before: str) -> Iterable[Form]:
    """Return the forms that *before* may end with, an additional character perhaps standing last."""
    if not before:
        return ()
    forms = _by_ending().get(before[-1], ())
    if before[-1] in _NOT_AN_EXTRA_CHARACTER or len(before) < 2:
        return forms
    return dict.fromkeys((*forms, *_by_ending().get(before[-2], ())))


def _typos(form: Form, before: str, after: str) -> int:
    """Return the number of typos with which the words *before* and *after* a number are the label *form*."""
    typos = typos_at_end(before, form.left)
    if form.unless and before.endswith(form.unless + form.left):
        typos = 1
    if typos and before[-len(form.left) :][:1] in _NEGATIONS:
        return 2  # 未处理 is no 共处理
    if typos < 2:
        typos += _typos_after(form.right, form.unit or "", after)
    return 2 if typos and len(form.left + form.right) < _SHORT_LABEL else typos


def _typos_after(label: str, unit: str, after: str) -> int:
    if label == unit:
        # Where it is missing, another unit could stand, unless the clause ends there.
        if after.startswith((label, *_CONJUNCTIONS)) or not after[:1].isalnum():
            return 0
        return 1 if after.startswith(label, 1) else 2
    if label.startswith(unit) and after.startswith(label.removeprefix(unit)):
        return 0
    return typos_at_start(after, label)
