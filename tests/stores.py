"""Stores of tests, and what is in them behind the store's back."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pymongo

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
