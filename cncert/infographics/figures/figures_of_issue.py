"""Makes figures of what was read in an issue's pictures, and finds what a person should check."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cncert.infographics.figures.picture_files import body_files
from cncert.items import Check, Figure, Issue, IssueWarning, Picture
from cncert.store import Store
from cncert.store.picture_readings import Correction, LabelledNumber, PictureReading, ReadPicture

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
    issue: Issue,
    readings: Mapping[str, PictureReading],
    corrections: Mapping[str, Sequence[Correction]],
    warnings: Iterable[IssueWarning] = (),
) -> PictureFigures:
    """Return what the pictures of *issue* give; *readings* and *corrections* by the checksums of their files.

    *warnings*: all of the issue; those of a figure are why a person should check it.
    A person's check comes before any reading. A metric that two pictures state has one figure if they agree, the surer
    one; if they do not, none that nobody has checked.
    """
    result, numbers = PictureFigures(), list[_Number]()
    doubts = [warning.message for warning in warnings if warning.code in CHECKED_WARNINGS]
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
            about = [text for text in doubts if text.startswith(f"{one.metric}: ") and not one.correction]
            (result.candidates if about else result.accepted).append(
                one.candidate(issue, others, about[0] if about else "", True)
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


def _values(numbers: Iterable[_Number]) -> str:
    return " and ".join(dict.fromkeys(f"{one.value:.12g}" for one in numbers))


@dataclass(frozen=True, slots=True)
class IssuePictures:
    """A stored issue and what its pictures give."""

    issue: Issue
    readings: dict[str, ReadPicture]
    """What was read in them, by the checksums of their files."""
    found: PictureFigures

    @property
    def is_outdated(self) -> bool:
        """Whether the document has other figures of its pictures than these give: it is to be made anew."""
        return self.found.figures != [figure for figure in self.issue.figures if figure.source == "picture"]


async def load_pictures(store: Store, issue: Issue, warnings: Iterable[IssueWarning] = ()) -> IssuePictures:
    """Return *issue*, which has all these *warnings*, and what its pictures give. May raise StoreError."""
    files = body_files(issue)
    known = await store.get_read_pictures(files)
    corrections: dict[str, list[Correction]] = {}
    for correction in await store.corrections(files):
        corrections.setdefault(correction.picture, []).append(correction)
    readings = {checksum: picture.reading for checksum, picture in known.items()}
    return IssuePictures(issue, known, figures_of_issue(issue, readings, corrections, warnings))


def reading_of_figures(figures: Iterable[Figure]) -> PictureReading:
    """Return a reading of a picture file that gives *figures*, all of which have been read in it before."""
    pairs = [
        LabelledNumber(
            label=figure.metric,
            metric=figure.metric,
            printed=figure.evidence,
            value=figure.value if not isinstance(figure.value, str) else 0,
            unit=figure.unit,
            qualifier=figure.qualifier,
            change_pct=figure.change_pct,
            direction=None,
            share_pct=figure.share_pct,
            box=figure.box or [0, 0, 0, 0],
            words_confidence=figure.words_confidence or figure.confidence,
            pairing_confidence=figure.pairing_confidence or figure.confidence,
            evidence=figure.evidence,
            agreed=True,
            state="figure",
            reason=None,
        )
        for figure in figures
    ]
    return PictureReading(state="read", engine="unknown", rules="unknown", read_at=FIRST_VERSION, pairs=pairs)


FIRST_VERSION = datetime(2026, 1, 1, tzinfo=UTC)
"""A time before any reader noted when it read a picture."""
