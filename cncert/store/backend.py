"""What every backend does, whatever the documents mean: one atomic change of one document, and look-ups.

A backend knows documents and brings only its primitives; models are made of them, checked and compared here.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from pydantic import ValidationError

from cncert.exceptions import DocumentError, StoreError
from cncert.items import SCHEMA_VERSION, Issue, Model
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
"""Version of how documents are laid out in a store; a store with a higher one is not touched."""

BATCH = 100


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


class Documents(ABC):
    """A place for documents. Every method may raise StoreError."""

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

    @abstractmethod
    async def server(self) -> Server:
        """What keeps the documents, and how much room it has."""

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
            text = f"{self.name}: {COLLECTIONS[kind]} {document.get('_id')} {trouble(kind, document, error)}"
            raise DocumentError(text) from error

    async def _put(self, document: D) -> None:
        document = checked(document)
        await self._change(type(document), document.id, lambda old: None if old == document else Change(document))

    async def _remove_if_equal(self, document: D) -> None:
        await self._change(type(document), document.id, lambda old: Change(None) if old == document else None)


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
