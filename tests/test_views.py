"""The views of a store show what the exported tables hold, whatever else stands in it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from cncert.items import CHINA, Issue
from cncert.ledger import calendar_gaps
from cncert.output.export.base_table import SAMPLE, Table
from cncert.output.export.tables_and_columns import ExportScope, tables
from cncert.report.metrics import metrics
from cncert.store import open_store
from cncert.store.sqlite_views import STATEMENTS
from cncert.store.views import EXPORTED_AS, WEEK_COLUMNS
from tests.factories import make_issue, make_row
from tests.site.crawl import run_scrapy
from tests.stores import insert, put_document, raw
from tests.test_export import GAP, ISSUES

EXPORTED = {view: table for view, table in EXPORTED_AS.items() if view != "weeks"}
Row = dict[str, Any]


async def fill(uri: str) -> None:
    async with open_store(uri) as store:
        for issue in ISSUES:
            await put_document(store, issue)
        own, other = "3204940813", "3070000000"
        for row in (
            GAP,
            make_row(f"{own}-1-2", issue="2025-06", state="unavailable", attempts=2, reason="refused"),
            make_row("s-short", issue="2025-06").with_address(
                "https://mp.weixin.qq.com/s/x", "short", "start", GAP.first_seen
            ),
            make_row(f"{own}-1-3", issue="2025-07", state="rejected"),
            make_row(f"{other}-1-1", issue="2025-07").with_address("https://x", "short", "index", GAP.first_seen),
            make_row(f"{own}-1-4", issue="2025-08", state="stored"),
            make_row(f"{own}-1-5", issue="2025-10").with_address("https://y", "signed", "index", GAP.first_seen),
            make_row(f"{own}-1-6", issue="1999-10").with_address("https://z", "signed", "2025-03", GAP.first_seen),
            make_row(f"{own}-1-7", issue="2060-10").with_address("https://z2", "signed", "index", GAP.first_seen),
        ):
            await store.change_row(row.id, lambda _, row=row: row)  # type: ignore[misc]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert run_scrapy("demo", folder).returncode == 0
    return folder / "cncert.db"


def rows_of(uri: str, view: str) -> list[Row]:
    """The rows of a view; in SQLite with the plainest SQL there is."""
    if uri.startswith("sqlite"):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"SELECT * FROM {view}")]
    with raw(uri) as client:
        return list(client.get_default_database()[view].find())


def shown(value: object) -> object:
    """*value* in one form: times as text of Chinese time, truth as number."""
    if isinstance(value, datetime):
        return value.astimezone(CHINA).isoformat()
    return value.isoformat() if isinstance(value, date) else int(value) if isinstance(value, bool) else value


async def exported(uri: str, table: Table) -> list[Row]:
    async with open_store(uri, read_only=True) as store:
        sample = await store.is_sample()
        return [
            {one.name: shown(sample if one is SAMPLE else one.cell(record)) for one in table.columns}
            async for issue in store.issues()
            for record in table.of_issue(issue)
        ]


async def check(uri: str, view: str) -> int:
    (table,) = (one for one in tables(ExportScope()) if one.name == EXPORTED[view])
    found = [{name: shown(value) for name, value in row.items()} for row in rows_of(uri, view)]
    assert found == await exported(uri, table)
    if found:
        assert list(found[0]) == [column.name for column in table.columns]
    return len(found)


@pytest.mark.parametrize("view", EXPORTED)
async def test_a_view_of_the_demo_is_the_exported_table(demo: Path, view: str) -> None:
    assert await check(f"sqlite:///{demo}", view)


@pytest.mark.parametrize("view", EXPORTED)
async def test_a_view_is_the_exported_table(uri: str, view: str) -> None:
    await fill(uri)
    assert await check(uri, view)


def test_the_wide_view_has_every_metric(demo: Path) -> None:
    assert [one.name for one in metrics()] == list(rows_of(f"sqlite:///{demo}", "figures_wide")[0])[5:]


async def check_weeks(uri: str) -> list[Row]:
    async with open_store(uri, read_only=True) as store:
        reprints = not await store.is_sample()
        gaps = calendar_gaps.weeks(await store.rows(), await store.issue_sources(), reprints=reprints)
    known = {
        week.issue: (str(week.period.start), str(week.period.end), week.state, week.source, week.reason, week.attempts)
        for week in gaps
    }
    found = rows_of(uri, "weeks")
    assert {tuple(row) for row in found} == {("issue", "sample", *WEEK_COLUMNS)}
    assert [row["issue"] for row in found] == sorted(row["issue"] for row in found)
    for row in found:
        cells = tuple(row[name] for name in WEEK_COLUMNS[:-1])
        assert row["issue"] not in known or cells == known[row["issue"]]
    return found


async def test_the_weeks_of_the_demo_are_those_of_gaps(demo: Path) -> None:
    found = await check_weeks(f"sqlite:///{demo}")
    assert len(found) > 200 and {row["state"] for row in found} >= {"stored", "gone", "known", "never named"}


async def test_weeks_are_those_of_gaps(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_gaps, "with_index", lambda rows, **_: list(rows))
    await fill(uri)
    found = await check_weeks(uri)
    states = {row["issue"]: (row["state"], row["reason"]) for row in found}
    assert (found[0]["issue"], found[-1]["issue"]) == (ISSUES[0].id, "2025-10")
    assert states["2025-05"] == ("gone", "deleted by its author")
    assert states["2025-06"] == ("unavailable", "refused")
    assert states["2025-07"] == ("rejected", None)
    assert states["2025-08"] == ("known", "its document was removed")
    assert states["2025-09"] == ("never named", "no list, no index names it")


async def test_a_store_without_issues_has_empty_views(uri: str) -> None:
    async with open_store(uri):
        pass
    assert [rows_of(uri, view) for view in STATEMENTS] == [[]] * len(STATEMENTS)


@contextmanager
def database(uri: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db, db:
        yield db


def drop_triggers(uri: str) -> None:
    """Let a SQLite file take documents of any form."""
    with database(uri) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")


ODD: list[Row] = [
    {},
    {"figures": "x", "images": 3, "warnings": None, "editions": {"a": 1}},
    {"figures": ["x", 1, None, [], {}], "images": [{"key": {"a": [1]}}], "provenance": "x", "period": [1]},
    {"figures": [{"metric": 7, "value": [1], "confidence": "high", "box": "x"}, {"box": [None, 1]}], "published_at": 1},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_somebody_elses_documents_end_no_query(uri: str, odd: Row) -> None:
    async with open_store(uri) as store:
        await put_document(store, make_issue(number=4))
    if uri.startswith("sqlite"):
        drop_triggers(uri)
    insert(uri, "issues", "2025-03", {"year": 2025, "number": 3, **odd})
    for name, row in (
        ("a", {"issue": "2025-02"}),
        ("b", {"issue": 7, "addresses": "x"}),
        ("c", {"addresses": ["x", {}]}),
    ):
        insert(uri, "ledger", name, {"issue": "2025-02", **row})
    found = {view: rows_of(uri, view) for view in STATEMENTS}
    assert [row["issue"] for row in found["issue_list"]] == ["2025-03", "2025-04"]
    assert [row["state"] for row in found["weeks"]] == ["stored", "stored"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "3", "[" * 100_000], ids=lambda text: text[:4])
async def test_what_is_no_document_ends_no_query(sqlite_uri: str, text: str) -> None:
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue(number=4))
    drop_triggers(sqlite_uri)
    with database(sqlite_uri) as db:
        for table in ("issues", "ledger", "meta"):
            db.execute(f"INSERT OR REPLACE INTO {table} (id, document) VALUES ('2025-03', ?)", (text,))
    for view in STATEMENTS:
        assert {row["issue"] for row in rows_of(sqlite_uri, view)} <= {"2025-04"}
    assert rows_of(sqlite_uri, "figures_wide")


# Their versions


async def test_views_of_another_version_are_made_anew(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue())
    with database(sqlite_uri) as db:
        older = STATEMENTS["figures"].split("\n")[0] + "\nSELECT 1 AS former"
        db.executescript(f"DROP VIEW figures; {older}; DROP VIEW weeks;")
    async with open_store(sqlite_uri, read_only=True) as store:
        assert await store.issue_ids()
    assert list(rows_of(sqlite_uri, "figures")[0]) == ["former"]  # whoever reads changes nothing
    async with open_store(sqlite_uri):
        pass
    assert rows_of(sqlite_uri, "figures")[0]["issue"] == "2025-03"
    assert rows_of(sqlite_uri, "weeks")


@pytest.mark.parametrize(
    "made", ["CREATE VIEW figures AS SELECT 1 AS mine", "CREATE TABLE figures AS SELECT 1 AS mine"]
)
async def test_what_somebody_else_made_keeps_its_name(sqlite_uri: str, made: str) -> None:
    async with open_store(sqlite_uri):
        pass
    with database(sqlite_uri) as db:
        db.executescript(f"DROP VIEW figures; {made};")
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue())
    assert rows_of(sqlite_uri, "figures") == [{"mine": 1}]


async def test_views_of_mongodb_are_made_anew_and_a_collection_stays(mongo_uri: str) -> None:
    async with open_store(mongo_uri):
        pass
    with raw(mongo_uri) as client:
        db = client.get_default_database()
        db.command("collMod", "figures", viewOn="issues", pipeline=[])
        db["weeks"].drop()
        db["weeks"].insert_one({"_id": "mine"})
        async with open_store(mongo_uri) as store:
            await put_document(store, make_issue())
        assert next(iter(db["figures"].find()))["issue"] == "2025-03"
        assert list(db["weeks"].find()) == [{"_id": "mine"}]


async def test_many_issues_are_shown_soon(sqlite_uri: str) -> None:
    """Ten years of them; a join that reads each document for each figure would take minutes."""
    async with open_store(sqlite_uri) as store:
        large = make_issue(text="国家互联网应急中心" * 1000)
        loaded = [
            store.write(Issue, one.id, None, one)
            for year in range(2016, 2026)
            for number in range(1, 53)
            for one in [make_issue(year, number, text=large.text, figures=large.figures * 4)]
        ]
        await store.write_all(loaded)
    started = asyncio.get_running_loop().time()
    counts = {view: len(rows_of(sqlite_uri, view)) for view in STATEMENTS}
    assert counts["figures_wide"] == counts["issue_list"] == 520
    assert asyncio.get_running_loop().time() - started < 30
