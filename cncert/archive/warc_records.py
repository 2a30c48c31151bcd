"""Reads the records of untrusted WARC files, whoever made them: within limits, and past what is damaged."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders

from cncert.archive.http_codings import undo_codings
from cncert.archive.unpacked import ArchiveFault, Unpacked
from cncert.archive.warc_block import MAX_HEADER_BYTES, Block, before_record, read_head
from cncert.exceptions import ArchiveError, error_reason

MAX_FAULTS = 1_000
"""Records of a file that are refused before the rest is given up."""
BROKEN = (ArchiveLoadFailed, EOFError, OSError, ValueError)
"""Exceptions that reading a file raises if it is broken, or no WARC file."""
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the date of a record that has none."""

_WARC = re.compile(rb"WARC/[0-9]\.[0-9]{1,2}[ \t]{0,9}\r?\n")
_ARC = re.compile(rb"([!-~]{1,4096}) [!-~]{1,64} ([0-9]{14}) ([!-~]{1,128})(?: [!-~]{1,4096}){0,5} ([0-9]{1,15})\r?\n")
_ARC_FILE = b"filedesc://"
BEGINNINGS = (b"WARC/", _ARC_FILE)
"""Of a WARC or ARC file that is not compressed."""
_CUT_HEADERS = "the file ends in the headers of a record"
_LENGTH = re.compile("[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """A record; those of ARC files in the form of WARC's."""

    rec_type: str
    rec_headers: StatusAndHeaders
    http_headers: StatusAndHeaders | None
    """Of an answer, if it begins with a status line."""
    http_head: bytes
    raw_stream: Block
    """What is left of the block: the payload."""
    place: tuple[int, int]
    """Where it is found again: in the file, and within what the gzip member or Zstandard frame there unpacks to."""

    @property
    def address(self) -> str:
        """The address that it is about, empty if it names none."""
        return self.rec_headers.get_header("WARC-Target-URI") or ""


class RecordReader:
    """The records of a file from its present position on: plain, in gzip or in Zstandard.

    As an iterator it raises ArchiveLoadFailed for the first record that cannot be read; ``items`` goes on behind it.
    """

    def __init__(self, file: Any, inner: int = 0) -> None:
        """Begin *inner* bytes within what the member at the present position of *file* unpacks to."""
        self._source = Unpacked(file)
        self._source.skip(inner)
        self._record: WarcRecord | None = None
        self._told: ArchiveFault | None = None
        self._faults = 0
        self._is_arc = self._source.peek(len(_ARC_FILE)) == _ARC_FILE
        self._end = 0
        """Where the last record ends in the file."""

    def __iter__(self) -> "RecordReader":
        return self

    def __next__(self) -> WarcRecord:
        item = self._next_item()
        if isinstance(item, ArchiveFault):
            raise ArchiveLoadFailed(item.reason)
        if item is None:
            raise StopIteration
        return item

    def items(self) -> Iterator[WarcRecord | ArchiveFault]:
        """Yield the records, and in place of what cannot be read why; a record's own fault behind it."""
        return iter(self._next_item, None)

    def get_record_offset(self) -> int:
        """Return where the present record begins in the file; reads it to its end."""
        return self._finished().place[0]

    def get_record_length(self) -> int:
        """Return how many bytes of the file the present record takes; reads it to its end."""
        offset = max(self._finished().place[0], self._end)
        end = self._source.end_before()
        return max(0, (self._source.read_to if end is None else end) - offset)

    def _finished(self) -> WarcRecord:
        assert self._record is not None
        self._record.raw_stream.finish()
        return self._record

    def _next_item(self) -> WarcRecord | ArchiveFault | None:
        source = self._source
        if self._record is not None:
            fault = self._record.raw_stream.finish()
            self._end = source.end_before() or source.read_to
            self._record = None
            if fault is not None:
                return self._refuse(fault)
        while self._faults <= MAX_FAULTS:
            source.skip_line_ends()
            if source.peek(1):
                return self._begin_record()
            if source.fault is not None and source.fault != self._told:
                return self._refuse(source.fault)
            if not source.resume():
                break
        return None

    def _refuse(self, fault: ArchiveFault) -> ArchiveFault:
        self._told = fault
        self._faults += 1
        if self._faults > MAX_FAULTS:
            return ArchiveFault(fault.offset, f"more than {MAX_FAULTS} records cannot be read", "refused")
        return fault

    def _begin_record(self) -> WarcRecord | ArchiveFault:
        source = self._source
        place = source.place()
        line = source.peek(10_000 if self._is_arc else 32)
        if arc := _ARC.match(line) if self._is_arc else None:
            headers = _arc_headers(arc)
            source.take(arc.end())
        elif _WARC.match(line):
            head = read_head(source)
            if head is None:
                return self._skip(ArchiveFault(place[0], f"headers of more than {MAX_HEADER_BYTES} bytes"))
            if not source.data and not head.endswith((b"\n\n", b"\n\r\n")):
                return self._refuse(source.fault or ArchiveFault(place[0], _CUT_HEADERS, "cut"))
            headers = _parse(head)
        elif b"\n" not in line and line == source.data and line[:5] == b"WARC/"[: len(line)]:
            source.take(len(line))
            return self._refuse(source.fault or ArchiveFault(place[0], _CUT_HEADERS, "cut"))
        else:
            return self._skip(ArchiveFault(place[0], "no record begins there"))
        length = _LENGTH.fullmatch((headers.get_header("Content-Length") or "").strip())
        block = Block(source, int(length[0]) if length else None, place[0], is_arc=self._is_arc)
        kind = (headers.get_header("WARC-Type") or "").strip().lower()
        is_answer = kind in ("response", "revisit") or "application/http" in (headers.get_header("Content-Type") or "")
        http = block.read_http_head() if is_answer and kind != "request" else b""
        record = WarcRecord(kind, headers, _parse(http) if http else None, http, block, place)
        if block.fault is not None:
            return self._skip(block.fault)
        self._record = record
        return record

    def _skip(self, fault: ArchiveFault) -> ArchiveFault:
        """Take all that comes before the next record."""
        found = False
        while not found and self._source.peek(1):
            count, found = before_record(self._source)
            if found and count == 0:  # the one that is refused
                count, found = 1, False
            self._source.take(count)
        return self._refuse(fault)


records = RecordReader


@contextmanager
def record_at(path: Path, offset: int, inner: int = 0) -> Iterator[WarcRecord]:
    """Open the record at that place of the file *path*. Raises ArchiveError if there is none."""
    with ExitStack() as opened:
        try:
            file = opened.enter_context(path.open("rb"))
            file.seek(offset)
            record = next(RecordReader(file, inner), None)
        except BROKEN as error:
            raise ArchiveError(f"{path} cannot be read at byte {offset}: {error_reason(error)}") from error
        if record is None:
            raise ArchiveError(f"{path} has no record at byte {offset}")
        yield record


def is_warc(file: Any) -> bool:
    """Return whether a WARC or ARC file begins at the present position of *file*, which is restored."""
    start = file.tell()
    source = Unpacked(file)
    beginning = source.peek(len(_ARC_FILE))
    file.seek(start)
    return beginning.startswith(BEGINNINGS)


def _parse(head: bytes) -> StatusAndHeaders:
    """Return the first line and the headers of *head*, whatever ends its lines."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    first, *lines = text.split("\n")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and headers:  # a long header goes on
            headers[-1] = headers[-1][0], f"{headers[-1][1]} {line.strip()}"
        elif ":" in line:
            name, _, value = line.partition(":")
            headers.append((name.strip(), _address(value.strip()) if "uri" in name.lower() else value.strip()))
    protocol, _, status = first.strip().partition(" ")
    return StatusAndHeaders(status.strip(), headers, protocol=protocol)


def _address(value: str) -> str:
    """Return an address as it is meant: some makers put it into angle brackets, or leave spaces in it."""
    return value.removeprefix("<").removesuffix(">").replace(" ", "%20")


def _arc_headers(line: re.Match[bytes]) -> StatusAndHeaders:
    address, digits, _, length = (part.decode() for part in line.groups())
    try:
        date = datetime.strptime(f"{digits}Z", "%Y%m%d%H%M%S%z").isoformat()
    except ValueError:
        date = ""
    kind = "warcinfo" if address.startswith("filedesc:") else "response"
    headers = [("WARC-Type", kind), ("WARC-Target-URI", address), ("WARC-Date", date), ("Content-Length", length)]
    return StatusAndHeaders("", [*headers, ("Content-Type", "application/http")], protocol="ARC")


def payload(record: WarcRecord, limit: int) -> bytes | None:
    """Return the payload as it was archived; None if it has more than *limit* bytes."""
    packed = record.raw_stream.read(limit + 1)
    return packed if len(packed) <= limit else None


def content(record: WarcRecord, limit: int) -> bytes | None:
    """Return the decoded content, or None if it has more than *limit* bytes, compressed or not."""
    packed = payload(record, limit)
    return undo_codings(packed, record.http_headers, limit) if packed is not None else None


def is_whole(record: WarcRecord) -> bool:
    """Read *record* to its end; return whether all of it is there, and undamaged."""
    return record.raw_stream.finish() is None


def status(record: WarcRecord) -> int:
    """Return the status of an answer; 0 if it has none."""
    code = record.http_headers.get_statuscode() if record.http_headers is not None else None
    return int(code) if code and re.fullmatch("[0-9]{3}", code) else 0


def date(record: WarcRecord) -> datetime:
    """Return when the record was made; UNDATED if it does not say."""
    try:
        found = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return UNDATED
    return found if 1990 <= found.year < 2100 else UNDATED
