"""Documents about picture files: what OCR engines read in each, and the corrections of persons.

They belong to the SHA-256 of a file: one file serves all issues that show it.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cncert.items import Box, Confidence, Count, Metric, Model, Moment, Qualifier

Checksum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ReadingState = Literal["read", "nothing", "broken", "too_large", "unsupported", "failed"]
MAX_TEXT_LENGTH = 2000
"""Characters of a text that was read in a picture."""

Direction = Literal["up", "down", "flat"]
Printed = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]


class LabelledNumber(Model):
    """A label in a picture and the number that belongs to it."""

    label: Printed
    """As printed, its lines joined."""
    metric: Metric | None
    """The metric of data/metric_labels.toml that the label names; None if it names none."""
    printed: Printed
    """The number as printed: 137.0万, 278起."""
    value: Count
    """In plain units."""
    unit: str | None
    qualifier: Qualifier | None
    change_pct: float | None
    """Against the week before, in percent; a fall is negative."""
    change_printed: Printed | None = None
    """The percentage beside the number, as printed."""
    direction: Direction | None
    share_pct: float | None
    box: Box
    """Of the number in its picture."""
    words_confidence: Confidence
    """The least sure of the words that it was read from."""
    pairing_confidence: Confidence
    """How sure the number belongs to the label."""
    evidence: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH)]
    """The words."""
    agreed: bool
    """Whether all passes read the words alike."""
    state: Literal["figure", "candidate"]
    reason: str | None
    """Why it is a candidate."""

    def __str__(self) -> str:
        # Two that are alike here differ in nothing that a table shows.
        number = f"{self.qualifier or ''}{self.value:.12g}{self.unit or ''}"
        change = "" if self.change_pct is None else f", {self.change_pct:+.12g} %"
        share = "" if self.share_pct is None else f", a share of {self.share_pct:.12g} %"
        return f"{number}{change}{share}{' (candidate)' if self.state == 'candidate' else ''}"


class PictureReading(Model):
    """What one version of the reader found in a picture file."""

    state: ReadingState
    """``failed``: the reader died or took too long."""
    reason: str | None = None
    """Why nothing was read, or what was left out, on one line."""
    width: int | None = None
    """In pixels, as it is shown; None if unknown."""
    height: int | None = None
    engine: str
    """Name and version of the engine, and of its models."""
    rules: str
    """Which rules found the numbers (``report.parser_version.PICTURE_RULES``), and their thresholds."""
    read_at: Moment
    seconds: float = 0
    engine_seconds: float = 0
    """Seconds of these that the engine took. Pictures that were read together share them."""
    words: int = 0
    """How many words were read."""
    joined: list[Checksum] = Field(default_factory=list)
    """The other slices that were read as one picture with this one."""
    pairs: list[LabelledNumber] = Field(default_factory=list)
    """In reading order."""

    @property
    def reader(self) -> tuple[str, str]:
        """The version of the reader: engine and rules."""
        return self.engine, self.rules

    @property
    def is_complete(self) -> bool:
        """Whether the picture could be read, with or without words in it."""
        return self.state in ("read", "nothing")

    def values_by_metric(self) -> dict[str, str]:
        """Return the numbers that were read, as text, by metric."""
        found: dict[str, list[str]] = {}
        for pair in self.pairs:
            if pair.metric is not None:
                found.setdefault(pair.metric, []).append(str(pair))
        return {metric: " and ".join(some) for metric, some in found.items()}


class ReadPicture(Model):
    """A picture file that was read."""

    id: Annotated[Checksum, Field(alias="_id")]
    reading: PictureReading
    """The reading from which figures are made."""
    proposed: PictureReading | None = None
    """A different reading by another version of the reader, which a person accepts or not."""

    def with_reading(self, new: PictureReading) -> Self:
        """Return this picture with *new*, which replaces a reading that failed or is the same, else is proposed.

        Of two readings by the same version the first stays: two processes may have read the picture at the same time.
        """
        former = self.reading
        if former.is_complete and new.reader == former.reader:
            return self
        if not former.is_complete or (new.is_complete and new.values_by_metric() == former.values_by_metric()):
            return self.model_copy(update={"reading": new, "proposed": None})
        return self.model_copy(update={"proposed": new}) if new.is_complete else self

    def differences(self) -> list[str]:
        """Return what the proposed reading would change, a line for each metric."""
        if self.proposed is None:
            return []
        old, new = self.reading.values_by_metric(), self.proposed.values_by_metric()
        return [
            f"{metric}: {old.get(metric, 'none')} -> {new.get(metric, 'none')}"
            for metric in dict.fromkeys([*old, *new])
            if old.get(metric) != new.get(metric)
        ]

    def accepted(self) -> Self:
        """Return this picture with the proposed reading in place of the former one."""
        return self if self.proposed is None else self.model_copy(update={"reading": self.proposed, "proposed": None})


class Correction(Model):
    """A person's verdict on a figure in a picture file, which overrides what an engine reads there."""

    id: Annotated[str, Field(alias="_id")]
    """:func:`correction_id`"""
    picture: Checksum
    metric: Metric
    box: Box | None
    """The number, if the picture has several of the metric; None: all of them."""
    verdict: Literal["confirmed", "corrected", "refused"]
    """``refused``: the picture does not state it."""
    value: Count
    """What the picture states, in plain units."""
    unit: str | None
    change_pct: float | None
    by: Annotated[str, Field(min_length=1, max_length=100)]
    at: Moment
    note: Annotated[str, Field(max_length=MAX_TEXT_LENGTH)] | None = None
    pair: LabelledNumber
    """The reading that the person judged."""

    @model_validator(mode="after")
    def _id_names_the_figure(self) -> Self:
        if self.id != correction_id(self.picture, self.metric, self.box):
            raise ValueError(f"_id {self.id} is not that of {self.metric} in {self.picture}")
        return self

    def settles(self, pair: LabelledNumber) -> bool:
        """Whether *pair* needs no other check."""
        if pair.metric != self.metric:
            return False
        return self.verdict != "refused" or self.box is None or boxes_overlap(self.box, pair.box)


def correction_id(picture: str, metric: str, box: Box | None) -> str:
    """Return the id of the correction of *metric* in the file *picture*, at *box* if that has several numbers of it."""
    place = "" if box is None else "-" + "-".join(map(str, box))
    return f"{picture}-{metric}{place}"


def boxes_overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share a pixel: engines differ about the edges of a word."""
    (x, y, width, height), (left, top, across, down) = one, other
    return x < left + across and left < x + width and y < top + down and top < y + height
