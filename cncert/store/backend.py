"""The base of all backends: validated models on top of a backend's primitives for documents."""

import asyncio
import random
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import Field, ValidationError

from cncert.exceptions import DocumentError, StoreError
from cncert.items import SCHEMA_VERSION, Issue, Model
from cncert.report.validation import first_problem
from cncert.store.editions import Edition, TextCorrection
from cncert.store.kept_pictures import KeptPicture
from cncert.store.ledger_rows import LedgerRow
from cncert.store.picture_readings import Correction, ReadPicture
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord
from cncert.store.schema_versions import Document, other_version
from cncert.store.settled_files import SettledFiles


class StoreContent(Model):
    """What a store holds: sample data, or real data, never both."""

    id: Annotated[str, Field(alias="_id")]
    sample: bool


class FormerRevision(Model):
    """A former state of an issue, as layout 1 kept it; now an edition."""

    id: Annotated[str, Field(alias="_id")]
    issue: str
    replaced_at: Any
    document: dict[str, Any]


D = TypeVar(
    "D",
    StoreContent,
    FormerRevision,
    Issue,
    Edition,
    KeptPicture,
    LedgerRow,
    Reject,
    RunRecord,
    ReadPicture,
    Correction,
    TextCorrection,
    SettledFiles,
)

COLLECTIONS: dict[type, str] = {
    StoreContent: "meta",
    FormerRevision: "revisions",
    Issue: "issues",
    Edition: "editions",
    KeptPicture: "pictures",
    LedgerRow: "ledger",
    Reject: "rejects",
    RunRecord: "runs",
    ReadPicture: "readings",
    Correction: "corrections",
    TextCorrection: "text_corrections",
    SettledFiles: "settled_files",
}
NOT_OURS = "is no document of cncert"
LAYOUT = 2
"""Version of the layout of a store; a store with another one is not opened."""

MAX_CHANGE_ATTEMPTS = 60
"""Attempts at a change that other processes may outrun."""
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


class BrokenDocument(Document):
    """Stands for a document of which only the id can be read; *problem* says what else is there."""

    def __init__(self, document_id: str, problem: str) -> None:
        super().__init__(_id=document_id)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Loaded(Generic[D]):
    """A document that was read."""

    document: D
    raw: Document
    """As it is kept; fields that were added to the model since are not in it."""


@dataclass(frozen=True, slots=True)
class Write:
    """A document to be written if the store still has what was read."""

    kind: type
    id: str
    before: Document | None
    """As it is kept; None: there is none."""
    after: Document | None
    """None: remove it."""


class Documents(ABC):
    """A database of documents. Every method may raise StoreError."""

    def __init__(self, uri: str, *, read_only: bool = False, may_be_missing: bool = False) -> None:
        self.name = redacted(uri)
        """The address without passwords."""
        self.read_only = read_only
        """Whether nothing is written or created, not even what an older store lacks."""
        self.may_be_missing = may_be_missing
        """Whether a store that is only read is an empty one where there is none; else that is an error."""
        self.layout = LAYOUT
        """The layout that the store has, once it is open."""
        self.reads_layout = LAYOUT
        """The oldest layout that is opened; lower for an upgrade only."""
        self.unreadable: dict[str, str] = {}
        """Why documents that were met cannot be read, by collection and id. Such a document is passed over, and never
        written: it may be of a newer version, or of somebody else."""
        self._holds_sample: bool | None = None

    @abstractmethod
    async def open(self) -> None:
        """Connect, and create what is missing unless read-only. Raises StoreError, also for another layout."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection; may be called twice."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @abstractmethod
    async def begin_upgrade(self) -> None:
        """Create what the present layout has and the store, of layout 1, has not. May be called again after a kill."""

    @abstractmethod
    async def end_upgrade(self) -> None:
        """Note that the store has the present layout, and remove what that has not any more, if that is empty."""

    @abstractmethod
    async def server(self) -> Server:
        """Return what is known of the database program."""

    # Primitives of a backend

    @abstractmethod
    def _form(self, document: Model) -> Document:
        """Return *document* in the form in which the backend keeps it."""

    @abstractmethod
    async def _get_many(self, kind: type[D], ids: Collection[str]) -> list[Document]:
        """Return the documents with these ids that are there, in any order."""

    @abstractmethod
    async def _ids(self, kind: type[D]) -> list[Any]:
        """Return the ids of all documents, ascending; one that is no text is somebody else's."""

    @abstractmethod
    async def _write(self, writes: Sequence[Write]) -> bool:
        """Write the documents in their order, each unless another process has changed it since it was read.

        Return whether all were written: SQLite writes all or none, MongoDB those that it can. They are on disk then.
        """

    @abstractmethod
    async def _batch(self, kind: type[D], first: str | None, last: str | None, after: str | None) -> list[Document]:
        """Return at most BATCH_SIZE documents with first <= id <= last and after < id, ascending."""

    @abstractmethod
    async def _newest_runs(self, limit: int | None) -> list[Document]:
        """Return all runs, or the last *limit*, newest first."""

    @abstractmethod
    async def _with_value(self, kind: type[D], field: str, values: Collection[str]) -> list[Document]:
        """Return the documents with one of *values* in *field*, ascending by id."""

    @abstractmethod
    async def _rows_with(self, ids: Collection[str], urls: Collection[str]) -> list[Document]:
        """Return the ledger rows that have one of these ids or addresses."""

    @abstractmethod
    async def _editions_of(self, articles: Collection[str], weeks: Collection[str]) -> list[Document]:
        """Return the editions of these articles, and those that may be one of these issues."""

    @abstractmethod
    async def _unsettled_weeks(self) -> list[str]:
        """Return the issues whose documents do not list all their editions, or are not there though they have some."""

    @abstractmethod
    async def _issues_showing(self, keys: Collection[str]) -> list[str]:
        """Return the ids of the issues that show one of these pictures."""

    @abstractmethod
    async def _issue_sources(self) -> dict[Any, Any]:
        """Return ``provenance.source`` of the issues by their ids."""

    @abstractmethod
    async def _unfinished_ids(self) -> list[str]:
        """Return the ids of the issues with unfinished pictures, ascending."""

    # What is built on the primitives

    async def add(self, documents: Sequence[D]) -> None:
        """Add *documents*, all of one kind, that are not there yet.

        Raises StoreError if one of them is there and says something else: nothing is written over it.
        """
        kind, new = type(documents[0]), {one.id: one for one in documents}
        found = await self.load(kind, new.keys())
        if others := [one for one, loaded in found.items() if loaded.document != new[one]]:
            raise StoreError(f"{self.name} has {COLLECTIONS[kind]} {others[0]}, which says something else")
        if not await self.write_all(self.write(kind, one, None, new[one]) for one in new.keys() - found.keys()):
            raise StoreError(f"{self.name} is written to by another process")

    async def _text_ids(self, kind: type[D]) -> list[str]:
        ids = await self._ids(kind)
        for one in ids:
            if not isinstance(one, str):
                self._document_error(kind, one, NOT_OURS)
        return [one for one in ids if isinstance(one, str)]

    async def each(self, kind: type[D], first: str | None = None, last: str | None = None) -> AsyncIterator[D]:
        """Yield the documents of a *kind* that can be read, ascending by id. The store may be written to meanwhile."""
        async for document in self.raw_documents(kind, first, last):
            if (one := self._readable(kind, document)) is not None:
                yield one

    async def raw_documents(
        self, kind: type[D], first: str | None = None, last: str | None = None
    ) -> AsyncIterator[Document]:
        """Yield documents of a *kind* as they are kept, ascending by id. The store may be written to meanwhile."""
        # In batches, not with an open cursor: MongoDB drops one after ten minutes, and a consumer may well be slower.
        after = None
        while batch := await self._batch(kind, first, last, after):
            for document in batch:
                yield document
            if len(batch) < BATCH_SIZE:  # nothing is behind it; nothing can be asked for behind an id that is null
                return
            after = batch[-1]["_id"]

    async def _find(self, kind: type[D], document_id: str) -> D | None:
        found = await self._get_many(kind, [document_id])
        return self._readable(kind, found[0]) if found else None

    async def _with(self, kind: type[D], field: str, values: Collection[str]) -> list[D]:
        found = await self._with_value(kind, field, values) if values else []
        return [self._read(kind, raw) for raw in found]

    async def _find_many(self, kind: type[D], ids: Collection[str]) -> dict[str, D]:
        found = await self._get_many(kind, ids) if ids else []
        return {raw["_id"]: one for raw in found if (one := self._readable(kind, raw)) is not None}

    async def load(self, kind: type[D], ids: Collection[str]) -> dict[str, Loaded[D]]:
        """Return the documents of a *kind* with these ids that are there, by id, in order to change them.

        Raises DocumentError if one cannot be read: nothing is written over it.
        """
        found = await self._get_many(kind, ids) if ids else []
        return {raw["_id"]: Loaded(self._read(kind, raw), raw) for raw in found}

    def write(self, kind: type[D], document_id: str, before: Loaded[D] | None, after: D | None) -> Write | None:
        """Return what has to be written to put *after* in the place of *before*; None if nothing has to.

        Raises StoreError if *after* is not valid.
        """
        if after == (before.document if before else None):
            return None
        form = None if after is None else self._form(checked(after))
        return Write(kind, document_id, before.raw if before else None, form)

    async def write_all(self, writes: Iterable[Write | None]) -> bool:
        """Write documents in their order; return whether none of them had changed since it was read."""
        needed = [write for write in writes if write is not None]
        if needed and self.read_only:
            raise StoreError(f"{self.name} is open for reading only")
        return await self._write(needed) if needed else True

    async def change(
        self, kind: type[D], ids: Collection[str], decide: Callable[[dict[str, D]], Mapping[str, D | None]]
    ) -> dict[str, D | None]:
        """Replace the documents with *ids* by those that *decide* makes of them, and return these.

        *decide* gets those that are there and returns those that are to stand. It must be pure, because it is called
        again if another process has changed one meanwhile.
        """
        for _ in range(MAX_CHANGE_ATTEMPTS):
            found = await self.load(kind, ids)
            documents = {one: loaded.document for one, loaded in found.items()}
            decided = {
                one: after if after is None or after == documents.get(one) else checked(after)
                for one, after in decide(documents).items()
            }
            if await self.write_all(self.write(kind, one, found.get(one), after) for one, after in decided.items()):
                return decided
            await wait_for_others()
        raise StoreError(
            f"{self.name}: {COLLECTIONS[kind]} {', '.join(ids)[:200]} were changed by others "
            f"{MAX_CHANGE_ATTEMPTS} times in a row"
        )

    def _readable(self, kind: type[D], document: Document | None) -> D | None:
        try:
            return None if document is None else self._read(kind, document)
        except DocumentError:
            return None

    def _read(self, kind: type[D], document: Document) -> D:
        try:
            if not isinstance(document, BrokenDocument):
                return kind.model_validate(document)
            why = document.problem
        except ValidationError as error:
            why = _why_unreadable(kind, document, error)
        except OverflowError as error:  # a time at the end of the calendar
            why = f"cannot be read: {error}"
        raise self._document_error(kind, document.get("_id"), why)

    def _document_error(self, kind: type[D], document_id: object, why: str) -> DocumentError:
        """Return the error of a document that cannot be read, after noting it."""
        name = f"{COLLECTIONS[kind]} {document_id}"
        return DocumentError(self.unreadable.setdefault(name, f"{self.name}: {name} {why}"))

    async def _put(self, document: D) -> None:
        await self.change(type(document), [document.id], lambda _: {document.id: document})

    async def _remove_if_equal(self, document: D) -> None:
        await self.change(
            type(document),
            [document.id],
            lambda found: {document.id: None} if found.get(document.id) == document else {},
        )


async def wait_for_others() -> None:
    """Wait a moment, not the same one as another process that wanted to change the same document."""
    await asyncio.sleep(random.uniform(0, 0.05))


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


def _why_unreadable(kind: type[D], document: Document, error: ValidationError) -> str:
    issue: Any = document if kind is Issue else document.get("issue") if kind is Edition else None
    if isinstance(issue, dict) and (version := issue.get("schema_version")) != SCHEMA_VERSION:
        return other_version(version)
    unknown = error.errors(include_url=False, include_input=False)[0]["type"] == "extra_forbidden"
    return f"cannot be read: {first_problem(error)}{' (a newer cncert may have written it)' * unknown}"


def check_layout(name: str, version: int, *, reads: int) -> None:
    """Raise StoreError if the store *name* has a layout with another *version* than the one that is to be read."""
    if version > LAYOUT:
        raise StoreError(f"{name} has layout {version}, this cncert knows {LAYOUT}: update cncert")
    if version < reads:
        raise StoreError(f"{name} has layout {version}, this cncert reads {LAYOUT}: run scrapy upgrade")


def redacted(uri: str) -> str:
    """Return *uri* without passwords: up to the last @, because a password may contain one that is not encoded."""
    uri = re.sub(r"(?s)^([^:/]*:(?://)?[^:@]*):.*@", r"\1:***@", uri)
    return re.sub(r"(?i)((?:password|token|secret)\w*[=:])[^&,]*", r"\1***", uri)
