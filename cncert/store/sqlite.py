"""The store in one SQLite file: a table for each collection, a row with JSON for each document."""

import asyncio
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cncert.exceptions import StoreError, error_reason
from cncert.items import UNFINISHED_STATUSES, Model
from cncert.store.backend import BATCH_SIZE, COLLECTIONS, LAYOUT, BrokenDocument, D, Server, Write, check_layout
from cncert.store.read_only_file import READING_ERROR_TEXTS, FileState, connect_read_only, file_state
from cncert.store.schema_versions import Document
from cncert.store.sqlite_views import make_views, outdated_views
from cncert.store.store import Store

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a lock of another process is waited for."""

MAX_READS = 20
"""How often something is read in a file to which others begin to write meanwhile."""

# The plain columns of issues are for people who open the file with sqlite3 or Datasette. Triggers keep the side tables
# in step with the documents.
SCHEMA = """
CREATE TABLE IF NOT EXISTS issues (
    id TEXT PRIMARY KEY NOT NULL,
    year INTEGER GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.year'), NULL)),
    number INTEGER GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.number'), NULL)),
    start TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.period.start'), NULL)),
    "end" TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.period.end'), NULL)),
    title TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.title'), NULL)),
    published_at TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.published_at'), NULL)),
    rating TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.rating'), NULL)),
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS issues_week ON issues (year, number);
CREATE TABLE IF NOT EXISTS meta (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS editions (
    id TEXT PRIMARY KEY NOT NULL,
    article TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.article'), NULL)),
    issue TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.document'), NULL)),
    source TEXT GENERATED ALWAYS AS
        (iif(json_valid(document), json_extract(document, '$.issue.provenance.source'), NULL)),
    withdrawn INTEGER GENERATED ALWAYS AS
        (iif(json_valid(document), coalesce(json_extract(document, '$.withdrawal.withdrawn'), 0), 1)),
    settled INTEGER GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.settled'), 1)),
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS editions_issue ON editions (issue, withdrawn);
CREATE INDEX IF NOT EXISTS editions_settled ON editions (settled) WHERE NOT settled;
CREATE TABLE IF NOT EXISTS ledger (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rejects (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT GENERATED ALWAYS AS (iif(json_valid(document), json_extract(document, '$.started_at'), NULL)),
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_started ON runs (started_at, id);
CREATE TABLE IF NOT EXISTS pictures (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS readings (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS corrections (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS text_corrections (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settled_files (id TEXT PRIMARY KEY NOT NULL, document TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS issue_pictures
    (key TEXT, status TEXT, issue TEXT, PRIMARY KEY (key, status, issue)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS issue_pictures_issue ON issue_pictures (issue);
CREATE INDEX IF NOT EXISTS issue_pictures_status ON issue_pictures (status, issue);
CREATE TABLE IF NOT EXISTS edition_keys (key TEXT, edition TEXT, PRIMARY KEY (key, edition)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edition_keys_edition ON edition_keys (edition);
CREATE TABLE IF NOT EXISTS addresses (url TEXT, row TEXT, PRIMARY KEY (url, row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS addresses_row ON addresses (row);
"""
TABLES = frozenset(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", SCHEMA))
PICTURES = """
INSERT INTO issue_pictures SELECT DISTINCT json_extract(value, '$.key'), json_extract(value, '$.status'), new.id
FROM json_each(new.document, '$.images');
"""
EDITION_KEYS = """
INSERT OR IGNORE INTO edition_keys
SELECT value, new.id FROM json_each(new.document, '$.weeks')
UNION SELECT json_extract(new.document, '$.article'), new.id WHERE json_extract(new.document, '$.article') IS NOT NULL;
"""
ADDRESSES = """
INSERT INTO addresses SELECT DISTINCT json_extract(value, '$.url'), new.id FROM json_each(new.document, '$.addresses');
"""
TRIGGERS = "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_insert AFTER INSERT ON {table} BEGIN {fill} END;"
    f"CREATE TRIGGER IF NOT EXISTS {table}_update AFTER UPDATE ON {table} BEGIN {clear} {fill} END;"
    f"CREATE TRIGGER IF NOT EXISTS {table}_delete AFTER DELETE ON {table} BEGIN {clear} END;"
    for table, clear, fill in (
        ("issues", "DELETE FROM issue_pictures WHERE issue = old.id;", PICTURES),
        ("editions", "DELETE FROM edition_keys WHERE edition = old.id;", EDITION_KEYS),
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

    def __init__(self, uri: str, *, read_only: bool = False, may_be_missing: bool = False) -> None:
        super().__init__(uri, read_only=read_only, may_be_missing=may_be_missing)
        slashes, path = uri[:10], uri[10:]
        if slashes != "sqlite:///" or path in ("", ":memory:") or "?" in path:
            raise StoreError(f"{self.name!r} names no file: use sqlite:///relative.db or sqlite:////absolute.db")
        self.path = Path(path).absolute()
        self._thread: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None
        self._seen: FileState | None = None
        """The state of the file that is read; None where there is none, or this store writes."""

    async def open(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cncert-sqlite")
            try:
                self._db = await self._in_thread(self._connect)
                if self.read_only:
                    await self._run(self._check_tables)
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

    async def begin_upgrade(self) -> None:
        def work(db: sqlite3.Connection) -> None:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
            columns = [row[0] for row in db.execute("SELECT name FROM pragma_table_info('pictures')")]
            with transaction(db):
                for name in names:
                    db.execute(f"DROP TRIGGER {name}")
                if "document" not in columns:  # in layout 1 the table said which issues show a picture
                    db.execute("DROP TABLE IF EXISTS pictures")
                for statement in f"{SCHEMA};".split(";\n"):
                    db.execute(statement)
            db.executescript(TRIGGERS)

        await self._run(work)

    async def end_upgrade(self) -> None:
        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                there = db.execute("SELECT TRUE FROM sqlite_master WHERE name = 'revisions'").fetchone()
                if there and not db.execute("SELECT TRUE FROM revisions").fetchone():
                    db.execute("DROP TABLE revisions")
                db.execute(f"PRAGMA user_version = {LAYOUT}")
                make_views(db)

        await self._run(work)
        self.layout = LAYOUT

    async def server(self) -> Server:
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError:
            free = None
        return Server(f"SQLite {sqlite3.sqlite_version}", free)

    def _form(self, document: Model) -> Document:
        return document.model_dump(mode="json")

    async def _get_many(self, kind: type[D], ids: Collection[str]) -> list[Document]:
        return await self._documents(f"SELECT id, document FROM {COLLECTIONS[kind]} WHERE id IN ({_marks(ids)})", *ids)

    async def _ids(self, kind: type[D]) -> list[Any]:
        return [row[0] for row in await self._rows(f"SELECT id FROM {COLLECTIONS[kind]} ORDER BY id")]

    async def _write(self, writes: Sequence[Write]) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            with transaction(db):
                for write in writes:
                    table = COLLECTIONS[write.kind]
                    found = db.execute(f"SELECT id, document FROM {table} WHERE id = ?", (write.id,)).fetchone()
                    if (self._parsed(found) if found else None) != write.before:
                        return False
                for write in writes:
                    table = COLLECTIONS[write.kind]
                    if write.after is None:
                        db.execute(f"DELETE FROM {table} WHERE id = ?", (write.id,))
                        continue
                    upsert = "ON CONFLICT (id) DO UPDATE SET document = excluded.document"
                    text = json.dumps(write.after, ensure_ascii=False, separators=(",", ":"))
                    db.execute(f"INSERT INTO {table} (id, document) VALUES (?, ?) {upsert}", (write.id, text))
                return True

        return await self._run(work)

    async def _batch(self, kind: type[D], first: str | None, last: str | None, after: str | None) -> list[Document]:
        bounds = {sql: at for sql, at in (("id >= ?", first), ("id <= ?", last), ("id > ?", after)) if at is not None}
        where = " AND ".join(bounds) or "TRUE"
        sql = f"SELECT id, document FROM {COLLECTIONS[kind]} WHERE {where} ORDER BY id LIMIT {BATCH_SIZE}"
        return await self._documents(sql, *bounds.values())

    async def _newest_runs(self, limit: int | None) -> list[Document]:
        sql = "SELECT id, document FROM runs ORDER BY started_at DESC, id DESC LIMIT ?"
        return await self._documents(sql, -1 if limit is None else limit)

    async def _with_value(self, kind: type[D], field: str, values: Collection[str]) -> list[Document]:
        where = f"iif(json_valid(document), json_extract(document, '$.{field}') IN ({_marks(values)}), FALSE)"
        return await self._documents(f"SELECT id, document FROM {COLLECTIONS[kind]} WHERE {where} ORDER BY id", *values)

    async def _rows_with(self, ids: Collection[str], urls: Collection[str]) -> list[Document]:
        named = f"SELECT row FROM addresses WHERE url IN ({_marks(urls)})"
        sql = f"SELECT id, document FROM ledger WHERE id IN ({_marks(ids)}) OR id IN ({named}) ORDER BY id"
        return await self._documents(sql, *ids, *urls)

    async def _editions_of(self, articles: Collection[str], weeks: Collection[str]) -> list[Document]:
        named = f"SELECT edition FROM edition_keys WHERE key IN ({_marks((*articles, *weeks))})"
        return await self._documents(
            f"SELECT id, document FROM editions WHERE id IN ({named}) ORDER BY id", *articles, *weeks
        )

    async def _unsettled_weeks(self) -> list[str]:
        joined = "editions JOIN edition_keys ON id = edition"
        sql = f"""
            SELECT key FROM {joined} WHERE NOT settled AND key LIKE '____-__'
            UNION SELECT issue FROM editions WHERE NOT settled AND issue IS NOT NULL
            UNION SELECT issue FROM editions WHERE NOT withdrawn AND issue NOT IN (SELECT id FROM issues)
            ORDER BY 1
        """
        return [row[0] for row in await self._rows(sql) if row[0] is not None]

    async def _issues_showing(self, keys: Collection[str]) -> list[str]:
        sql = f"SELECT DISTINCT issue FROM issue_pictures WHERE key IN ({_marks(keys)}) ORDER BY issue"
        return [row[0] for row in await self._rows(sql, *keys)]

    async def _issue_sources(self) -> dict[Any, Any]:
        source = "iif(json_valid(document), json_extract(document, '$.provenance.source'), NULL)"
        return dict(await self._rows(f"SELECT id, {source} FROM issues"))

    async def _unfinished_ids(self) -> list[str]:
        marks = _marks(UNFINISHED_STATUSES)
        sql = f"SELECT DISTINCT issue FROM issue_pictures WHERE status IN ({marks}) ORDER BY issue"
        return [row[0] for row in await self._rows(sql, *UNFINISHED_STATUSES)]

    def _connect(self) -> sqlite3.Connection:
        if self.read_only:
            return self._connect_read_only()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path}: the directory cannot be made: {error_reason(error)}") from error
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        db.text_factory = _text
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

    def _connect_read_only(self) -> sqlite3.Connection:
        if self.may_be_missing and not self.path.exists():
            db = sqlite3.connect(":memory:", isolation_level=None)
            db.executescript(f"{SCHEMA} PRAGMA user_version = {LAYOUT};")
            return db
        self._seen = file_state(self.path)
        try:
            db = connect_read_only(self.path, self._seen, BUSY_SECONDS)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read: {error_reason(error)}") from error
        db.text_factory = _text
        return db

    def _check_tables(self, db: sqlite3.Connection) -> None:
        version, tables = self._layout_of(db)
        if version == 0:
            raise StoreError(f"{self.path} is empty: it is no store")
        if version == LAYOUT and not tables >= TABLES:
            raise StoreError(f"{self.path} lacks tables that this cncert reads: run scrapy upgrade")

    def _layout_of(self, db: sqlite3.Connection) -> tuple[int, frozenset[str]]:
        """Return the version of the layout, 0 for a new file, and its tables. Raises StoreError for another one."""
        # All in one statement: another process may be creating the tables at this moment.
        names = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'"
        version, there = db.execute(f"SELECT user_version, ({names}) FROM pragma_user_version").fetchone()
        tables = frozenset((there or "").split(",")) - {""}
        if (version == 0 and tables) or (version == LAYOUT and not tables):
            raise StoreError(f"{self.path} is the database of another program, or was emptied by one")
        self.layout = version or LAYOUT
        check_layout(str(self.path), self.layout, reads=self.reads_layout)
        return version, tables

    def _prepare(self, db: sqlite3.Connection) -> None:
        version, tables = self._layout_of(db)
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            db.execute("PRAGMA journal_mode = WAL")
        if version in (0, LAYOUT) and not tables >= TABLES:  # new, or made before the last table was added
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} {TRIGGERS} PRAGMA user_version = {LAYOUT}; COMMIT;")
        if version in (0, LAYOUT) and outdated_views(db):
            with transaction(db):
                make_views(db)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._db
        if db is None:
            raise StoreError(f"the store {self.name} is not open")
        return await self._in_thread(lambda: self._undisturbed(work))

    def _undisturbed(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what *work* reads in the file. If somebody has begun to write to it meanwhile, it is read again."""
        for _ in range(MAX_READS):
            assert self._db is not None
            try:
                found = work(self._db)
            except sqlite3.DatabaseError:
                if not self._is_disturbed():
                    raise
            else:
                if not self._is_disturbed():
                    return found
            former, self._db = self._db, self._connect_read_only()
            former.close()
        raise StoreError(f"{self.path} changed each time that it was read")

    def _is_disturbed(self) -> bool:
        """Whether the file has changed that was taken for unchanging. One with a log is read with everybody's locks."""
        return self._seen is not None and not self._seen.has_log and file_state(self.path) != self._seen

    async def _rows(self, sql: str, *values: str | int) -> list[Any]:
        return await self._run(lambda db: db.execute(sql, values).fetchall())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, UnicodeError) as error:
            name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
            texts = ERROR_TEXTS | (READING_ERROR_TEXTS if self.read_only else {})
            raise StoreError(f"{self.path}: {texts.get(name, error)}") from error

    async def _documents(self, sql: str, *values: str | int) -> list[Document]:
        return [self._parsed(row) for row in await self._rows(sql, *values)]

    def _parsed(self, row: tuple[str, str]) -> Document:
        try:
            document = json.loads(row[1])
        except (ValueError, TypeError, RecursionError):
            return BrokenDocument(row[0], "is not JSON")
        if not isinstance(document, dict):
            return BrokenDocument(row[0], "is no JSON object")
        return document | {"_id": row[0]}


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")  # no model takes text that is not UTF-8


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


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
