"""From the words and marks of a picture to its labelled numbers: the public entry point of ``labels/``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cncert.infographics.labels.change_of_number import assign_percentages
from cncert.infographics.labels.find_labels import scale_of
from cncert.infographics.labels.find_numbers import Percentage, find_percentages
from cncert.infographics.labels.number_of_label import Draft, PairedLabels, pair_labels
from cncert.infographics.labels.paragraphs import Paragraph, figures_of, find_paragraphs, label_before
from cncert.infographics.labels.plausibility import check_plausibility
from cncert.infographics.labels.split_words import read_tokens
from cncert.infographics.labels.words_and_marks import HasInk, Mark, Rectangle, Word, sides
from cncert.items import Figure
from cncert.options import Options
from cncert.report.label_context import of_other_time
from cncert.report.metrics import fold, metrics, regions
from cncert.report.numbers import FACTORS, LARGEST_NUMBER
from cncert.report.parser_version import PICTURE_RULES
from cncert.store.picture_readings import MAX_TEXT_LENGTH, Direction, LabelledNumber

_UNITS = {metric.name: metric.unit for metric in metrics()}
_SMALL = 0.75
"""Of the height of its label."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a reading is taken."""

    word: float = 0.92
    """The least sure word of a figure."""
    drop: float = 0.8
    """Words below are not looked at."""
    pairing: float = 0.9
    """How sure a number belongs to its label."""

    @property
    def rules(self) -> str:
        """What makes figures of words: code, tables and limits."""
        return f"{PICTURE_RULES} {self.word:g}/{self.pairing:g}/{self.drop:g}"

    @staticmethod
    def of(options: Options) -> "Limits":
        """Return the limits that the options ``ocr_word``, ``ocr_drop`` and ``ocr_pairing`` set."""
        return Limits(options.ocr_word, options.ocr_drop, options.ocr_pairing)


DEFAULT = Limits()


def read_labelled_numbers(
    words: Sequence[Word], marks: Sequence[Mark], has_ink: HasInk, limits: Limits = DEFAULT
) -> list[LabelledNumber]:
    """Return the labels and numbers of a picture that belong together, in reading order."""
    kept = [word for word in words if word.scores and sum(word.scores) / len(word.scores) >= limits.drop]
    unread = [word for word in words if word not in kept and len(word.text) > 1]
    others, paragraphs = find_paragraphs(kept)
    tokens = read_tokens(others, paragraphs)
    paired = pair_labels(tokens, unread)
    assign_percentages(paired, find_percentages(tokens, marks), tokens, has_ink)
    for draft in paired.drafts:
        if any(map(has_ink, sides(draft.value.token.box))):
            draft.add_reason(0.7, "something beside the number was not read")  # it may have lost a digit
        if draft.value.line < _SMALL * min(token.line for token in draft.caption.tokens):
            draft.add_reason(0.7, "smaller than its label")  # rather one of a scale
    _check_titles(paired, others)
    _name(paired.drafts)
    pairs = [_finished(draft, limits) for draft in paired.drafts]
    read = {(pair.metric, pair.value, pair.change_pct) for pair in pairs}
    for paragraph, figure in figures_of(paragraphs):  # in the report's own words, as its text is read
        if (figure.metric, figure.value, figure.change_pct) not in read:
            number = _number_of_text(paragraph, figure, limits)
            pairs = [pair for pair in pairs if pair.metric or pair.box != number.box]
            pairs.append(number)
    counted = [pair for pair in check_plausibility(pairs) if pair.value <= LARGEST_NUMBER]
    return sorted(counted, key=lambda pair: (pair.box[1], pair.box[0]))


def _check_titles(paired: PairedLabels, words: Sequence[Word]) -> None:
    """What stands below 上周情况 or 广东省情况 is not what the report counts."""
    lone = [caption.tokens[0] for caption in paired.captions if not caption.names]
    lone = [token for token in lone if token.kind == "label" and not token.is_running]
    for title in (*lone, *paired.heads.titles([draft.value for draft in paired.drafts])):
        text = fold(words[title.word].text)
        if of_other_time(text) or regions().search(text):
            for draft in paired.drafts:
                if draft.value.box.y >= title.box.bottom:
                    draft.add_reason(0.6, f"the title may speak of something else: {title.printed}")


def _name(drafts: list[Draft]) -> None:
    """Say which metric each pair is of; some labels need the one that they stand below."""
    counts = [draft for draft in drafts if draft.value.token.kind != "percent"]  # a share is no number of a metric
    for draft in counts:
        if len(draft.caption.names) == 1 and draft.caption.names[0].below is None:
            draft.metric = draft.caption.names[0].metric
    named = [draft for draft in drafts if draft.metric is not None]
    for draft in counts:
        if draft.metric is None and draft.caption.names:
            parent = _parent(draft, named)
            fits = [name for name in draft.caption.names if parent is not None and name.below == parent.metric]
            if len(fits) == 1:
                draft.metric = fits[0].metric


def _parent(draft: Draft, named: list[Draft]) -> Draft | None:
    """The pair that *draft* stands below, or in a sentence behind."""
    own = draft.caption.box
    if draft.value.token.is_running:
        before = [other for other in named if other.value.token.word == draft.value.token.word]
        return before[-1] if before else None
    above = [
        (own.y - other.caption.box.bottom, n)
        for n, other in enumerate(named)
        if other.box.shared_width(own) > 0 and other.caption.box.bottom <= own.y + 0.3 * own.height
    ]
    return named[min(above)[1]] if above else None


def _finished(draft: Draft, limits: Limits) -> LabelledNumber:
    value, change = draft.value, draft.change
    parts = [part for part in (change, draft.share) if part is not None]
    tokens = [*draft.caption.tokens, *value.tokens, *(token for part in parts for token in part.tokens)]
    change_pct, signs = _signed(change) if change else (None, [])
    reasons = [*draft.reasons, *signs]
    share = draft.share.token.number if draft.share else None
    if draft.metric is None:
        reasons.insert(0, "no metric")
    return _with_state(
        reasons,
        limits,
        label=_without_week(draft.caption.printed) if value.token.is_running else draft.caption.printed,
        metric=draft.metric,
        printed=value.printed,
        value=_amount(value.number.value, None if value.scale else scale_of(draft.caption.text)),
        unit=_UNITS.get(draft.metric or "") or value.unit,
        qualifier=value.token.qualifier,
        change_pct=change_pct,
        change_printed=change.token.printed if change and change.direction != "flat" else None,
        direction=change.direction if change else None,
        share_pct=float(share.value) if share else None,
        box=_rounded(value.box),
        words_confidence=round(min(token.score for token in tokens if not token.is_arrow), 3),
        pairing_confidence=round(draft.sure, 3),
        evidence=" | ".join(token.printed for token in tokens)[:MAX_TEXT_LENGTH],
        agreed=all(token.agreed for token in tokens if token.kind != "unit" or token.scale),
    )


def _number_of_text(paragraph: Paragraph, figure: Figure, limits: Limits) -> LabelledNumber:
    """A figure of running text."""
    assert figure.start is not None and figure.end is not None and not isinstance(figure.value, str)
    number = paragraph.part(figure.start, figure.end)
    change = figure.change_pct
    direction: Direction | None = None if change is None else "flat" if change == 0 else "up" if change > 0 else "down"
    return _with_state(
        [],
        limits,
        label=_without_week(label_before(paragraph.text, figure.start))[:MAX_TEXT_LENGTH],
        metric=figure.metric,
        printed=number.text,
        value=figure.value,
        unit=figure.unit,
        qualifier=figure.qualifier,
        change_pct=change,
        change_printed=f"{abs(change)}%" if change else None,
        direction=direction,
        share_pct=figure.share_pct,
        box=_rounded(number.box),
        words_confidence=round(min(paragraph.scores), 3),
        pairing_confidence=figure.confidence,
        evidence=figure.evidence[:MAX_TEXT_LENGTH],
        agreed=paragraph.agreed,
    )


def _with_state(reasons: list[str], limits: Limits, **facts: Any) -> LabelledNumber:
    """Return a pair with these *facts*: a figure, if nothing speaks against it."""
    pair = LabelledNumber.model_construct(**facts)
    if not pair.agreed:
        reasons.append("the passes differ")
    if pair.words_confidence < limits.word:
        reasons.append("a word is not sure")
    if pair.pairing_confidence < limits.pairing and not reasons:
        reasons.append("the pairing is not sure")
    state = "candidate" if reasons else "figure"
    return pair.model_copy(update={"state": state, "reason": "; ".join(reasons) or None})


def _signed(change: Percentage) -> tuple[float | None, list[str]]:
    """Return the change in percent, None if its direction is not known, and what makes it unsure."""
    if change.direction == "flat":
        return 0.0, []
    size = float(change.token.number.value) if change.token.number else None
    reasons = []
    if change.contradicted:
        reasons.append("signs of the change contradict each other")
    elif change.direction is None:
        reasons.append("a percentage without direction")
    if size is not None and size > 100 and change.direction == "down":
        reasons.append("a fall by more than 100%")
    return None if size is None or change.direction is None else size if change.direction == "up" else -size, reasons


def _without_week(label: str) -> str:
    return re.sub(r"^本[周期]", "", label)


def _amount(number: int | float, scale: str | None) -> int | float:
    amount = number * FACTORS.get(scale or "", 1)
    return int(amount) if float(amount).is_integer() else amount


def _rounded(box: Rectangle) -> list[int]:
    return [round(box.x), round(box.y), round(box.width), round(box.height)]
