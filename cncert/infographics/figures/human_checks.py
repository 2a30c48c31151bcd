"""Human checks of numbers in pictures: what is to be checked, and keeping what persons say."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pydantic import ValidationError

from cncert.exceptions import ArgumentError, DocumentError
from cncert.infographics.figures.figures_of_issue import Candidate, IssuePictures, load_pictures
from cncert.infographics.figures.picture_files import body_files
from cncert.items import Issue, IssueWarning
from cncert.report.numbers import LARGEST_NUMBER
from cncert.report.validation import first_problem
from cncert.store import Store
from cncert.store.picture_readings import Correction, correction_id

CheckVerdict = Literal["confirmed", "corrected", "refused"]


@dataclass(frozen=True, slots=True)
class CheckedNumber:
    """What a picture states, as a person reads it."""

    value: int | float
    """In plain units."""
    unit: str | None
    change_pct: float | None
    """A fall is negative."""


async def open_candidates(
    store: Store, issues: AsyncIterator[tuple[Issue, list[IssueWarning]]], *, accepted: bool = False
) -> list[Candidate]:
    """Return what a person should check in *issues*, each with all its warnings: issue by issue, in reading order.

    *accepted*: the figures that nothing speaks against, too. A number in a picture that several issues show comes once,
    with the first of them. What cannot be read is passed over. May raise StoreError.
    """
    found: dict[tuple[str, str | None, tuple[int, ...]], Candidate] = {}
    async for issue, warnings in issues:
        try:
            loaded = await load_pictures(store, issue, warnings)
        except DocumentError:
            continue
        for one in _shown(loaded, accepted):
            key = one.checksum, one.pair.metric, tuple(one.pair.box)
            known = found.setdefault(key, one)
            if known is not one:
                found[key] = replace(known, issues=(*known.issues, issue.id))
    return list(found.values())


def _shown(loaded: IssuePictures, accepted: bool) -> list[Candidate]:
    """Those of an issue, in reading order."""
    if not accepted:
        return loaded.found.candidates
    order = {checksum: n for n, checksum in enumerate(body_files(loaded.issue))}
    some = [*loaded.found.candidates, *loaded.found.accepted]
    return sorted(some, key=lambda one: (order[one.checksum], one.pair.box[1], one.pair.box[0]))


async def save_check(
    store: Store,
    candidate: Candidate,
    verdict: CheckVerdict,
    by: str,
    number: CheckedNumber | None = None,
    note: str | None = None,
) -> Correction:
    """Keep what the person *by* says of *candidate* in place of what was said before.

    The issues that show the picture are to be made anew. ``corrected`` needs the *number* that the picture states
    instead, the other verdicts have none. Returns what is kept. Raises ArgumentError for what cannot be meant,
    StoreError.
    """
    if (verdict == "corrected") is not (number is not None):
        raise ArgumentError("a correction says what the picture states, the other verdicts do not")
    if number is not None and number.value > LARGEST_NUMBER:
        raise ArgumentError(f"{number.value:.4g} is more than anything that is counted")
    pair, box = candidate.pair, candidate.pair.box if candidate.is_one_of_several else None
    number = number or CheckedNumber(pair.value, pair.unit, pair.change_pct)
    try:
        correction = Correction(
            id=correction_id(candidate.checksum, pair.metric or "", box),
            picture=candidate.checksum,
            metric=pair.metric or "",
            box=box,
            verdict=verdict,
            value=number.value,
            unit=number.unit,
            change_pct=number.change_pct,
            by=by,
            at=datetime.now(UTC),
            note=note or None,
            pair=pair,
        )
    except ValidationError as error:
        raise ArgumentError(f"cannot be kept: {first_problem(error)}") from error
    await store.put_correction(correction)
    return correction


async def remove_check(store: Store, correction: Correction) -> list[str]:
    """Take back *correction*, unless somebody has said something else since.

    Returns the ids of the issues that show its picture: they are to be made anew. May raise StoreError.
    """
    await store.remove_correction(correction)
    return [issue.id async for issue in store.issues() if correction.picture in body_files(issue)]
