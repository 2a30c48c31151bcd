"""Undoes what a server, or who archived its answer, did to the content: chunks and compression."""

import re

from warcio.statusandheaders import StatusAndHeaders

from cncert.archive.compression import decompress

MAX_CODINGS = 8
"""Codings of an answer that are undone; a server applies one or two."""
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")


def undo_codings(packed: bytes, headers: StatusAndHeaders | None, limit: int) -> bytes | None:
    """Return the content of an answer with *headers*; None if it has more than *limit* bytes."""
    transfer = _codings(headers, "transfer-encoding")
    if transfer and transfer[-1] == "chunked":
        packed = without_chunks(packed)
        transfer.pop()
    return decompress(packed, ",".join((*_codings(headers, "content-encoding"), *transfer)), limit)


def _codings(headers: StatusAndHeaders | None, name: str) -> list[str]:
    """Return the codings that all headers *name* of an answer list, in lower case, as they were applied."""
    values = [value for header, value in headers.headers if header.strip().lower() == name] if headers else []
    parts = (part.strip().lower() for value in values for part in value.split(","))
    codings = [coding for coding in parts if coding not in ("", "identity")]
    return codings if len(codings) <= MAX_CODINGS else []


def without_chunks(data: bytes) -> bytes:
    """Return chunked *data* in one piece, as far as it goes; as it is if it has no chunks: some archives keep the
    header of joined content."""
    joined, position = bytearray(), 0
    while size := _CHUNK_SIZE.match(data, position):
        length = int(size[1], 16)
        end = size.end() + length
        joined += memoryview(data)[size.end() : end]
        position = end
        if length == 0 or end > len(data):
            break
        if data[position : position + 2] == b"\r\n":
            position += 2
        elif data[position : position + 1] == b"\n":
            position += 1
        else:
            break
    return bytes(joined) if position else data
