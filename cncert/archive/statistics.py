"""Statistics of WARC files, counted in one pass: only a hash of each content stays in memory."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from cncert.archive import warc_records
from cncert.archive.index import location_of
from cncert.archive.wacz import opened_warcs
from cncert.archive.warc_records import WarcRecord
from cncert.exceptions import ArchiveError, error_reason
from cncert.items import issue_id
from cncert.report.series import CNCERT_BIZ
from cncert.report.title import read_title
from cncert.wechat.address import read_address, read_picture
from cncert.wechat.failure_pages import Page, read_page
from cncert.wechat.judge_answer import judge_answer

KINDS = ("response", "conversion", "revisit", "request", "metadata", "resource", "warcinfo", "continuation")
"""Types of records; the first two hold the content of an address."""
MAX_HASHES = 500_000
"""Different contents that are remembered, in about 50 MB; of more, some duplicates are not noticed."""


@dataclass
class Sizes:
    """Number and bytes of some records."""

    records: int = 0
    packed: int = 0
    """Compressed bytes, on the disk."""
    unpacked: int = 0
    """Decompressed bytes of the records' blocks: headers and bodies of answers, as the server sent them."""

    def add(self, packed: int, unpacked: int) -> None:
        """Add one record."""
        self.records += 1
        self.packed += packed
        self.unpacked += unpacked


@dataclass
class ArchiveStats:
    """Sums over WARC files."""

    files: int = 0
    size: int = 0
    """Bytes of the files."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """The reason for each file, or file in a WACZ, in which nothing can be read."""
    broken_off: list[str] = field(default_factory=list)
    """Files that end within a record: a run was killed, or is still writing."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Records by WARC-Type."""
    sizes: Sizes = field(default_factory=Sizes)
    issues: set[str] = field(default_factory=set)
    """Ids of the issues whose pages are archived."""
    pages: Counter[str] = field(default_factory=Counter)
    """Answers to requests for articles, by verdict."""
    pictures: int = 0
    """Answers to requests for pictures."""
    duplicates: Sizes = field(default_factory=Sizes)
    """Answers with the content of an earlier one."""
    oversize: int = 0
    """Answers that are too large to be read."""
    oldest: datetime | None = None
    newest: datetime | None = None
    months: dict[str, Sizes] = field(default_factory=dict)
    """Sizes by month (``2025-01``), of the records that have a date."""
    _hashes: set[bytes] = field(default_factory=set)

    def read(self, path: Path, limit: int, advance: Callable[[int], object]) -> None:
        """Add the file *path*, or the WARC files in a WACZ; bodies of more than *limit* bytes are skipped.

        *advance* is called with bytes read.
        """
        self.files += 1
        try:
            self.size += path.stat().st_size
            for name, file in opened_warcs(path, self.unreadable.setdefault):
                self._read_records(name, file, limit, advance)
        except (OSError, ArchiveError) as error:
            self.unreadable.setdefault(str(path), error_reason(error))

    def _read_records(self, name: str, file: BinaryIO, limit: int, advance: Callable[[int], object]) -> None:
        before, is_whole, reason = self.sizes.records, True, "no record is in it"
        try:
            records = warc_records.records(file)
            for record in records:
                is_new = self._add_content(record, limit)
                packed = records.get_record_length()  # reads the record to its end
                is_whole = self._add_record(record, packed, is_new)
                advance(packed)
        except warc_records.BROKEN as error:
            is_whole, reason = False, error_reason(error)
        if self.sizes.records == before:
            self.unreadable[name] = reason
        elif not is_whole:
            self.broken_off.append(name)

    def _add_record(self, record: WarcRecord, packed: int, is_new: bool) -> bool:
        """Add the sizes of *record*, which has been read; return whether it is complete."""
        unpacked = record.raw_stream.tell()
        self.kinds[record.rec_type if record.rec_type in KINDS else "other"] += 1
        self.sizes.add(packed, unpacked)
        if not is_new:
            self.duplicates.add(packed, unpacked)
        if (date := warc_records.date(record)) != warc_records.UNDATED:
            self.months.setdefault(f"{date:%Y-%m}", Sizes()).add(packed, unpacked)
            self.oldest, self.newest = min(self.oldest or date, date), max(self.newest or date, date)
        return warc_records.is_whole(record)

    def _add_content(self, record: WarcRecord, limit: int) -> bool:
        """Add the content of *record*; return whether it is new."""
        if record.rec_type not in KINDS[:2] or (record.rec_type == "response" and record.http_headers is None):
            return True
        body = warc_records.content(record, limit)
        if body is None:
            self.oversize += 1
            return True
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        if read_address(url) is not None:
            self._add_page(_page(record, url, body))
        elif read_picture(url) is not None:
            self.pictures += 1
        digest = blake2b(body, digest_size=16).digest()
        if digest in self._hashes:
            return False
        if len(self._hashes) < MAX_HASHES:
            self._hashes.add(digest)
        return True

    def _add_page(self, page: Page) -> None:
        self.pages[page.verdict] += 1
        article = page.article
        title = read_title(article.title) if article is not None and article.biz == CNCERT_BIZ else None
        if title is not None:
            self.issues.add(issue_id(*title.week))


def _page(record: WarcRecord, url: str, body: bytes) -> Page:
    if record.rec_type == "conversion":
        return read_page(body, url)
    return judge_answer(url, warc_records.status(record), location_of(record), body)
