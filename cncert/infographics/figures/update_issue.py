"""Brings a stored issue to what its pictures give."""

from collections.abc import Iterable
from dataclasses import dataclass

from cncert.infographics.figures.figures_of_issue import PictureFigures, figures_of_issue
from cncert.infographics.figures.picture_files import body_files
from cncert.items import Issue
from cncert.store import Store
from cncert.store.picture_readings import Correction, ReadPicture

ROUNDS = 5
"""How often an update is tried while other processes change the issue."""


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
