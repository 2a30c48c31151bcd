"""The store in one SQLite file: a table for each collection, a row with JSON for each document."""

import asyncio
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cncert.exceptions import DocumentError, StoreError, error_reason
from cncert.items import UNFINISHED_STATUSES, Model
from cncert.store.backend import BATCH_SIZE, COLLECTIONS, LAYOUT, Change, D, Server
from cncert.store.schema_versions import Document
from cncert.store.store import Store

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a lock of another process is waited for."""

# The plain columns of issues are for people who open the file with sqlite3 or Datasette. Triggers keep the side tables
# in step with the documents.
SCHEMA = """
CREATE TABLE IF NOT EXISTS issues (
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
CREATE UNIQUE INDEX IF NOT EXISTS issues_week ON issues (year, number);
CREATE TABLE IF NOT EXISTS revisions (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rejects (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT GENERATED ALWAYS AS (json_extract(document, '$.started_at')),
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_started ON runs (started_at, id);
CREATE TABLE IF NOT EXISTS readings (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS corrections (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS pictures (key TEXT, status TEXT, issue TEXT, PRIMARY KEY (key, status, issue)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pictures_issue ON pictures (issue);
CREATE TABLE IF NOT EXISTS addresses (url TEXT, row TEXT, PRIMARY KEY (url, row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS addresses_row ON addresses (row);
"""
PICTURES = """
INSERT INTO pictures SELECT DISTINCT json_extract(value, '$.key'), json_extract(value, '$.status'), new.id
FROM json_each(new.document, '$.images');
"""
ADDRESSES = """
INSERT INTO addresses SELECT DISTINCT json_extract(value, '$.url'), new.id FROM json_each(new.document, '$.addresses');
"""
TRIGGERS = "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_insert AFTER INSERT ON {table} BEGIN {fill} END;"
    f"CREATE TRIGGER IF NOT EXISTS {table}_update AFTER UPDATE ON {table} BEGIN {clear} {fill} END;"
    f"CREATE TRIGGER IF NOT EXISTS {table}_delete AFTER DELETE ON {table} BEGIN {clear} END;"
    for table, clear, fill in (
        ("issues", "DELETE FROM pictures WHERE issue = old.id;", PICTURES),
        ("ledger", "DELETE FROM addresses WHERE row = old.id;", ADDRESSES),
    )
)

ERROR_TEXTS = {
    "SQLITE_NOTADB": "the file is not a SQLite database",
    "SQLITE_CANTOPEN": "the file cannot be opened or created (is its directory writable?)",
    "SQLITE_READONLY": "the file or its directory is read-only",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_BUSY": f"another program has locked the file for {BUSY_SECONDS:.0f} s",
    "SQLITE_CONSTRAINT": "the file holds another issue of the same week",
    "SQLITE_CORRUPT": "the file is damaged",
}


class SqliteStore(Store):
    """A store in one file. Its connection has a thread of its own, so that the crawl never waits for the disk."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        slashes, path = uri[:10], uri[10:]
        if slashes != "sqlite:///" or path in ("", ":memory:") or "?" in path:
            raise StoreError(f"{self.name!r} names no file: use sqlite:///relative.db or sqlite:////absolute.db")
        self.path = Path(path).absolute()
        self._thread: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None

    async def open(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cncert-sqlite")
            try:
                self._db = await self._in_thread(self._connect)
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        db, thread, self._db = self._db, self._thread, None
        try:
            if db is not None:
                await self._in_thread(db.close)
        finally:
            self._thread = None
            if thread is not None:
                thread.shutdown(wait=False)

    async def server(self) -> Server:
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError:
            free = None
        return Server(f"SQLite {sqlite3.sqlite_version}", free)

    def _form(self, document: Model) -> Document:
        return document.model_dump(mode="json")

    async def _get(self, kind: type[D], document_id: str) -> Document | None:
        return await self._first(f"SELECT id, document FROM {COLLECTIONS[kind]} WHERE id = ?", document_id)

    async def _ids(self, kind: type[D]) -> list[str]:
        return [row[0] for row in await self._rows(f"SELECT id FROM {COLLECTIONS[kind]} ORDER BY id")]

    async def _replace(
        self, kind: type[D], document_id: str, decide: Callable[[Document | None], Change[D] | None]
    ) -> None:
        table = COLLECTIONS[kind]
        insert = "INSERT INTO {} (id, document) VALUES (?, ?) ON CONFLICT (id) DO {}"

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                stored = db.execute(f"SELECT id, document FROM {table} WHERE id = ?", (document_id,)).fetchone()
                change = decide(self._parsed(stored) if stored else None)
                if change is None:
                    return
                if change.revision is not None:
                    row = (change.revision.id, change.revision.model_dump_json())
                    db.execute(insert.format("revisions", "NOTHING"), row)
                if change.document is None:
                    db.execute(f"DELETE FROM {table} WHERE id = ?", (document_id,))
                else:
                    row = (document_id, change.document.model_dump_json())
                    db.execute(insert.format(table, "UPDATE SET document = excluded.document"), row)

        await self._run(work)

    async def _batch(self, kind: type[D], first: str | None, last: str | None, after: str | None) -> list[Document]:
        bounds = {sql: at for sql, at in (("id >= ?", first), ("id <= ?", last), ("id > ?", after)) if at is not None}
        where = " AND ".join(bounds) or "TRUE"
        sql = f"SELECT id, document FROM {COLLECTIONS[kind]} WHERE {where} ORDER BY id LIMIT {BATCH_SIZE}"
        return [self._parsed(row) for row in await self._rows(sql, *bounds.values())]

    async def _newest_runs(self, limit: int | None) -> list[Document]:
        sql = "SELECT id, document FROM runs ORDER BY started_at DESC, id DESC LIMIT ?"
        return [self._parsed(row) for row in await self._rows(sql, -1 if limit is None else limit)]

    async def _row_with_address(self, url: str) -> Document | None:
        sql = "SELECT min(row) FROM addresses WHERE url = ?"
        return await self._first(f"SELECT id, document FROM ledger WHERE id = ({sql})", url)

    async def _issue_with_picture(self, key: str) -> Document | None:
        sql = "SELECT min(issue) FROM pictures WHERE key = ? AND status = 'stored'"
        return await self._first(f"SELECT id, document FROM issues WHERE id = ({sql})", key)

    async def is_sample(self) -> bool:
        mark = "iif(json_valid(document), json_extract(document, '$.provenance.sample'), FALSE)"
        return bool(await self._rows(f"SELECT 1 FROM issues WHERE {mark} LIMIT 1"))

    async def _unfinished_ids(self) -> list[str]:
        marks = ", ".join("?" * len(UNFINISHED_STATUSES))
        sql = f"SELECT DISTINCT issue FROM pictures WHERE status IN ({marks}) ORDER BY issue"
        return [row[0] for row in await self._rows(sql, *UNFINISHED_STATUSES)]

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path}: the directory cannot be made: {error_reason(error)}") from error
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._prepare(db)
                return db
            except BaseException as error:
                # SQLite does not wait by itself while another process turns a new file to WAL.
                busy = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    db.close()
                    raise
            db.rollback()
            time.sleep(0.01)

    def _prepare(self, db: sqlite3.Connection) -> None:
        # All in one statement: another process may be creating the tables at this moment.
        there = "SELECT count(*) FROM sqlite_master"
        sql = f"SELECT user_version, ({there}), ({there} WHERE name = 'corrections') FROM pragma_user_version"
        version, tables, is_complete = db.execute(sql).fetchone()
        if version > LAYOUT:
            raise StoreError(f"{self.path} has layout {version}, this cncert knows {LAYOUT}: update cncert")
        if version == 0 and tables:
            raise StoreError(f"{self.path} is the database of another program")
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            db.execute("PRAGMA journal_mode = WAL")
        if not is_complete:  # new, or made before the last table was added
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} {TRIGGERS} PRAGMA user_version = {LAYOUT}; COMMIT;")

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._db
        if db is None:
            raise StoreError(f"the store {self.name} is not open")
        return await self._in_thread(lambda: work(db))

    async def _rows(self, sql: str, *values: str | int) -> list[Any]:
        return await self._run(lambda db: db.execute(sql, values).fetchall())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, UnicodeError) as error:
            name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
            raise StoreError(f"{self.path}: {ERROR_TEXTS.get(name, error)}") from error

    async def _first(self, sql: str, value: str) -> Document | None:
        rows = await self._rows(sql, value)
        return self._parsed(rows[0]) if rows else None

    def _parsed(self, row: tuple[str, str]) -> Document:
        try:
            document = json.loads(row[1])
        except (ValueError, TypeError, RecursionError) as error:
            raise DocumentError(f"{self.name}: the document of {row[0]} is not JSON") from error
        if not isinstance(document, dict):
            raise DocumentError(f"{self.name}: the document of {row[0]} is no JSON object")
        return document | {"_id": row[0]}


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Return a context manager for a writing transaction: no other process can write until it ends."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk ends it by itself
            db.execute("ROLLBACK")
        raise
