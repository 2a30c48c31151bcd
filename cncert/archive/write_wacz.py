"""Writes a WACZ: a ZIP file of raw pages with an index and a list of the issues, which players of web archives open.

Its form is that of WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/). The records are copied as they are, each in
a gzip member; the same records give the same bytes, in whatever files of gzip members they were.
"""

import io
import json
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from warcio.warcwriter import WARCWriter

from cncert import __version__
from cncert.archive.choose_records import RecordPlace, choose_records
from cncert.archive.index import FileIndex, IndexEntry
from cncert.archive.packed_members import PackedFile
from cncert.archive.warc_reader import ArchiveReader
from cncert.exceptions import ArchiveError, error_reason
from cncert.report.publishers import ShownPage
from cncert.report.series import SERIES
from cncert.terminal.atomic_write import written_whole

WARC_NAME, INDEX_NAME = "data.warc.gz", "index.cdx.gz"
LINES_IN_BLOCK = 300
"""Lines of the index that are packed together: so many are unpacked to find one."""
MIN_ZIP64_BYTES = 1 << 30
"""What may become larger gets the large form of a ZIP file's entry."""


@dataclass(frozen=True, slots=True)
class WaczContents:
    """What was written into a WACZ."""

    issues: tuple[str, ...]
    pages: int
    """In the list of pages."""
    records: int
    lost: int
    """Records that were left out because what they repeat is not there."""


def write_wacz(
    reader: ArchiveReader, path: Path, wants: Callable[[str], bool] | None, advance: Callable[[int, int], object]
) -> WaczContents:
    """Write what *reader* has into the file *path*; with *wants* only the issues that it accepts, and what they show.

    *advance* is called with how many records were written, and how many there are. Raises ArchiveError; *path* is as
    it was then.
    """

    def write() -> WaczContents | None:
        try:
            return _write(reader, path, wants, advance)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be written: {error_reason(error)}") from error

    contents = reader.trusted(write, None)
    if contents is None:
        raise ArchiveError(f"{path} was not written: the archive can no longer be read")
    return contents


def _write(
    reader: ArchiveReader, path: Path, wants: Callable[[str], bool] | None, advance: Callable[[int, int], object]
) -> WaczContents:
    """As :func:`write_wacz`. Raises OSError, and WrongIndex if an index has to be made anew."""
    chosen = choose_records(reader.indexes, wants)
    if not chosen.records:
        raise ArchiveError("nothing is archived of these issues" if wants else "nothing is archived")
    listed = chosen.newest_pages()
    issues = tuple(sorted({one.entry.issue for one in listed if one.entry.issue}))
    newest = max(one.entry.date for one in chosen.records)
    is_large = sum(one.entry.length for one in chosen.records) > MIN_ZIP64_BYTES
    with written_whole(path) as file, zipfile.ZipFile(file, "w") as packed:
        wacz = _Wacz(packed, newest)
        with wacz.member(f"archive/{WARC_NAME}", zipfile.ZIP_STORED, is_large=is_large) as member:
            lines = _write_records(member, chosen.records, newest, advance)
        wacz.add_index(lines)
        with wacz.member("pages/pages.jsonl") as member:
            member.write(_page_list(listed, chosen.pages))
        wacz.add_package(issues, is_sample=chosen.is_sample)
    return WaczContents(issues, len(listed), len(chosen.records), chosen.lost)


def _write_records(
    member: "_Member", records: Sequence[RecordPlace], newest: str, advance: Callable[[int, int], object]
) -> list[bytes]:
    """Write *records*; return the lines of their index. Raises WrongIndex."""
    member.write(_about(records, newest))
    lines = []
    for number, (index, entry) in enumerate(records, 1):
        index.read(entry, judged=False)  # is it what the index says?
        data = _packed(index, entry)
        if entry.kind != "conversion":  # players take it for what a server sent
            lines.append(replace(entry, offset=member.size, length=len(data)).line(WARC_NAME))
        member.write(data)
        advance(number, len(records))
    return lines


def _about(records: Sequence[RecordPlace], newest: str) -> bytes:
    """Return the first record, which says what made the file."""
    info = {"software": f"cncert/{__version__}", "format": "WARC File Format 1.0"}
    record = WARCWriter(None).create_warcinfo_record(WARC_NAME, info)
    named = "".join(f"{one.entry.date} {one.entry.url} {one.entry.digest}\n" for one in records)
    record.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, named)}>")
    record.rec_headers.replace_header("WARC-Date", _rfc3339(newest))
    buffer = io.BytesIO()
    WARCWriter(buffer, gzip=False).write_record(record)
    return zlib.compress(buffer.getvalue(), wbits=31)


def _packed(index: FileIndex, entry: IndexEntry) -> bytes:
    """Return the record, which has been read once, in a gzip member: as it is if it is in one. Raises OSError."""
    with index.path.open("rb") as file:
        file.seek(entry.offset)
        data = file.read(entry.length)
        if data.startswith(b"\x1f\x8b"):
            return data
        if not data.startswith(b"WARC/"):
            data = b"".join(PackedFile(file).unpacked(entry.offset))
    return zlib.compress(data, wbits=31)


def _page_list(listed: Sequence[RecordPlace], pages: dict[str, ShownPage]) -> bytes:
    """Return the list of pages, JSON Lines with their text, in which players search."""
    head: dict[str, object] = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    rows = [head]
    for one in listed:
        entry, page = one.entry, pages[one.entry.sha256]
        row = {"id": sha256(f"{entry.url} {entry.date}".encode()).hexdigest()[:16], "url": entry.url}
        rows.append({**row, "ts": _rfc3339(entry.date), "title": page.title, "text": page.text})
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode("utf-8", "replace")


def _rfc3339(date: str) -> str:
    """Return the 14 digits of an index as a time."""
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14]}Z"


class _Member:
    """A file in the WACZ that is written piece by piece."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.size, self.digest = 0, sha256()
        self._stream = stream

    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self.digest.update(data)
        self.size += len(data)


class _Wacz:
    """Writes the members of a WACZ. Its times are those of the newest record: the same archive gives the same file."""

    def __init__(self, file: zipfile.ZipFile, newest: str) -> None:
        self._file, self._newest = file, newest
        moment = datetime.strptime(newest, "%Y%m%d%H%M%S")  # noqa: DTZ007  # a ZIP file has times without a zone
        self._time = max(1980, moment.year), moment.month, moment.day, moment.hour, moment.minute, moment.second
        self._resources: list[dict[str, object]] = []

    @contextmanager
    def member(
        self, name: str, compression: int = zipfile.ZIP_DEFLATED, *, is_large: bool = False
    ) -> Iterator[_Member]:
        """Begin the member *name*. What is packed already is to be stored, so that players find their way in it."""
        info = zipfile.ZipInfo(name, self._time)
        info.compress_type, info.create_system, info.external_attr = compression, 3, 0o644 << 16
        with self._file.open(info, "w", force_zip64=is_large) as stream:
            member = _Member(stream)
            yield member
        digest = f"sha256:{member.digest.hexdigest()}"
        self._resources.append({"name": Path(name).name, "path": name, "hash": digest, "bytes": member.size})

    def add_index(self, lines: list[bytes]) -> None:
        """Write the index: its *lines* in gzip members, and where each member is and begins."""
        lines.sort()
        places = [f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': INDEX_NAME})}\n".encode()]
        with self.member(f"indexes/{INDEX_NAME}", zipfile.ZIP_STORED) as member:
            for start in range(0, len(lines), LINES_IN_BLOCK):
                data = zlib.compress(b"".join(lines[start : start + LINES_IN_BLOCK]), wbits=31)
                place = {"offset": member.size, "length": len(data), "digest": f"sha256:{sha256(data).hexdigest()}"}
                places.append(lines[start].split(b" {", 1)[0] + f" {json.dumps(place)}\n".encode())
                member.write(data)
        with self.member("indexes/index.idx") as member:
            member.write(b"".join(places))

    def add_package(self, issues: Sequence[str], *, is_sample: bool) -> None:
        """Write what names all members with their digests, and its own digest."""
        about = "Raw pages of CNCERT/CC's weekly report with their pictures, as they were served."
        if is_sample:
            about = "Sample data, mostly invented: do not cite."
        weeks = f" {issues[0]} – {issues[-1]}" if issues else ""
        package = {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": f"{SERIES}{weeks}",
            "description": about,
            "created": _rfc3339(self._newest),
            "software": f"cncert/{__version__}",
            "resources": list(self._resources),
        }
        text = json.dumps(package, ensure_ascii=False, indent=2).encode()
        with self.member("datapackage.json") as member:
            member.write(text)
        digest = {"path": "datapackage.json", "hash": f"sha256:{sha256(text).hexdigest()}"}
        with self.member("datapackage-digest.json") as member:
            member.write(json.dumps(digest, indent=2).encode())
