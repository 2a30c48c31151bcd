"""A store as a folder of plain files, for backups and for other programs.

``issues.jsonl`` and so on have a document a line, as ``scrapy schema`` describes them, ascending by id. ``files/`` has
pictures and PDFs under their SHA-256. ``manifest.json``, which is written last, says how many documents there are, and
the SHA-256 of each file of documents.
"""

import json
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from cncert.exceptions import StoreError, error_reason
from cncert.items import Digest, Model
from cncert.report.validation import first_problem
from cncert.store.backend import COLLECTIONS, LAYOUT, D
from cncert.terminal.atomic_write import write_whole, written_whole

MANIFEST = "manifest.json"
MAX_LINE_BYTES = 32 << 20
"""Of a document; MongoDB takes 16 MB."""


class CollectionSum(Model):
    """How many documents a collection has, and a digest of them all."""

    documents: Annotated[int, Field(ge=0)]
    sha256: Digest


class Manifest(Model):
    """What a folder holds."""

    format: Literal["cncert store"]
    layout: int
    sample: bool
    collections: dict[str, CollectionSum]


class Digester:
    """Counts documents, and makes one digest of all."""

    def __init__(self) -> None:
        self._digest, self._count = sha256(), 0

    def add(self, line: bytes) -> None:
        """Add a document in the form of :func:`line_of`."""
        self._digest.update(line)
        self._count += 1

    @property
    def sum(self) -> CollectionSum:
        """The sum of what was added."""
        return CollectionSum(documents=self._count, sha256=self._digest.hexdigest())


def line_of(document: Model) -> bytes:
    """Return *document* as a line of JSON, the same for equal documents of all stores."""
    text = json.dumps(document.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{text}\n".encode("utf-8", "surrogatepass")


class PortableFolder:
    """A store in a folder. Every method may raise StoreError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def read_manifest(self) -> Manifest:
        """Return what the folder says that it holds."""
        try:
            with (self.path / MANIFEST).open("rb") as file:
                manifest = Manifest.model_validate_json(file.read(MAX_LINE_BYTES))
        except FileNotFoundError:
            raise StoreError(f"{self.name} holds no store: {MANIFEST} is not there, or was not written yet") from None
        except (OSError, ValidationError) as error:
            why = first_problem(error) if isinstance(error, ValidationError) else error_reason(error)
            raise StoreError(f"{self.name}/{MANIFEST} cannot be read: {why}") from error
        if manifest.layout != LAYOUT:
            raise StoreError(f"{self.name} is of a store of layout {manifest.layout}, this cncert knows {LAYOUT}")
        return manifest

    async def each(self, kind: type[D]) -> AsyncIterator[D]:
        """Yield the documents of a *kind*, ascending by id."""
        path, last = self._path_of(kind), ""
        try:
            with path.open("rb") as file:
                number = 0
                while line := file.readline(MAX_LINE_BYTES):
                    number += 1
                    document = kind.model_validate_json(line)
                    if document.id <= last:
                        raise StoreError(f"{path}, line {number}: its ids do not ascend")
                    last = document.id
                    yield document
        except ValidationError as error:
            raise StoreError(f"{path}, line {number}: {first_problem(error)}") from error
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error_reason(error)}") from error

    async def put(self, kind: type[D], documents: AsyncIterator[D]) -> None:
        """Write all *documents* of a *kind*, ascending by id, in the place of what is there."""
        path = self._path_of(kind)
        try:
            with written_whole(path) as file:
                async for document in documents:
                    file.write(line_of(document))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error_reason(error)}") from error

    def end(self, sums: Mapping[str, CollectionSum], *, sample: bool) -> None:
        """Write the manifest: the folder is whole."""
        manifest = Manifest(format="cncert store", layout=LAYOUT, sample=sample, collections=dict(sums))
        try:
            write_whole(self.path / MANIFEST, f"{manifest.model_dump_json(indent=2)}\n".encode())
        except OSError as error:
            raise StoreError(f"{self.name}/{MANIFEST} cannot be written: {error_reason(error)}") from error

    def file(self, checksum: str) -> Path:
        """Return the place of the file with that SHA-256."""
        return self.path / "files" / checksum[:2] / checksum

    def _path_of(self, kind: type) -> Path:
        return self.path / f"{COLLECTIONS[kind]}.jsonl"
