"""The interface of every store, and the rules of which issue replaces which."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial

from cncert.exceptions import StoreError
from cncert.items import Issue, Picture
from cncert.store.backend import Change, Documents, checked
from cncert.store.ledger_rows import LedgerRow
from cncert.store.picture_readings import Correction, PictureReading, ReadPicture
from cncert.store.revisions import Outcome, Reject, Revision
from cncert.store.run_records import RunRecord
from cncert.store.which_article_wins import outcome_of


class Store(Documents):
    """A database of issues, revisions, the ledger, rejects, runs and what was read in pictures.

    Every method may raise StoreError.
    """

    # Issues

    async def put_issue(self, issue: Issue) -> Outcome:
        """Store *issue* if it is new or better, with a revision if the text has changed; return what was done."""
        issue = checked(issue)
        outcome = Outcome.SAME

        def decide(stored: Issue | None) -> Change[Issue] | None:
            nonlocal outcome
            # Relative warnings and figures of pictures are made from more than the page, and not here.
            new = issue.kept_from(stored) if stored else issue.with_relative_warnings([])
            outcome = outcome_of(stored, new)
            if outcome in (Outcome.SAME, Outcome.OLDER):
                return None
            return Change(new, revision_of(stored) if stored and outcome is Outcome.CHANGED else None)

        await self._change(Issue, issue.id, decide)
        return outcome

    async def replace_issue(self, former: Issue, issue: Issue) -> bool:
        """Put *issue*, read again from its page, in the place of *former*; return False if that has changed."""
        issue, replaced = checked(issue), False

        def decide(stored: Issue | None) -> Change[Issue] | None:
            nonlocal replaced
            replaced = stored == former
            return Change(issue) if replaced else None

        await self._change(Issue, former.id, decide)
        return replaced

    async def get_issue(self, issue_id: str) -> Issue | None:
        """Return the stored issue, or None."""
        return await self._find(Issue, issue_id)

    async def issues(self, first: str | None = None, last: str | None = None) -> AsyncIterator[Issue]:
        """Yield the issues from *first* to *last*, both included, ascending. The store may be written to meanwhile."""
        async for issue in self._each(Issue, first, last):
            yield issue

    async def issue_ids(self) -> list[str]:
        """Return the ids of all stored issues, ascending."""
        return await self._ids(Issue)

    async def revision_ids(self) -> list[str]:
        """Return the ids of all revisions, ascending."""
        return await self._ids(Revision)

    async def revisions(self, issue_id: str) -> list[Revision]:
        """Return the revisions of an issue, oldest first."""
        found = [revision async for revision in self._each(Revision, f"{issue_id}-", f"{issue_id}-g")]
        return sorted(found, key=lambda revision: revision.replaced_at)

    async def find_picture(self, key: str) -> Picture | None:
        """Return the picture with this key from the first issue in which it is stored: one fetch serves all issues."""
        found = await self._issue_with_picture(key)
        pictures = self._read(Issue, found).images if found else []
        return next((picture for picture in pictures if picture.key == key and picture.status == "stored"), None)

    async def issues_with_unfinished_pictures(self) -> AsyncIterator[Issue]:
        """Yield the issues with pictures that a later run tries to fetch, ascending."""
        for issue_id in await self._unfinished_ids():
            issue = await self.get_issue(issue_id)
            if issue and issue.unfinished_pictures:
                yield issue

    # The ledger

    async def get_row(self, row_id: str) -> LedgerRow | None:
        """Return the ledger row, or None."""
        return await self._find(LedgerRow, row_id)

    async def find_row(self, url: str) -> LedgerRow | None:
        """Return the row with this address (of two, that with the lower id), or None."""
        found = await self._row_with_address(url)
        return self._read(LedgerRow, found) if found else None

    async def rows(self) -> list[LedgerRow]:
        """Return all rows of the ledger, ascending by id."""
        return [row async for row in self._each(LedgerRow)]

    async def change_row(self, row_id: str, change: Callable[[LedgerRow | None], LedgerRow]) -> LedgerRow:
        """Replace a row by ``change(row)`` atomically, unless they are equal, and return it.

        *change* gets None if there is no row, must be pure, and may be called more than once.
        """
        result: LedgerRow | None = None

        def decide(stored: LedgerRow | None) -> Change[LedgerRow] | None:
            nonlocal result
            result = checked(change(stored))
            if result.id != row_id:
                raise ValueError(f"row {row_id} must not become row {result.id}: merge them")
            return None if result == stored else Change(result)

        await self._change(LedgerRow, row_id, decide)
        assert result is not None
        return result

    async def merge_rows(self, into_id: str, from_id: str) -> LedgerRow | None:
        """Merge the row *from_id* into *into_id* and remove it; return the merged row, or None if there is neither.

        If the process is killed in between, the next call completes it.
        """
        while into_id != from_id and (other := await self.get_row(from_id)):
            await self.change_row(into_id, partial(_merged, into_id, other))
            await self._remove_if_equal(other)  # else another process has changed it: once more
        return await self.get_row(into_id)

    # Rejects and runs

    async def put_reject(self, reject: Reject) -> None:
        """Store a reject, in the place of an earlier one of the same article."""
        await self._put(reject)

    async def rejects(self) -> list[Reject]:
        """Return all rejects, ascending by id."""
        return [reject async for reject in self._each(Reject)]

    async def put_run(self, run: RunRecord) -> None:
        """Store the record of a run."""
        await self._put(run)

    async def get_run(self, run_id: str) -> RunRecord | None:
        """Return the record of a run, or None."""
        return await self._find(RunRecord, run_id)

    async def runs(self, limit: int | None = None) -> list[RunRecord]:
        """Return all runs, or the last *limit*, newest first."""
        return [self._read(RunRecord, found) for found in await self._newest_runs(limit)]

    # What was read in pictures

    async def get_read_picture(self, checksum: str) -> ReadPicture | None:
        """Return what was read in the picture file with this SHA-256, or None."""
        return await self._find(ReadPicture, checksum)

    async def read_pictures(self) -> AsyncIterator[ReadPicture]:
        """Yield all picture files that were read, ascending by checksum. The store may be written to meanwhile."""
        async for picture in self._each(ReadPicture):
            yield picture

    async def put_reading(self, checksum: str, reading: PictureReading) -> ReadPicture:
        """Store *reading* by the rule of :meth:`ReadPicture.with_reading`; return the picture with its readings."""
        result = ReadPicture(id=checksum, reading=reading)

        def decide(stored: ReadPicture | None) -> Change[ReadPicture] | None:
            nonlocal result
            result = checked(stored.with_reading(reading) if stored else ReadPicture(id=checksum, reading=reading))
            return None if result == stored else Change(result)

        await self._change(ReadPicture, checksum, decide)
        return result

    async def accept_reading(self, checksum: str) -> bool:
        """Put the proposed reading in the place of the former; return False if none is proposed (any more)."""
        accepted = False

        def decide(stored: ReadPicture | None) -> Change[ReadPicture] | None:
            nonlocal accepted
            accepted = stored is not None and stored.proposed is not None
            return Change(stored.accepted()) if stored is not None and accepted else None

        await self._change(ReadPicture, checksum, decide)
        return accepted

    async def corrections(self, checksum: str | None = None) -> list[Correction]:
        """Return the corrections of all picture files, or of one, ascending by id."""
        bounds = (None, None) if checksum is None else (f"{checksum}-", f"{checksum}-~")
        return [correction async for correction in self._each(Correction, *bounds)]

    async def put_correction(self, correction: Correction) -> None:
        """Store a correction, in the place of an earlier one of the same figure."""
        await self._put(correction)

    async def remove_correction(self, correction: Correction) -> None:
        """Remove a correction, unless another has replaced it since."""
        await self._remove_if_equal(correction)

    async def probe(self) -> None:
        """Write a ledger row without an article, read it and remove it. Raises StoreError if that fails."""
        now = datetime.now(UTC)
        row = LedgerRow(id=f"probe-{secrets.token_hex(8)}", issue=None, first_seen=now, updated_at=now)
        await self._put(row)
        if await self.get_row(row.id) != row:
            raise StoreError(f"{self.name}: what was written is not what is read")
        await self._remove_if_equal(row)


def _merged(row_id: str, other: LedgerRow, row: LedgerRow | None) -> LedgerRow:
    return row.merged_with(other) if row else other.model_copy(update={"id": row_id})


def revision_of(issue: Issue) -> Revision:
    """Return the revision that keeps *issue*. Its id follows from the content, so there is one for each content."""
    content = json.dumps(issue.content(), ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Revision(id=f"{issue.id}-{digest}", issue=issue.id, replaced_at=datetime.now(UTC), document=issue)
