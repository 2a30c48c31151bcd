"""Stores of tests, and what is in them behind the store's back."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pymongo
import pytest

from cncert.editions.take_issue import take
from cncert.items import Issue
from cncert.ledger import calendar_gaps, week_order
from cncert.sources import bundled_index, bundled_reprints
from cncert.store import Store, open_store
from cncert.store.kept_pictures import KeptPicture

Document = dict[str, Any]


def with_database(uri: str, name: str) -> str:
    """The MongoDB address *uri* with another database."""
    return urlunsplit(urlsplit(uri)._replace(path=f"/{name}"))


def raw(uri: str) -> pymongo.MongoClient[Document]:
    """The server without the store in between."""
    return pymongo.MongoClient(uri, tz_aware=True)


def document_in(uri: str, collection: str, document_id: str) -> Document:
    """A document as it is kept."""
    if uri.startswith("sqlite"):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db:
            rows = db.execute(f"SELECT document FROM {collection} WHERE id = ?", (document_id,)).fetchall()
        document: Document = json.loads(rows[0][0])
        return document
    with raw(uri) as client:
        found = client.get_default_database()[collection].find_one({"_id": document_id})
    assert found is not None
    return found


def insert(uri: str, collection: str, document_id: str | int, document: Document | str) -> None:
    """Puts a document into a collection as no store would: any value in MongoDB, any text in SQLite."""
    if uri.startswith("sqlite"):
        text = document if isinstance(document, str) else json.dumps(document)
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db, db:
            db.execute(f"INSERT OR REPLACE INTO {collection} (id, document) VALUES (?, ?)", (document_id, text))
    else:
        assert not isinstance(document, str)
        with raw(uri) as client:
            table = client.get_default_database().get_collection(collection)
            whole = {**document, "_id": document_id}
            table.replace_one({"_id": document_id}, whole, upsert=True, bypass_document_validation=True)


def rewrite(uri: str, collection: str, document_id: str, change: Callable[[Document], object]) -> Document:
    """Changes a document in a way that no store would, and returns it."""
    document = document_in(uri, collection, document_id)
    change(document)
    if uri.startswith("sqlite"):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db, db:
            db.execute(f"UPDATE {collection} SET document = ? WHERE id = ?", (json.dumps(document), document_id))
    else:
        with raw(uri) as client:
            table = client.get_default_database().get_collection(collection)
            table.replace_one({"_id": document_id}, document, bypass_document_validation=True)
    return document


def let_index_end(monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    """Let the bundled index that the calendar knows end with the issue *last*: for a store of an earlier time."""
    known = [tuple(one for one in index() if one.issue <= last) for index in (bundled_index, bundled_reprints)]
    monkeypatch.setattr(calendar_gaps, "bundled_index", lambda: known[0])
    monkeypatch.setattr(calendar_gaps, "bundled_reprints", lambda: known[1])
    monkeypatch.setattr(week_order, "bundled_reprints", lambda: known[1])
    for module, cached in ((calendar_gaps, "_index_rows"), (week_order, "_reprint_urls")):
        monkeypatch.setattr(module, cached, cache(getattr(module, cached).__wrapped__))


def make_empty(uri: str) -> str:
    """Make an empty store at *uri*, and return that."""

    async def make() -> None:
        async with open_store(uri):
            pass

    asyncio.run(make())
    return uri


async def put_document(store: Store, issue: Issue) -> None:
    """Put the document of an issue into a store as it is, without editions: for what only reads documents."""
    await store.claim(sample=issue.provenance.sample)
    found = await store.load(Issue, [issue.id])
    await store.write_all([store.write(Issue, issue.id, found.get(issue.id), issue)])


async def take_in(store: Store, issue: Issue) -> Issue:
    """Take in what *issue* states, with the files of its pictures; return the document."""
    images = [
        picture.model_copy(update={"path": None, "checksum": None, "status": "pending"}) for picture in issue.images
    ]
    figures = [figure for figure in issue.figures if figure.source == "text"]
    await store.put_pictures(KeptPicture.of(picture, None) for picture in issue.images if picture.status != "pending")
    taken = await take(store, issue.model_copy(update={"images": images, "figures": figures}), "page")
    assert taken.document is not None
    return taken.document
