"""Reads the page in an MHTML file, which holds a page and its pictures in the form of a mail.

The standard library's mail parser takes 7 times as long and fails on deeply nested parts: it gets the headers only.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

MAX_PARTS = 2_000
_MAX_DEPTH = 4
_HEADERS = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n")
_MAX_HEADER_BYTES = 65_536


def read_mhtml(data: bytes) -> tuple[bytes, str | None, datetime | None] | None:
    """Return the page in *data*, an MHTML file, its address and when it was saved; None if it has no page."""
    headers = _HEADERS.match(data, 0, _MAX_HEADER_BYTES)
    if headers is None:
        return None
    head = message_from_bytes(headers[0])
    if not ("MIME-Version" in head or head.get_content_maintype() == "multipart"):
        return None
    part = next(_pages(data, 0), None)
    if part is None:
        return None
    html = part.get_payload(decode=True)
    address = head["Snapshot-Content-Location"] or part["Content-Location"]
    return html if isinstance(html, bytes) else b"", str(address).strip() if address else None, _date(head)


def _pages(data: bytes, depth: int) -> Iterator[Message]:
    """Yield the HTML parts of *data*, a part or a whole mail, the first one first."""
    headers = _HEADERS.match(data, 0, _MAX_HEADER_BYTES)
    if headers is None or depth > _MAX_DEPTH:
        return
    head = message_from_bytes(headers[0])
    boundary = head.get_boundary()
    if head.get_content_type() in ("text/html", "application/xhtml+xml"):
        yield message_from_bytes(data)
    elif head.get_content_maintype() == "multipart" and boundary:
        for part in _parts(data, b"--" + boundary.encode("latin-1", "replace")):
            yield from _pages(part, depth + 1)


def _parts(data: bytes, delimiter: bytes) -> Iterator[bytes]:
    """What stands between the lines that begin with *delimiter*."""
    begin = -1
    position = data.find(b"\n" + delimiter)
    for _ in range(MAX_PARTS):
        if begin >= 0:
            yield data[begin : position if position >= 0 else len(data)]
        begin = data.find(b"\n", position + 1) + 1 if position >= 0 else 0
        if begin == 0:
            return
        position = data.find(b"\n" + delimiter, begin - 1)


def _date(head: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(head["Date"]))
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo is not None else None
