"""Which percentage belongs to which number."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from cncert.infographics.labels.find_labels import Caption
from cncert.infographics.labels.find_numbers import Percentage, Value
from cncert.infographics.labels.number_of_label import Draft, PairedLabels
from cncert.infographics.labels.possible_pairs import MOST_LABELS, Edge, Placed, find_edges, match
from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.words_and_marks import HasInk, Rectangle

_DIAGONAL = 0.1
"""How much of a percentage must stand beside its number."""
_FAR = 4
"""A percentage below or above its number is no farther than so many heights away."""
_RIVAL = 1.5
"""A pair without a percentage that is so many times as far from one as the pair that has it could have it too."""


def assign_percentages(
    paired: PairedLabels, changes: Sequence[Percentage], tokens: Sequence[Token], has_ink: HasInk
) -> None:
    """Give each pair its percentages, and labels without a number a percentage as their number."""
    usable = [
        change for change in changes if change.role != "other" and paired.heads.over(change.token.box) != "other_change"
    ]
    free = _in_turn(paired.drafts, _in_line(paired.drafts, usable, tokens)[:MOST_LABELS])
    waiting = [draft for draft in paired.drafts if draft.change is None and not draft.is_in_turn]
    left = _assign(paired, waiting, [change for change in free if change.role != "share"])
    if any(change.role == "change" for change in left):
        for draft in waiting:
            if draft.change is None:
                draft.add_reason(0.7, "a change is left over")
    _assign(paired, list(paired.drafts), [change for change in free if change.role == "share"])
    _check_exceptions(paired.drafts, tokens, has_ink)


def _in_turn(drafts: Sequence[Draft], free: list[Percentage]) -> list[Percentage]:
    """Give numbers that stand between two labels the change in the row of their own one; what nobody has taken."""
    rows = [draft for draft in drafts if draft.is_in_turn and draft.change is None]
    for draft in rows:
        label = draft.caption.box
        for change in free:
            box = change.token.box
            if change.role != "share" and box.shared_height(label) > 0.5 and box.x > label.right and draft.give(change):
                free = [other for other in free if other is not change]
                break
    for draft in rows:
        if draft.change is None and any(other.change is not None for other in rows):
            draft.add_reason(0.7, "others of its kind have a change")
    return free


def _assign(paired: PairedLabels, waiting: list[Draft], free: list[Percentage]) -> list[Percentage]:
    """Give *waiting* pairs what is *free*; what nobody has taken."""
    done = [draft for draft in paired.drafts if draft not in waiting]
    edges = _edges(waiting, free, done, paired.captions)
    chosen = match(edges, frozenset(range(len(waiting))))
    for edge in chosen:
        change = free[edge.number]
        if edge.label >= len(waiting):
            if change.token.number:
                value = Value(change.token, None, None)
                paired.drafts.append(Draft(paired.captions[edge.label - len(waiting)], value))
        else:
            waiting[edge.label].give(change)
    if not any(change.role == "share" for change in free):
        _check_rivals(waiting, edges, chosen)
    taken = {edge.number for edge in chosen}
    return [change for n, change in enumerate(free) if n not in taken]


def _in_line(drafts: list[Draft], changes: Sequence[Percentage], tokens: Sequence[Token]) -> list[Percentage]:
    """Give numbers the percentages that follow them in their line; those that are left."""
    draft_of = {id(draft.value.token): draft for draft in drafts}
    change_of = {id(change.token): change for change in changes}
    used: set[int] = set()
    for _, line in groupby(tokens, key=lambda token: token.word):
        draft = None
        for token in line:
            if token.kind in ("number", "odd"):
                draft = draft_of.get(id(token))
            elif token.kind == "trend" and token.direction is None and draft is not None:
                draft.add_reason(0.7, "the sentence breaks off")
            elif change := change_of.get(id(token)):
                is_given = draft is not None and draft.give(change)
                used.update({id(change)} if is_given or token.is_running else ())
    return [change for change in changes if id(change) not in used]


def _edges(waiting: list[Draft], free: list[Percentage], done: list[Draft], captions: list[Caption]) -> list[Edge]:
    """What a percentage may belong to: a pair, seen from its number or from its label, or a label alone."""
    shown = [Value(change.token, None, None) for change in free]
    obstacles: list[Placed] = [thing for draft in done for thing in (draft.value, draft.caption)]
    targets: list[Placed] = [*(draft.value for draft in waiting), *(draft.caption for draft in waiting), *captions]
    found: dict[tuple[int, int], Edge] = {}
    for edge in find_edges(targets, shown, obstacles, row=_DIAGONAL):
        if edge.relation in ("above", "below") and edge.relative_gap > _FAR:
            continue
        if edge.label >= 2 * len(waiting) and free[edge.number].role not in (None, "share"):
            continue  # a change is that of a number
        place = edge.label if edge.label < len(waiting) else edge.label - len(waiting)
        edge = replace(edge, label=place)
        key = (place, edge.number)
        if key not in found or edge.weight > found[key].weight:
            found[key] = edge
    return list(found.values())


def _check_rivals(waiting: list[Draft], edges: list[Edge], chosen: list[Edge]) -> None:
    """A pair without a percentage that could have the one of another pair: neither is sure."""
    owner = {edge.number: edge for edge in chosen if edge.label < len(waiting)}
    for edge in edges:
        mine = owner.get(edge.number)
        if mine is None or edge.label >= len(waiting) or waiting[edge.label].change is not None:
            continue
        if edge.support >= mine.support and edge.gap < _RIVAL * max(mine.gap, mine.size):
            for label in (edge.label, mine.label):
                waiting[label].add_reason(0.6, "a percentage may belong to another number")


def _check_exceptions(drafts: list[Draft], tokens: Sequence[Token], has_ink: HasInk) -> None:
    """Where numbers of one size have a change, one without has something there that was not read as one."""
    used = {id(token) for draft in drafts for token in draft.value.tokens}
    odd = [token.box for token in tokens if token.kind in ("number", "odd", "delta") and id(token) not in used]

    def has_something(place: Rectangle) -> bool:
        return has_ink(place) or any(box.shared_width(place) > 0 and box.shared_height(place) > 0 for box in odd)

    for draft in drafts:
        alike = [other for other in drafts if 0.8 < other.value.line / max(draft.value.line, 1) < 1.25]
        having = [(other, other.change.box) for other in alike if other.change is not None]
        if draft.change is None and any(map(has_something, _expected(draft, having))):
            draft.add_reason(0.7, "others of its kind have a change")


def _expected(draft: Draft, having: list[tuple[Draft, Rectangle]]) -> Iterator[Rectangle]:
    """Where the change of *draft* would stand, if it stood as those of others do."""
    if not having:
        return
    ways = [[_shift(anchor, draft, other) for other, _ in having] for anchor in _ANCHORS]
    places = [
        [(box.x + across, box.y + along) for (across, along), (_, box) in zip(way, having, strict=True)] for way in ways
    ]
    _, change = having[0]
    width, height = change.width, change.height
    spread = [_range(x for x, _ in way) + _range(y for _, y in way) for way in places]
    for way, apart in zip(places, spread, strict=True):
        if apart <= min(spread) + 2:
            yield Rectangle(way[0][0] + 0.1 * width, way[0][1] + 0.15 * height, 0.8 * width, 0.7 * height)


def _range(numbers: Iterable[float]) -> float:
    known = list(numbers)
    return max(known) - min(known)


_ANCHORS = [(thing, side) for thing in ("value", "caption") for side in ("x", "right", "middle")]


def _shift(anchor: tuple[str, str], draft: Draft, other: Draft) -> tuple[float, float]:
    """From *other* to *draft*, seen from one edge of its number or its label."""
    thing, side = anchor
    mine, its = getattr(draft, thing).box, getattr(other, thing).box
    return getattr(mine, side) - getattr(its, side), mine.centre - its.centre
