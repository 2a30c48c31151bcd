"""Stores as the version before editions left them (layout 1), made behind the store's back."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from cncert.items import Issue
from tests.stores import Document, raw

TABLES = """
CREATE TABLE issues (
    id TEXT PRIMARY KEY NOT NULL,
    year INTEGER GENERATED ALWAYS AS (json_extract(document, '$.year')),
    number INTEGER GENERATED ALWAYS AS (json_extract(document, '$.number')),
    start TEXT GENERATED ALWAYS AS (json_extract(document, '$.period.start')),
    "end" TEXT GENERATED ALWAYS AS (json_extract(document, '$.period.end')),
    title TEXT GENERATED ALWAYS AS (json_extract(document, '$.title')),
    published_at TEXT GENERATED ALWAYS AS (json_extract(document, '$.published_at')),
    rating TEXT GENERATED ALWAYS AS (json_extract(document, '$.rating')),
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX issues_week ON issues (year, number);
CREATE TABLE revisions (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE ledger (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE rejects (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE runs (
    id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT GENERATED ALWAYS AS (json_extract(document, '$.started_at')),
    document TEXT NOT NULL
);
CREATE INDEX runs_started ON runs (started_at, id);
CREATE TABLE readings (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE corrections (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE pictures (key TEXT, status TEXT, issue TEXT, PRIMARY KEY (key, status, issue)) WITHOUT ROWID;
CREATE INDEX pictures_issue ON pictures (issue);
CREATE TABLE addresses (url TEXT, row TEXT, PRIMARY KEY (url, row)) WITHOUT ROWID;
CREATE INDEX addresses_row ON addresses (row);
CREATE TRIGGER issues_insert AFTER INSERT ON issues BEGIN
    INSERT INTO pictures SELECT DISTINCT json_extract(value, '$.key'), json_extract(value, '$.status'), new.id
    FROM json_each(new.document, '$.images');
END;
CREATE TRIGGER issues_delete AFTER DELETE ON issues BEGIN DELETE FROM pictures WHERE issue = old.id; END;
PRAGMA user_version = 1;
"""
SHORT = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
DATES = ("published_at", "fetched_at", "replaced_at", "modified_at", "first_seen", "updated_at", "rejected_at", "at")


def as_version_1(issue: Issue, **provenance: Any) -> Document:
    """The document of *issue* as version 1 kept it, in JSON form."""
    document = issue.model_dump(mode="json")
    del document["editions"]
    document["schema_version"] = 1
    for name in ("source", "reprint", "sample"):
        del document["provenance"][name]
    document["provenance"] |= provenance
    for figure in document["figures"]:
        del figure["edition"]
    return document


def revision_of(issue: Document, name: str) -> Document:
    """A revision as version 1 kept it."""
    return {"_id": name, "issue": issue["_id"], "replaced_at": "2025-02-01T00:00:00Z", "document": issue}


def former_row(
    row_id: str, state: str, reason: str | None, *results: str, url: str = SHORT, form: str = "short", **more: Any
) -> Document:
    """A row of the ledger as version 1 kept it, with the results of its attempts."""
    moment = "2025-01-24T01:02:03Z"
    history = [{"at": moment, "result": result} for result in results]
    address = {"url": url, "form": form, "sources": ["index"], "first_seen": moment, "tries": len(results)}
    return {
        "_id": row_id,
        "issue": "2025-03",
        "state": state,
        "reason": reason,
        "addresses": [{**address, "history": history}],
        "attempts": len(results),
        "last_error": reason,
        "next_try": None,
        "first_seen": moment,
        "updated_at": moment,
        **more,
    }


def make_store(uri: str, collections: dict[str, Iterable[Document]]) -> None:
    """Make a store of layout 1 at *uri* that holds documents in JSON form."""
    if uri.startswith("sqlite"):
        path = Path(uri.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript(TABLES)
            for name, documents in collections.items():
                for one in documents:
                    db.execute(f"INSERT INTO {name} (id, document) VALUES (?, ?)", (one["_id"], json.dumps(one)))
        return
    with raw(uri) as client:
        database = client.get_default_database()
        database["meta"].insert_one({"_id": "layout", "version": 1})
        for name, documents in collections.items():
            for one in documents:
                database[name].insert_one(_with_dates(one))


def _with_dates(value: Any) -> Any:
    """*value* as MongoDB keeps it."""
    if isinstance(value, list):
        return [_with_dates(one) for one in value]
    if isinstance(value, dict):
        return {
            name: datetime.fromisoformat(one) if name in DATES and isinstance(one, str) else _with_dates(one)
            for name, one in value.items()
        }
    return value
