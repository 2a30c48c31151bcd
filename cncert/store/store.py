"""The interface of every store, and the rules of what is new, changed, older or merged: they stand here once."""

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


class Store(Documents):
    """A place for issues, revisions, the ledger, rejects, runs and what was read in pictures.

    Every method may raise StoreError.
    """

    # Issues

    async def put_issue(self, issue: Issue) -> Outcome:
        """Stores *issue* if it brings anything, and says what it was. Changed text leaves a revision behind."""
        issue = checked(issue)
        outcome = Outcome.SAME

        def decide(stored: Issue | None) -> Change[Issue] | None:
            nonlocal outcome
            # What rests on more than the page is no part of a reading: consistency.py and pictures/ see to it.
            new = issue.kept_from(stored) if stored else issue.with_relative_warnings([])
            outcome = compared(stored, new)
            if outcome in (Outcome.SAME, Outcome.OLDER):
                return None
            return Change(new, revision_of(stored) if stored and outcome is Outcome.CHANGED else None)

        await self._change(Issue, issue.id, decide)
        return outcome

    async def replace_issue(self, former: Issue, issue: Issue) -> bool:
        """Puts another reading of its page in place of *former*; False if that is no longer what is stored."""
        issue, replaced = checked(issue), False

        def decide(stored: Issue | None) -> Change[Issue] | None:
            nonlocal replaced
            replaced = stored == former
            return Change(issue) if replaced else None

        await self._change(Issue, former.id, decide)
        return replaced

    async def get_issue(self, issue_id: str) -> Issue | None:
        """The stored issue, or None."""
        return await self._find(Issue, issue_id)

    async def issues(self, first: str | None = None, last: str | None = None) -> AsyncIterator[Issue]:
        """All issues from *first* to *last*, both included, ascending. The store may be written to meanwhile."""
        async for issue in self._each(Issue, first, last):
            yield issue

    async def issue_ids(self) -> list[str]:
        """The ids of all stored issues, ascending."""
        return await self._ids(Issue)

    async def revision_ids(self) -> list[str]:
        """The ids of all revisions, ascending."""
        return await self._ids(Revision)

    async def revisions(self, issue_id: str) -> list[Revision]:
        """The former states of an issue, oldest first."""
        found = [revision async for revision in self._each(Revision, f"{issue_id}-", f"{issue_id}-g")]
        return sorted(found, key=lambda revision: revision.replaced_at)

    async def find_picture(self, key: str) -> Picture | None:
        """The picture with this key as the lowest issue has it that has it stored: one fetch serves all issues."""
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
        """The ledger row, or None."""
        return await self._find(LedgerRow, row_id)

    async def find_row(self, url: str) -> LedgerRow | None:
        """The row that has this address (the lowest, should two have it), or None."""
        found = await self._row_with_address(url)
        return self._read(LedgerRow, found) if found else None

    async def rows(self) -> list[LedgerRow]:
        """The whole ledger, ascending by id."""
        return [row async for row in self._each(LedgerRow)]

    async def change_row(self, row_id: str, change: Callable[[LedgerRow | None], LedgerRow]) -> LedgerRow:
        """Replaces a row by ``change(row)`` atomically and returns it; writes nothing if they are equal.

        *change* gets None for a new row, must be pure, and may be called more than once.
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
        """Unites the row *from_id* with *into_id* and removes it; a kill in between is mended by doing it again.

        Returns the united row, or None if there is neither.
        """
        while into_id != from_id and (other := await self.get_row(from_id)):
            await self.change_row(into_id, partial(merged, into_id, other))
            await self._remove_if_equal(other)  # if it is not, another process changed it just now: once more
        return await self.get_row(into_id)

    # Rejects and runs

    async def put_reject(self, reject: Reject) -> None:
        """Keeps a refused item in place of an earlier one of the same article."""
        await self._put(reject)

    async def rejects(self) -> list[Reject]:
        """All rejects, ascending by id."""
        return [reject async for reject in self._each(Reject)]

    async def put_run(self, run: RunRecord) -> None:
        """Keeps the record of a run as it now stands."""
        await self._put(run)

    async def get_run(self, run_id: str) -> RunRecord | None:
        """The record of a run, or None."""
        return await self._find(RunRecord, run_id)

    async def runs(self, limit: int | None = None) -> list[RunRecord]:
        """The runs, or the last *limit* of them, newest first."""
        return [self._read(RunRecord, found) for found in await self._newest_runs(limit)]

    # What was read in pictures

    async def get_read_picture(self, checksum: str) -> ReadPicture | None:
        """What was read in the picture file with this SHA-256, or None."""
        return await self._find(ReadPicture, checksum)

    async def read_pictures(self) -> AsyncIterator[ReadPicture]:
        """All picture files that were read, ascending by checksum. The store may be written to meanwhile."""
        async for picture in self._each(ReadPicture):
            yield picture

    async def put_reading(self, checksum: str, reading: PictureReading) -> ReadPicture:
        """Keeps *reading* by the rule of :meth:`ReadPicture.with_reading`, and returns what is known then."""

        result = ReadPicture(id=checksum, reading=reading)

        def decide(stored: ReadPicture | None) -> Change[ReadPicture] | None:
            nonlocal result
            result = checked(stored.with_reading(reading) if stored else ReadPicture(id=checksum, reading=reading))
            return None if result == stored else Change(result)

        await self._change(ReadPicture, checksum, decide)
        return result

    async def accept_reading(self, checksum: str) -> bool:
        """Puts the proposed reading in place of the former; False if none is proposed (any more)."""
        accepted = False

        def decide(stored: ReadPicture | None) -> Change[ReadPicture] | None:
            nonlocal accepted
            accepted = stored is not None and stored.proposed is not None
            return Change(stored.accepted()) if stored is not None and accepted else None

        await self._change(ReadPicture, checksum, decide)
        return accepted

    async def corrections(self, checksum: str | None = None) -> list[Correction]:
        """What persons said of figures in all picture files, or in this one; ascending by id."""
        bounds = (None, None) if checksum is None else (f"{checksum}-", f"{checksum}-~")
        return [correction async for correction in self._each(Correction, *bounds)]

    async def put_correction(self, correction: Correction) -> None:
        """Keeps what a person said, in place of what was said of the same before."""
        await self._put(correction)

    async def remove_correction(self, correction: Correction) -> None:
        """Takes back what a person said, unless somebody has said something else since."""
        await self._remove_if_equal(correction)

    # The place itself

    async def probe(self) -> None:
        """Writes a ledger row that is nobody's, reads it and removes it. Raises StoreError if any of that fails."""
        now = datetime.now(UTC)
        row = LedgerRow(id=f"probe-{secrets.token_hex(8)}", issue=None, first_seen=now, updated_at=now)
        await self._put(row)
        if await self.get_row(row.id) != row:
            raise StoreError(f"{self.name}: what was written is not what is read")
        await self._remove_if_equal(row)


def compared(stored: Issue | None, issue: Issue) -> Outcome:
    """What *issue* is to a store that holds *stored*."""
    if stored is None:
        return Outcome.NEW
    if stored.provenance.is_copy != issue.provenance.is_copy:
        # What WeChat shows counts more than what somebody kept of it, and replacing that is no edit of CNCERT's.
        return Outcome.OLDER if issue.provenance.is_copy else Outcome.UPDATED
    # Another reading of the same page is no edit either: the parser differs.
    if stored.provenance.sha256 != issue.provenance.sha256:
        other_article = (stored.article.mid, stored.article.idx) != (issue.article.mid, issue.article.idx)
        if other_article and _later(stored.published_at, issue.published_at):
            return Outcome.OLDER
        if stored.content() != issue.content():
            return Outcome.CHANGED
    # When and where from it was read again is no news; that another parser read it is.
    kept = stored.provenance.model_copy(update={"parser": issue.provenance.parser})
    return Outcome.SAME if stored == issue.model_copy(update={"provenance": kept}) else Outcome.UPDATED


def merged(row_id: str, other: LedgerRow, row: LedgerRow | None) -> LedgerRow:
    """The row *row_id* once *other* has gone into it."""
    return row.merged_with(other) if row else other.model_copy(update={"id": row_id})


def revision_of(issue: Issue) -> Revision:
    """The revision that keeps *issue*. Its id follows from the content: doing it again gives no second one."""
    content = json.dumps(issue.content(), ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Revision(id=f"{issue.id}-{digest}", issue=issue.id, replaced_at=datetime.now(UTC), document=issue)


def _later(stored: datetime | None, new: datetime | None) -> bool:
    """Whether the stored article is the later one; one without a time of publication is never later."""
    return stored is not None and (new is None or stored > new)
