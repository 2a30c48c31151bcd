"""What an issue has from its pictures: figures, and what a person should look at. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cncert.infographics.figures.picture_files import body_files
from cncert.items import Check, Figure, Issue, Picture
from cncert.store.picture_readings import Correction, LabelledNumber, PictureReading

DOUBTS = ("change_disagrees", "figure_outlier", "picture_disagrees")
"""Warnings for which a figure of a picture should be looked at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number in a picture that a person should look at."""

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
class Seen:
    """What comes of the pictures of an issue."""

    figures: list[Figure] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    """In reading order; figures in doubt among them."""
    accepted: list[Candidate] = field(default_factory=list)
    """The other figures as candidates, for who wants to look at these too."""
    unnamed: int = 0
    """Numbers whose label names no metric."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A number that may become a figure."""

    picture: Picture
    checksum: str
    pair: LabelledNumber
    said: Correction | None = None

    @property
    def metric(self) -> str:
        assert self.pair.metric is not None
        return self.pair.metric

    @property
    def value(self) -> int | float:
        return self.said.value if self.said else self.pair.value

    @property
    def confidence(self) -> float:
        return 1.0 if self.said else min(self.pair.words_confidence, self.pair.pairing_confidence)

    def candidate(self, issue: Issue, others: Sequence["_Found"], reason: str, is_figure: bool) -> Candidate:
        """It as it is shown to a person; *others* are the numbers of its metric in the issue."""
        several = sum(other.checksum == self.checksum for other in others) > 1
        if self.said is not None:  # what is said now takes the place of that
            several = self.said.box is not None
        return Candidate((issue.id,), self.picture, self.checksum, self.pair, reason, is_figure, several)

    def figure(self) -> Figure:
        pair, said = self.pair, self.said
        checked = None
        if said is not None and said.verdict != "refused":
            checked = Check(by=said.by, at=said.at, verdict=said.verdict)
        return Figure(
            metric=self.metric,
            value=self.value,
            unit=said.unit if said else pair.unit,
            qualifier=pair.qualifier,
            change_pct=said.change_pct if said else pair.change_pct,
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


def see(issue: Issue, readings: Mapping[str, PictureReading], corrections: Mapping[str, Sequence[Correction]]) -> Seen:
    """What *issue* has from its pictures; *readings* and *corrections* by the checksums of their files.

    A person's word comes before any reading. A metric that two pictures state has one figure if they agree, the surer
    one; if they do not, none that nobody has checked.
    """
    seen, found = Seen(), list[_Found]()
    for checksum, picture in body_files(issue).items():
        said = corrections.get(checksum, ())
        found += [_Found(picture, checksum, one.pair, one) for one in said if one.verdict != "refused"]
        for pair in readings[checksum].pairs if checksum in readings else ():
            if pair.metric is None:
                seen.unnamed += 1
            elif not any(one.settles(pair) for one in said):
                found.append(_Found(picture, checksum, pair))
    by_metric: dict[str, list[_Found]] = {}
    for one in found:
        by_metric.setdefault(one.metric, []).append(one)
    all_taken = {metric: _taken(some) for metric, some in by_metric.items()}
    for one in found:
        others, taken = by_metric[one.metric], all_taken[one.metric]
        if one in taken:
            seen.figures.append(one.figure())
            doubt = None if one.said else _doubt(issue, one.metric)
            (seen.candidates if doubt else seen.accepted).append(one.candidate(issue, others, doubt or "", True))
        elif one.value not in [other.value for other in taken]:
            reason = one.pair.reason or f"pictures of the issue show {_values(others)}"
            seen.candidates.append(one.candidate(issue, others, reason, False))
    return seen


def _taken(found: Sequence[_Found]) -> list[_Found]:
    """Those of *found*, which are of one metric, that are figures."""
    if checked := [one for one in found if one.said]:
        return list({one.value: one for one in reversed(checked)}.values())
    sure = [one for one in found if one.pair.state == "figure"]
    return [max(sure, key=lambda one: one.confidence)] if len({one.value for one in sure}) == 1 else []


def _doubt(issue: Issue, metric: str) -> str | None:
    """Why the figure of *metric* in a picture should be looked at."""
    doubts = (doubt.message for doubt in issue.warnings if doubt.code in DOUBTS)
    return next((text for text in doubts if text.startswith(f"{metric}: ")), None)


def _values(found: Iterable[_Found]) -> str:
    return " and ".join(dict.fromkeys(f"{one.value:.12g}" for one in found))
