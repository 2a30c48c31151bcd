"""Reads the files of a commit out of a Git repository, by Git itself: no file is checked out, nothing of it is run.

The repository may be anybody's: of its configuration nothing counts that could start a program or fetch something.
"""

import os
import subprocess
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from itertools import islice
from pathlib import Path
from shutil import which
from typing import cast

from cncert.exceptions import ArgumentError, SavedFileError
from cncert.sources.saved_files.find_files import MAX_PAGE_BYTES
from cncert.sources.saved_files.kept_members import KeptMember, fingerprint, is_hidden
from cncert.sources.saved_files.no_issue import NoIssue

_FLAGS = (
    "--no-replace-objects", "--no-optional-locks", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=",
    "-c", "protocol.allow=never",
    # Else Git maps all of a pack into memory: 470 MB of one with 145,000 articles.
    "-c", "core.packedGitWindowSize=1m", "-c", "core.packedGitLimit=32m", "-c", "core.deltaBaseCacheLimit=16m",
)  # fmt: skip
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",  # of Git 2.44; older ones are kept from fetching by protocol.allow
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_FILE_MODES = ("100644", "100755", "100664")
"""Links and submodules have others."""
_ASKED_AT_ONCE = 256
"""Blobs whose names fit into a pipe before the first answer is read."""


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit of a repository."""

    name: str
    """As it was named: ``REPO`` or ``REPO@REV``."""
    command: tuple[str, ...]
    """What every call of Git begins with."""
    commit: str
    files: int
    written_at: datetime


def find_commit(name: str) -> GitCommit:
    """Return the commit that *name* is of: ``REPO``, whose HEAD counts, or ``REPO@REV``.

    Raises ArgumentError if there is none, or no Git.
    """
    git = which("git")
    if git is None:
        raise ArgumentError("--git needs the program git, which is not on PATH")
    place, separator, revision = (name, "", "") if Path(name).is_dir() else name.rpartition("@")
    place, revision = (place, revision) if separator else (name, "HEAD")
    if not Path(place).is_dir():
        raise ArgumentError(f"--git {name}: there is no directory {place}")
    if not revision or revision.startswith("-"):
        raise ArgumentError(f"--git {name}: {revision!r} is no revision")
    own = Path(place, ".git")
    # Named as the repository itself, so Git does not ask whose it is (safe.directory), and looks for none above it.
    command = (git, *_FLAGS, f"--git-dir={(own if own.exists() else Path(place)).absolute()}")
    try:
        commit = _answer(command, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except SavedFileError as error:
        is_repository = Path(place, "HEAD").exists() or own.exists()
        what = f"has no commit {revision}" if is_repository else "is no Git repository"
        raise ArgumentError(f"--git {name}: {place} {what}{f': {error}' if str(error) else ''}") from error
    try:
        seconds = int(_answer(command, "rev-list", "--max-count=1", "--timestamp", commit).partition(" ")[0])
        files = _count_files(command, commit)
    except (SavedFileError, ValueError, OverflowError) as error:
        raise ArgumentError(f"--git {name}: cannot be read: {error}") from error
    return GitCommit(name, command, commit, files, datetime.fromtimestamp(seconds, UTC))


def git_members(commit: GitCommit, settled: Container[bytes]) -> Iterator[KeptMember]:
    """Yield the files of *commit*, without hidden ones; those that are *settled* are not read.

    Raises SavedFileError for what ends the reading.
    """
    with _running(commit.command, "cat-file", "--batch") as blobs:
        entries = _entries(commit.command, commit.commit, "--long")
        while asked := list(islice(entries, _ASKED_AT_ONCE)):
            marks = [fingerprint("git", blob) for _, _, blob, _, _ in asked]
            wanted = [_is_wanted(entry) and mark not in settled for entry, mark in zip(asked, marks, strict=True)]
            names = [blob for (_, _, blob, _, _), is_wanted in zip(asked, wanted, strict=True) if is_wanted]
            assert blobs.stdin is not None
            blobs.stdin.write("".join(f"{name}\n" for name in names).encode())
            blobs.stdin.flush()
            for entry, mark, is_wanted in zip(asked, marks, wanted, strict=True):
                mode, _, blob, size, name = entry
                if is_wanted:
                    yield from _blob(cast("BufferedReader", blobs.stdout), name, blob, mark, commit.written_at)
                elif not is_hidden(name):
                    fault: NoIssue | None = None  # it is settled
                    if not _is_wanted(entry):
                        is_file = mode in _FILE_MODES
                        large = NoIssue.TOO_LARGE if size.isdigit() else NoIssue.UNREAD
                        fault = large if is_file else NoIssue.NO_FILE
                    yield KeptMember(name, 0, commit.written_at, lambda _: b"", mark, fault, _reason(fault))


def _reason(fault: NoIssue | None) -> str:
    return "is not in the repository: it is kept elsewhere, or lost" if fault is NoIssue.UNREAD else ""


def _blob(stream: BufferedReader, name: str, blob: str, mark: bytes, when: datetime) -> Iterator[KeptMember]:
    """Yield the file that Git writes next into *stream*."""
    answer = stream.readline(200).split()
    if len(answer) != 3 or answer[0] != blob.encode() or not answer[2].isdigit():
        if answer[1:] == [b"missing"]:
            yield KeptMember(name, 0, when, lambda _: b"", mark, NoIssue.UNREAD, _reason(NoIssue.UNREAD))
            return
        raise SavedFileError("Git gives another answer than it was asked for: the repository is damaged")
    size = left = int(answer[2])

    def read(count: int) -> bytes:
        nonlocal left
        data = stream.read(min(count, left))
        left -= len(data)
        if not data and count and left:
            raise SavedFileError("Git ended before all was read: the repository is damaged")
        return data

    yield KeptMember(name, size, when, read, mark)
    while left:
        read(1 << 16)
    stream.read(1)


def _is_wanted(entry: tuple[str, str, str, str, str]) -> bool:
    """Return whether the content of a file is asked for: Git says how large it is before."""
    mode, kind, _, size, name = entry
    return (
        mode in _FILE_MODES
        and kind == "blob"
        and size.isdigit()
        and int(size) <= MAX_PAGE_BYTES
        and not is_hidden(name)
    )


def _entries(command: Sequence[str], commit: str, *options: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield mode, kind, blob, size and name of each file of *commit*."""
    with _running(command, "ls-tree", "-r", "-z", *options, commit) as tree:
        for line in _lines(cast("BufferedReader", tree.stdout)):
            stated, _, name = line.partition(b"\t")
            mode, kind, blob, *size = stated.decode("ascii", "replace").split()
            yield mode, kind, blob, size[0] if size else "", name.decode("utf-8", "surrogateescape")
        if tree.wait() != 0:
            raise SavedFileError("Git cannot list all files of the commit: the repository is damaged")


def _lines(stream: BufferedReader) -> Iterator[bytes]:
    """Yield what stands before each zero byte."""
    rest = b""
    while piece := stream.read1(1 << 16):
        *lines, rest = (rest + piece).split(b"\0")
        yield from lines


def _count_files(command: Sequence[str], commit: str) -> int:
    with _running(command, "ls-tree", "-r", "-z", "--name-only", commit) as tree:
        stream = cast("BufferedReader", tree.stdout)
        return sum(piece.count(b"\0") for piece in iter(lambda: stream.read1(1 << 16), b""))


def _answer(command: Sequence[str], *args: str) -> str:
    """Return what Git answers, on one line. Raises SavedFileError with what it says instead."""
    done = subprocess.run(  # noqa: S603  # the git on PATH; a revision never begins with -
        [*command, *args], env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise SavedFileError(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200])
    return done.stdout.decode("ascii", "replace").strip()


@contextmanager
def _running(command: Sequence[str], *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """Return a running Git, which is killed at the end."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603  # as above
        [*command, *args], env=_environment(), stdin=pipe, stdout=pipe, stderr=null
    ) as process:
        try:
            yield process
        except OSError as error:
            raise SavedFileError("Git ended before all was read: the repository is damaged") from error
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    """Return the environment without what would change what Git reads."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _ENVIRONMENT
