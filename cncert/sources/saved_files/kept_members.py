"""What the readers of tar files and Git repositories give: one member after the other, and how one is recognized."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from cncert.sources.saved_files.no_issue import NoIssue
from cncert.store.settled_files import FINGERPRINT_BYTES


@dataclass(frozen=True, slots=True)
class KeptMember:
    """A file in an archive. It has to be read before the next one is taken."""

    name: str
    """As it stands there: it may be any text."""
    size: int
    written_at: datetime
    read: Callable[[int], bytes]
    """Returns so many of the bytes that come next."""
    fingerprint: bytes | None = None
    """None if the archive cannot be recognized: it comes through a pipe."""
    fault: NoIssue | None = None
    """Why it is not read."""
    reason: str = ""
    """The same in words, where they say more."""


def fingerprint(*parts: str | bytes | int) -> bytes:
    """Return a digest of what identifies a file."""
    digest = blake2b(digest_size=FINGERPRINT_BYTES)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogateescape")
        digest.update(b"%d:%b" % (len(data), data))
    return digest.digest()


def file_fingerprint(path: str, found: os.stat_result) -> bytes:
    """Return the fingerprint of the file at *path* as it is now: one that is changed has another size or time."""
    where = path if path.startswith("/") else os.path.abspath(path)  # noqa: PTH100  # resolve() takes ten times as long
    return fingerprint("file", where, found.st_size, found.st_mtime_ns)


def is_hidden(name: str) -> bool:
    """Return whether the file *name* in an archive, or a folder above it, is hidden."""
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/"))
