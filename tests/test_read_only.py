"""Reading needs no writing: a disk that is read-only, a backup, another user, a crawl that goes on beside it."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cncert.exceptions import StoreError
from cncert.store import Store, open_store
from tests.factories import make_issue, make_run
from tests.site.crawl import project_env, run_scrapy
from tests.small_disk import UNSHARE, needs_mount
from tests.stores import put_document, raw

READING = [
    ("gaps",),
    ("status",),
    ("runs",),
    ("warnings",),
    ("export", "--out", "-", "--table", "figures"),
    ("report", "--out", "-", "--pictures", "none"),
    ("upgrade", "--dry-run"),
]
MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def address(path: Path) -> str:
    return f"sqlite:///{path}"


async def put(uri: str, *numbers: int) -> None:
    async with open_store(uri) as store:
        for number in numbers:
            await put_document(store, make_issue(number=number))
        await store.put_run(make_run(clean=True, close_reason="finished"))


async def read(uri: str) -> list[str]:
    async with open_store(uri, read_only=True) as store:
        return await store.issue_ids()


def kill_a_writer(path: Path, number: int) -> None:
    """Put an issue into *path* in a process that dies, so that its log is left."""
    script = (
        "import asyncio, os; from tests.test_read_only import *\n"
        "async def main():\n"
        f"    store = open_store({address(path)!r}); await store.open()\n"
        f"    await put_document(store, make_issue(number={number})); os._exit(9)\n"
        "asyncio.run(main())"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 9
    assert Path(f"{path}-wal").stat().st_size and Path(f"{path}-shm").exists()


def contents(folder: Path) -> dict[str, bytes]:
    """The files of *folder*; the bytes of SQLite's shared memory are nobody's."""
    return {one.name: b"" if one.name.endswith("-shm") else one.read_bytes() for one in folder.iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The file of a store that nobody has open, with the issue 2025-03, alone in its directory."""
    path = tmp_path / "store" / "cncert.db"
    asyncio.run(put(address(path), 3))
    assert list(contents(path.parent)) == ["cncert.db"]
    return path


# Every command


@needs_mount
@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_reading_command_needs_no_disk_that_can_be_written(place: Path, command: tuple[str, ...]) -> None:
    before = contents(place.parent)
    env = project_env(None, place.parent, store=address(place))
    result = run_scrapy(*command, env=env, prefix=[*UNSHARE, "sh", "-c", MOUNT, str(place.parent)])
    assert result.returncode == (1 if command == ("status",) else 0), result.stderr
    assert result.stdout and "Traceback" not in result.stderr
    assert contents(place.parent) == before


@needs_mount
def test_files_are_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("no picture", encoding="utf-8")
    env = project_env(None, tmp_path)
    prefix = [*UNSHARE, "sh", "-c", MOUNT, str(tmp_path)]
    result = run_scrapy("ocr", tmp_path / "x.txt", env=env, prefix=prefix)
    assert (result.returncode, list(tmp_path.iterdir())) == (1, [tmp_path / "x.txt"]), result.stderr


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_mistyped_path_is_an_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run_scrapy(*command, env=project_env(None, tmp_path, store=address(tmp_path / "no" / "cncert.db")))
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "there is no such store" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_behind_stdout_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        for command in ("schema", "gaps"):
            call = [sys.executable, "-m", "scrapy", command]
            result = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
            assert (result.returncode, result.stderr) == (1, "cncert: stdout: No space left on device\n")


# The file, in every state


async def test_reading_creates_nothing(place: Path) -> None:
    before = contents(place.parent)
    assert await read(address(place)) == ["2025-03"]
    assert contents(place.parent) == before


async def test_what_a_killed_writer_left_is_read(place: Path) -> None:
    kill_a_writer(place, 4)
    before = contents(place.parent)
    assert await read(address(place)) == ["2025-03", "2025-04"]
    assert contents(place.parent) == before


@pytest.mark.parametrize("with_index", [True, False])
async def test_a_backup_with_its_log_is_read(place: Path, tmp_path: Path, with_index: bool) -> None:
    kill_a_writer(place, 4)
    backup = tmp_path / "backup"
    shutil.copytree(place.parent, backup)
    if not with_index:
        (backup / "cncert.db-shm").unlink()
    before = contents(backup)
    assert await read(address(backup / "cncert.db")) == ["2025-03", "2025-04"]
    assert contents(backup) == before


async def test_a_backup_that_sqlite_made_is_read(place: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(place)) as db:
        db.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    assert await read(address(tmp_path / "backup.db")) == ["2025-03"]


async def test_beside_a_writer_what_is_committed_is_read(place: Path) -> None:
    async with open_store(address(place)) as writer, open_store(address(place), read_only=True) as reader:
        for number in (4, 5):
            await put_document(writer, make_issue(number=number))
            assert (await reader.issue_ids())[-1] == f"2025-0{number}"
        beside = sorted(contents(place.parent))
    assert beside == ["cncert.db", "cncert.db-shm", "cncert.db-wal"]
    assert await read(address(place)) == ["2025-03", "2025-04", "2025-05"]


async def test_a_writer_that_begins_and_ends_while_a_store_is_read(place: Path) -> None:
    async with open_store(address(place), read_only=True) as reader:
        assert await reader.issue_ids() == ["2025-03"]
        await put(address(place), 4)
        assert await reader.issue_ids() == ["2025-03", "2025-04"]
        place.unlink()
        with pytest.raises(StoreError, match="there is no such store"):
            await reader.issue_ids()


async def test_a_writer_that_is_done_before_a_statement_ends(place: Path) -> None:
    """What was read of a file that changed meanwhile is read again, whether it could be read or not."""
    calls = []

    def work(db: sqlite3.Connection) -> int:
        calls.append(db)
        (found,) = db.execute("SELECT count(*) FROM issues").fetchone()
        if len(calls) < 3:
            asyncio.run(put(address(place), 3 + len(calls)))
            if len(calls) == 2:
                raise sqlite3.DatabaseError("database disk image is malformed")
        return int(found)

    async with open_store(address(place), read_only=True) as reader:
        assert await reader._run(work) == 3  # type: ignore[attr-defined]
    assert len(calls) == 3


async def test_nothing_can_be_written(place: Path) -> None:
    before = contents(place.parent)
    async with open_store(address(place), read_only=True) as store:
        with pytest.raises(StoreError, match="open for reading only"):
            await put_document(store, make_issue(number=4))
        with pytest.raises(StoreError, match="the file is read-only"):
            await store._run(lambda db: db.execute("DELETE FROM issues"))  # type: ignore[attr-defined]
    assert contents(place.parent) == before


@pytest.mark.parametrize("name", ["a b", "100%41", "what?mode=rw", "#1", "网络"])
async def test_any_name_of_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    await put("sqlite:///cncert.db", 3)
    assert await read("sqlite:///cncert.db") == ["2025-03"]
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("DROP TABLE readings", "lacks tables that this cncert reads: run scrapy upgrade"),
        ("PRAGMA user_version = 1", "has layout 1, this cncert reads 2: run scrapy upgrade"),
        ("PRAGMA user_version = 3", "has layout 3, this cncert knows 2: update cncert"),
    ],
)
async def test_another_layout_is_not_brought_up(place: Path, spoil: str, said: str) -> None:
    with closing(sqlite3.connect(place)) as db, db:
        db.execute(spoil)
    before = contents(place.parent)
    with pytest.raises(StoreError, match=said):
        await read(address(place))
    assert contents(place.parent) == before


async def test_what_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for name, said in (("empty.db", "is empty"), ("", "is no file"), ("no.db", "no such")):
        with pytest.raises(StoreError, match=said):
            await read(address(tmp_path / name))


@pytest.fixture
def of_another(place: Path) -> Iterator[Path]:
    """The store in a directory of somebody else, who lets others read it (root is bound by nothing, and is another)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(place, folder / "cncert.db").chmod(0o444)
        folder.chmod(0o555)
        if root := os.geteuid() == 0:
            os.seteuid(65534)
        try:
            yield folder / "cncert.db"
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


async def test_another_user_who_may_read_the_file(of_another: Path) -> None:
    assert await read(address(of_another)) == ["2025-03"]


# MongoDB


async def test_mongodb_is_read_without_a_write(mongo_uri: str) -> None:
    await put(mongo_uri, 3)
    with raw(mongo_uri) as client:
        db = client.get_default_database()
        db["issues"].drop_index("week")  # what a store that writes would make again
        db.command("profile", 2)
        async with open_store(
            f"{mongo_uri}{'&' if '?' in mongo_uri else '?'}readPreference=nearest", read_only=True
        ) as store:
            assert await store.issue_ids() == ["2025-03"]
            with pytest.raises(StoreError, match="open for reading only"):
                await store.put_run(make_run())
            assert preference(store) == "Nearest"
        db.command("profile", 0)
        seen = [entry["command"] for entry in db["system.profile"].find({"appName": "cncert"})]
        assert "week" not in db["issues"].index_information()
    words = ("insert", "update", "create", "createIndexes", "collMod")
    assert seen and not [word for command in seen for word in words if word in command]


async def test_a_writer_reads_from_the_primary(mongo_uri: str) -> None:
    async with open_store(f"{mongo_uri}{'&' if '?' in mongo_uri else '?'}readPreference=nearest") as store:
        assert preference(store) == "Primary"


def preference(store: Store) -> str:
    return str(store._db.read_preference.name)  # type: ignore[attr-defined]


async def test_a_mistyped_database_is_an_error(mongo_uri: str) -> None:
    with pytest.raises(StoreError, match="holds no store"):
        await read(mongo_uri)
    with raw(mongo_uri) as client:
        assert client.get_default_database().list_collection_names() == []
