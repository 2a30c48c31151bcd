"""The base of all backends: validated models on top of a backend's primitives for documents."""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from pydantic import ValidationError

from cncert.exceptions import DocumentError, StoreError
from cncert.items import SCHEMA_VERSION, Issue, Model
from cncert.report.validation import first_problem
from cncert.store.ledger_rows import LedgerRow
from cncert.store.picture_readings import Correction, ReadPicture
from cncert.store.revisions import Reject, Revision
from cncert.store.run_records import RunRecord
from cncert.store.schema_versions import Document, other_version, upgraded

D = TypeVar("D", Issue, Revision, LedgerRow, Reject, RunRecord, ReadPicture, Correction)

COLLECTIONS: dict[type, str] = {
    Issue: "issues",
    Revision: "revisions",
    LedgerRow: "ledger",
    Reject: "rejects",
    RunRecord: "runs",
    ReadPicture: "readings",
    Correction: "corrections",
}
LAYOUT = 1
"""Version of the layout of a store; a store with a higher one is not opened."""

BATCH_SIZE = 100
"""Documents that are read at once."""


@dataclass(frozen=True, slots=True)
class Server:
    """The database program."""

    name: str
    """Name and version: ``MongoDB 6.0.5, replica set rs0``."""
    free_bytes: int | None
    """Free bytes of its disk, if known."""
    clock: datetime | None = None
    """Its time, if it may run on another machine."""
    problem: str | None = None
    """Why it cannot be used, if so."""


@dataclass(frozen=True)
class Change(Generic[D]):
    """An atomic change: write *document* (None: remove it), and before it *revision* if there is none of its id."""

    document: D | None
    revision: Revision | None = None


class Documents(ABC):
    """A database of documents. Every method may raise StoreError."""

    def __init__(self, uri: str) -> None:
        self.name = redacted(uri)
        """The address without passwords."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and create what is missing. Raises StoreError if that fails or the layout is a newer one."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection; may be called twice."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @abstractmethod
    async def server(self) -> Server:
        """Return what is known of the database program."""

    # Upgrades

    async def upgrade(self, kind: type[D], document_id: str, *, write: bool = True) -> tuple[D, bool] | None:
        """Return a document in the present version, and whether that changed it; None if there is none.

        It is written unless *write* is False. Raises DocumentError if it cannot be read; it stays as it is then.
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
        """Return *document* in the form in which the backend keeps it."""

    @abstractmethod
    async def _get(self, kind: type[D], document_id: str) -> Document | None:
        """Return one document."""

    @abstractmethod
    async def _ids(self, kind: type[D]) -> list[str]:
        """Return the ids of all documents, ascending."""

    @abstractmethod
    async def _replace(
        self, kind: type[D], document_id: str, decide: Callable[[Document | None], Change[D] | None]
    ) -> None:
        """Read a document, and write the change that *decide* returns, unless another process changed it meanwhile.

        Then it begins again, so *decide* may be called more than once. The change is on disk when this returns.
        """

    @abstractmethod
    async def _batch(self, kind: type[D], first: str | None, last: str | None, after: str | None) -> list[Document]:
        """Return at most BATCH_SIZE documents with first <= id <= last and after < id, ascending."""

    @abstractmethod
    async def _newest_runs(self, limit: int | None) -> list[Document]:
        """Return all runs, or the last *limit*, newest first."""

    @abstractmethod
    async def _row_with_address(self, url: str) -> Document | None:
        """Return the row with this address, of several the one with the lowest id."""

    @abstractmethod
    async def _issue_with_picture(self, key: str) -> Document | None:
        """Return the first issue that has the picture *key* with the status ``stored``."""

    @abstractmethod
    async def is_sample(self) -> bool:
        """Return whether an issue of the sample series is stored: then the whole store is taken for a sample."""

    @abstractmethod
    async def _unfinished_ids(self) -> list[str]:
        """Return the ids of the issues with unfinished pictures, ascending."""

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
            text = f"{self.name}: {COLLECTIONS[kind]} {document.get('_id')} {_why_unreadable(kind, document, error)}"
            raise DocumentError(text) from error

    async def _put(self, document: D) -> None:
        document = checked(document)
        await self._change(type(document), document.id, lambda old: None if old == document else Change(document))

    async def _remove_if_equal(self, document: D) -> None:
        await self._change(type(document), document.id, lambda old: Change(None) if old == document else None)


def checked(document: D) -> D:
    """Return *document* validated, which ``model_construct`` and ``model_copy`` do not do.

    Raises StoreError if it is not valid.
    """
    try:
        return type(document).model_validate(document.model_dump(warnings=False))
    except ValidationError as error:
        raise StoreError(
            f"a document for {COLLECTIONS[type(document)]} is not valid: {first_problem(error)}"
        ) from error


def in_present_version(kind: type[D], document: Document) -> Document:
    """Return *document* with its issue in the present schema version. Raises ValueError if there is no upgrade."""
    if kind is Issue:
        return upgraded(document)
    issue = document.get("document")
    return {**document, "document": upgraded(issue)} if kind is Revision and isinstance(issue, dict) else document


def _why_unreadable(kind: type[D], document: Document, error: ValidationError) -> str:
    issue: Any = document if kind is Issue else document.get("document") if kind is Revision else None
    if isinstance(issue, dict) and (version := issue.get("schema_version")) != SCHEMA_VERSION:
        return other_version(version)
    unknown = error.errors(include_url=False, include_input=False)[0]["type"] == "extra_forbidden"
    return f"cannot be read: {first_problem(error)}{' (a newer cncert may have written it)' * unknown}"


def redacted(uri: str) -> str:
    """Return *uri* without passwords: up to the last @, because a password may contain one that is not encoded."""
    uri = re.sub(r"(?s)^([^:/]*:(?://)?[^:@]*):.*@", r"\1:***@", uri)
    return re.sub(r"(?i)((?:password|token|secret)\w*[=:])[^&,]*", r"\1***", uri)
