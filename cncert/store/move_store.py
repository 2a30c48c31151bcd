"""Copies a store into another one, or into a folder, all of it or what belongs to some issues, and compares both.

Nothing is written over: a document that the other store has already must be the same. So a copy that was killed is
simply begun again.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cncert.exceptions import StoreError, error_reason
from cncert.items import Issue, Model
from cncert.store.backend import BATCH_SIZE, COLLECTIONS, D
from cncert.store.editions import Edition, TextCorrection
from cncert.store.kept_pictures import KeptPicture
from cncert.store.ledger_rows import LedgerRow
from cncert.store.picture_readings import Correction, ReadPicture
from cncert.store.portable_folder import MANIFEST, CollectionSum, Digester, PortableFolder, line_of
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord
from cncert.store.store import Store
from cncert.terminal.atomic_write import written_whole

Place = Store | PortableFolder
KINDS: tuple[type[Any], ...] = (
    KeptPicture, ReadPicture, Correction, TextCorrection, LedgerRow, Reject, RunRecord, Edition, Issue,
)  # fmt: skip
"""What is copied, in this order: documents of issues come last, as in a crawl."""
_PIECE = 1 << 20


@dataclass
class MovedStore:
    """What was copied."""

    sums: dict[str, CollectionSum] = field(default_factory=dict)
    """By the name of the collection; the same on both sides."""
    files: int = 0
    """Pictures and PDFs that are on the other side now."""
    problems: list[str] = field(default_factory=list)
    """A line for each file that could not be copied."""


class _Wrong(Exception):
    """A file is not the one that a document names, or cannot be copied."""


async def move_store(
    source: Place,
    target: Place,
    *,
    wants: Callable[[str], bool] | None,
    files: Path | None,
    advance: Callable[[str], object],
) -> MovedStore:
    """Copy *source* into *target*, with *wants* what belongs to the issues that it accepts; compare both at the end.

    *files*: the directory of the stores' pictures and PDFs; None: those stay where they are. *advance* is called for
    each document and file with what it is. Raises StoreError, if *target* has something else or both differ at the end.
    """
    moved, selection = MovedStore(), _Selection(wants)
    sample = source.read_manifest().sample if isinstance(source, PortableFolder) else await source.is_sample()
    await selection.read(source)
    await _refuse_others(source, target, selection)
    if isinstance(target, Store):
        await target.claim(sample=sample)
    if files is not None and not (isinstance(source, Store) and isinstance(target, Store)):
        await _move_files(source, target, selection, files, moved, advance)
    for kind in KINDS:
        digester = Digester()
        documents = _counted(_selected(source, kind, selection), kind, digester, advance)
        if isinstance(target, PortableFolder):
            await target.put(kind, documents)
        else:
            await _add(target, documents)
        moved.sums[COLLECTIONS[kind]] = digester.sum
    for kind in KINDS:
        if await _sum(target, kind) != moved.sums[COLLECTIONS[kind]]:
            differ = f"{COLLECTIONS[kind]} of {target.name} differ from those of {source.name}"
            raise StoreError(f"{differ}: one of them is written to by another process; try again when that has ended")
    if isinstance(target, PortableFolder):
        target.end(moved.sums, sample=sample)
    return moved


class _Selection:
    """Which documents belong to some issues; without *wants* all do."""

    def __init__(self, wants: Callable[[str], bool] | None) -> None:
        self._wants = wants
        self._articles, self._editions = set[str](), set[str]()
        self._pictures, self._checksums = set[str](), set[str]()

    async def read(self, source: Place) -> None:
        """Look which editions, and which pictures and PDFs they show, belong to the issues."""
        if self._wants is None:
            return
        async for edition in source.each(Edition):
            if any(map(self._wants, (*edition.weeks, *([edition.document] if edition.document else [])))):
                self._editions.add(edition.id)
                self._articles |= {edition.article} if edition.article else set()
        async for edition in source.each(Edition):
            # All editions of an article decide which week it is of.
            if edition.id in self._editions or edition.article in self._articles:
                self._editions.add(edition.id)
                self._pictures.update(picture.key for picture in edition.issue.images)
                self._checksums.update(one.checksum for one in edition.issue.documents)
        async for picture in source.each(KeptPicture):
            if picture.id in self._pictures and picture.checksum:
                self._checksums.add(picture.checksum)

    def has(self, document: Model) -> bool:
        """Whether *document* belongs to the issues; records of runs belong to none."""
        if self._wants is None:
            return True
        match document:
            case Issue():
                return self._wants(document.id)
            case Edition():
                return document.id in self._editions
            case LedgerRow() | Reject():
                return document.issue is not None and self._wants(document.issue)
            case KeptPicture():
                return document.id in self._pictures
            case ReadPicture():
                return document.id in self._checksums
            case Correction():
                return document.picture in self._checksums
            case TextCorrection():
                return document.article in self._articles or document.article in self._editions
        return False


async def _selected(source: Place, kind: type[D], selection: _Selection) -> AsyncIterator[D]:
    async for document in source.each(kind):
        if selection.has(document):
            yield document


async def _counted(
    documents: AsyncIterator[D], kind: type[D], digester: Digester, advance: Callable[[str], object]
) -> AsyncIterator[D]:
    async for document in documents:
        digester.add(line_of(document))
        advance(COLLECTIONS[kind])
        yield document


async def _add(target: Store, documents: AsyncIterator[D]) -> None:
    batch: list[D] = []
    async for document in documents:
        batch.append(document)
        if len(batch) == BATCH_SIZE:
            await target.add(batch)
            batch = []
    if batch:
        await target.add(batch)


async def _sum(place: Place, kind: type[D]) -> CollectionSum:
    digester = Digester()
    async for document in place.each(kind):
        digester.add(line_of(document))
    return digester.sum


async def check_folder(folder: PortableFolder) -> None:
    """Compare *folder* with its manifest. Raises StoreError."""
    manifest = folder.read_manifest()
    for kind in KINDS:
        if await _sum(folder, kind) != manifest.collections.get(COLLECTIONS[kind]):
            raise StoreError(f"{folder.name}/{COLLECTIONS[kind]}.jsonl is not what {MANIFEST} says")


async def _refuse_others(source: Place, target: Place, selection: _Selection) -> None:
    """Raise StoreError if *target* has what *source* has not."""
    if isinstance(target, PortableFolder):
        if (target.path / MANIFEST).exists():
            raise StoreError(f"{target.name} holds a store already: name another folder")
        return
    for kind in KINDS:
        there = {one.id async for one in target.each(kind)}
        if there:
            there -= {one.id async for one in _selected(source, kind, selection)}
        if there or target.unreadable:
            first = f" ({COLLECTIONS[kind]} {min(there)})" if there else ""
            raise StoreError(f"{target.name} holds something else already{first}: name an empty store")


# --- pictures and PDFs


async def _move_files(
    source: Place,
    target: Place,
    selection: _Selection,
    files: Path,
    moved: MovedStore,
    advance: Callable[[str], object],
) -> None:
    async for path, checksum in _named_files(source, selection):
        try:
            here, there = (
                place.file(checksum) if isinstance(place, PortableFolder) else _inside(files, path)
                for place in (source, target)
            )
            _copy(here, there, checksum)
            moved.files += 1
        except _Wrong as error:
            moved.problems.append(f"{path}: {error}")
        advance("files")


async def _named_files(source: Place, selection: _Selection) -> AsyncIterator[tuple[str, str]]:
    """Yield path and checksum of the files that documents name, each once."""
    seen = set[tuple[str, str]]()
    async for picture in _selected(source, KeptPicture, selection):
        if picture.status == "stored" and picture.path and picture.checksum:
            seen.add((picture.path, picture.checksum))
            yield picture.path, picture.checksum
    async for edition in _selected(source, Edition, selection):
        for one in edition.issue.documents:
            if one.path and (named := (one.path, one.checksum)) not in seen:
                seen.add(named)
                yield named


def _inside(folder: Path, path: str) -> Path:
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise _Wrong("its path leads out of CNCERT_FILES")
    return place


def _copy(source: Path, target: Path, checksum: str) -> None:
    """Copy a file, unless it is there already. Raises _Wrong."""
    try:
        if target.exists():
            if _digest(target) != checksum:
                raise _Wrong(f"{target} is another file, and stays")
            return
        digest = hashlib.sha256()
        with source.open("rb") as file, written_whole(target) as copy:
            while piece := file.read(_PIECE):
                digest.update(piece)
                copy.write(piece)
            if digest.hexdigest() != checksum:
                raise _Wrong(f"{source} is not the file that was stored")
    except (OSError, ValueError) as error:
        raise _Wrong(error_reason(error)) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
