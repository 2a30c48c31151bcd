"""``scrapy move``: a store in SQLite, MongoDB and a folder is the same store, whole or in part, whatever interrupts."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cncert.commands.move import MoveCommand
from cncert.store import open_store
from cncert.store.backend import COLLECTIONS
from cncert.store.move_store import KINDS
from cncert.store.sqlite import SqliteStore
from tests import series
from tests.calls import call
from tests.editions import correction
from tests.factories import (
    make_correction,
    make_issue,
    make_pair,
    make_picture,
    make_reading,
    make_reject,
    make_row,
    make_run,
)
from tests.killing import die_at
from tests.stores import insert, take_in

ISSUES = [(2024, 30), (2024, 31), (2025, 10), (2025, 11)]
PDF = b"%PDF-1.7 of a site"


def drawing(issue: str) -> bytes:
    return series.drawing(int(issue[-2:]))


async def fill(uri: str, files: Path, issues: list[tuple[int, int]]) -> None:
    """Put *issues* with all that belongs to them into a new store."""
    async with open_store(uri) as store:
        for year, number in issues:
            issue = make_issue(year, number)
            data = drawing(issue.id)
            checksum, path = sha256(data).hexdigest(), f"{issue.id}/{issue.id}-1.png"
            (files / issue.id).mkdir(parents=True)
            (files / path).write_bytes(data)
            picture = make_picture(issue.images[0].key, "stored", path=path, checksum=checksum, height=900)
            document = {"url": None, "path": f"{issue.id}/weekly.pdf", "checksum": sha256(PDF).hexdigest()}
            (files / issue.id / "weekly.pdf").write_bytes(PDF)
            issue = make_issue(year, number, images=[picture], documents=[document])
            await take_in(store, issue)
            await take_in(store, make_issue(year, number, text=f"{issue.text}\n更新", images=[picture]))
            editions = [one async for one in store.editions() if one.document == issue.id]
            await store.put_text_correction(correction(editions[0], 5))
            await store.put_reading(checksum, make_reading(make_pair()))
            await store.put_correction(make_correction(checksum, make_pair()))
            await store.put_reject(make_reject(f"reject-{issue.id}", issue=issue.id))
            row = make_row(f"row-{issue.id}", issue=issue.id)
            await store.change_row(row.id, lambda found, row=row: found or row)
        await store.put_run(make_run())


def contents(uri: str) -> dict[str, dict[str, Any]]:
    async def read() -> dict[str, dict[str, Any]]:
        async with open_store(uri) as store:
            return {COLLECTIONS[kind]: {one.id: one.model_dump() async for one in store.each(kind)} for kind in KINDS}

    return asyncio.run(read())


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def first(tmp_path: Path) -> str:
    """A store with everything, and its pictures in ``files``."""
    uri = f"sqlite:///{tmp_path / 'first.db'}"
    asyncio.run(fill(uri, tmp_path / "files", ISSUES))
    found = contents(uri)
    assert all(found.values())
    assert len(found["editions"]) == 2 * len(found["issues"]) == 2 * len(ISSUES)
    return uri


def move(*args: str | Path, files: Path) -> int:
    return call(MoveCommand(), *map(str, args), CNCERT_FILES=str(files))


def test_a_store_comes_back_as_it_was(first: str, mongo_uri: str, tmp_path: Path) -> None:
    folder, last, copies = tmp_path / "folder", f"sqlite:///{tmp_path / 'last.db'}", tmp_path / "copies"
    assert move(first, mongo_uri, files=tmp_path / "files") == 0
    assert move(mongo_uri, folder, files=tmp_path / "files") == 0
    assert move(folder, last, files=copies) == 0
    assert contents(first) == contents(mongo_uri) == contents(last)
    assert files_below(copies) == files_below(tmp_path / "files")
    names = {path.name for path in (folder / "files").rglob("*") if path.is_file()}
    assert names == {sha256(data).hexdigest() for data in files_below(copies).values()}
    # Once more, nothing is to be done; and the same store makes the same folder.
    assert move(folder, last, files=copies) == 0
    assert move(last, tmp_path / "again", files=copies) == 0
    assert files_below(tmp_path / "again") == files_below(folder)


def test_a_folder_holds_the_documents_as_they_are_described(first: str, tmp_path: Path) -> None:
    assert move(first, tmp_path / "folder", files=tmp_path / "files") == 0
    lines = (tmp_path / "folder" / "issues.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["_id"] for line in lines] == ["2024-30", "2024-31", "2025-10", "2025-11"]
    manifest = json.loads((tmp_path / "folder" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["collections"]["issues"] == {
        "documents": 4,
        "sha256": sha256((tmp_path / "folder" / "issues.jsonl").read_bytes()).hexdigest(),
    }


# --- parts


def test_two_parts_make_the_whole(first: str, tmp_path: Path) -> None:
    whole, files = contents(first), tmp_path / "files"
    parts = []
    for number, issues in enumerate(("..2024-52", "2025-01..")):
        uri = f"sqlite:///{tmp_path / f'part{number}.db'}"
        assert move(first, uri, "--issues", issues, files=files) == 0
        parts.append(contents(uri))
    assert list(parts[0]["issues"]) == ["2024-30", "2024-31"]
    for name, documents in whole.items():
        expected = {} if name == "runs" else documents
        assert parts[0][name] | parts[1][name] == expected
        assert parts[0][name].keys().isdisjoint(parts[1][name])


# --- what is refused


def test_nothing_is_written_over(first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    asyncio.run(fill(other, tmp_path / "more", [(2023, 1)]))
    before = contents(other)
    assert move(first, other, files=tmp_path / "files") == 2
    assert "holds something else already (pictures " in capsys.readouterr().err
    assert contents(other) == before


def test_a_document_that_says_something_else_stays(
    first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = f"sqlite:///{tmp_path / 'copy.db'}"
    assert move(first, copy, files=tmp_path / "files") == 0
    insert(copy, "rejects", "reject-2025-10", make_reject("reject-2025-10", reason="other").model_dump(mode="json"))
    before = contents(copy)
    assert move(first, copy, files=tmp_path / "files") == 2
    assert "has rejects reject-2025-10, which says something else" in capsys.readouterr().err
    assert contents(copy) == before


def test_a_folder_that_holds_a_store_stays(first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert move(first, tmp_path / "folder", files=tmp_path / "files") == 0
    before = files_below(tmp_path / "folder")
    assert move(first, tmp_path / "folder", files=tmp_path / "files") == 2
    assert capsys.readouterr().err.endswith("folder holds a store already: name another folder\n")
    assert files_below(tmp_path / "folder") == before


def cut(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


def changed_line(folder: Path, change: Callable[[str], str]) -> None:
    """Change a line of a folder, and its digest in the manifest, as a person could."""
    path, manifest = folder / "pictures.jsonl", folder / "manifest.json"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([change(lines[0]), *lines[1:], ""]), encoding="utf-8")
    stated = json.loads(manifest.read_text(encoding="utf-8"))
    stated["collections"]["pictures"]["sha256"] = sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(stated), encoding="utf-8")


def lost_file(folder: Path) -> None:
    next(path for path in (folder / "files").rglob("*") if path.is_file()).unlink()


def spoilt_file(folder: Path) -> None:
    next(path for path in (folder / "files").rglob("*") if path.is_file()).write_bytes(b"other")


HOSTILE: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), 2, "manifest.json is not there"),
    "another manifest": (lambda folder: (folder / "manifest.json").write_text("[]"), 2, "manifest.json cannot be read"),
    "a line less": (lambda folder: cut(folder / "issues.jsonl"), 2, "issues.jsonl is not what manifest.json says"),
    "no JSON": (lambda folder: changed_line(folder, lambda _: "{"), 2, "pictures.jsonl, line 1: "),
    "no documents": (lambda folder: (folder / "rejects.jsonl").unlink(), 2, "rejects.jsonl cannot be read: No such"),
    "ids that do not ascend": (
        lambda folder: changed_line(folder, lambda line: line.replace('"_id":"', '"_id":"zz')),
        2,
        "pictures.jsonl, line 2: its ids do not ascend",
    ),
    "a path that leads out": (
        lambda folder: changed_line(folder, lambda line: line.replace('"path":"', '"path":"../../')),
        1,
        "its path leads out of CNCERT_FILES",
    ),
    "a lost file": (lost_file, 1, "No such file or directory"),
    "a spoilt file": (spoilt_file, 1, "is not the file that was stored"),
}


@pytest.mark.parametrize(("spoil", "status", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_folder_that_is_not_what_it_says_is_named(
    spoil: Callable[[Path], object],
    status: int,
    said: str,
    first: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, target = tmp_path / "folder", tmp_path / "below" / "target.db"
    assert move(first, folder, files=tmp_path / "files") == 0
    spoil(folder)
    capsys.readouterr()
    assert move(folder, f"sqlite:///{target}", files=target.parent / "files") == status
    assert said in capsys.readouterr().err
    assert target.exists() is (status == 1)
    assert not list(tmp_path.glob("2024-30*"))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "move takes two stores: FROM and TO"),
        (("sqlite:////no/such.db", "x"), "/no/such.db: there is no such store"),
        (("a", "a"), "a is FROM and TO"),
        (("a", "b", "--issues", "2024"), "--issues '2024': "),
    ],
)
def test_called_wrongly_it_says_so(
    args: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert move(*args, files=tmp_path) == 2
    assert capsys.readouterr().err.startswith(f"cncert: {said}")


# --- kills


@pytest.mark.parametrize("way", ["out", "in"])
def test_a_kill_at_any_step_loses_nothing(
    way: str, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a folder, and out of it into a store."""
    folder, files = tmp_path / "folder", tmp_path / "files"
    source, target = first, str(folder)
    if way == "in":
        assert move(first, folder, files=files) == 0
        source, target, files = str(folder), f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "copies"
    write = SqliteStore._write

    async def counted(self: SqliteStore, writes: Any) -> bool:
        sys.audit("cncert.write")
        return await write(self, writes)

    monkeypatch.setattr(SqliteStore, "_write", counted)
    steps, status = 0, None
    while status != 0:
        steps += 1
        process = os.fork()
        if not process:
            die_at(steps)
            os._exit(move(source, target, files=files))
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        assert status in (0, -signal.SIGKILL)
    assert steps > 8
    if way == "in":
        assert contents(target) == contents(first)
        assert files_below(files) == files_below(tmp_path / "files")
    else:
        assert move(folder, f"sqlite:///{tmp_path / 'last.db'}", files=tmp_path / "copies") == 0
        assert contents(f"sqlite:///{tmp_path / 'last.db'}") == contents(first)
