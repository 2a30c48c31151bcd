"""The content of a WARC record, whose stated length may be wrong, or missing."""

import re

from warcio.limitreader import LimitReader

from cncert.archive.unpacked import PIECE, ArchiveFault, Unpacked

MAX_HEADER_BYTES = 1 << 18
"""Bytes of all headers of a record, or of the answer in it."""
_NEXT_RECORD = re.compile(rb"\n(?=WARC/[0-9]\.[0-9]{1,2}[ \t]{0,9}\r?\n[A-Za-z][A-Za-z-]{1,60}[ \t]{0,9}:)")
_MAX_MATCH = 128
_TRAILERS = (b"\r\n\r\n", b"\n\n")
"""What stands behind a record."""
_RUNS_ON = "its Content-Length is wrong, and what follows is lost with it"
_END_OF_HEAD = re.compile(rb"\n\r?\n")


def read_head(source: Unpacked, limit: int = MAX_HEADER_BYTES) -> bytes | None:
    """Take headers with the empty line behind them, or all *limit* bytes if there is none; None if it is too far."""
    size = 0
    while size < limit:
        size = min(2 * size + 2048, limit)
        head = source.peek(size)
        if (found := _END_OF_HEAD.search(head)) is not None:
            return source.take(found.end())
        if len(head) < size:
            break
    return None if size >= MAX_HEADER_BYTES else source.take(size)


def before_record(source: Unpacked) -> tuple[int, bool]:
    """Return how many of the next bytes belong to no later record, and whether one begins behind them."""
    ahead = source.peek(PIECE)
    places = [place for place in source.members_ahead() if source.peek(place + 5).startswith(b"WARC/", place)]
    if (found := _NEXT_RECORD.search(ahead)) is not None:
        places.append(found.end())
    if places:
        return min(places), True
    return (len(ahead), False) if len(ahead) < PIECE else (len(ahead) - _MAX_MATCH - len(_TRAILERS[0]), False)


class Block(LimitReader):  # type: ignore[misc]  # warcio has no types
    """The content of a record.

    If its stated length is wrong or missing, it ends where the next record begins, or where its gzip member or its
    Zstandard frame ends.
    """

    def __init__(self, source: Unpacked, length: int | None, offset: int, *, is_arc: bool) -> None:
        super().__init__(None, length or 0)
        self.fault: ArchiveFault | None = None
        """Why the record cannot be used; known when it has been read to its end."""
        self._source, self._offset, self._is_arc = source, offset, is_arc
        self._read = 0
        self._tail = b""
        self._holds_record = self._is_over = self._is_finished = False
        left = source.size_left()
        self._may_be_cut = length is not None and (left is None or length > left)
        if length is not None and left is not None and not is_arc:
            behind = source.look_ahead(length, _MAX_MATCH) if length < left else b""
            if length > left or not _may_follow(behind):
                self.limit = 0
        self._is_searched = self.limit == 0 != length
        if length == 0:
            self._check_end()

    def read(self, length: int | None = None) -> bytes:
        """Return *length* bytes, or all; fewer at the end only."""
        pieces, left = list[bytes](), length if length is not None else 1 << 62
        while left > 0 and (piece := self._piece(min(left, PIECE))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._read

    def read_http_head(self) -> bytes:
        """Return the head of the answer with which the block begins; nothing if there is none."""
        if self._is_over or self._source.peek(5).upper() != b"HTTP/":
            return b""
        head = read_head(self._source, MAX_HEADER_BYTES if self._is_searched else min(self.limit, MAX_HEADER_BYTES))
        if head is None:
            self.fault = ArchiveFault(self._offset, f"headers of more than {MAX_HEADER_BYTES} bytes")
            return b""
        self._note(head)
        return head

    def finish(self) -> ArchiveFault | None:
        """Read to the end, and the line ends behind it; return why the record cannot be used."""
        if not self._is_finished:
            while self._piece(PIECE):
                pass
            self._is_finished = True
            member = self._source.member_before()
            self._source.skip_line_ends()  # the checksum of a member stands behind them
            broken = self._source.fault
            if self.fault is None and broken is not None and broken.offset == member and not self._source.is_plain:
                self.fault = broken
            self.limit = 1 if self.fault is not None else 0
        return self.fault

    def _piece(self, length: int) -> bytes:
        """Return some of the next *length* bytes; nothing at the end."""
        if self._is_over:
            return b""
        source = self._source
        if not self._is_searched:
            count = source.ready(min(length, self.limit))
            begun = [place for place in source.members_ahead() if source.peek(place + 5).startswith(b"WARC/", place)]
            if count and (not begun or begun[0] > 0):
                return self._note(source.take(min([count, *begun])))
            # Another record begins before the end that is stated, or the file ends.
            self._end(is_whole=bool(begun) or (not source.is_plain and self._tail.endswith(_TRAILERS)))
            return b""
        count, found = before_record(source)
        trailer = b""
        if found or count == len(source.data):
            ahead = bytes(source.data[max(0, count - 4) : count])
            trailer = next((one for one in _TRAILERS if ahead.endswith(one)), b"")
        if count > len(trailer):
            return self._note(source.take(min(count - len(trailer), length)))
        self._end(is_whole=found or not source.is_plain or (bool(trailer) and not self._may_be_cut))
        return b""

    def _end(self, *, is_whole: bool) -> None:
        self._is_over = True
        broken = self._source.fault if not self._source.data else None
        if self._holds_record:
            self.fault = ArchiveFault(self._offset, _RUNS_ON)
        elif broken is not None or not is_whole:
            self.fault = broken or ArchiveFault(self._offset, "the file ends inside of a record", "cut")

    def _note(self, piece: bytes) -> bytes:
        self._read += len(piece)
        for part in (piece, self._tail + piece[:_MAX_MATCH]):
            self._holds_record |= b"\nWARC/" in part and _NEXT_RECORD.search(part) is not None
        self._tail = (self._tail + piece[-_MAX_MATCH:])[-_MAX_MATCH:]
        if not self._is_searched:
            self.limit -= len(piece)
            if self.limit == 0:
                self._check_end()
        return piece

    def _check_end(self) -> None:
        """Look whether the record ends where it states."""
        behind = self._source.peek(_MAX_MATCH)
        if self._is_arc or _may_follow(behind) or 0 in self._source.members_ahead():
            self._is_over = True
        elif self._holds_record:
            self._is_over = True
            self.fault = ArchiveFault(self._offset, _RUNS_ON)
        else:
            self._is_searched = True


def _may_follow(behind: bytes) -> bool:
    """Return whether *behind* is what stands behind a record: line ends and another one, or the end."""
    return behind.startswith(_TRAILERS) or behind.lstrip(b"\r\n")[:5] in (b"", b"WARC/")
