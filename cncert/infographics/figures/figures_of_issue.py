"""From readings of its pictures to the figures of an issue, and to what a person should check. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cncert.infographics.figures.picture_files import body_files
from cncert.items import Check, Figure, Issue, Picture
from cncert.store.picture_readings import Correction, LabelledNumber, PictureReading

CHECKED_WARNINGS = ("change_disagrees", "figure_outlier", "picture_disagrees")
"""Codes of warnings for which a person should check a figure of a picture."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number in a picture that a person should check."""

    issues: tuple[str, ...]
    """Those that show the picture."""
    picture: Picture
    checksum: str
    """Of the picture's file."""
    pair: LabelledNumber
    reason: str
    """Why; empty for a figure that nothing speaks against."""
    is_figure: bool = False
    """Whether it counts already; a candidate else."""
    is_one_of_several: bool = False
    """Whether the picture has more numbers of the same metric."""


@dataclass(slots=True)
class PictureFigures:
    """What the pictures of an issue give."""

    figures: list[Figure] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    """In reading order; figures with a warning among them."""
    accepted: list[Candidate] = field(default_factory=list)
    """The other figures as candidates, for who wants to check these too."""
    unnamed: int = 0
    """Numbers whose label names no metric."""


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that may become a figure."""

    picture: Picture
    checksum: str
    pair: LabelledNumber
    correction: Correction | None = None

    @property
    def metric(self) -> str:
        assert self.pair.metric is not None
        return self.pair.metric

    @property
    def value(self) -> int | float:
        return self.correction.value if self.correction else self.pair.value

    @property
    def confidence(self) -> float:
        return 1.0 if self.correction else min(self.pair.words_confidence, self.pair.pairing_confidence)

    def candidate(self, issue: Issue, others: Sequence["_Number"], reason: str, is_figure: bool) -> Candidate:
        """Return it as a person sees it; *others* are the numbers of its metric in the issue."""
        several = sum(other.checksum == self.checksum for other in others) > 1
        if self.correction is not None:  # a new check takes the place of that
            several = self.correction.box is not None
        return Candidate((issue.id,), self.picture, self.checksum, self.pair, reason, is_figure, several)

    def figure(self) -> Figure:
        pair, correction = self.pair, self.correction
        checked = None
        if correction is not None and correction.verdict != "refused":
            checked = Check(by=correction.by, at=correction.at, verdict=correction.verdict)
        return Figure(
            metric=self.metric,
            value=self.value,
            unit=correction.unit if correction else pair.unit,
            qualifier=pair.qualifier,
            change_pct=correction.change_pct if correction else pair.change_pct,
            share_pct=pair.share_pct,
            section=None,
            evidence=pair.evidence,
            source="picture",
            confidence=self.confidence,
            words_confidence=pair.words_confidence,
            pairing_confidence=pair.pairing_confidence,
            picture=self.picture.key,
            box=pair.box,
            checked=checked,
        )


def figures_of_issue(
    issue: Issue, readings: Mapping[str, PictureReading], corrections: Mapping[str, Sequence[Correction]]
) -> PictureFigures:
    """Return what the pictures of *issue* give; *readings* and *corrections* by the checksums of their files.

    A person's check comes before any reading. A metric that two pictures state has one figure if they agree, the surer
    one; if they do not, none that nobody has checked.
    """
    result, numbers = PictureFigures(), list[_Number]()
    for checksum, picture in body_files(issue).items():
        known = corrections.get(checksum, ())
        numbers += [_Number(picture, checksum, one.pair, one) for one in known if one.verdict != "refused"]
        for pair in readings[checksum].pairs if checksum in readings else ():
            if pair.metric is None:
                result.unnamed += 1
            elif not any(one.settles(pair) for one in known):
                numbers.append(_Number(picture, checksum, pair))
    by_metric: dict[str, list[_Number]] = {}
    for one in numbers:
        by_metric.setdefault(one.metric, []).append(one)
    all_preferred = {metric: _preferred(some) for metric, some in by_metric.items()}
    for one in numbers:
        others, preferred = by_metric[one.metric], all_preferred[one.metric]
        if one in preferred:
            result.figures.append(one.figure())
            warning = None if one.correction else _warning(issue, one.metric)
            (result.candidates if warning else result.accepted).append(
                one.candidate(issue, others, warning or "", True)
            )
        elif one.value not in [other.value for other in preferred]:
            reason = one.pair.reason or f"pictures of the issue show {_values(others)}"
            result.candidates.append(one.candidate(issue, others, reason, False))
    return result


def _preferred(numbers: Sequence[_Number]) -> list[_Number]:
    """Those of *numbers*, which are of one metric, that are figures."""
    if checked := [one for one in numbers if one.correction]:
        return list({one.value: one for one in reversed(checked)}.values())
    sure = [one for one in numbers if one.pair.state == "figure"]
    return [max(sure, key=lambda one: one.confidence)] if len({one.value for one in sure}) == 1 else []


def _warning(issue: Issue, metric: str) -> str | None:
    """Why a person should check the figure of *metric* in a picture."""
    messages = (warning.message for warning in issue.warnings if warning.code in CHECKED_WARNINGS)
    return next((text for text in messages if text.startswith(f"{metric}: ")), None)


def _values(numbers: Iterable[_Number]) -> str:
    return " and ".join(dict.fromkeys(f"{one.value:.12g}" for one in numbers))
