"""The interface of every store."""

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import get_args

from cncert.exceptions import DocumentError, StoreError
from cncert.items import Issue, Source, issue_id
from cncert.report.calendar import parse_week
from cncert.store.backend import BATCH_SIZE, NOT_OURS, Documents, Loaded, StoreContent
from cncert.store.editions import Edition, TextCorrection
from cncert.store.kept_pictures import KeptPicture
from cncert.store.ledger_rows import LedgerRow
from cncert.store.picture_readings import Correction, PictureReading, ReadPicture
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord
from cncert.store.settled_files import SettledFiles


class Store(Documents):
    """A database of issues and their editions, pictures, the ledger, rejects, runs, and what persons corrected.

    Every method may raise StoreError. What reads passes over documents that cannot be read, unless it says otherwise.
    The documents of issues are made by ``editions/remake_documents.py`` only.
    """

    # Issues

    async def get_issue(self, issue_id: str) -> Issue | None:
        """Return the stored issue, or None."""
        return await self._find(Issue, issue_id)

    async def get_issues(self, ids: Collection[str]) -> dict[str, Issue]:
        """Return those of the issues that are stored, by id."""
        return await self._find_many(Issue, ids)

    async def issues(self, first: str | None = None, last: str | None = None) -> AsyncIterator[Issue]:
        """Yield the issues from *first* to *last*, both included, ascending. The store may be written to meanwhile."""
        async for issue in self.each(Issue, first, last):
            yield issue

    async def issue_ids(self) -> list[str]:
        """Return the ids of all stored issues, ascending; those that cannot be read are among them."""
        ids = await self._text_ids(Issue)
        for one in ids:
            if not _names_a_week(one):
                self._document_error(Issue, one, NOT_OURS)
        return [one for one in ids if _names_a_week(one)]

    async def issue_sources(self) -> dict[str, Source | None]:
        """Return the source of each stored issue by its id, ascending: that of the edition that counts.

        It is None where the document does not state one that is known.
        """
        stated, known = await self._issue_sources(), get_args(Source)
        return {one: stated.get(one) if stated.get(one) in known else None for one in await self.issue_ids()}

    async def issues_showing(self, keys: Collection[str]) -> list[str]:
        """Return the ids of the issues that show one of the pictures with these keys, ascending."""
        return await self._issues_showing(keys) if keys else []

    async def issues_with_unfinished_pictures(self) -> AsyncIterator[Issue]:
        """Yield the issues with pictures that a later run tries to fetch, ascending."""
        for name in await self._unfinished_ids():
            issue = await self.get_issue(name)
            if issue and issue.unfinished_pictures:
                yield issue

    # Editions and pictures

    async def put_edition(self, edition: Edition) -> tuple[Edition | None, Edition]:
        """Keep *edition*, merged with what is kept of it; return what was kept before, and what is now."""
        former: Edition | None = None

        def merge(found: dict[str, Edition]) -> dict[str, Edition]:
            nonlocal former
            former = found.get(edition.id)
            if former is None:
                return {edition.id: edition}
            merged = former.merged_with(edition)
            # Where it stands follows from what it says: as long as that is the same, it stays listed where it is.
            unchanged = merged == former.model_copy(update={"settled": False})
            return {edition.id: former if unchanged else merged}

        done = await self.change(Edition, [edition.id], merge)
        return former, done[edition.id] or edition

    async def unsettle(self, ids: Collection[str]) -> None:
        """Note that the documents that list these editions are to be made anew: a kill before that is healed."""
        await self.change(
            Edition, ids, lambda found: {one: it.model_copy(update={"settled": False}) for one, it in found.items()}
        )

    async def get_edition(self, edition_id: str) -> Edition | None:
        """Return an edition, or None."""
        return await self._find(Edition, edition_id)

    async def get_editions(self, ids: Collection[str]) -> dict[str, Edition]:
        """Return the editions with these ids, as far as they are there, by id."""
        return await self._find_many(Edition, ids)

    async def editions(self, first: str | None = None, last: str | None = None) -> AsyncIterator[Edition]:
        """Yield all editions, ascending by id. The store may be written to meanwhile."""
        async for edition in self.each(Edition, first, last):
            yield edition

    async def editions_of(self, articles: Collection[str], weeks: Collection[str]) -> dict[str, Loaded[Edition]]:
        """Return the editions of these *articles*, and those that may be an issue of *weeks*, by id."""
        found = await self._editions_of(articles, weeks)
        return {raw["_id"]: Loaded(one, raw) for raw in found if (one := self._readable(Edition, raw)) is not None}

    async def unsettled_weeks(self) -> list[str]:
        """Return the ids of issues whose documents lack an edition, or are not there though they have one."""
        return await self._unsettled_weeks()

    async def get_pictures(self, keys: Collection[str]) -> dict[str, KeptPicture]:
        """Return what became of the pictures with these keys, as far as they were requested."""
        return await self._find_many(KeptPicture, keys)

    async def put_pictures(self, pictures: Iterable[KeptPicture]) -> list[str]:
        """Keep what became of *pictures*, merged with what is kept; return the keys of those that look otherwise."""
        new = {picture.id: picture for picture in pictures}
        changed: list[str] = []

        def merge(found: dict[str, KeptPicture]) -> Mapping[str, KeptPicture]:
            merged = {key: found[key].merged_with(one) if key in found else one for key, one in new.items()}
            changed[:] = [key for key, one in merged.items() if key not in found or not one.looks_like(found[key])]
            return merged

        if new:
            await self.change(KeptPicture, new.keys(), merge)
        return changed

    async def claim(self, *, sample: bool) -> None:
        """Note that the store holds *sample* data, or real data. Raises StoreError if it holds the other."""
        if self._holds_sample is None:
            mine = StoreContent(id="content", sample=sample)
            done = await self.change(StoreContent, [mine.id], lambda found: found or {mine.id: mine})
            content = done[mine.id]
            self._holds_sample = content.sample if content else sample
        if self._holds_sample is not sample:
            held, offered = ("sample", "a real issue") if self._holds_sample else ("real", "an issue of the sample")
            raise StoreError(f"{self.name} holds {held} data: {offered} is not put into it (set CNCERT_STORE)")

    async def is_sample(self) -> bool:
        """Return whether the store holds sample data."""
        content = await self._find(StoreContent, "content")
        return content is not None and content.sample

    # The ledger

    async def get_row(self, row_id: str) -> LedgerRow | None:
        """Return the ledger row, or None."""
        return await self._find(LedgerRow, row_id)

    async def load_rows(self, ids: Collection[str], urls: Collection[str]) -> dict[str, Loaded[LedgerRow]]:
        """Return the rows that have one of these ids or addresses, by id, ascending."""
        found = await self._rows_with(ids, urls)
        return {raw["_id"]: Loaded(row, raw) for raw in found if (row := self._readable(LedgerRow, raw)) is not None}

    async def rows(self) -> list[LedgerRow]:
        """Return all rows of the ledger, ascending by id."""
        return [row async for row in self.each(LedgerRow)]

    async def change_row(self, row_id: str, change: Callable[[LedgerRow | None], LedgerRow]) -> LedgerRow | None:
        """Replace a row by ``change(row)``, and return it. *change* gets None if there is no row, and must be pure.

        Return None if the row cannot be read: it stays as it is then.
        """
        try:
            return (await self.change(LedgerRow, [row_id], lambda found: {row_id: change(found.get(row_id))}))[row_id]
        except DocumentError:
            return None

    async def change_rows(self, ids: Collection[str], change: Callable[[LedgerRow], LedgerRow]) -> None:
        """Replace those of the rows that are there by ``change(row)``, which must be pure."""
        await self.change(LedgerRow, ids, lambda found: {one: change(row) for one, row in found.items()})

    async def merge_rows(self, into_id: str, from_id: str) -> LedgerRow | None:
        """Merge the row *from_id* into *into_id* and remove it; return the merged row.

        Return None if there is neither, or *into_id* cannot be read. If one cannot be read, both stay as they are.

        The merged row is written first: if the process is killed in between, the next call completes it.
        """

        def merge(found: dict[str, LedgerRow]) -> dict[str, LedgerRow | None]:
            into, other = found.get(into_id), found.get(from_id)
            if other is None or into_id == from_id:
                return {into_id: into}
            merged = into.merged_with(other) if into else other.model_copy(update={"id": into_id})
            return {into_id: merged, from_id: None}

        try:
            return (await self.change(LedgerRow, [into_id, from_id], merge))[into_id]
        except DocumentError:
            return await self.get_row(into_id)

    # Rejects and runs

    async def put_reject(self, reject: Reject) -> None:
        """Store a reject, in the place of an earlier one of the same article, unless that cannot be read."""
        with suppress(DocumentError):
            await self._put(reject)

    async def rejects(self) -> list[Reject]:
        """Return all rejects, ascending by id."""
        return [reject async for reject in self.each(Reject)]

    async def put_run(self, run: RunRecord) -> None:
        """Store the record of a run."""
        await self._put(run)

    async def get_run(self, run_id: str) -> RunRecord | None:
        """Return the record of a run, or None."""
        return await self._find(RunRecord, run_id)

    async def runs(self, limit: int | None = None) -> list[RunRecord]:
        """Return all runs, or the last *limit*, newest first."""
        asked = limit
        while True:
            found = await self._newest_runs(asked)
            runs = [run for document in found if (run := self._readable(RunRecord, document)) is not None]
            if limit is None or asked is None or len(runs) >= limit or len(found) < asked:
                return runs[:limit]
            asked += len(found) - len(runs)  # as many more as were passed over

    # What was read in pictures

    async def get_read_pictures(self, checksums: Collection[str]) -> dict[str, ReadPicture]:
        """Return what was read in those of the picture files that were read, by SHA-256."""
        return await self._find_many(ReadPicture, checksums)

    async def read_pictures(self) -> AsyncIterator[ReadPicture]:
        """Yield all picture files that were read, ascending by checksum. The store may be written to meanwhile."""
        async for picture in self.each(ReadPicture):
            yield picture

    async def put_reading(self, checksum: str, reading: PictureReading) -> ReadPicture:
        """Store *reading* by the rule of :meth:`ReadPicture.with_reading`; return the picture with its readings."""

        def put(found: dict[str, ReadPicture]) -> dict[str, ReadPicture]:
            known = found.get(checksum)
            return {checksum: known.with_reading(reading) if known else ReadPicture(id=checksum, reading=reading)}

        return (await self.change(ReadPicture, [checksum], put))[checksum] or ReadPicture(id=checksum, reading=reading)

    async def accept_reading(self, checksum: str) -> bool:
        """Put the proposed reading in the place of the former; return False if none is proposed (any more)."""

        def accept(found: dict[str, ReadPicture]) -> dict[str, ReadPicture]:
            return {one: picture.accepted() for one, picture in found.items() if picture.proposed is not None}

        return bool(await self.change(ReadPicture, [checksum], accept))

    async def corrections(self, checksums: Collection[str] | None = None) -> list[Correction]:
        """Return the corrections in all picture files, or in those with these SHA-256, ascending by id.

        Raises DocumentError if one cannot be read: without it a figure would be what nobody says.
        """
        if checksums is None:
            return [self._read(Correction, raw) async for raw in self.raw_documents(Correction)]
        return await self._with(Correction, "picture", checksums)

    async def put_correction(self, correction: Correction) -> None:
        """Store a correction, in the place of an earlier one of the same figure."""
        await self._put(correction)

    async def remove_correction(self, correction: Correction) -> None:
        """Remove a correction, unless another has replaced it since."""
        await self._remove_if_equal(correction)

    async def text_corrections(self, articles: Collection[str]) -> list[TextCorrection]:
        """Return the corrections of figures in the texts of these articles, ascending by id."""
        return await self._with(TextCorrection, "article", articles)

    async def put_text_correction(self, correction: TextCorrection) -> None:
        """Store a correction, unless there is a later one of the same figure."""

        def put(found: dict[str, TextCorrection]) -> dict[str, TextCorrection]:
            return {correction.id: max([correction, *found.values()], key=lambda one: (one.at, one.model_dump_json()))}

        await self.change(TextCorrection, [correction.id], put)

    async def remove_text_correction(self, correction: TextCorrection) -> None:
        """Remove a correction, unless another has replaced it since."""
        await self._remove_if_equal(correction)

    # Files of kept archives

    async def settled_files(self, reader: str) -> set[bytes]:
        """Return the fingerprints of the files that *reader* has read."""
        return {mark async for one in self.each(SettledFiles) if one.reader == reader for mark in one.fingerprints}

    async def settle_files(self, reader: str, fingerprints: Collection[bytes]) -> None:
        """Note that *reader* has read the files with these *fingerprints*, at most MAX_FINGERPRINTS."""
        await self._put(SettledFiles.of(secrets.token_hex(12), reader, fingerprints))

    async def forget_settled_files(self, reader: str) -> None:
        """Remove what readers other than *reader* have noted."""
        ids = [one.id async for one in self.each(SettledFiles) if one.reader != reader]
        for start in range(0, len(ids), BATCH_SIZE):
            batch = ids[start : start + BATCH_SIZE]
            await self.change(SettledFiles, batch, dict.fromkeys)

    async def probe(self) -> None:
        """Write a ledger row without an article, read it and remove it. Raises StoreError if that fails."""
        now = datetime.now(UTC)
        row = LedgerRow(id=f"probe-{secrets.token_hex(8)}", issue=None, first_seen=now, updated_at=now)
        await self._put(row)
        if await self.get_row(row.id) != row:
            raise StoreError(f"{self.name}: what was written is not what is read")
        await self._remove_if_equal(row)


def _names_a_week(text: str) -> bool:
    """Whether *text* is the id of an issue."""
    try:
        return issue_id(*parse_week(text)) == text
    except ValueError:
        return False
