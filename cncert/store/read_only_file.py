"""Opens a SQLite file to read it, so that nothing is created beside it and nobody who writes to it is disturbed."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from stat import S_ISREG
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from cncert.exceptions import StoreError, error_reason

READING_ERROR_TEXTS: Final = {
    "SQLITE_CANTOPEN": "the file cannot be opened: may this user read it?",
    "SQLITE_READONLY": "the file is read-only, and its -journal is to be rolled back: open it once for writing",
}
"""What errors mean to whoever only reads."""


class FileState(NamedTuple):
    """What of a SQLite file tells whether somebody writes to it."""

    file: tuple[int, int, int]
    """Inode, size and time of the last change."""
    has_log: bool
    """Whether what was written lately stands in a file beside it: a program has it open, or did not close it."""
    has_index: bool
    """Whether there is the shared memory by which programs find their way in that log."""


def file_state(path: Path) -> FileState:
    """Return the state of the SQLite file *path*. Raises StoreError if it is not there, or cannot be looked at."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            f"{path}: there is no such store (scrapy crawl weekly makes it, CNCERT_STORE names it)"
        ) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error_reason(error)}") from error
    if not S_ISREG(found.st_mode):
        raise StoreError(f"{path} is no file")
    logs = (_beside(path, "-wal"), _beside(path, "-journal"))
    has_log = any(log.is_file() and log.stat().st_size for log in logs)
    return FileState((found.st_ino, found.st_size, found.st_mtime_ns), has_log, _beside(path, "-shm").exists())


def connect_read_only(path: Path, state: FileState, timeout: float) -> sqlite3.Connection:
    """Return a connection that reads *path*, whose *state* it is, and cannot write to it. May raise OSError."""
    if state.has_log and not state.has_index and _beside(path, "-wal").exists():
        return _copied(path)  # as in a backup: SQLite would make the shared memory, or fail where it may not
    # Without a log SQLite would make one. The file is taken for unchanging: whoever reads has to look whether it is.
    mode = "mode=ro" if state.has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=timeout, isolation_level=None)


def _copied(path: Path) -> sqlite3.Connection:
    """Return a connection to a copy of *path* in memory, with what stands in its log."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    with TemporaryDirectory(prefix="cncert-") as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        shutil.copyfile(_beside(path, "-wal"), _beside(copy, "-wal"))
        with closing(sqlite3.connect(copy)) as source:
            source.backup(db)
    return db


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
