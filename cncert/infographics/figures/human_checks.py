"""What a person says of figures in pictures: what is open, and keeping the answers."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pydantic import ValidationError

from cncert.exceptions import ArgumentError, DocumentError
from cncert.infographics.figures.figures_of_issue import Candidate
from cncert.infographics.figures.picture_files import body_files
from cncert.infographics.figures.update_issue import Looked, look, renew
from cncert.report.numbers import LARGEST_NUMBER
from cncert.store import Store
from cncert.store.backend import problem
from cncert.store.picture_readings import Correction, correction_id

Verdict = Literal["confirmed", "corrected", "refused"]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a picture states, by the eyes of a person."""

    value: int | float
    """In plain units."""
    unit: str | None
    change_pct: float | None
    """A fall is negative."""


async def open_candidates(
    store: Store, first: str | None = None, last: str | None = None, *, accepted: bool = False
) -> tuple[list[Candidate], list[str]]:
    """What a person should look at in the issues from *first* to *last*: issue by issue, in reading order.

    *accepted*: the figures that nothing speaks against, too. A number in a picture that several issues show comes once,
    with the first of them. With it, a line for each issue that cannot be read. May raise StoreError.
    """
    unreadable = []
    found: dict[tuple[str, str | None, tuple[int, ...]], Candidate] = {}
    for issue_id in await store.issue_ids():
        if not (first or "") <= issue_id <= (last or "~"):
            continue
        try:
            looked = await look(store, issue_id)
        except DocumentError as error:
            unreadable.append(str(error))
            continue
        for one in _shown(looked, accepted) if looked is not None else ():
            key = one.checksum, one.pair.metric, tuple(one.pair.box)
            known = found.setdefault(key, one)
            if known is not one:
                found[key] = replace(known, issues=(*known.issues, issue_id))
    return list(found.values()), unreadable


def _shown(looked: Looked, accepted: bool) -> list[Candidate]:
    """Those of an issue, in reading order."""
    if not accepted:
        return looked.seen.candidates
    order = {checksum: n for n, checksum in enumerate(body_files(looked.issue))}
    some = [*looked.seen.candidates, *looked.seen.accepted]
    return sorted(some, key=lambda one: (order[one.checksum], one.pair.box[1], one.pair.box[0]))


async def judge(
    store: Store, candidate: Candidate, verdict: Verdict, by: str, stated: Stated | None = None, note: str | None = None
) -> Correction:
    """Keep what the person *by* says of *candidate*, and renew the issues that show it; the last word counts.

    ``corrected`` needs what is *stated* instead, the other verdicts have none. Raises ArgumentError for what cannot be
    meant, StoreError.
    """
    if (verdict == "corrected") is not (stated is not None):
        raise ArgumentError("a correction says what the picture states, the other verdicts do not")
    if stated is not None and stated.value > LARGEST_NUMBER:
        raise ArgumentError(f"{stated.value:.4g} is more than anything that is counted")
    pair, box = candidate.pair, candidate.pair.box if candidate.is_one_of_several else None
    stated = stated or Stated(pair.value, pair.unit, pair.change_pct)
    try:
        correction = Correction(
            id=correction_id(candidate.checksum, pair.metric or "", box),
            picture=candidate.checksum,
            metric=pair.metric or "",
            box=box,
            verdict=verdict,
            value=stated.value,
            unit=stated.unit,
            change_pct=stated.change_pct,
            by=by,
            at=datetime.now(UTC),
            note=note or None,
            pair=pair,
        )
    except ValidationError as error:
        raise ArgumentError(f"cannot be kept: {problem(error)}") from error
    await store.put_correction(correction)
    for issue_id in candidate.issues:
        await renew(store, issue_id)
    return correction


async def withdraw(store: Store, correction: Correction) -> None:
    """Take back *correction*, unless somebody has said something else since. May raise StoreError."""
    await store.remove_correction(correction)
    async for issue in store.issues():
        if correction.picture in body_files(issue):
            await renew(store, issue.id)
