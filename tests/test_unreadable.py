"""One document that cannot be read stops nothing: it is passed over, named once, and never written."""

import asyncio
import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from bson.datetime_ms import DatetimeMS

from cncert.editions.make_edition import edition_of
from cncert.editions.remake_documents import heal, remake
from cncert.editions.take_issue import take_pictures
from cncert.exceptions import DocumentError
from cncert.items import Picture
from cncert.monitoring.exit_status import failure_lines
from cncert.report.calendar import parse_week
from cncert.store import open_store
from cncert.store.backend import COLLECTIONS
from cncert.store.editions import TextCorrection
from tests import series
from tests.editions import CLOCK, correction, reading, take_all
from tests.factories import (
    NOW,
    make_correction,
    make_issue,
    make_pair,
    make_picture,
    make_reading,
    make_reject,
    make_row,
    make_run,
)
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.stores import document_in, insert, put_document, raw, rewrite, take_in

# The store


@pytest.mark.parametrize("foreign", ["zzz", "2025-3", "2025-99", 7])
async def test_somebody_elses_documents_are_passed_over(uri: str, foreign: str | int) -> None:
    """More than a batch of them, before and behind the project's own."""
    async with open_store(uri) as store:
        for number in (3, 4):
            await put_document(store, make_issue(number=number))
        number = foreign if isinstance(foreign, int) else 1000
        others = [foreign, *range(number, number + 101)] if "mongodb" in uri else [foreign, *map(str, range(101))]
        for place, one in enumerate(others):
            insert(uri, "issues", one, {"year": 10_000 + place, "number": 1})
        assert [issue.id async for issue in store.issues()] == ["2025-03", "2025-04"]
        assert await store.issue_ids() == ["2025-03", "2025-04"]
        assert len(store.unreadable) == len({*map(str, others)})


async def test_a_document_without_an_id_ends_every_list(mongo_uri: str) -> None:
    """An id may be null in MongoDB, and nothing can be asked for behind that."""
    insert(mongo_uri, "rejects", None, {"year": 1})  # type: ignore[arg-type]
    async with open_store(mongo_uri) as store:
        assert await asyncio.wait_for(store.rejects(), 10) == []


async def test_of_a_row_that_cannot_be_read_nothing_is_lost(uri: str) -> None:
    async with open_store(uri) as store:
        await store.change_row("one", lambda _: make_row("one"))
        await store.change_row("other", lambda _: make_row("other"))
        before = rewrite(uri, "ledger", "one", lambda row: row.update(mood="good"))
        assert await store.change_row("one", lambda _: make_row("one", state="gone")) is None
        assert await store.merge_rows("one", "other") is None
        assert (await store.get_row("one"), await store.merge_rows("other", "one")) == (None, make_row("other"))
        assert document_in(uri, "ledger", "one") == before
        assert [row.id for row in await store.rows()] == ["other"]
        (line,) = store.unreadable.values()
        assert "ledger one cannot be read: mood: Extra inputs are not permitted" in line


async def test_a_newest_run_that_cannot_be_read_hides_none_before_it(uri: str) -> None:
    async with open_store(uri) as store:
        for name in ("1", "2", "3", "4"):
            await store.put_run(make_run(name, started_at=NOW.replace(minute=int(name))))
        for name in ("2", "4"):
            rewrite(uri, "runs", name, lambda run: run.update(pid="x"))
        assert [run.id for run in await store.runs(1)] == ["3"]
        assert [run.id for run in await store.runs(2)] == ["3", "1"]
        with pytest.raises(DocumentError, match="runs 4 cannot be read: pid"):
            await store.put_run(make_run("4"))


async def test_a_reject_that_cannot_be_read_is_not_replaced(uri: str) -> None:
    async with open_store(uri) as store:
        await store.put_reject(make_reject())
        before = rewrite(uri, "rejects", make_reject().id, lambda reject: reject.update(mood="good"))
        await store.put_reject(make_reject(reason="another"))
        assert await store.rejects() == []
        assert document_in(uri, "rejects", make_reject().id) == before


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", DatetimeMS(10**15)], ids=str
)
async def test_a_time_beyond_the_calendar(uri: str, moment: object) -> None:
    if isinstance(moment, DatetimeMS) and uri.startswith("sqlite"):
        moment = int(moment)
    async with open_store(uri) as store:
        await store.put_run(make_run())
        rewrite(uri, "runs", make_run().id, lambda run: run.update(started_at=moment))
        assert await store.runs() == []
        assert f"runs {make_run().id}" in store.unreadable


# Every command that reads, and the crawl


WHOLE = ("2024-49", "2024-50", "2024-51", "2024-52", "2025-01", "2025-02", "2025-03")
"""Issues that stay whole; between them and behind them are others."""
SPOILT = {"version": "2025-04", "key": "2025-05"}
SEEN, OTHER = "1" * 64, "2" * 64
"""Picture files: of the second what a person said cannot be read."""
ISSUES = {"issues 2025-04", "issues 2025-05", "issues 2025-06", "issues somebody"}


def names(collection: str, *, prefix: str = "") -> set[str]:
    return {f"{collection} {prefix}{kind}" for kind in ("key", "json", "somebody")}


EDITIONS = {*names("editions"), "editions version"}
BAD = ISSUES | EDITIONS | names("corrections", prefix=f"{OTHER}-") | names("pictures") | names("text_corrections")
BAD |= names("ledger") | names("rejects") | names("runs") | names("readings")
SAID = {f"corrections {OTHER}-key"}
"""What stands in the others does not say of which picture it is."""
NAMED = {
    ("gaps", "--all"): {"issues somebody", *names("ledger")},
    ("runs",): names("runs"),
    ("warnings",): ISSUES,
    ("export", "--format", "csv,atom,markdown,jsonl", "--out", "OUT"): {*ISSUES, *names("ledger")},
    ("report", "--out", "OUT"): {*ISSUES, *names("ledger"), *names("runs"), *names("rejects")},
    ("status",): {*ISSUES, *names("ledger"), *names("runs"), *names("rejects")},
    ("status", "--prometheus", "-"): {*ISSUES, *names("ledger"), *names("runs"), *names("rejects")},
    ("upgrade",): EDITIONS,
    ("upgrade", "--dry-run"): EDITIONS,
    ("ocr", "--engine", "tests.ocr_double:First"): {*ISSUES, *SAID, *names("readings")},
    ("ocr", "accept"): {*ISSUES, *SAID, *names("readings")},
    ("ocr", "review", "--by", "li"): {*ISSUES, *SAID},
    ("import", "FILE"): {"issues 2025-05", "issues somebody", *names("ledger")},
    ("import", "--dry-run", "FILE"): {"issues 2025-05", "editions key", "editions version"},
}
"""What each command has to name."""


def make_text_correction() -> TextCorrection:
    """A correction of an issue that is not there."""
    edition = edition_of(reading(40), CLOCK)
    return correction(edition, 7)


async def fill(uri: str) -> None:
    """A store with documents of every kind, and bad ones of every kind in every collection."""
    async with open_store(uri) as store:
        for week in (*WHOLE, *SPOILT.values()):
            image = make_picture(f"mmbiz_png/{week}", "stored", checksum=SEEN if week != "2025-03" else OTHER)
            document = await take_in(store, make_issue(*parse_week(week), figures=[], warnings=[], images=[image]))
        edition = document.editions[0].id
        text = make_text_correction()
        await store.put_text_correction(text)
        await store.change_row("good", lambda _: make_row("good", state="stored"))
        await store.put_reject(make_reject("good"))
        await store.put_run(make_run("good", ended_at=NOW, clean=True, close_reason="finished"))
        await store.put_reading(SEEN, make_reading())
        await store.put_reading(OTHER, make_reading())
        for checksum in (SEEN, OTHER):
            await store.put_correction(make_correction(checksum, make_pair()))
        (said,) = (one.id for one in await store.corrections([OTHER]))
    rewrite(uri, "issues", SPOILT["version"], lambda issue: issue.update(schema_version=9))
    rewrite(uri, "issues", SPOILT["key"], lambda issue: issue.update(mood="good"))
    insert(uri, "editions", "version", document_in(uri, "editions", edition))
    rewrite(uri, "editions", "version", lambda one: one["issue"].update(schema_version=9))
    insert(uri, "issues", "somebody", {"year": 1})
    goods = {"editions": edition, "pictures": "mmbiz_png/2025-03", "readings": SEEN, "corrections": said}
    goods["text_corrections"] = text.id
    for collection in (*goods, "ledger", "rejects", "runs"):
        prefix = f"{OTHER}-" if collection == "corrections" else ""
        good = document_in(uri, collection, goods.get(collection, "good"))
        insert(uri, collection, f"{prefix}key", good | {"mood": "good"})
        insert(uri, collection, f"{prefix}somebody", {"year": 1})
        # SQLite's indexes and triggers refuse text that is no JSON at all in two of these, and in issues.
        text = "[]" if collection in ("editions", "ledger", "runs") else "{"
        insert(uri, collection, f"{prefix}json", text if uri.startswith("sqlite") else {"id": [1]})
    insert(uri, "issues", "2025-06", "[]" if uri.startswith("sqlite") else {"id": [1]})


def named_in(text: str) -> list[str]:
    """The documents that the lines of *text* name as unreadable."""
    found = (re.search(rf"cncert\S*: ({'|'.join(COLLECTIONS.values())}) (\S+) ", line) for line in text.splitlines())
    return [f"{match[1]} {match[2]}" for match in found if match]


IN_MONGODB = [command for command in NAMED if command[0] in ("gaps", "export", "upgrade", "ocr", "import")][::2]
"""Those that are run on MongoDB too: between them they read all collections in every way."""


@pytest.mark.parametrize(
    ("backend", "command"),
    [*(("sqlite_uri", command) for command in NAMED), *(("mongo_uri", command) for command in IN_MONGODB)],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_command_names_what_it_cannot_read_once_and_goes_on(
    request: pytest.FixtureRequest, tmp_path: Path, backend: str, command: tuple[str, ...]
) -> None:
    uri = request.getfixturevalue(backend)
    asyncio.run(fill(uri))
    before = everything(uri)
    places = {"OUT": str(tmp_path / "out"), "FILE": str(tmp_path / "saved.html")}
    (tmp_path / "saved.html").write_bytes(series.page_of("2025-05"))
    result = run_scrapy(*(places.get(word, word) for word in command), env=project_env(None, tmp_path, store=uri))
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(named_in(result.stderr)) == sorted(NAMED[command])
    after = everything(uri)
    assert before.keys() > BAD
    assert {name: after[name] for name in BAD} == {name: before[name] for name in BAD}


def test_what_can_be_read_is_shown(sqlite_uri: str, tmp_path: Path) -> None:
    asyncio.run(fill(sqlite_uri))
    env = project_env(None, tmp_path, store=sqlite_uri)
    table = run_scrapy("export", "--table", "issues", "--out", "-", env=env).stdout
    assert [row["issue"] for row in csv.DictReader(io.StringIO(table))] == list(WHOLE)
    assert [run["_id"] for run in json.loads(run_scrapy("runs", "--json", env=env).stdout)] == ["good"]
    assert json.loads(run_scrapy("status", "--json", env=env).stdout)["newest"]["issue"] == "2025-03"
    weeks = {week["issue"]: week["state"] for week in json.loads(run_scrapy("gaps", "--json", env=env).stdout)}
    assert weeks["2025-04"] == "stored"  # by a newer cncert, it seems: it is no gap


def everything(uri: str) -> dict[str, object]:
    """All documents as they are kept, by collection and id."""
    found: dict[str, object] = {}
    for collection in {*COLLECTIONS.values()} - {"revisions"}:  # which an upgrade removes
        if uri.startswith("sqlite"):
            with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db:
                rows = db.execute(f"SELECT id, document FROM {collection}").fetchall()
        else:
            with raw(uri) as client:
                rows = [(one["_id"], one) for one in client.get_default_database()[collection].find()]
        found |= {f"{collection} {name}": document for name, document in rows}
    return found


async def test_a_crawl_overwrites_none_and_goes_on(uri: str, site: LoopbackWeChat, tmp_path: Path) -> None:
    """A stored issue, a row and a reject that it meets, and runs; one issue is new to it."""
    first, spoilt, third, new = series.publish(site, "2024-13", "2024-16")
    start = f"start={first.url}"
    assert crawl(site, tmp_path, start, "from=2024-13", "until=2024-15", store=uri).returncode == 0
    async with open_store(uri) as store:
        (row,) = [row for row in await store.rows() if row.issue == third.issue]
    rewrite(uri, "issues", spoilt.issue, lambda issue: issue.update(mood="good"))
    rewrite(uri, "ledger", row.id, lambda row: row.update(mood="good"))
    for collection in ("issues", "ledger", "rejects", "runs"):
        insert(uri, collection, "somebody", {"year": 1})
    bad = {f"issues {spoilt.issue}", f"ledger {row.id}"} | {
        f"{collection} somebody" for collection in ("issues", "ledger", "rejects", "runs")
    }
    before = everything(uri)
    result = crawl(site, tmp_path, f"start={new.url}", "from=2024-13", "until=2024-16", "refresh=1", store=uri)
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(named_in(result.stderr)) == sorted(bad)
    after = everything(uri)
    assert {name: after[name] for name in bad} == {name: before[name] for name in bad}
    async with open_store(uri) as store:
        assert await store.get_issue(new.issue) is not None
        run = (await store.runs(1))[0]
    assert (run.clean, run.close_reason, run.new) == (False, "finished", [new.issue])
    assert run.faults == {"not_stored": 1, "unreadable": len(bad)}
    assert list(failure_lines(run)) == [
        f"documents of the store that cannot be read: {len(bad)}",
        "issues that were not stored, because what the store holds of them cannot be read: 1",
    ]
    assert "not stored: what the store holds of it cannot be read" in result.stderr


async def test_a_bad_edition_is_passed_over(uri: str) -> None:
    """The others of its article and its week count; it stays as it is."""
    async with open_store(uri) as store:
        await take_all(store, [reading(3, handled=100), reading(3, handled=90, source="feed")])
        (page,) = [one async for one in store.editions() if one.issue.provenance.source == "page"]
        before = rewrite(uri, "editions", page.id, lambda edition: edition.update(mood="good"))
        await remake(store, ["2024-03"])
        document = await store.get_issue("2024-03")
        assert document is not None
        assert [(one.source, one.chosen) for one in document.editions] == [("feed", True)]
        assert f"editions {page.id}" in store.unreadable
        assert document_in(uri, "editions", page.id) == before


async def test_what_is_kept_of_a_picture_that_cannot_be_read_stops_no_other(uri: str) -> None:
    images = [Picture.model_validate(make_picture(f"mmbiz_png/{name}")) for name in ("bad", "good")]
    async with open_store(uri) as store:
        await take_all(store, [reading(3, pictures=["mmbiz_png/bad", "mmbiz_png/good"])])
        insert(uri, "pictures", "mmbiz_png/bad", {"mood": "good"})
        await take_pictures(store, [one.model_copy(update={"status": "failed"}) for one in images])
        document = await store.get_issue("2024-03")
        assert document is not None
        assert [(one.key, one.status) for one in document.images] == [
            ("mmbiz_png/bad", "pending"),
            ("mmbiz_png/good", "failed"),
        ]
        assert document_in(uri, "pictures", "mmbiz_png/bad")["mood"] == "good"


async def test_a_document_that_cannot_be_read_lets_the_others_be_healed(uri: str) -> None:
    """Their editions were kept, and the process was killed before their documents were written."""
    async with open_store(uri) as store:
        await take_all(store, [reading(3)])
        rewrite(uri, "issues", "2024-03", lambda issue: issue.update(mood="good"))
        for issue in (reading(3, source="feed"), reading(9)):
            await store.put_edition(edition_of(issue, CLOCK))
        assert await heal(store) == ["2024-09"]
        assert document_in(uri, "issues", "2024-03")["mood"] == "good"
