"""Labels and their numbers: those of one line first, then by where they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Literal

from cncert.infographics.labels.find_labels import Caption, find_labels, goes_on_below
from cncert.infographics.labels.find_numbers import Percentage, Value, find_numbers
from cncert.infographics.labels.possible_pairs import MOST_LABELS, Edge, Placed, find_edges, match, same_size
from cncert.infographics.labels.split_words import Token
from cncert.infographics.labels.table_layout import Heads, counters, ticks
from cncert.infographics.labels.words_and_marks import Rectangle

Side = Literal["left", "right"]
_SAME_SIZE = 1.33
_FAR = 3.0
"""A label above or below its number is no farther than so many heights, unless others stand so too."""
_ROWS, _IN_TURN = 3, 0.95
"""Rows that make a list in which labels and numbers stand in turn, and how sure that is."""
_LINE_GAP = 0.55
"""A line that is nearer to a label, in line heights, may be a part of it."""


@dataclass(slots=True, eq=False)
class Draft:
    """A pair in the making."""

    caption: Caption
    value: Value
    sure: float = 1.0
    reasons: list[str] = field(default_factory=list)
    change: Percentage | None = None
    share: Percentage | None = None
    metric: str | None = None
    is_in_turn: bool = False
    """Whether its number stands between its label and the next one."""

    @property
    def box(self) -> Rectangle:
        """The label and the number."""
        return self.caption.box.around(self.value.box)

    def give(self, change: Percentage) -> bool:
        """Note the share or the change that stands at it; False if it has one."""
        name = "share" if change.role == "share" else "change"
        is_free = getattr(self, name) is None
        if is_free:
            setattr(self, name, change)
        return is_free

    def add_reason(self, sure: float, reason: str) -> None:
        """Note why the pair is not sure."""
        self.sure = min(self.sure, sure)
        if reason not in self.reasons:
            self.reasons.append(reason)


@dataclass(frozen=True, slots=True)
class PairedLabels:
    """The pairs, and the labels that are left."""

    drafts: list[Draft]
    captions: list[Caption]
    heads: Heads


def pair_labels(tokens: Sequence[Token], unread: Sequence[Placed]) -> PairedLabels:
    """Pair the labels and numbers among *tokens*; what is *unread* may stand between two."""
    heads = Heads(tokens)
    captions = find_labels([token for token in tokens if not heads.hold(token)])
    numbers = [token for token in tokens if token.kind == "number"]
    none = {id(token) for token in (*ticks(numbers), *counters(numbers))}
    values = find_numbers([token for token in numbers if id(token) not in none], tokens)
    drafts = list(_in_line(tokens, captions, values))
    used = {id(thing) for draft in drafts for thing in (draft.caption, draft.value)}
    free = [caption for caption in captions if id(caption) not in used and not caption.tokens[0].is_running]
    left = [value for value in values if id(value) not in used and not value.token.is_running]
    this_week = heads.legend([caption for caption in free if caption.names], left)
    if this_week is None:
        left = [value for value in left if heads.over(value.box) in (None, "this")]
    if max(len(free), len(left)) > MOST_LABELS:
        free, left = [], []
    obstacles: list[Placed] = [draft.value for draft in drafts]
    obstacles += [*unread, *(token for token in tokens if token.kind == "odd")]
    drafts += _by_place(free, left, obstacles, this_week)
    used = {id(thing) for draft in drafts for thing in (draft.caption, draft.value)}
    drafts += _in_turn([one for one in free if id(one) not in used], [one for one in left if id(one) not in used])
    used = {id(token) for draft in drafts for token in draft.caption.tokens}
    return PairedLabels(drafts, [caption for caption in free if used.isdisjoint(map(id, caption.tokens))], heads)


def _in_line(tokens: Sequence[Token], captions: list[Caption], values: list[Value]) -> Iterator[Draft]:
    """Labels and numbers of one line: 被篡改网站总数：5,036, 高危漏洞67个、中危漏洞143个, 37个低危漏洞."""
    value_of = {id(value.token): value for value in values}
    caption_of = {id(token): caption for caption in captions for token in caption.tokens}
    for _, line in groupby(tokens, key=lambda token: token.word):
        pieces = [token for token in line if token.kind in ("label", "number", "odd", "delta")]
        kinds = [token.kind for token in pieces]
        is_reversed = kinds[:1] == ["number"] and kinds[-1:] == ["label"]
        if is_reversed:
            pieces.reverse()
        for label, number in pairwise(pieces):
            if label.kind == "label" and number.kind == "number" and id(number) in value_of:
                caption = caption_of.get(id(label))
                if caption is not None and caption.tokens[0 if is_reversed else -1] is label:
                    yield Draft(caption, value_of[id(number)])


def _by_place(
    captions: list[Caption], values: list[Value], obstacles: Sequence[Placed], this_week: Side | None
) -> list[Draft]:
    # An unknown label that stands with its number as no other does is a title, beside any number.
    edges = [
        edge
        for edge in find_edges(captions, values, obstacles)
        if captions[edge.label].names or edge.support > 1 or (edge.relation == "left" and edge.relative_gap < _FAR)
    ]
    if this_week is not None:
        edges = [edge for edge in edges if not _is_last_week(edge, edges, values, this_week)]
    chosen = match(edges, frozenset(n for n, caption in enumerate(captions) if caption.names))
    drafts = []
    for edge in chosen:
        draft = Draft(captions[edge.label], values[edge.number])
        rivals = [value for n, value in enumerate(values) if n not in {other.number for other in chosen}]
        if any(_stands_by(value, draft, edge) for value in rivals):
            draft.add_reason(0.5, "a second number of this size stands at the label")
        for sure, reason in _reasons_against(edge, edges, chosen, captions, values):
            draft.add_reason(sure, reason)
        if this_week is not None:
            draft.add_reason(0.5, "bars of two weeks stand side by side")
        drafts.append(draft)
    _lengthen(drafts, captions)
    return drafts


def _in_turn(captions: list[Caption], values: list[Value]) -> Iterator[Draft]:
    """Labels above bars and numbers at the ends of these: a label and a number in turn, all the way down."""
    values = sorted(values, key=lambda value: value.box.y)
    first = min((caption for caption in captions if caption.names), key=lambda caption: caption.box.y, default=None)
    if first is None or len(values) < _ROWS:
        return
    rows = [caption for caption in captions if abs(caption.box.x - first.box.x) < 0.5 * first.line]
    rows = sorted((one for one in rows if one.box.y >= first.box.y), key=lambda caption: caption.box.y)
    steps = [value.box.centre - caption.box.centre for caption, value in zip(rows, values, strict=False)]
    below = [*(caption.box.y for caption in rows[1:]), max(value.box.bottom for value in values) + 1]
    if (
        len(rows) == len(values)
        and max(steps) - min(steps) < 0.5 * first.line
        and min(steps) > 0.5 * first.line
        and all(value.box.bottom <= end for value, end in zip(values, below, strict=True))
        and all(value.box.x > caption.box.right for caption, value in zip(rows, values, strict=True))
        and all(same_size(value.line, values[0].line, _SAME_SIZE) for value in values)
    ):
        yield from (
            Draft(caption, value, _IN_TURN, is_in_turn=True) for caption, value in zip(rows, values, strict=True)
        )


def _is_last_week(edge: Edge, edges: list[Edge], values: list[Value], this_week: Side) -> bool:
    """Whether another bar at the same label stands where the legend has 本周."""
    mine = values[edge.number].box.middle
    others = [
        values[other.number].box.middle
        for other in edges
        if other.label == edge.label and other.relation == edge.relation and other.number != edge.number
    ]
    return any(middle < mine if this_week == "left" else middle > mine for middle in others)


def _reasons_against(
    edge: Edge, edges: list[Edge], chosen: list[Edge], captions: list[Caption], values: list[Value]
) -> Iterator[tuple[float, str]]:
    """Why the two may not belong together."""
    labels, numbers = {other.label for other in chosen}, {other.number for other in chosen}
    size = values[edge.number].line
    for other in edges:
        is_free = other.label == edge.label and other.number not in numbers
        if is_free and same_size(size, values[other.number].line, _SAME_SIZE):
            yield 0.5, "a second number of this size stands at the label"
        is_rival = other.number == edge.number and other.label not in labels and captions[other.label].names
        if is_rival and other.support >= edge.support and other.relative_gap < 1.3 * edge.relative_gap:
            yield 0.6, "another label is as near"
    if edge.support < 2 and edge.relation in ("above", "below") and edge.relative_gap > _FAR:
        yield 0.7, "the label stands far away"


def _stands_by(value: Value, draft: Draft, edge: Edge) -> bool:
    """Whether a number that belongs to nothing stands behind the number of *draft*, as that of another week would."""
    mine = draft.value.box
    if not same_size(value.line, draft.value.line, _SAME_SIZE):
        return False
    if edge.relation in ("left", "right"):
        return value.box.shared_height(mine) > 0.6
    gap = max(value.box.y - mine.bottom, mine.y - value.box.bottom)
    return value.box.shared_width(mine) > 0.5 and gap < _FAR * mine.height


def _lengthen(drafts: list[Draft], captions: list[Caption]) -> None:
    """Add lines without a number to the unknown label beside them; beside a known label they make it unsure."""
    paired = {id(draft.caption) for draft in drafts}
    free = [caption for caption in captions if id(caption) not in paired and caption.tokens[0].kind == "label"]
    for draft in drafts:
        for caption in list(free):
            first, last = draft.caption.tokens[0], draft.caption.tokens[-1]
            if len(caption.tokens) > 1 or not (_is_next(last, caption.tokens[0]) or _is_next(caption.tokens[0], first)):
                continue
            if draft.caption.names:
                draft.add_reason(0.7, f"the label may go on: {caption.printed}")
                continue
            pieces = sorted((*draft.caption.tokens, *caption.tokens), key=lambda token: token.box.y)
            draft.caption = Caption(tuple(pieces), ())
            free.remove(caption)


def _is_next(upper: Token, lower: Token) -> bool:
    return goes_on_below(upper, lower) and lower.box.y - upper.box.bottom < _LINE_GAP * upper.line
