"""The store in MongoDB: a collection for each kind of document, moments as UTC dates (docs/data.md)."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, DeleteOne, IndexModel, InsertOne, ReplaceOne, timeout
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from cncert.exceptions import StoreError
from cncert.items import UNFINISHED_STATUSES, Issue, Model
from cncert.store.backend import BATCH_SIZE, COLLECTIONS, LAYOUT, D, Server, Write, check_layout
from cncert.store.editions import Edition
from cncert.store.ledger_rows import LedgerRow
from cncert.store.mongo_validator import bson_schema
from cncert.store.mongo_views import PIPELINES
from cncert.store.run_records import RunRecord
from cncert.store.schema_versions import Document
from cncert.store.store import Store

DEFAULT_DATABASE = "cncert"

DEFAULT_OPTIONS = {
    "timeoutMS": 10_000,  # for all of an operation: finding a primary, sending, a retry, a majority's acknowledgement
    "connectTimeoutMS": 5_000,
    "appname": "cncert",
}
"""Options of the client unless the address sets them."""

PING_SECONDS = 5
"""How long the first answer of a server is waited for."""
CLOSE_SECONDS = 2
"""How long the client may take to close."""

MIN_SERVER_VERSION = (5, 0)

VALIDATOR = {"$jsonSchema": bson_schema(Issue)}
INDEXES: dict[type, list[IndexModel]] = {
    Issue: [
        IndexModel([("year", ASCENDING), ("number", ASCENDING)], name="week", unique=True),
        IndexModel([("images.key", ASCENDING), ("images.status", ASCENDING), ("_id", ASCENDING)], name="pictures"),
        IndexModel([("images.status", ASCENDING)], name="picture_status"),
    ],
    LedgerRow: [IndexModel([("addresses.url", ASCENDING)], name="addresses")],
    Edition: [
        IndexModel([("article", ASCENDING)], name="article"),
        IndexModel([("weeks", ASCENDING)], name="weeks"),
        IndexModel([("document", ASCENDING), ("withdrawal.withdrawn", ASCENDING)], name="document"),
        IndexModel([("settled", ASCENDING)], name="unsettled", partialFilterExpression={"settled": False}),
    ],
    RunRecord: [IndexModel([("started_at", DESCENDING), ("_id", DESCENDING)], name="started")],
}

AUTHENTICATION_FAILED, UNAUTHORIZED, NAMESPACE_EXISTS, VALIDATION_FAILED, DUPLICATE_KEY = 18, 13, 48, 121, 11000


class MongoStore(Store):
    """A store in MongoDB. Writes are acknowledged by a majority and journaled.

    Reads come from the primary, unless nothing is written: then the address may name a secondary (readPreference).
    """

    def __init__(self, uri: str, *, read_only: bool = False, may_be_missing: bool = False) -> None:
        super().__init__(uri, read_only=read_only, may_be_missing=may_be_missing)
        self._uri = uri
        self._client: AsyncMongoClient[Document] | None = None
        self._database: AsyncDatabase[Document] | None = None

    async def open(self) -> None:
        if self._client is not None:
            return
        try:
            with self._store_errors():
                self._client, self._database = self._connect()
                with timeout(PING_SECONDS):
                    await self._client.admin.command("ping")
                await self._prepare(self._database)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        client, self._client, self._database = self._client, None, None
        if client is not None:
            with timeout(CLOSE_SECONDS):  # it ends its sessions on the server, which may be gone
                await client.close()

    async def begin_upgrade(self) -> None:
        with self._store_errors():
            await self._create_missing(self._db)

    async def end_upgrade(self) -> None:
        with self._store_errors():
            if await self._db["revisions"].find_one({}) is None:
                await self._db["revisions"].drop()
            await self._db["meta"].update_one({"_id": "layout"}, {"$set": {"version": LAYOUT}})
        self.layout = LAYOUT

    async def server(self) -> Server:
        with self._store_errors():
            admin = self._db.client.admin
            build, hello = await admin.command("buildInfo"), await admin.command("hello")
            stats = await self._db.command("dbStats")
        version, name = str(build["version"]), hello.get("setName")
        free = stats["fsTotalSize"] - stats["fsUsedSize"] if "fsTotalSize" in stats else None
        old = tuple(build["versionArray"][:2]) < MIN_SERVER_VERSION
        return Server(
            f"MongoDB {version}, {f'replica set {name}' if name else 'no replica set'}",
            None if free is None else int(free),
            clock=hello["localTime"].replace(tzinfo=UTC),  # the driver's answer may have no zone
            problem="MongoDB 5 or later is needed" if old else None,
        )

    def _form(self, document: Model) -> Document:
        form: Document = bson_form(document.model_dump())
        return form

    async def _get_many(self, kind: type[D], ids: Collection[str]) -> list[Document]:
        return await self._found(kind, {"_id": {"$in": list(ids)}})

    async def _ids(self, kind: type[D]) -> list[Any]:
        with self._store_errors():
            return [found["_id"] async for found in self._collection(kind).find({}, {"_id": 1}).sort("_id")]

    async def _write(self, writes: Sequence[Write]) -> bool:
        # A replacement that finds another document than was read is no error: what follows it in one call is done all
        # the same. Nothing is removed before what stands in its place is written.
        for (kind, _), some in groupby(writes, key=lambda write: (write.kind, write.after is None)):
            operations = [_operation(write) for write in some]
            with self._store_errors():
                try:
                    done = await self._collection(kind).bulk_write(operations)
                except BulkWriteError as error:
                    if not _is_outrun(error):
                        raise
                    return False
                if done.inserted_count + done.matched_count + done.deleted_count < len(operations):
                    return False
        return True

    async def _batch(self, kind: type[D], first: str | None, last: str | None, after: str | None) -> list[Document]:
        # An expression compares ids of all types: somebody else's documents are met, and end no list.
        bounds = [
            {word: ["$_id", {"$literal": at}]}
            for word, at in (("$gte", first), ("$lte", last), ("$gt", after))
            if at is not None
        ]
        with self._store_errors():
            where = {"$expr": {"$and": bounds}} if bounds else {}
            found = self._collection(kind).find(where).sort("_id").limit(BATCH_SIZE)
            return [document async for document in found]

    async def _newest_runs(self, limit: int | None) -> list[Document]:
        if limit == 0:  # which means no limit to MongoDB
            return []
        with self._store_errors():
            order = [("started_at", DESCENDING), ("_id", DESCENDING)]
            found = self._collection(RunRecord).find({}).sort(order).limit(limit or 0)
            return [document async for document in found]

    async def _with_value(self, kind: type[D], field: str, values: Collection[str]) -> list[Document]:
        return await self._found(kind, {field: {"$in": list(values)}})

    async def _rows_with(self, ids: Collection[str], urls: Collection[str]) -> list[Document]:
        return await self._found(
            LedgerRow, {"$or": [{"_id": {"$in": list(ids)}}, {"addresses.url": {"$in": list(urls)}}]}
        )

    async def _editions_of(self, articles: Collection[str], weeks: Collection[str]) -> list[Document]:
        return await self._found(
            Edition, {"$or": [{"article": {"$in": list(articles)}}, {"weeks": {"$in": list(weeks)}}]}
        )

    async def _unsettled_weeks(self) -> list[str]:
        with self._store_errors():
            editions = self._collection(Edition)
            unsettled = [await editions.distinct(name, {"settled": False}) for name in ("weeks", "document")]
            listed = await editions.distinct("document", {"withdrawal.withdrawn": {"$ne": True}})
        missing = set(listed).difference(await self._ids(Issue))
        return sorted({week for week in (*unsettled[0], *unsettled[1], *missing) if week is not None})

    async def _issues_showing(self, keys: Collection[str]) -> list[str]:
        return await self._issue_ids({"images.key": {"$in": list(keys)}})

    async def _issue_sources(self) -> dict[Any, Any]:
        with self._store_errors():
            found = self._collection(Issue).find({"_id": {"$type": "string"}}, {"source": "$provenance.source"})
            return {document["_id"]: document.get("source") async for document in found}

    async def _unfinished_ids(self) -> list[str]:
        return await self._issue_ids({"images.status": {"$in": list(UNFINISHED_STATUSES)}})

    async def _issue_ids(self, where: Document) -> list[str]:
        with self._store_errors():
            found = self._collection(Issue).find(where, {"_id": 1}).sort("_id")
            return [document["_id"] async for document in found]

    async def _found(self, kind: type[D], where: Document) -> list[Document]:
        with self._store_errors():
            return [document async for document in self._collection(kind).find(where).sort("_id")]

    def _connect(self) -> tuple[AsyncMongoClient[Document], AsyncDatabase[Document]]:
        try:
            given = {name.lower() for name, _ in parse_qsl(urlsplit(self._uri).query)}
            options: Document = {name: value for name, value in DEFAULT_OPTIONS.items() if name.lower() not in given}
            # With less a write could be lost, or a change be decided on an old state: the address cannot change these.
            options |= {"datetime_conversion": "DATETIME_AUTO"}  # one time beyond the calendar would end every list
            options |= {"w": "majority", "journal": True}
            options |= {} if self.read_only else {"readPreference": "primary"}
            client: AsyncMongoClient[Document] = AsyncMongoClient(self._uri, tz_aware=True, **options)
            return client, client.get_default_database(DEFAULT_DATABASE)
        except (PyMongoError, ValueError, TypeError) as error:
            # The driver's words may quote a piece of a password that is not percent-encoded.
            hint = "special characters of a user name or password must be percent-encoded"
            text = hint if "@" in self._uri else _error_text(error)
            raise StoreError(f"{self.name} is no valid MongoDB address: {text}") from None

    async def _prepare(self, db: AsyncDatabase[Document]) -> None:
        # Read first, and write only what is missing: a user without write access can read a store.
        layout = await db["meta"].find_one({"_id": "layout"})
        if layout is None and self.read_only:
            if not self.may_be_missing:
                raise StoreError(f"{self.name} holds no store (scrapy crawl weekly makes it, CNCERT_STORE names it)")
        elif layout is None:
            fresh = {"$setOnInsert": {"version": LAYOUT}}
            await db["meta"].update_one({"_id": "layout"}, fresh, upsert=True)
        else:
            self.layout = layout["version"]
            check_layout(self.name, self.layout, reads=self.reads_layout)
        if self.layout == LAYOUT and not self.read_only:
            await self._create_missing(db)

    async def _create_missing(self, db: AsyncDatabase[Document]) -> None:
        issues = db[COLLECTIONS[Issue]]
        found = [item async for item in await db.list_collections(filter={"name": issues.name})]
        if not found:
            try:
                await db.command("create", issues.name, validator=VALIDATOR)
            except OperationFailure as error:
                if error.code != NAMESPACE_EXISTS:
                    raise
        elif found[0].get("options", {}).get("validator") != VALIDATOR:
            await db.command("collMod", issues.name, validator=VALIDATOR)
        for kind, indexes in INDEXES.items():
            collection = db[COLLECTIONS[kind]]
            there = await collection.index_information()
            if missing := [index for index in indexes if index.document["name"] not in there]:
                await collection.create_indexes(missing)
        await self._create_views(db)

    async def _create_views(self, db: AsyncDatabase[Document]) -> None:
        """Create the views, or replace those that another version of cncert made; a collection keeps its name.

        A user who may not do that has a store without them.
        """
        wanted = {name: {"viewOn": source, "pipeline": stages} for name, (source, stages) in PIPELINES.items()}
        there = {item["name"]: item async for item in await db.list_collections(filter={"name": {"$in": [*wanted]}})}
        for name, view in wanted.items():
            found = there.get(name)
            if found is not None and (found["type"] != "view" or found["options"] == view):
                continue
            try:
                await db.command({"create" if found is None else "collMod": name, **view})
            except OperationFailure as error:
                if error.code not in (NAMESPACE_EXISTS, UNAUTHORIZED):
                    raise

    @property
    def _db(self) -> AsyncDatabase[Document]:
        if self._database is None:
            raise StoreError(f"the store {self.name} is not open")
        return self._database

    def _collection(self, kind: type[D]) -> AsyncCollection[Document]:
        return self._db[COLLECTIONS[kind]]

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        """Turn the driver's errors into a StoreError of one line."""
        try:
            yield
        except (PyMongoError, BSONError, OverflowError, UnicodeError) as error:
            raise StoreError(f"{self.name}: {_error_text(error)}") from error


def _operation(write: Write) -> InsertOne[Document] | ReplaceOne[Document] | DeleteOne:
    if write.before is None:
        return InsertOne(write.after or {"_id": write.id})
    exactly = {"_id": write.id, "$expr": {"$eq": ["$$ROOT", {"$literal": write.before}]}}
    return DeleteOne(exactly) if write.after is None else ReplaceOne(exactly, write.after)


def _is_outrun(error: BulkWriteError) -> bool:
    """Whether another process has inserted the document first; not if it holds another document of that week."""
    found = (error.details or {}).get("writeErrors", [])
    return bool(found) and all(
        one.get("code") == DUPLICATE_KEY and "_id" in one.get("keyPattern", {"_id": 1}) for one in found
    )


def bson_form(value: Any) -> Any:
    """Return *value* as BSON can hold it: dates become ISO strings, members of an enumeration their values."""
    if isinstance(value, dict):
        return {key: bson_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bson_form(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def _error_text(error: Exception) -> str:
    """Return what *error* means to the user, on one line."""
    code = error.code if isinstance(error, OperationFailure) else None
    text = " ".join(str(error).split())
    if code == AUTHENTICATION_FAILED:
        return "MongoDB refuses the user name or password"
    if code == UNAUTHORIZED:
        return "the MongoDB user may not do this: " + text.split(",")[0][:200]
    details = (error.details or {}) if isinstance(error, BulkWriteError) else {}
    codes = {code, *(one.get("code") for one in details.get("writeErrors", []))}
    if VALIDATION_FAILED in codes:
        return "MongoDB's validator refuses the document"
    if DUPLICATE_KEY in codes:
        return "MongoDB holds another document of the same week"
    if isinstance(error, ServerSelectionTimeoutError):
        return "MongoDB cannot be reached: " + text.split(" (configured timeouts")[0].split(", Timeout:")[0][:200]
    if isinstance(error, ConnectionFailure):
        return "the connection to MongoDB broke: " + text.split(" (configured timeouts")[0][:200]
    return text.split(", full error")[0][:300]
