"""One contract for every store, then what only one of them can get wrong."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict
from pymongo.errors import WriteError

from cncert.editions.make_edition import edition_of
from cncert.exceptions import DocumentError, StoreError
from cncert.items import Issue, Model, Picture
from cncert.store import Store, open_store, redacted
from cncert.store.backend import BATCH_SIZE
from cncert.store.endings import Ending, State
from cncert.store.kept_pictures import KeptPicture
from cncert.store.ledger_rows import Attempt, LedgerAddress, LedgerRow
from cncert.store.mongo import bson_form
from cncert.store.mongo_validator import bson_schema
from tests.factories import (
    NOW,
    make_correction,
    make_figure,
    make_issue,
    make_pair,
    make_picture,
    make_reading,
    make_reject,
    make_row,
    make_run,
)
from tests.stores import document_in, put_document, raw, rewrite, with_database

ROOT = Path(__file__).resolve().parent.parent
ROW = make_row().id
SHORT = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
SECRET = "s3cr3tpw"


@pytest.fixture
def store(uri: str) -> Store:
    """The store at *uri*; tests open it in their own event loop."""
    return open_store(uri)


def later(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


def document_of(uri: str) -> Any:
    """The one stored issue, read behind the store's back."""
    if uri.startswith("sqlite"):
        with sqlite3.connect(uri.removeprefix("sqlite:///")) as db:
            return db.execute("SELECT document, rowid FROM issues").fetchall()
    with raw(uri) as client:
        return list(client.get_default_database()["issues"].find({}))


# Issues


async def test_a_new_issue_reads_back_equal(store: Store) -> None:
    issue = make_issue()
    async with store:
        assert await store.get_issue("2025-03") is None
        await put_document(store, issue)
        found = await store.get_issue("2025-03")
        assert found == issue
        assert found.model_dump_json() == issue.model_dump_json()  # 278000 stays an integer, 2.5 a fraction


async def test_an_empty_store(store: Store) -> None:
    async with store:
        assert await store.issue_ids() == []
        assert [issue async for issue in store.issues()] == []
        assert [*await store.rows(), *await store.rejects(), *await store.runs()] == []
        assert await store.get_row(ROW) is None
        assert await store.get_run("x") is None
        assert await store.load_rows([ROW], [SHORT]) == {}
        assert await store.get_pictures(["mmbiz/x"]) == {}
        assert await store.editions_of(["a"], ["2025-03"]) == {}
        assert await store.unsettled_weeks() == []
        assert await store.merge_rows("a", "b") is None
        assert await store.corrections() == []


async def test_issues_come_in_order_and_within_bounds(store: Store) -> None:
    ids = [f"{year}-{number:02d}" for year in range(2022, 2025) for number in range(1, 53)]
    assert len(ids) > BATCH_SIZE
    async with store:
        for issue_id in reversed(ids):
            year, number = map(int, issue_id.split("-"))
            await put_document(store, make_issue(year, number))
        assert await store.issue_ids() == ids
        assert [issue.id async for issue in store.issues()] == ids
        assert [issue.id async for issue in store.issues("2022-51", "2023-02")] == ids[50:54]
        assert [issue.id async for issue in store.issues(last="2022-03")] == ids[:3]
        assert [issue.id async for issue in store.issues(first="2024-51")] == ids[-2:]
        assert [issue.id async for issue in store.issues(first="2025-01")] == []


async def test_issues_may_be_written_while_they_are_read(store: Store) -> None:
    async with store:
        for number in range(1, 6):
            await put_document(store, make_issue(number=number))
        async for issue in store.issues():
            await put_document(store, issue.model_copy(update={"rating": "差"}))
        assert [issue.rating async for issue in store.issues()] == ["差"] * 5


async def test_two_issues_of_one_week_are_refused(store: Store) -> None:
    async with store:
        await put_document(store, make_issue())
        with pytest.raises(StoreError, match="2025-99 is not year 2025, number 3"):
            await put_document(store, make_issue().model_copy(update={"id": "2025-99"}))
        assert await store.issue_ids() == ["2025-03"]


async def test_an_unchecked_issue_does_not_come_in(store: Store) -> None:
    async with store:
        with pytest.raises(StoreError, match="rating"):
            await put_document(store, make_issue().model_copy(update={"rating": "很好"}))
        assert await store.issue_ids() == []


async def test_what_is_put_is_what_is_read_even_after_model_copy(store: Store) -> None:
    moment = datetime(2025, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)  # finer than MongoDB keeps
    async with store:
        row = await store.change_row(ROW, lambda _: make_row().model_copy(update={"updated_at": moment}))
        assert row == await store.get_row(ROW)
        assert row.updated_at == moment.replace(microsecond=123000)


# Pictures


async def test_a_stored_picture_wins_else_the_last_attempt(store: Store) -> None:
    def kept(status: str, hours: int) -> KeptPicture:
        return KeptPicture.of(Picture.model_validate(make_picture("mmbiz/a", status)), later(hours=hours))

    async with store:
        for status, hours, expected in (
            ("failed", 2, "failed"),
            ("placeholder", 1, "failed"),
            ("placeholder", 3, "placeholder"),
            ("stored", 0, "stored"),
            ("failed", 9, "stored"),
        ):
            await store.put_pictures([kept(status, hours)])
            assert (await store.get_pictures(["mmbiz/a", "mmbiz/b"]))["mmbiz/a"].status == expected


async def test_unfinished_pictures(store: Store) -> None:
    states = ["stored", "pending", "failed", "placeholder", "unsupported"]
    async with store:
        for number, status in enumerate(states, 1):
            images = [make_picture("mmbiz/a", "stored"), make_picture(f"mmbiz/{number}", status)]
            await put_document(store, make_issue(number=number, images=images))
        assert [issue.id async for issue in store.issues_with_unfinished_pictures()] == [
            "2025-02",
            "2025-03",
            "2025-04",
        ]
        await put_document(store, make_issue(number=2, images=[make_picture("mmbiz/2", "stored")]))
        assert [issue.id async for issue in store.issues_with_unfinished_pictures()] == ["2025-03", "2025-04"]


# What was read in pictures

FILE, OTHER = "a" * 64, "b" * 64


async def test_a_picture_is_read_once_by_each_version_and_a_change_is_proposed(store: Store) -> None:
    first, again = make_reading(make_pair()), make_reading(make_pair(value=5), read_at=later(hours=1))
    better = make_reading(make_pair(value=1376000), engine="double-2")
    async with store:
        assert await store.get_read_pictures([FILE]) == {}
        await store.put_reading(OTHER, first)
        assert (await store.put_reading(FILE, first)).reading == first
        assert (await store.put_reading(FILE, again)).reading == first  # another process was faster
        assert await store.accept_reading(FILE) is False
        proposed = await store.put_reading(FILE, better)
        assert (proposed.reading, proposed.proposed) == (first, better)
        assert [picture.id async for picture in store.read_pictures()] == [FILE, OTHER]
        assert (await store.get_read_pictures([FILE]))[FILE] == proposed
        assert await store.accept_reading(FILE) is True
        accepted = (await store.get_read_pictures([FILE]))[FILE]
        assert (accepted.reading, accepted.proposed) == (better, None)


async def test_what_persons_said_is_kept_by_picture_and_can_be_taken_back(store: Store) -> None:
    said = make_correction(FILE, make_pair(), note="看图")
    place = make_correction(FILE, make_pair(), box=[1, 2, 3, 4], verdict="refused")
    async with store:
        for one in (said, place, make_correction(OTHER, make_pair())):
            await store.put_correction(one)
        assert await store.corrections([FILE]) == [said, place]
        assert len(await store.corrections()) == 3
        last = said.model_copy(update={"value": 7, "verdict": "corrected", "by": "li"})
        await store.put_correction(last)
        await store.remove_correction(said)  # it is not what stands there any more
        assert await store.corrections([FILE]) == [last, place]
        await store.remove_correction(last)
        assert await store.corrections([FILE]) == [place]


async def test_a_database_from_before_pictures_were_read_gets_its_tables(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue())
    with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as db:
        db.executescript("DROP TABLE readings; DROP TABLE corrections;")
    async with open_store(sqlite_uri) as store:
        assert (await store.put_reading(FILE, make_reading())).reading == make_reading()
        assert await store.corrections() == []
        assert await store.issue_ids() == ["2025-03"]


# The ledger


async def test_rows_are_made_changed_and_found_by_address(store: Store) -> None:
    row = make_row().with_address(SHORT, "short", "2025-04", later(hours=1))
    async with store:
        assert await store.change_row(ROW, lambda old: row if old is None else old) == row
        assert [one.document for one in (await store.load_rows([], [SHORT])).values()] == [row]
        assert await store.load_rows([], [SHORT + "x"]) == {}
        blocked = row.model_copy(update={"state": State.BLOCKED, "next_try": later(days=1), "attempts": 1})
        await store.change_row(ROW, lambda _: blocked)
        await store.change_row("a-first", lambda _: make_row("a-first"))
        assert await store.rows() == [blocked, make_row("a-first")]  # capital letters sort first
        gone = blocked.model_copy(update={"addresses": []})
        await store.change_row(ROW, lambda _: gone)
        assert await store.load_rows([], [SHORT]) == {}


async def test_a_change_that_raises_changes_nothing(store: Store) -> None:
    def refuse(_: LedgerRow | None) -> LedgerRow:
        raise LookupError("not mine")

    async with store:
        await store.change_row(ROW, lambda _: make_row())
        with pytest.raises(LookupError):
            await store.change_row(ROW, refuse)
        assert await store.rows() == [make_row()]


async def test_merging_rows(store: Store) -> None:
    short = make_row("s-abc", issue="2025-03", state=State.BLOCKED, attempts=2, first_seen=later(days=-1))
    short = short.with_address(SHORT, "short", "2025-05", NOW)
    async with store:
        await store.change_row("s-abc", lambda _: short)
        await store.change_row(ROW, lambda _: make_row(issue=None).with_address("https://long", "signed", "index", NOW))
        merged = await store.merge_rows(ROW, "s-abc")
        assert merged is not None
        assert await store.rows() == [merged]
        assert [address.url for address in merged.addresses] == ["https://long", SHORT]
        assert (merged.issue, merged.state, merged.attempts) == ("2025-03", State.BLOCKED, 2)
        assert merged.first_seen == later(days=-1)
        assert [one.document for one in (await store.load_rows([], [SHORT])).values()] == [merged]
        assert await store.merge_rows(ROW, "s-abc") == merged
        assert await store.merge_rows(ROW, ROW) == merged
        moved = await store.merge_rows("new-id", ROW)
        assert moved == merged.model_copy(update={"id": "new-id"})
        assert await store.rows() == [moved]


def busy(hours: int, ending: Ending = Ending.BLOCKED) -> Attempt:
    return Attempt(at=later(hours=hours), ending=ending)


async def test_a_merge_that_was_killed_in_between_is_mended_by_repeating_it(store: Store) -> None:
    tried = LedgerAddress(url=SHORT, form="short", sources=["start"], first_seen=NOW)
    tried = tried.tried(busy(0)).tried(busy(1))
    short = make_row("s-abc", state=State.UNAVAILABLE, attempts=2, addresses=[tried])
    row = make_row(attempts=1).with_address("https://long", "signed", "index", NOW)
    async with store:
        await store.change_row("s-abc", lambda _: short)
        half = await store.change_row(ROW, lambda _: row.merged_with(short))
        assert await store.merge_rows(ROW, "s-abc") == half
        assert await store.rows() == [half]
        assert half.attempts == 2


def test_an_address_stands_once_with_its_sources_as_they_came() -> None:
    row = make_row()
    one = row.with_address(SHORT, "short", "2025-09", later(hours=1))
    two = one.with_address(SHORT, "short", "2025-04", later(hours=2))
    assert [address.sources for address in two.addresses] == [["2025-09", "2025-04"]]
    assert two.addresses[0].first_seen == later(hours=1)
    assert two.updated_at == later(hours=2)
    assert two.with_address(SHORT, "short", "2025-09", later(hours=3)) is two
    assert row.addresses == [] and len(one.addresses[0].sources) == 1


@pytest.mark.parametrize(
    ("state", "other", "expected"),
    [
        (State.KNOWN, State.GONE, State.GONE),
        (State.BLOCKED, State.KNOWN, State.BLOCKED),
        (State.STORED, State.BLOCKED, State.STORED),
        (State.BLOCKED, State.STORED, State.STORED),
        (State.BLOCKED, State.GONE, State.GONE),  # the later one
    ],
)
def test_the_state_of_merged_rows(state: State, other: State, expected: State) -> None:
    row = make_row(state=state, reason=state.value)
    second = make_row("s-abc", state=other, reason=other.value, updated_at=later(hours=1))
    merged = row.merged_with(second)
    assert (merged.id, merged.state, merged.reason) == (ROW, expected, expected.value)
    assert merged.merged_with(second) == merged


def test_merged_addresses_keep_the_last_result() -> None:
    one = LedgerAddress(url=SHORT, form="short", sources=["a", "b"], first_seen=NOW).tried(busy(0))
    two = LedgerAddress(url=SHORT, form="short", sources=["b", "c"], first_seen=later(days=-1), tries=2)
    two = two.tried(busy(24, Ending.GONE))
    merged = one.merged_with(two)
    assert (merged.sources, merged.tries) == (["a", "b", "c"], 3)
    assert [attempt.ending for attempt in merged.history] == [Ending.BLOCKED, Ending.GONE]
    assert merged.first_seen == later(days=-1)
    assert merged.merged_with(two) == merged


# Rejects and runs


async def test_rejects_keep_anything(store: Store) -> None:
    strange = {
        "half": "\ud83d",
        "huge": 2**70,
        "nan": float("nan"),
        "when": NOW,
        "deep": [{"$a.b": (1, 2.5, None, True)}],
    }
    async with store:
        await store.put_reject(make_reject("b", document=strange))
        await store.put_reject(make_reject("a"))
        await store.put_reject(make_reject("a", reason="empty"))
        first, second = await store.rejects()
        assert (first.id, first.reason, second.id) == ("a", "empty", "b")
        assert second.document["half"] == "?" and second.document["huge"] == str(2**70)
        assert second.document["deep"] == [{"$a.b": [1, 2.5, None, True]}]


async def test_runs_newest_first(store: Store) -> None:
    runs = [make_run(f"run-{hours}", started_at=later(hours=hours)) for hours in (3, 1, 2, 100)]
    async with store:
        for run in runs:
            await store.put_run(run)
        done = runs[0].model_copy(update={"ended_at": later(hours=4), "verdicts": {"article": 3}, "clean": True})
        await store.put_run(done)
        assert await store.get_run("run-3") == done
        assert [run.id for run in await store.runs()] == ["run-100", "run-3", "run-2", "run-1"]
        assert [run.id for run in await store.runs(2)] == ["run-100", "run-3"]
        assert await store.runs(0) == []


# Both alike


async def test_both_backends_give_equal_documents(sqlite_uri: str, mongo_uri: str) -> None:
    strange = make_issue(
        number=4,
        title="周报 📈 “引号” \\ ' \u2028",
        rating=None,
        printed_period=None,
        published_at=datetime(2025, 1, 29, 23, 59, 59, 999999, tzinfo=UTC),
        article={"mid": 2**40, "sn": None, "modified_at": NOW},
        account={"biz": None, "id": None, "name": None},
        figures=[make_figure("hosts.infected", value) for value in (0, 1, 1.0, 2**31, 2**53 + 1, 0.1, 1e300)],
        text="一行\n二行\x00三行",
    )
    seen: list[list[Model]] = []
    for uri in (sqlite_uri, mongo_uri):
        async with open_store(uri) as store:
            for issue in (make_issue(), strange, make_issue(text="改")):
                await put_document(store, issue)
                await store.put_edition(edition_of(issue))
            row = make_row(next_try=later(days=3)).with_address(SHORT, "short", "index", later(microseconds=1))
            await store.change_row(ROW, lambda _, row=row: row)  # type: ignore[misc]
            await store.put_reject(make_reject())
            await store.put_run(make_run(arguments={"start": "https://a.b/?c=d"}, verdicts={"article": 2}, clean=False))
        async with open_store(uri) as store:
            editions = [edition async for edition in store.editions()]
            issues = [issue async for issue in store.issues()]
            documents = [*issues, *editions, *await store.rows(), *await store.rejects(), *await store.runs()]
            seen.append(documents)
    assert seen[0] == seen[1]
    assert [one.model_dump_json() for one in seen[0]] == [one.model_dump_json() for one in seen[1]]
    kept = seen[1][1]
    assert kept == strange and isinstance(kept, Issue)
    assert [type(figure.value) for figure in kept.figures] == [int, int, float, int, int, float, float]


# Many at once


def tick(row: LedgerRow | None) -> LedgerRow:
    row = row or make_row()
    return row.model_copy(update={"attempts": row.attempts + 1})


async def test_concurrent_changes_of_one_row_are_all_kept(store: Store, uri: str) -> None:
    async with store, open_store(uri) as other:
        await asyncio.gather(*(one.change_row(ROW, tick) for _ in range(20) for one in (store, other)))
        row = await store.get_row(ROW)
        assert row is not None and row.attempts == 40


async def test_merges_beside_changes_lose_nothing(store: Store, uri: str) -> None:
    def found(number: int) -> Callable[[LedgerRow | None], LedgerRow]:
        return lambda row: (row or make_row("s-abc")).with_address(f"https://a/{number}", "short", "index", NOW)

    async with store, open_store(uri) as other:
        await store.change_row("s-abc", found(0))
        changes = (other.change_row("s-abc", found(number)) for number in range(1, 10))
        await asyncio.gather(*changes, *(store.merge_rows(ROW, "s-abc") for _ in range(3)))
        merged = await store.merge_rows(ROW, "s-abc")
        assert merged is not None
        assert sorted(address.url for address in merged.addresses) == [f"https://a/{number}" for number in range(10)]


async def test_nothing_is_removed_whose_heir_was_changed_meanwhile(store: Store, uri: str) -> None:
    """Two processes merge a row, and one of them is outrun between reading and writing."""
    async with store, open_store(uri) as other:
        for row in (make_row(ROW), make_row("s-abc").with_address("https://a/1", "short", "index", NOW)):
            await store.change_row(row.id, lambda _, row=row: row)
        found = await store.load(LedgerRow, [ROW, "s-abc"])
        merged = found[ROW].document.merged_with(found["s-abc"].document)
        await other.change_row(ROW, lambda row: (row or make_row(ROW)).model_copy(update={"attempts": 5}))
        writes = [
            store.write(LedgerRow, ROW, found[ROW], merged),
            store.write(LedgerRow, "s-abc", found["s-abc"], None),
        ]
        assert not await store.write_all(writes)
        assert await store.get_row("s-abc") is not None


TICKER = """
import asyncio, sys
from cncert.store import open_store
from tests.test_store import ROW, tick
async def main():
    async with open_store(sys.argv[1]) as store:
        for _ in range(20):
            await store.change_row(ROW, tick)
asyncio.run(main())
"""


def python(script: str, uri: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, uri], cwd=ROOT, text=True, **options)


async def test_processes_on_one_store_lose_nothing(store: Store, uri: str) -> None:
    processes = [python(TICKER, uri) for _ in range(3)]  # they also create the store at the same moment
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    async with store:
        row = await store.get_row(ROW)
        assert row is not None and row.attempts == 60


WRITER = """
import asyncio, sys
from cncert.store import open_store
from tests.factories import make_issue
from tests.stores import put_document
async def main():
    async with open_store(sys.argv[1]) as store:
        for number in range(1, 100000):
            issue = make_issue(2012 + number // 52 % 10, number % 52 + 1, text=f"正文 {number}")
            await put_document(store, issue)
            print(issue.id, number, flush=True)
asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(store: Store, uri: str) -> None:
    with python(WRITER, uri, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(40)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    complete = [line.split() for line in lines if line.endswith("\n")]
    assert len(complete) >= 40
    async with store:
        for issue_id, number in complete:
            issue = await store.get_issue(issue_id)
            assert issue is not None and issue.text == f"正文 {number}"
        await put_document(store, make_issue(2030))


# Opening and failing


async def test_a_store_is_opened_closed_and_opened_again(store: Store) -> None:
    with pytest.raises(StoreError, match="not open"):
        await store.get_issue("2025-03")
    await store.open()
    await put_document(store, make_issue())
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await put_document(store, make_issue())
    async with store:
        assert await store.issue_ids() == ["2025-03"]


async def test_a_newer_layout_is_left_alone(store: Store, uri: str) -> None:
    async with store:
        pass
    if uri.startswith("sqlite"):
        with sqlite3.connect(uri.removeprefix("sqlite:///")) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        with raw(uri) as client:
            client.get_default_database()["meta"].update_one({}, {"$set": {"version": 99}})
    with pytest.raises(StoreError, match=r"layout 99.*update cncert"):
        await store.open()
    with pytest.raises(StoreError, match="not open"):
        await store.issue_ids()


async def test_a_document_that_others_spoilt_is_named(store: Store, uri: str) -> None:
    async with store:
        await store.put_run(make_run())
        rewrite(uri, "runs", make_run().id, lambda run: run.update(pid="x"))
        assert await store.runs() == []
        (line,) = store.unreadable.values()
        assert f"runs {make_run().id} cannot be read: pid: Input should be a" in line and "\n" not in line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 7}, "has schema_version 7, this cncert knows 2: update cncert"),
        ({"schema_version": "x"}, "has schema_version 'x', which never was one"),
        ({"mood": "good"}, "mood: Extra inputs are not permitted (a newer cncert may have written it)"),
        ({"rating": "很好"}, "cannot be read: rating: Input should be"),
    ],
)
async def test_an_issue_that_cannot_be_read_says_what_to_do(
    store: Store, uri: str, change: dict[str, Any], said: str
) -> None:
    issue = make_issue()
    async with store:
        await put_document(store, issue)
        before = rewrite(uri, "issues", issue.id, lambda document: document.update(change))
        assert await store.get_issue(issue.id) is None
        assert [one async for one in store.issues()] == []
        (line,) = store.unreadable.values()
        assert said in line and f"issues {issue.id}" in line
        for access in (put_document(store, issue),):
            with pytest.raises(DocumentError, match=re.escape(said)) as caught:
                await access
            assert "\n" not in str(caught.value) and f"issues {issue.id}" in str(caught.value)
    assert document_in(uri, "issues", issue.id) == before


async def test_a_document_under_another_name_is_found(sqlite_uri: str) -> None:
    """Reading on from the name in the document would never end."""
    async with open_store(sqlite_uri) as store:
        for number in (3, 4):
            await put_document(store, make_issue(number=number))
        rewrite(
            sqlite_uri, "issues", "2025-04", lambda issue: issue.update(make_issue(number=2).model_dump(mode="json"))
        )
        assert [issue.id async for issue in store.issues()] == ["2025-03"]
        assert "_id 2025-04 is not year 2025, number 2" in store.unreadable["issues 2025-04"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000], ids=lambda text: text[:4])
async def test_a_document_that_is_none(sqlite_uri: str, text: str) -> None:
    async with open_store(sqlite_uri) as store:
        await store.put_reject(make_reject())
        with sqlite3.connect(sqlite_uri.removeprefix("sqlite:///")) as db:
            db.execute("UPDATE rejects SET document = ?", (text,))
        assert await store.rejects() == []
        assert f"rejects {make_reject().id} is no" in store.unreadable[f"rejects {make_reject().id}"]


@pytest.mark.parametrize(
    "uri",
    ["", "data/cncert.db", "postgresql://user:s3cr3tpw@host/db", "sqlite://", "sqlite:///", "sqlite:data.db",
     "sqlite:///:memory:", "sqlite:///data.db?mode=ro", "mongo://user:s3cr3tpw@host", "mongodb:user:s3cr3tpw@host"],
)  # fmt: skip
def test_an_address_of_no_store(uri: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(uri)
    assert SECRET not in str(caught.value)


def test_addresses_without_passwords() -> None:
    assert redacted("sqlite:///data/cncert.db") == "sqlite:///data/cncert.db"
    assert redacted("mongodb://localhost:27017/cncert?w=1") == "mongodb://localhost:27017/cncert?w=1"
    assert redacted("mongodb://me:s3cr3tpw@a:1,b:2/cncert") == "mongodb://me:***@a:1,b:2/cncert"
    assert redacted("mongodb+srv://me:p@s/s:3cr3t@a/") == "mongodb+srv://me:***@a/"
    assert redacted("mongodb://a/?tlsCertificateKeyFilePassword=x1&w=1").endswith("Password=***&w=1")


# SQLite only


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit() -> None:
        async with open_store("sqlite:///data/cncert.db"):
            pass

    monkeypatch.chdir(tmp_path)
    asyncio.run(visit())
    assert (tmp_path / "data/cncert.db").exists()


async def test_plain_columns_for_people(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue())
    with sqlite3.connect(sqlite_uri.removeprefix("sqlite:///")) as db:
        row = db.execute('SELECT id, year, number, start, "end", published_at, rating, document FROM issues').fetchone()
    assert row[:7] == ("2025-03", 2025, 3, "2025-01-13", "2025-01-19", "2025-01-23T17:30:00+08:00", "良")
    assert "国家互联网应急中心" in row[7]
    assert Issue.model_validate_json(row[7]) == make_issue()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "cncert.db"
    path.write_text("网络安全信息与动态周报\n" * 200)
    with pytest.raises(StoreError, match="not a SQLite database"):
        await open_store(f"sqlite:///{path}").open()
    assert path.read_text().startswith("网络安全")


async def test_the_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "cncert.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE issues (title)")
    with pytest.raises(StoreError, match="another program"):
        await open_store(f"sqlite:///{path}").open()


@pytest.fixture
def guarded() -> Iterator[Path]:
    """A directory that must not be written to, seen as a user whom that binds (root is not bound)."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o555)
        if root := os.geteuid() == 0:
            os.seteuid(65534)
        try:
            yield path
        finally:
            if root:
                os.seteuid(0)
            path.chmod(0o755)


@pytest.mark.parametrize("name", ["cncert.db", "data/cncert.db"])
async def test_a_directory_that_is_read_only(guarded: Path, name: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be (opened or created|made)") as caught:
        await open_store(f"sqlite:///{guarded}/{name}").open()
    assert "\n" not in str(caught.value)


async def test_a_full_disk(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue())
        await store._run(lambda db: db.execute("PRAGMA max_page_count = 1"))  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="disk is full"):
            await put_document(store, make_issue(text="改" * 200_000))
        assert await store.get_issue("2025-03") == make_issue()


# MongoDB only


async def test_nobody_listens(unused_port: int) -> None:
    store = open_store(f"mongodb://me:{SECRET}@127.0.0.1:{unused_port}/cncert")
    start = time.monotonic()
    with pytest.raises(StoreError, match=r"me:\*\*\*@127.0.0.1.*cannot be reached") as caught:
        await store.open()
    assert time.monotonic() - start < 7
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_wrong_credentials(mongo_uri: str) -> None:
    uri = re.sub(r"//(.*@)?", f"//nobody:{SECRET}@", mongo_uri, count=1)
    with pytest.raises(StoreError, match="refuses the user name or password") as caught:
        await open_store(uri).open()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [f"mongodb://me:{SECRET}/x@host/db", f"mongodb://me:{SECRET}@:x/", "mongodb://", "mongodb://host:99999/"],
)
async def test_a_malformed_mongodb_address(uri: str) -> None:
    with pytest.raises(StoreError, match="no valid MongoDB address") as caught:
        await open_store(uri).open()
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


async def test_the_database_is_named_in_the_address(mongod: str) -> None:
    async with open_store(with_database(mongod, "")) as store:
        assert store._db.name == "cncert"  # type: ignore[attr-defined]


async def test_documents_are_as_documented(mongo_uri: str) -> None:
    async with open_store(mongo_uri) as store:
        await put_document(store, make_issue())
    with raw(mongo_uri) as client:
        document = client.get_default_database()["issues"].find_one({"_id": "2025-03"})
    assert document is not None
    assert document["published_at"] == datetime(2025, 1, 23, 9, 30, tzinfo=UTC)
    assert document["period"] == {"start": "2025-01-13", "end": "2025-01-19"}
    assert set(document) == set(make_issue().model_dump())


@pytest.mark.parametrize(
    "spoil",
    [
        {"rating": "很好"},
        {"figures.0.value": -1},
        {"figures.0.value": "4"},
        {"figures.0.qualifier": "大约"},
        {"figures.0.parts": [{"name": "境外", "share_pct": 101.0}]},
        {"figures.0.start": -1},
        {"rankings": [{"metric": "hosts.infected", "by": "province", "items": []}]},
        {"published_at": "2025-01-23"},
        {"period.start": "13.1.2025"},
        {"schema_version": 3},
        {"extra": 1},
        {"images": None},
        {"provenance.sha256": "x"},
    ],
    ids=str,
)
async def test_the_validator_refuses_what_bypasses_the_model(mongo_uri: str, spoil: dict[str, Any]) -> None:
    async with open_store(mongo_uri) as store:
        await put_document(store, make_issue())
        with raw(mongo_uri) as client:
            issues = client.get_default_database()["issues"]
            with pytest.raises(WriteError, match="failed validation"):
                issues.update_one({"_id": "2025-03"}, {"$set": spoil})
            with pytest.raises(WriteError, match="failed validation"):
                issues.insert_one({"_id": "2025-04", "title": "x"})
        assert await store.get_issue("2025-03") == make_issue()


async def test_the_validator_and_indexes_are_renewed_on_an_old_collection(mongo_uri: str) -> None:
    with raw(mongo_uri) as client:
        issues = client.get_default_database()["issues"]
        issues.insert_one({"_id": "old"})
        async with open_store(mongo_uri):
            pass
        with pytest.raises(WriteError, match="failed validation"):
            issues.insert_one({"_id": "new"})
        assert {"week", "pictures", "picture_status"} <= set(issues.index_information())


async def test_an_older_validator_gives_way_to_the_present_one(mongo_uri: str) -> None:
    """The one of a time before rankings: it refuses what is written today."""
    older = bson_schema(Issue)
    del older["properties"]["rankings"]
    with raw(mongo_uri) as client:
        client.get_default_database().create_collection("issues", validator={"$jsonSchema": older})
        with pytest.raises(WriteError, match="failed validation"):
            client.get_default_database()["issues"].insert_one(bson_form(make_issue().model_dump()))
    async with open_store(mongo_uri) as store:
        await put_document(store, make_issue())
        assert await store.issue_ids() == ["2025-03"]


async def test_nothing_is_written_without_need(mongo_uri: str) -> None:
    async with open_store(mongo_uri):
        pass
    with raw(mongo_uri) as client:
        db = client.get_default_database()
        db.command("profile", 2)
        async with open_store(mongo_uri) as store:
            await store.put_run(make_run())
            await store.put_run(make_run())
        db.command("profile", 0)
        seen = [entry["command"] for entry in db["system.profile"].find({"appName": "cncert"})]
    words = ("insert", "update", "create", "createIndexes", "collMod")
    assert len(seen) > 3  # it does look before it writes
    assert [word for command in seen for word in words if word in command] == ["insert"]


def test_the_schema_loses_no_rule() -> None:
    class Odd(Issue):
        model_config = ConfigDict(json_schema_extra={"dependentRequired": {}})

    with pytest.raises(ValueError, match="dependentRequired"):
        bson_schema(Odd)
    schema = bson_schema(Issue)
    assert schema["required"][0] == "_id"
    assert schema["properties"]["published_at"] == {"anyOf": [{"bsonType": "date"}, {"bsonType": "null"}]}
    value = schema["properties"]["figures"]["items"]["properties"]["value"]
    number = {"bsonType": ["double", "int", "long"], "minimum": 0}
    words = {"bsonType": "string", "enum": ["高", "中", "低"]}
    assert value == {"anyOf": [{"bsonType": ["int", "long"], "minimum": 0}, number, words]}
