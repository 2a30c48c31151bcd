"""Makes figures of what was read in an issue's pictures, finds what a person should check, and updates the issue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cncert.infographics.figures.picture_files import body_files
from cncert.items import Check, Figure, Issue, Picture
from cncert.store import Store
from cncert.store.picture_readings import Correction, LabelledNumber, PictureReading, ReadPicture

CHECKED_WARNINGS = ("change_disagrees", "figure_outlier", "picture_disagrees")
"""Codes of warnings for which a person should check a figure of a picture."""
ROUNDS = 5
"""How often an update is tried while other processes change the issue."""


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


@dataclass(frozen=True, slots=True)
class IssuePictures:
    """A stored issue and what its pictures give."""

    issue: Issue
    readings: dict[str, ReadPicture]
    """What was read in them, by the checksums of their files."""
    found: PictureFigures


async def load_pictures(store: Store, issue_id: str) -> IssuePictures | None:
    """Return an issue and what its pictures give; None if there is no such issue. May raise StoreError."""
    issue = await store.get_issue(issue_id)
    if issue is None:
        return None
    known: dict[str, ReadPicture] = {}
    corrections: dict[str, list[Correction]] = {}
    for checksum in body_files(issue):
        corrections[checksum] = await store.corrections(checksum)
        if (picture := await store.get_read_picture(checksum)) is not None:
            known[checksum] = picture
    readings = {checksum: picture.reading for checksum, picture in known.items()}
    return IssuePictures(issue, known, figures_of_issue(issue, readings, corrections))


async def update_issue(store: Store, issue_id: str) -> tuple[IssuePictures | None, bool]:
    """Put what its pictures give into an issue: the issue, None if there is no such one, and whether it was changed.

    Writes only what differs, and no revision: CNCERT has changed nothing. Warnings that rest on the figures of a
    changed issue are for the caller to renew. May raise StoreError.
    """
    is_changed = False
    for _ in range(ROUNDS):
        loaded = await load_pictures(store, issue_id)
        if loaded is None:
            break
        issue = loaded.issue
        # A picture whose file is lost for now keeps what was read in it.
        lost = {picture.key for picture in issue.images if picture.status != "stored"}
        kept = [figure for figure in issue.picture_figures if figure.picture in lost]
        updated = issue.with_picture_figures(kept + loaded.found.figures)
        if issue == updated:
            break
        is_changed |= await store.replace_issue(issue, updated)
    return loaded, is_changed


async def update_issues(store: Store, issue_ids: Iterable[str]) -> list[str]:
    """Update issues as :func:`update_issue` does; returns the ids of those that were changed. May raise StoreError."""
    return [issue_id for issue_id in issue_ids if (await update_issue(store, issue_id))[1]]
