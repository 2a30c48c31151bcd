"""Compares the digests that WARC records state with their content."""

import hashlib
import re
from base64 import b32decode
from collections.abc import Iterator

from cncert.archive.http_codings import undo_codings, without_chunks
from cncert.archive.warc_records import WarcRecord

_ALGORITHMS = {"md5": 16, "sha1": 20, "sha-1": 20, "sha256": 32, "sha-256": 32, "sha512": 64, "sha-512": 64}
"""Each with the bytes of its digests."""
_OF = ("Block", "Payload")
_PIECE = 1 << 20
_DIGEST = re.compile(r"\s*([A-Za-z0-9-]{3,7}):([A-Za-z0-9]{16,128}={0,6})\s*")


def read_digest(text: str | None) -> tuple[str, bytes] | None:
    """Return the algorithm and the digest that *text* states, in base 32 or 16; None if it is none of the known."""
    match = _DIGEST.fullmatch(text or "")
    size = _ALGORITHMS.get(match[1].lower()) if match else None
    if match is None or size is None:
        return None
    name, value = match[1].lower().replace("-", ""), match[2].rstrip("=")
    try:
        digest = bytes.fromhex(value) if len(value) == 2 * size else b32decode(value.upper() + "=" * (-len(value) % 8))
    except ValueError:
        return None
    return (name, digest) if len(digest) == size else None


def agrees(record: WarcRecord, payload: bytes, limit: int) -> bool | None:
    """Return whether *payload* is what one of the digests of *record* stands for; None if it states none."""
    of_block = read_digest(record.rec_headers.get_header("WARC-Block-Digest"))
    of_payload = read_digest(record.rec_headers.get_header("WARC-Payload-Digest"))
    if of_block is None and of_payload is None:
        return None
    if of_block is not None and any(
        _matches(of_block, record.http_head + block) for block in (payload, payload.removesuffix(b"\r\n\r\n"))
    ):
        return True
    return of_payload is not None and is_digest_of(of_payload, record, payload, limit)


class StatedDigests:
    """The digests that *record* states, compared with its content while that is read."""

    def __init__(self, record: WarcRecord) -> None:
        self._record = record
        # The payload of a revisit record is that of another one.
        names = [name for name in _OF if name == "Block" or record.rec_type != "revisit"]
        stated = [(name, read_digest(record.rec_headers.get_header(f"WARC-{name}-Digest"))) for name in names]
        self._stated = [(name, digest) for name, digest in stated if digest is not None]
        self._hashes = [hashlib.new(digest[0], usedforsecurity=False) for _, digest in self._stated]
        for (name, _), of_content in zip(self._stated, self._hashes, strict=True):
            of_content.update(record.http_head if name == "Block" else b"")
        self._payload: bytes | None = None
        self._limit = 0

    @property
    def is_stated(self) -> bool:
        """Whether there is one that is known."""
        return bool(self._stated)

    def read(self, limit: int) -> bytes | None:
        """Read the record to its end; return its payload, None if that has more than *limit* bytes."""
        pieces, size, self._limit = list[bytes](), 0, limit
        while piece := self._record.raw_stream.read(_PIECE):
            size += len(piece)
            pieces = [*pieces, piece] if size <= limit else []
            for of_content in self._hashes:
                of_content.update(piece)
        self._payload = b"".join(pieces) if size <= limit else None
        return self._payload

    def wrong(self) -> list[str]:
        """Return what is wrong, a few words each, once the record was read."""
        return [
            f"{name.lower()} digest failed"
            for (name, digest), of_content in zip(self._stated, self._hashes, strict=True)
            if of_content.digest() != digest[1] and not (name == "Payload" and self._is_of_another_form(digest))
        ]

    def _is_of_another_form(self, digest: tuple[str, bytes]) -> bool:
        return self._payload is not None and is_digest_of(digest, self._record, self._payload, self._limit)


def is_digest_of(digest: tuple[str, bytes], record: WarcRecord, payload: bytes, limit: int) -> bool:
    """Return whether *digest* is that of *payload*, which *record* has.

    Makers do not agree on what it is of: the bytes that came, those without chunks, or the decoded ones.
    """
    return any(_matches(digest, form) for form in _forms_of_payload(record, payload, limit))


def _forms_of_payload(record: WarcRecord, payload: bytes, limit: int) -> Iterator[bytes]:
    yield payload
    yield payload.removesuffix(b"\r\n\r\n")
    yield without_chunks(payload)
    yield undo_codings(payload, record.http_headers, limit) or b""


def _matches(stated: tuple[str, bytes], data: bytes) -> bool:
    return hashlib.new(stated[0], data, usedforsecurity=False).digest() == stated[1]
