"""The index of a WARC file: a CDXJ file beside it with a line for each record that holds the content of an address.

Other tools (pywb, replayweb.page) read such files. Ours have fields of their own, by which a page is found without
reading any other: ``sha256`` of the decoded content, ``key`` of what was requested, ``kind`` of a record that is no
answer, and of pages ``verdict``, ``article`` (that a page under a short address states) and ``issue``.

An index only says where to look: each line is compared with its record, and one that is wrong is made anew. It is
searched as bytes, because an archive may have 10,000 lines of which one is wanted.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from cncert.archive import warc_records
from cncert.archive.http_codings import undo_codings
from cncert.archive.unpacked import ArchiveFault
from cncert.archive.url_key import url_key
from cncert.archive.warc_records import WarcRecord
from cncert.exceptions import error_reason
from cncert.items import issue_id
from cncert.report import publishers
from cncert.report.parser_version import PARSER
from cncert.report.title import read_title
from cncert.terminal.atomic_write import write_whole
from cncert.wechat.address import Address, PictureAddress, read_address, read_picture
from cncert.wechat.failure_pages import Verdict
from cncert.wechat.wayback import read_capture

ANSWERS = ("response", "resource")
"""Types of records that hold an answer with its content."""
CONTENTS = (*ANSWERS, "conversion")
"""Those that hold the content of an address: what a browser made of an answer, too."""
_PLACE = re.compile(rb'"length": "([0-9]{1,15})", "offset": "([0-9]{1,15})", "filename": "')


def identity_of(url: str) -> str:
    """Return what *url* identifies, the same for all addresses and captures of one article or picture."""
    found = _requested(url)
    if found is None:
        return url
    return str(found.key) if found.key else found.url


def _requested(url: str) -> Address | PictureAddress | None:
    """Return the article or picture that was requested at *url*, or a capture of which was."""
    capture = read_capture(url)
    return capture.address if capture is not None else read_address(url) or read_picture(url)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A line of an index."""

    url: str
    date: str
    """Of the record, 14 digits."""
    kind: str
    """The record's type."""
    mime: str
    status: int
    """0 if it has none."""
    digest: str
    """Of the content as it was sent, as the record states it; empty if it does not."""
    sha256: str
    """Of the decoded content; empty for a revisit record, and for content over the limit."""
    key: str
    """What was requested (:func:`identity_of`)."""
    verdict: Verdict | None = None
    """What the page is; None if the address is none of a page that may be an issue."""
    article: str | None = None
    """The key of the article, if only the page states it."""
    issue: str | None = None
    """The issue that the page's title names."""
    offset: int = 0
    length: int = 0

    @classmethod
    def parse(cls, line: bytes | bytearray) -> "IndexEntry":
        """Return the entry in *line*, which is not to be trusted. Raises ValueError, LookupError or TypeError."""
        _, date, text = line.decode().split(" ", 2)
        found = json.loads(text)
        verdict, article, issue = (found.get(name) for name in ("verdict", "article", "issue"))
        kind = "revisit" if found["mime"] == "warc/revisit" else found.get("kind", "response")
        place = int(found["offset"]), int(found["length"])
        values = (found["url"], date, kind, found["mime"], int(found.get("status", 0)), found.get("digest", ""))
        own = found.get("sha256", ""), found["key"], Verdict(verdict) if verdict else None, article, issue
        return cls(*values, *own, *place)

    def line(self, filename: str) -> bytes:
        """Return the line for the index of the file *filename*."""
        fields: dict[str, str | None] = {
            "url": self.url,
            "mime": self.mime,
            "status": str(self.status) if self.status else None,
            "digest": self.digest,
            "length": str(self.length),
            "offset": str(self.offset),
            "filename": filename,
            "key": self.key,
            "sha256": self.sha256,
            "kind": self.kind if self.kind not in ("response", "revisit") else None,
            "verdict": self.verdict,
            "article": self.article,
            "issue": self.issue,
            "parser": PARSER if self.verdict is not None else None,
        }
        stated = json.dumps({name: value for name, value in fields.items() if value or name == "mime"})
        return f"{url_key(self.url)} {self.date} {stated}\n".encode("ascii", "backslashreplace")


def describe(record: WarcRecord, payload: bytes | None, limit: int) -> tuple[IndexEntry, bytes | None] | None:
    """Return the entry of *record*, without its place and what the page is, and its content; None if it has no content.

    *payload* is what was archived; it and the content are None if they have more than *limit* bytes.
    """
    kind, url, http = record.rec_type, record.rec_headers.get_header("WARC-Target-URI") or "", record.http_headers
    media = (http if kind in ("response", "revisit") and http else record.rec_headers).get_header("Content-Type") or ""
    if not _belongs(record):
        return None
    content = undo_codings(payload, http, limit) if kind != "revisit" and payload is not None else None
    entry = IndexEntry(
        url=url,
        date=f"{warc_records.date(record):%Y%m%d%H%M%S}",
        kind=kind,
        mime="warc/revisit" if kind == "revisit" else re.split(r"[;\s]", media, maxsplit=1)[0],
        status=warc_records.status(record) if http is not None else 0,
        digest=record.rec_headers.get_header("WARC-Payload-Digest") or "",
        sha256=sha256(content).hexdigest() if content is not None else "",
        key=identity_of(url),
    )
    return entry, content


def _belongs(record: WarcRecord) -> bool:
    """Whether *record* belongs into an index: it says what an address has."""
    kind, headers = record.rec_type, record.rec_headers
    if kind not in (*CONTENTS, "revisit") or not headers.get_header("WARC-Target-URI"):
        return False
    is_about = kind == "resource" and (headers.get_header("Content-Type") or "").startswith("application/warc-fields")
    return not is_about and (kind != "response" or record.http_headers is not None)


def judge(entry: IndexEntry, location: str, content: bytes) -> IndexEntry:
    """Return *entry* with what the page is; *location* is where a redirect leads."""
    found = publishers.judge(entry.url, entry.status if entry.kind == "response" else None, location, content)
    if found is None:
        return entry
    title = read_title(found.title) if found.title is not None else None
    is_short = (address := _requested(entry.url)) is not None and address.key is None
    article = found.article if is_short else None
    return replace(entry, verdict=found.verdict, article=article, issue=issue_id(*title.week) if title else None)


def entry_of(record: WarcRecord, payload: bytes | None, limit: int) -> IndexEntry | None:
    """Return the whole entry of *record*, but for its place; None if it holds no content of an address.

    *payload* as :func:`describe` takes it.
    """
    described = describe(record, payload, limit)
    if described is None or described[1] is None:
        return described[0] if described else None
    return judge(described[0], location_of(record), described[1])


def location_of(record: WarcRecord) -> str:
    """Return where the answer in *record* redirects to, empty if it does not."""
    return (record.http_headers.get_header("Location") or "") if record.http_headers is not None else ""


class WrongIndex(Exception):
    """A line is none of an index, or its record says something else. Raised from :class:`FileIndex`."""

    def __init__(self, index: "FileIndex", reason: str) -> None:
        super().__init__(reason)
        self.index = index


class FileIndex:
    """The index of one WARC file, read from beside it or made from the file."""

    def __init__(self, path: Path, limit: int, *, keep: bool = False) -> None:
        """Read the index of *path*, or make it; content over *limit* bytes has no digest. *keep*: write it."""
        self.path, self._limit, self._keep = path, limit, keep
        self._is_made = False
        self.lines = bytearray()
        self.unreadable: str | None = None
        """Why nothing can be read."""
        self.is_broken_off = False
        """Whether the file ends within a record, or has something else behind one."""
        try:
            file = path.stat()
        except OSError as error:
            self.unreadable = f"{path} cannot be read as a WARC file: {error_reason(error)}"
            return
        lines, changed_at = read_kept(index_path(path))
        end = end_of(lines, path.name)
        is_older = end == file.st_size and changed_at < file.st_mtime_ns
        is_of_another_parser = lines.count(b'"verdict": ') != lines.count(json.dumps(PARSER).encode())
        if end is None or end > file.st_size or is_older or is_of_another_parser or not self._has_all(lines):
            lines, end = b"", 0
        self.lines += lines
        if end != file.st_size or not end:
            self._read_on(end)
        elif keep and (rows := lines.splitlines()) != sorted(rows):
            self.save()  # a run that was killed did not sort it; other tools look by halves

    def rebuild(self) -> bool:
        """Make the index from the file alone; return whether it was not made so before."""
        if self._is_made:
            return False
        self._read_on(0)
        return True

    def _has_all(self, lines: bytes) -> bool:
        """Whether *lines* leave out nothing that they should have: between two places are other records, if any."""
        end = 0
        for place, length in sorted(places_of(lines)):
            try:
                if place < end or (place > end and self._holds_content(end, place)):
                    return False
            except warc_records.BROKEN:
                return False
            end = place + length
        return True

    def _holds_content(self, start: int, end: int) -> bool:
        """Whether the file has a record that belongs into the index from *start* to *end*. Raises one of BROKEN."""
        with self.path.open("rb") as file:
            file.seek(start)
            records = warc_records.records(file)
            for record in records:
                if _belongs(record):
                    return True
                behind: int = records.get_record_offset() + records.get_record_length()
                if behind >= end:
                    return behind > end
        return True

    def _read_on(self, end: int) -> None:
        """Add the records behind the first *end* bytes, which the index has."""
        if not end:
            self.lines, self._is_made = bytearray(), True
        found, before = False, len(self.lines)
        self.is_broken_off, self.unreadable, reason = False, None, "no record is in it"
        try:
            with self.path.open("rb") as file:
                file.seek(end)
                records = warc_records.records(file)
                for record in records.items():
                    if isinstance(record, ArchiveFault):
                        self.is_broken_off, reason = True, record.reason
                        continue
                    found = True
                    entry = entry_of(record, warc_records.payload(record, self._limit), self._limit)
                    is_whole = warc_records.is_whole(record)
                    place, length = records.get_record_offset(), records.get_record_length()
                    if not is_whole:
                        self.is_broken_off = True
                    elif entry is not None:
                        self.lines += replace(entry, offset=place, length=length).line(self.path.name)
        except warc_records.BROKEN as error:
            self.is_broken_off, reason = True, error_reason(error)
        if end and self.is_broken_off and not found:
            self._read_on(0)  # perhaps it is the index that is wrong
            return
        if not found and not end:
            self.unreadable = f"{self.path} cannot be read as a WARC file: {reason}"
        elif self._keep and not self.is_broken_off and (len(self.lines) > before or not end):
            self.save()

    def save(self) -> None:
        """Write the index, sorted, unless that fails."""
        with suppress(OSError):
            write_whole(index_path(self.path), b"".join(sorted(self.lines.splitlines(keepends=True))))

    def entries(self) -> Iterator[IndexEntry]:
        """Yield all entries. Raises WrongIndex."""
        return self._with(b'"offset": "')

    def find(self, word: str) -> Iterator[IndexEntry]:
        """Yield the entries that state *word*. Raises WrongIndex."""
        return self._with(json.dumps(word).encode())

    def with_field(self, name: str) -> Iterator[IndexEntry]:
        """Yield the entries that have the field *name*. Raises WrongIndex."""
        return self._with(f'"{name}": "'.encode())

    def _with(self, text: bytes) -> Iterator[IndexEntry]:
        lines, place = self.lines, 0
        while (place := lines.find(text, place)) >= 0:
            start, end = lines.rfind(b"\n", 0, place) + 1, lines.find(b"\n", place)
            try:
                yield IndexEntry.parse(lines[start:end])
            except (ValueError, LookupError, TypeError, RecursionError) as error:
                raise WrongIndex(self, "a line is none of an index") from error
            place = end

    def read(self, entry: IndexEntry, *, judged: bool = True) -> tuple[WarcRecord, bytes | None]:
        """Return the record of *entry* without its stream, and its content: None for a revisit, or over the limit.

        Raises WrongIndex if the record says something else than *entry*, without *judged* but for what the page is.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(entry.offset)
                record = next(iter(warc_records.records(file)), None)
                payload = warc_records.payload(record, self._limit) if record is not None else None
                described = describe(record, payload, self._limit) if record is not None else None
        except warc_records.BROKEN as error:
            raise WrongIndex(self, error_reason(error)) from error
        if record is None or described is None:
            raise WrongIndex(self, "no record is there")
        there, content = described
        if content is not None and judged:
            there = judge(there, location_of(record), content)
        stated = entry if judged else replace(entry, verdict=None, article=None, issue=None)
        if content is None and entry.sha256:
            return record, None  # with another limit it was no larger
        if replace(stated, offset=0, length=0) != there:
            raise WrongIndex(self, "another record is there")
        return record, content


def index_path(path: Path) -> Path:
    """Return where the index of the WARC file *path* is."""
    # What was unpacked may stand beside what it was unpacked from.
    packed = next((path.name.removesuffix(end) for end in (".warc.gz", ".warc.zst") if path.name.endswith(end)), None)
    return path.with_name(f"{packed or path.name}.cdxj")


def end_of(lines: bytes, filename: str) -> int | None:
    """Return where the last record of *lines* ends in the file *filename*; None if they are no index of ours of it."""
    name = rb'"filename": ' + json.dumps(filename).encode() + rb', "key": "'
    places = places_of(lines)
    if len(places) != lines.count(b"\n") or lines.count(name) != len(places):
        return None
    return max((place + length for place, length in places), default=0)


def places_of(lines: bytes) -> list[tuple[int, int]]:
    """Return offset and length of the record of each line."""
    return [(int(place), int(length)) for length, place in _PLACE.findall(lines)]


def read_end(path: Path) -> int:
    """Return where the last record in the kept index of the WARC file *path* ends; 0 if it has none of ours."""
    return end_of(read_kept(index_path(path))[0], path.name) or 0


def read_kept(path: Path) -> tuple[bytes, int]:
    """Return the whole lines of the index *path*, and when it was changed; nothing if there is none."""
    try:
        with path.open("rb") as file:
            lines = file.read()
        return lines[: lines.rfind(b"\n") + 1], path.stat().st_mtime_ns
    except OSError:
        return b"", 0
