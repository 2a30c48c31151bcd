"""Compares what a WACZ says of itself, in its package file and its indexes, with what is in it."""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from cncert.archive.wacz import ZipMember, opened_zip
from cncert.exceptions import ArchiveError

PACKAGE, PACKAGE_DIGEST = "datapackage.json", "datapackage-digest.json"
MAX_TEXT_BYTES = 64 << 20
"""Of an index or a package file, unpacked."""
_INDEX_ENDINGS = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")
_PIECE = 1 << 20
_BROKEN = (ArchiveError, ValueError, LookupError, TypeError, EOFError, OSError, RecursionError, zlib.error)


def package_faults(path: Path, places: Mapping[str, Mapping[tuple[int, int], bytes]]) -> Iterator[str]:
    """Yield what the WACZ *path* says that is not so; nothing of a ZIP file that is none.

    *places* has for each WARC file in it, by its name without a folder, the offsets and lengths of its records with
    the line that an index has of each. Raises OSError, and ArchiveError if it is no ZIP file.
    """
    with path.open("rb") as file, opened_zip(file) as members:
        readable = {member.name: member for member in members if not member.fault}
        if PACKAGE in readable:
            yield from _digest_faults(readable)
            yield from _index_faults(readable, places)


def _digest_faults(members: Mapping[str, ZipMember]) -> Iterator[str]:
    try:
        stated = {one["path"]: one["hash"] for one in json.loads(_content(members[PACKAGE]))["resources"]}
        if PACKAGE_DIGEST in members:
            one = json.loads(_content(members[PACKAGE_DIGEST]))
            stated[one["path"]] = one["hash"]
    except _BROKEN:
        yield f"{PACKAGE} does not say what the file holds"
        return
    for name, digest in stated.items():
        if name not in members:
            yield f"{PACKAGE} names {str(name)[:200]!r}, which is not there, or cannot be read"
            continue
        algorithm, _, value = str(digest).partition(":")
        if algorithm in ("md5", "sha1", "sha256", "sha512") and _digest(members[name], algorithm) != value:
            yield f"{name} is not what {PACKAGE} says: another {algorithm}"


def _digest(member: ZipMember, algorithm: str) -> str:
    """Return the digest of the content of *member*, nothing if that is damaged."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with member.open() as content:
            while piece := content.read(_PIECE):
                digest.update(piece)
    except _BROKEN:
        return ""
    return digest.hexdigest()


def _index_faults(
    members: Mapping[str, ZipMember], places: Mapping[str, Mapping[tuple[int, int], bytes]]
) -> Iterator[str]:
    """Yield which records the indexes name that are not there, and which answers they lack."""
    named: set[tuple[str, tuple[int, int]]] = set()
    for name, member in members.items():
        if not name.startswith("indexes/") or not name.endswith(_INDEX_ENDINGS):
            continue
        try:
            lines = _content(member).splitlines()
            found = {_place(line) for line in lines if line.strip() and not line.startswith(b"!meta")}
        except _BROKEN:
            yield f"{name} is no index"
            continue
        named |= found
        for file, place in sorted(found):
            if place not in places.get(file, ()):
                yield f"{name} names a record at byte {place[0]} of {file[:200]!r}, where none of this length is"
    for file, records in places.items():
        for place, line in sorted(records.items()):
            if (file, place) not in named and b'"kind": "' not in line:
                yield f"no index names the record at byte {place[0]} of {file}"


def _place(line: bytes) -> tuple[str, tuple[int, int]]:
    """Return which record *line* of an index names. Raises ValueError, LookupError or TypeError."""
    stated = json.loads(line.split(b" ", 2)[2])
    return PurePosixPath(str(stated["filename"])).name, (int(stated["offset"]), int(stated["length"]))


def _content(member: ZipMember) -> bytes:
    """Return the content of *member*, unpacked. Raises ArchiveError, and what unpacking raises."""
    with member.open() as content:
        packed = content.peek(2).startswith(b"\x1f\x8b")
        with gzip.open(content) if packed else io.BufferedReader(content) as text:
            data = text.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise ArchiveError(f"unpacks to more than {MAX_TEXT_BYTES} bytes")
    return data
