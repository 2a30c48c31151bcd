"""Writing files that are either whole or as they were, also after a kill or on a full disk.

A file is written beside its place, under a hidden name that says which process writes it, and takes the place once it
is whole. What a process that was killed left under such a name can be told from what another is writing.
"""

import os
import re
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from glob import escape
from pathlib import Path
from typing import BinaryIO

from cncert.terminal.live_process import process_is_gone

FileWriter = Callable[[str, bytes], Awaitable[Path | None]]
"""Writes a file to a path below ``CNCERT_FILES``; returns where it is on this machine, None for a bucket.

Raises StoreError if that fails.
"""
_PART = re.compile(r"\..+\.(?P<pid>\d+)@(?P<host>.+)\.part")


def part_suffix() -> str:
    """The end of the names under which this process writes what is not whole yet; before it, a dot and a name."""
    return f".{os.getpid()}@{socket.gethostname()}.part"


def write_whole(path: Path, data: bytes | memoryview, *, mode: int | None = None) -> None:
    """Put *data* in the place of what *path* holds; its folder is made if need be.

    *mode* is the file's permissions, from the moment it is there; without it they are those of any new file.
    Raises OSError; *path* is as it was then, and nothing else stays behind.
    """
    with written_whole(path, mode=mode) as file:
        file.write(data)


@contextmanager
def written_whole(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of what *path* holds at the end, unless an exception comes first.

    Until then its ``name`` says where it is.

    Everything else is as in :func:`write_whole`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    start = f".{path.name[:40]}"  # a name that is nearly too long gets no longer
    remove_leftovers(path.parent.glob(f"{escape(start)}.*.part"))
    part = path.with_name(f"{start}{part_suffix()}")
    part.unlink(missing_ok=True)
    try:
        opener = partial(os.open, mode=0o666 if mode is None else mode)
        with open(part, "x+b", opener=opener) as file:  # a Path's open takes no opener
            yield file
        if mode is not None:
            part.chmod(mode)
        move_whole({part: path})
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def move_whole(places: Mapping[Path, Path]) -> None:
    """Give written files their places, one after the other, once the bytes of all are on the disk. Raises OSError."""
    for part in places:
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    for part, path in places.items():
        part.replace(path)


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Remove those of *paths*, files or directories, that a process which is gone left unfinished; no others."""
    for path in list(paths):
        if (name := _PART.fullmatch(path.name)) is None:
            continue
        with suppress(OSError):
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if not process_is_gone(name["host"], int(name["pid"]), written, datetime.now(UTC)):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
