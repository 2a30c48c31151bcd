"""``scrapy import`` of archives of many files: what is counted, listed, reported, and read again after a kill."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cncert.exceptions import StoreError
from cncert.report.parser_version import PARSER
from cncert.store import open_store
from cncert.store.endings import State
from tests import series
from tests.site.crawl import begin_scrapy, project_env, run_scrapy
from tests.test_import import copy_of, run_import, runs

SHORT = "https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEEFF"
OTHER = "# 某厂商的漏洞通告\n\n近日，研究人员发现一个漏洞。\n".encode()
STUB = f"---\ntitle: {series.title_of('2024-09')}\nurl: {SHORT}\n---\n".encode()
SUMMARY = [
    "  1  the title of an issue without its text",
    "  1  a picture, a font, a document of an office program",
]
Pack = Callable[[Path, Path], list[str | Path]]


def kept(folder: Path) -> Path:
    """An archive: a folder a day; one of them is named like a file."""
    files = {
        "2024-01-01/a.md": OTHER, "2024-01-01/网络安全.md": copy_of("2025-03"), "2024-01-02.md": OTHER,
        "2024-01-02/b.md": STUB, "2024-01-02/c.md": OTHER, "2024-01-02/d.png": b"\x89PNG\r\n\x1a\n" + bytes(99),
    }  # fmt: skip
    for name, data in files.items():
        path = folder / "kept" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / "kept"


def as_folder(folder: Path, _: Path) -> list[str | Path]:
    return [folder]


def as_tar(folder: Path, place: Path) -> list[str | Path]:
    with tarfile.open(place / "kept.tar.xz", "w:xz") as archive:
        archive.add(folder, "kept")
    return [place / "kept.tar.xz"]


def git(folder: Path, *args: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def as_git(folder: Path, place: Path) -> list[str | Path]:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    git(place, "clone", "-q", "--bare", str(folder), "kept.git")
    return ["--git", place / "kept.git"]


def addresses(tmp_path: Path) -> dict[str | None, list[tuple[str, State]]]:
    """The addresses that the ledger has, with the states of their rows, by issue."""

    async def get() -> dict[str | None, list[tuple[str, State]]]:
        async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
            return {row.issue: [(one.url, row.state) for one in row.addresses] for row in await store.rows()}

    return asyncio.run(get())


@pytest.mark.parametrize("pack", [as_folder, as_tar, as_git])
def test_an_archive_gives_its_issues_and_addresses_and_is_read_once(tmp_path: Path, pack: Pack) -> None:
    named = pack(kept(tmp_path), tmp_path)
    status, lines, errors = run_import(tmp_path, *named)
    assert status == 0
    assert [line[:2] for line in lines] == [["stored", "2025-03"], ["listed", "2024-09"]]
    # In a repository three files with the same content are one.
    texts = 3 if pack is not as_git else 1
    assert f"  {texts}  another text" in errors
    assert {*SUMMARY} < {*errors}
    assert addresses(tmp_path)["2024-09"] == [(SHORT, State.KNOWN)]
    assert runs(tmp_path)[0].clean is True
    status, lines, errors = run_import(tmp_path, *named)
    assert (status, lines) == (0, [])
    assert errors[0].startswith("6 settled; ")
    assert "  6  read by an earlier import" in errors
    status, lines, _ = run_import(tmp_path, "--again", *named)
    assert [line[0] for line in lines] == ["unchanged", "listed"]


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    run_import(tmp_path, folder)
    (folder / "2024-01-01" / "a.md").write_bytes(copy_of("2025-04"))
    os.utime(folder / "2024-01-02" / "b.md", (1, 1))
    status, lines, errors = run_import(tmp_path, folder)
    assert (status, [line[:2] for line in lines]) == (0, [["stored", "2025-04"], ["listed", "2024-09"]])
    assert "  4  read by an earlier import" in errors


def test_what_is_named_is_read_again_and_a_dry_run_settles_nothing(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    assert len(run_import(tmp_path, "--dry-run", folder)[1]) == 2
    assert len(run_import(tmp_path, folder)[1]) == 2
    assert run_import(tmp_path, folder / "2024-01-02" / "c.md")[1][0][:2] == ["no", "issue"]


def test_other_options_read_it_again(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    run_import(tmp_path, folder)
    assert len(run_import(tmp_path, folder, CNCERT_ARCHIVE=str(tmp_path / "archive"))[1]) == 2


def test_what_could_not_be_read_is_read_again(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    (folder / "e.gz").write_bytes(b"\x1f\x8b" + bytes(9))
    for settled in (0, 6):
        status, _, errors = run_import(tmp_path, folder)
        assert status == 1
        assert sum(f"{folder}/e.gz: cannot be decompressed" in line for line in errors) == 1
        assert (f"  {settled}  read by an earlier import" in errors) is bool(settled)
    assert runs(tmp_path)[0].faults == {"unread": 1}


def test_each_file_is_listed_if_that_is_wanted(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    _, lines, _ = run_import(tmp_path, "--verbose", folder)
    assert len(lines) == 6
    assert ["no", "issue", f"-        {folder}/2024-01-01/a.md: another text"] in lines


def test_quiet_prints_results_and_errors_only(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    status, lines, errors = run_import(tmp_path, "--quiet", folder)
    assert (status, [line[0] for line in lines], errors) == (0, ["stored", "listed"], [])
    half = folder / "half.html"
    half.write_bytes(series.page_of("2025-04")[:-200])
    assert run_import(tmp_path, "--quiet", folder) == (1, [], [f"cncert: {half}: the page breaks off"])


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_report_has_a_line_for_each_file(tmp_path: Path, ending: str) -> None:
    folder, report = kept(tmp_path), tmp_path / f"report{ending}"
    (folder / "=cmd.md").write_bytes(OTHER)
    assert run_import(tmp_path, "--report", report, "=cmd.md", folder)[0] == 1  # there is no such file here
    text = report.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines())) if ending == ".csv" else list(map(json.loads, text.splitlines()))
    assert len(rows) == 8
    first = next(row for row in rows if row["file"] == ("'=cmd.md" if ending == ".csv" else "=cmd.md"))
    assert (first["no_issue"], first["outcome"]) == ("unread", "unread")
    stub = next(row for row in rows if row["file"].endswith("b.md"))
    assert (stub["outcome"], stub["issue"], stub["no_issue"]) == ("listed", "2024-09", "stub")


def test_a_report_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    status, lines, errors = run_import(tmp_path, "--report", tmp_path, kept(tmp_path))
    assert (status, lines, len(errors)) == (2, [], 1)
    assert f"--report {tmp_path} cannot be written" in errors[0]
    assert not (tmp_path / "cncert.db").exists()


def many(folder: Path, count: int) -> Path:
    """An archive of many files, every twentieth an issue."""
    ids = series.week_ids("2012-01", "2025-40")
    for number in range(count):
        path = folder / "many" / f"{number // 50}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(copy_of(ids[number // 20]) if number % 20 == 0 else OTHER + b"%d" % number)
    return folder / "many"


def settled_files(tmp_path: Path) -> set[bytes]:
    """What the store says is settled."""

    async def get() -> set[bytes]:
        place = f"sqlite:///{tmp_path.resolve() / 'cncert.db'}"
        async with open_store(place, read_only=True, may_be_missing=True) as store:
            return await store.settled_files(f"{PARSER} reprints")

    try:
        return asyncio.run(get())
    except StoreError:  # its tables are being made
        return set()


def documents(tmp_path: Path) -> list[object]:
    """The issues and the ledger of the store, without times."""

    async def get() -> list[object]:
        async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
            rows = [(row.id, row.issue, row.state, [one.url for one in row.addresses]) for row in await store.rows()]
            return [*rows, *[issue.model_dump() async for issue in store.issues()]]

    return asyncio.run(get())


def test_killed_in_the_middle_nothing_settled_is_read_again(tmp_path: Path) -> None:
    folder, env = many(tmp_path, 12_000), project_env(None, tmp_path)
    for _ in range(2):
        process, before = begin_scrapy("import", folder, log=None, env=env), settled_files(tmp_path)
        deadline = time.monotonic() + 60
        while settled_files(tmp_path) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    settled = settled_files(tmp_path)
    assert 0 < len(settled) < 12_000
    result = run_scrapy("import", folder, env=env)
    assert result.returncode == 0
    (line,) = [line for line in result.stderr.splitlines() if "read by an earlier import" in line]
    assert line.split()[0] == f"{len(settled):,}"
    other = tmp_path / "other"
    other.mkdir()
    assert run_scrapy("import", folder, env=project_env(None, other)).returncode == 0
    assert documents(tmp_path) == documents(other)


# --- Git


def test_a_revision_and_what_is_no_file(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    as_git(folder, tmp_path)
    (folder / "link").symlink_to("2024-01-02.md")
    (folder / "new.md").write_bytes(copy_of("2025-04"))
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{git(folder, 'rev-parse', 'HEAD')},sub")
    git(folder, "add", "new.md", "link")
    git(folder, "commit", "-qm", "more")
    status, lines, _ = run_import(tmp_path, "--dry-run", "--git", f"{folder}@HEAD~1")
    assert (status, [line[1] for line in lines]) == (0, ["2025-03", "2024-09"])
    status, lines, errors = run_import(tmp_path, "--git", folder)
    assert (status, sorted(line[1] for line in lines)) == (0, ["2024-09", "2025-03", "2025-04"])
    assert any(line.startswith("  2  a link or a device") for line in errors)


def test_nothing_of_a_hostile_repository_is_run(tmp_path: Path) -> None:
    folder, mark = kept(tmp_path), tmp_path / "run"
    as_git(folder, tmp_path)
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    program.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "gpg.program", "diff.external",
        "core.alternateRefsCommand", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "core.gitProxy",
        "credential.helper", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        git(folder, "config", key, str(program))
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "remote.origin.url", f"ext::{program}")
    git(folder, "config", "remote.origin.promisor", "true")
    git(folder, "config", "extensions.partialClone", "origin")
    (folder / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n", encoding="utf-8")
    blob = git(folder, "rev-parse", "HEAD:2024-01-02.md")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    (folder / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (folder / ".git" / "hooks" / hook).symlink_to(program)
    status, lines, errors = run_import(tmp_path, "--git", folder)
    assert not mark.exists()
    assert (status, len(lines)) == (1, 2)
    assert "is not in the repository" in errors[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kept@--output=x", "is no revision"),
        ("kept@nowhere", "has no commit nowhere"),
        ("nothing", "there is no directory nothing"),
        (".", "is no Git repository"),
    ],
)
def test_what_is_no_commit_is_refused(tmp_path: Path, name: str, said: str) -> None:
    as_git(kept(tmp_path), tmp_path)
    name = name if name == "nothing" else f"{tmp_path}/{name}"
    status, lines, errors = run_import(tmp_path, "--git", name)
    assert (status, lines, len(errors)) == (2, [], 1)
    assert said in errors[0]
    assert not (tmp_path / "cncert.db").exists()


def test_without_git_it_says_so(tmp_path: Path) -> None:
    status, _, errors = run_import(tmp_path, "--git", tmp_path, PATH="/nowhere")
    assert (status, errors) == (2, ["cncert: --git needs the program git, which is not on PATH"])
