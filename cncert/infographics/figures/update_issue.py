"""Stored issues and what their pictures give: looked at, and brought together."""

from dataclasses import dataclass

from cncert.infographics.figures.figures_of_issue import Seen, see
from cncert.infographics.figures.picture_files import body_files
from cncert.items import Issue
from cncert.quality import renew_warnings
from cncert.store import Store
from cncert.store.picture_readings import Correction, ReadPicture

ROUNDS = 5
"""How often an issue is looked at again after it was changed, by this process or another."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A stored issue and its pictures."""

    issue: Issue
    known: dict[str, ReadPicture]
    """What was read in them, by the checksums of their files."""
    seen: Seen


async def look(store: Store, issue_id: str) -> Looked | None:
    """An issue and what it has from its pictures; None if there is no such issue. May raise StoreError."""
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
    return Looked(issue, known, see(issue, readings, corrections))


async def renew(store: Store, issue_id: str) -> Looked | None:
    """Bring an issue to what its pictures give, and the warnings that rest on it; None if there is no such issue.

    Writes only what differs, and no revision: CNCERT has changed nothing. May raise StoreError.
    """
    for _ in range(ROUNDS):
        looked = await look(store, issue_id)
        if looked is None:
            return None
        issue = looked.issue
        # A picture whose file is lost for now keeps what was read in it.
        lost = {picture.key for picture in issue.images if picture.status != "stored"}
        kept = [figure for figure in issue.picture_figures if figure.picture in lost]
        renewed = issue.with_picture_figures(kept + looked.seen.figures)
        if issue == renewed:
            break
        if await store.replace_issue(issue, renewed):
            await renew_warnings.renew(store, issue_id)
    return looked
