"""The files of our own archive: their names, who writes them, and the repair of those that a killed run left."""

import os
import re
import socket
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cncert.archive.index import index_path, read_end
from cncert.exceptions import error_reason
from cncert.terminal.live_process import process_is_gone

_NAME = re.compile(r".+-[0-9]{8}T[0-9]{6}-(?P<host>.+)-(?P<pid>[0-9]{1,9})\.warc\.gz")
_CHUNK = 1 << 20


def new_name(writer: str) -> str:
    """Return the name of a file that *writer*, a spider or a command, begins now."""
    return f"{writer}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{socket.gethostname()}-{os.getpid()}.warc.gz"


def count_files(directory: Path) -> tuple[int, int]:
    """Return how many WARC files *directory* holds, and their bytes, also if there is no such directory."""
    sizes = [path.stat().st_size for path in directory.rglob("*.warc*") if path.is_file()]
    return len(sizes), sum(sizes)


def is_being_written(path: Path) -> bool:
    """Whether the process that the name of *path* states may still write it."""
    name = _NAME.fullmatch(path.name)
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return False
    return name is not None and not process_is_gone(name["host"], int(name["pid"]), written, datetime.now(UTC))


def broken_off(directory: Path) -> Iterator[tuple[Path, int]]:
    """Yield each file of *directory* that ends within a record and that nobody writes, and where its last whole ends.

    Only what a killed run leaves counts, an unfinished record at the end; other damage is left to be looked at.
    """
    for path in sorted(directory.rglob("*.warc.gz")):
        if _NAME.fullmatch(path.name) and not is_being_written(path):
            size, end = path.stat().st_size, read_end(path)
            if end != size and (whole := _whole_until(path, end if end < size else 0)) is not None and whole < size:
                yield path, whole


def repair(directory: Path) -> Iterator[str]:
    """Cut each file that ends within a record to its last whole one; yield what was done, a line each."""
    try:
        for path, end in list(broken_off(directory)):
            lost = path.stat().st_size - end
            if end:
                os.truncate(path, end)
            else:
                path.unlink()
                index_path(path).unlink(missing_ok=True)
            yield f"{path} broke off: its last {lost} bytes, an unfinished record, were cut off"
    except OSError as error:
        yield f"the archive {directory} cannot be repaired: {error_reason(error)}"


def _whole_until(path: Path, start: int) -> int | None:
    """Return where the last whole gzip member behind *start*, the end of one, ends; None if something else is there."""
    with path.open("rb") as file:
        file.seek(start)
        end, member, rest = start, zlib.decompressobj(31), b""
        while chunk := rest or file.read(_CHUNK):
            rest = b""
            try:
                while chunk and not member.eof:  # at its end the last tail stays
                    member.decompress(chunk, _CHUNK)  # in parts: a page may be large
                    chunk = member.unconsumed_tail
            except zlib.error:
                is_zero = not any(chunk) and not any(file.read(_CHUNK))  # a power failure leaves that
                return end if is_zero else None
            if member.eof:
                rest = member.unused_data
                end = file.tell() - len(rest)
                member = zlib.decompressobj(31)
    return end
