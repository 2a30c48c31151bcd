"""The interface of every store, and the rules of what is new, changed, older or merged.

The rules stand here once, and the models too: a backend knows documents. It brings only its primitives: one atomic
change of one document, and look-ups.
"""

import hashlib
import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, Self, TypeVar

from pydantic import ValidationError

from cncert.exceptions import DocumentError, StoreError
from cncert.items import SCHEMA_VERSION, Issue, Model, Picture
from cncert.store.records import LedgerRow, Outcome, Reject, Revision, RunRecord
from cncert.store.versions import Document, other_version, upgraded

D = TypeVar("D", Issue, Revision, LedgerRow, Reject, RunRecord)

COLLECTIONS: dict[type, str] = {
    Issue: "issues",
    Revision: "revisions",
    LedgerRow: "ledger",
    Reject: "rejects",
    RunRecord: "runs",
}
LAYOUT = 1
"""Version of how documents are laid out in a store; a store with a higher one is not touched."""

BATCH = 100
UNFINISHED = ("pending", "failed", "placeholder")
"""Picture states that another run may better."""


@dataclass(frozen=True, slots=True)
class Server:
    """What keeps the documents."""

    name: str
    """With its version: ``MongoDB 6.0.5, replica set rs0``."""
    free_bytes: int | None
    """Of its disk; None if it does not say."""
    clock: datetime | None = None
    """What time it has, if it is a machine of its own."""
    trouble: str | None = None
    """What makes it unfit, if anything does."""


@dataclass(frozen=True)
class Change(Generic[D]):
    """What one atomic change writes: *document* (None removes), and before it *revision* unless that is there."""

    document: D | None
    revision: Revision | None = None


class Store(ABC):
    """A place for issues, revisions, the ledger, rejects and runs. Every method may raise StoreError."""

    def __init__(self, uri: str) -> None:
        self.name = redacted(uri)
        """The address as it may be shown."""

    @abstractmethod
    async def open(self) -> None:
        """Connects, and creates what is missing. Raises StoreError if that fails or the layout is a newer one."""

    @abstractmethod
    async def close(self) -> None:
        """Lets go of everything; may be called twice."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Issues

    async def put_issue(self, issue: Issue) -> Outcome:
        """Stores *issue* if it brings anything, and says what it was. Changed text leaves a revision behind."""
        issue = checked(issue)
        outcome = Outcome.SAME

        def decide(stored: Issue | None) -> Change[Issue] | None:
            nonlocal outcome
            # What rests on other issues is no part of a reading: consistency.py sees to it.
            new = issue.with_relative_warnings(stored.relative_warnings if stored else [])
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

    async def unfinished_pictures(self) -> AsyncIterator[Issue]:
        """The issues with a picture that is pending, failed or a placeholder, ascending."""
        for issue_id in await self._unfinished_ids():
            issue = await self.get_issue(issue_id)
            if issue and any(picture.status in UNFINISHED for picture in issue.images):
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

    # The place itself

    @abstractmethod
    async def server(self) -> Server:
        """What keeps the documents, and how much room it has."""

    async def probe(self) -> None:
        """Writes a ledger row that is nobody's, reads it and removes it. Raises StoreError if any of that fails."""
        now = datetime.now(UTC)
        row = LedgerRow(id=f"probe-{secrets.token_hex(8)}", issue=None, first_seen=now, updated_at=now)
        await self._put(row)
        if await self.get_row(row.id) != row:
            raise StoreError(f"{self.name}: what was written is not what is read")
        await self._remove_if_equal(row)

    # Upgrades

    async def upgrade(self, kind: type[D], document_id: str, *, write: bool = True) -> tuple[D, bool] | None:
        """A document in the present version, and whether it was another before; None if there is none.

        It is written unless *write* is False. Raises DocumentError if it cannot be read: it stays as it is.
        """
        result: tuple[D, bool] | None = None

        def decide(stored: Document | None) -> Change[D] | None:
            nonlocal result
            result = None
            if stored is None:
                return None
            try:
                document = self._read(kind, in_present_version(kind, stored))
            except ValueError as error:
                raise DocumentError(f"{self.name}: {COLLECTIONS[kind]} {document_id} {error}") from error
            result = document, self._form(document) != stored
            return Change(document) if result[1] else None

        if write:
            await self._replace(kind, document_id, decide)
        else:
            decide(await self._get(kind, document_id))
        return result

    # Primitives of a backend

    @abstractmethod
    def _form(self, document: Model) -> Document:
        """*document* as the backend keeps it."""

    @abstractmethod
    async def _get(self, kind: type[D], document_id: str) -> Document | None:
        """One document."""

    @abstractmethod
    async def _ids(self, kind: type[D]) -> list[str]:
        """The ids of all documents, ascending."""

    @abstractmethod
    async def _replace(
        self, kind: type[D], document_id: str, decide: Callable[[Document | None], Change[D] | None]
    ) -> None:
        """Reads a document, asks *decide* what to write, and writes it only if nobody changed the document meanwhile.

        *decide* may be called again. The change is on disk when this returns.
        """

    @abstractmethod
    async def _batch(self, kind: type[D], first: str | None, last: str | None, after: str | None) -> list[Document]:
        """At most BATCH documents with first <= id <= last and after < id, ascending."""

    @abstractmethod
    async def _newest_runs(self, limit: int | None) -> list[Document]:
        """The runs, or the last *limit* of them, newest first."""

    @abstractmethod
    async def _row_with_address(self, url: str) -> Document | None:
        """The lowest row that has this address."""

    @abstractmethod
    async def _issue_with_picture(self, key: str) -> Document | None:
        """The lowest issue that has the picture *key* in state stored."""

    @abstractmethod
    async def _unfinished_ids(self) -> list[str]:
        """Ids of the issues with a picture in a state of UNFINISHED, ascending."""

    # What is built on the primitives

    async def _each(self, kind: type[D], first: str | None = None, last: str | None = None) -> AsyncIterator[D]:
        # In batches, not with an open cursor: MongoDB drops one after ten minutes, and a consumer may well be slower.
        after = None
        while batch := await self._batch(kind, first, last, after):
            for document in batch:
                yield self._read(kind, document)
            after = batch[-1]["_id"]

    async def _find(self, kind: type[D], document_id: str) -> D | None:
        found = await self._get(kind, document_id)
        return None if found is None else self._read(kind, found)

    async def _change(self, kind: type[D], document_id: str, decide: Callable[[D | None], Change[D] | None]) -> None:
        def read_and_decide(stored: Document | None) -> Change[D] | None:
            return decide(None if stored is None else self._read(kind, stored))

        await self._replace(kind, document_id, read_and_decide)

    def _read(self, kind: type[D], document: Document) -> D:
        try:
            return kind.model_validate(document)
        except ValidationError as error:
            text = f"{self.name}: {COLLECTIONS[kind]} {document.get('_id')} {trouble(kind, document, error)}"
            raise DocumentError(text) from error

    async def _put(self, document: D) -> None:
        document = checked(document)
        await self._change(type(document), document.id, lambda old: None if old == document else Change(document))

    async def _remove_if_equal(self, document: D) -> None:
        await self._change(type(document), document.id, lambda old: Change(None) if old == document else None)


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


def checked(document: D) -> D:
    """*document* as it will be read back (``model_construct`` and ``model_copy`` check nothing).

    Raises StoreError if it is none.
    """
    try:
        return type(document).model_validate(document.model_dump(warnings=False))
    except ValidationError as error:
        raise StoreError(f"a document for {COLLECTIONS[type(document)]} is not valid: {problem(error)}") from error


def problem(error: ValidationError) -> str:
    """The first problem of a document, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def in_present_version(kind: type[D], document: Document) -> Document:
    """*document* with the issue in it in the present version. Raises ValueError if no way leads there."""
    if kind is Issue:
        return upgraded(document)
    issue = document.get("document")
    return {**document, "document": upgraded(issue)} if kind is Revision and isinstance(issue, dict) else document


def trouble(kind: type[D], document: Document, error: ValidationError) -> str:
    """Why *document* cannot be read and, if anything helps, what."""
    issue: Any = document if kind is Issue else document.get("document") if kind is Revision else None
    if isinstance(issue, dict) and (version := issue.get("schema_version")) != SCHEMA_VERSION:
        return other_version(version)
    unknown = error.errors(include_url=False, include_input=False)[0]["type"] == "extra_forbidden"
    return f"cannot be read: {problem(error)}{' (a newer cncert may have written it)' * unknown}"


def redacted(uri: str) -> str:
    """*uri* without passwords: up to the last @, for a password that is not percent-encoded may hold one itself."""
    uri = re.sub(r"(?s)^([^:/]*:(?://)?[^:@]*):.*@", r"\1:***@", uri)
    return re.sub(r"(?i)((?:password|token|secret)\w*[=:])[^&,]*", r"\1***", uri)


def _later(stored: datetime | None, new: datetime | None) -> bool:
    """Whether the stored article is the later one; one without a time of publication is never later."""
    return stored is not None and (new is None or stored > new)
