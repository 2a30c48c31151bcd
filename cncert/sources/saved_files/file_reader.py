"""Reads a saved file or archive, and validates the issues in it."""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader, BytesIO
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pydantic import ValidationError

from cncert.archive.unpacked import is_dictionary
from cncert.archive.wacz import ZIP_MAGICS, ZipMember, opened_zip
from cncert.archive.warc_records import BEGINNINGS, is_warc
from cncert.exceptions import ArchiveError, SavedFileError, error_reason
from cncert.items import Issue
from cncert.report.cleaning import clean_issue
from cncert.report.validation import first_problem, validate_issue
from cncert.sources.listed_articles import ListedArticle
from cncert.sources.saved_files.find_files import MAX_PAGE_BYTES, STDIN, decompressed, files_in_archive, opened_raw
from cncert.sources.saved_files.first_look import HEAD_BYTES, first_look
from cncert.sources.saved_files.issue_documents import may_be_document, read_document
from cncert.sources.saved_files.kept_members import KeptMember, file_fingerprint
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.pages_in_warc import read_answers
from cncert.sources.saved_files.saved_page import (
    SavedPage,
    SavedPageContent,
    no_issue_of,
    read_saved_page,
    unwrap_saved_page,
)
from cncert.sources.saved_files.site_answer import read_site_answer
from cncert.sources.saved_files.tar_members import BLOCK_BYTES, is_tar, tar_members
from cncert.sources.saved_files.warc_sources import WarcSource, is_warc_member, warc_sources
from cncert.terminal.safe_text import safe
from cncert.terminal.worker_pool import results_in_this_process
from cncert.wechat.failure_pages import Page, is_cut_off
from cncert.wechat.judge_answer import judge_answer

WACZ_LIST = "datapackage.json"
"""The file of a WACZ that says what it holds."""
_OFFICE_FILES = ("[Content_Types].xml", "mimetype")
"""In ZIP files that are a document of an office program."""


@dataclass(frozen=True, slots=True)
class PageFromFile:
    """A page that a file holds: the verdict with its reason, and the issue in it."""

    name: str
    """The file as it was named; for an answer in a WARC file, its address behind a ``#``."""
    page: Page
    reason: str
    issue: Issue | None
    no_issue: NoIssue | None
    """Why there is none that can be stored."""
    is_whole: bool
    """Whether the page has its end: half an article reads like a whole one."""
    saved_page: SavedPage | None
    """The page itself, if it was asked for."""
    listed: tuple[ListedArticle, ...] = ()
    """Issues that it names with their addresses, if it is none itself."""


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file that could not be read, and why in a few words."""

    name: str
    reason: str
    absent: bool
    """Whether there is no such file, or nobody may open it."""
    no_issue: NoIssue = NoIssue.UNREAD


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file, or a member of an archive, that is no issue by the first look, or that was read before."""

    name: str
    """As it stands there: it may be any text."""
    no_issue: NoIssue
    fingerprint: bytes | None = None
    """Of the file as it is now; None if it need not be kept."""


@dataclass(frozen=True, slots=True)
class FileDone:
    """All that a file holds was yielded."""

    fingerprint: bytes


FileResult = PageFromFile | UnreadFile | PassedOver | FileDone


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file that was named, or found below a directory."""

    name: str
    fingerprint: bytes | None = None
    looks: bool = False
    """Whether it is parsed only if the first look at it, once it is decompressed, does not tell what it is."""


class FileReader:
    """Reads a file: a page, a WARC file, a ZIP file, which may be a WACZ, or a tar file."""

    def __init__(
        self,
        *,
        keep_pages: bool = False,
        others: Sequence[str] = (),
        looks: bool = False,
        settled: Container[bytes] = (),
    ) -> None:
        """*others* are files in which an archive may find what its records refer to.

        *looks*: whether members of archives are parsed only if the first look does not tell what they are; those of a
        tar file whose fingerprints are *settled* are passed over.
        """
        self._keep_pages, self._others, self._looks, self._settled = keep_pages, others, looks, settled
        self._file = ""
        self.packed: BinaryIO | None = None
        """The file that is read at present, as it is on the disk."""

    def read(self, file: FileToRead | OSError) -> Iterator[FileResult]:
        """Yield the page in *file*, or the pages of an archive. Raises SavedFileError for one that cannot be read."""
        if isinstance(file, OSError):
            yield UnreadFile(printable_name(str(file.filename)), error_reason(file), absent=True)
            return
        self._file = file.name
        try:
            is_pipe = file.name == STDIN
            written_at = datetime.now(UTC) if is_pipe else datetime.fromtimestamp(Path(file.name).stat().st_mtime, UTC)
            with opened_raw(file.name) as stream:
                self.packed = stream
                yield from self._read_opened(file.name, stream, written_at, looks=file.looks)
        except OSError as error:
            yield UnreadFile(printable_name(file.name), error_reason(error), absent=True)
        except ArchiveError as error:
            raise SavedFileError(str(error)) from error
        except MemoryError:
            raise SavedFileError("takes more memory than there is") from None

    def read_content(self, name: str, data: bytes, written_at: datetime) -> Iterator[FileResult]:
        """As :meth:`read`, of *data*, all that a member of an archive holds."""
        content: Any = BytesIO(data)
        try:
            yield from self._read_opened(name, BufferedReader(content), written_at, looks=self._looks)
        except ArchiveError as error:
            raise SavedFileError(str(error)) from error
        except MemoryError:
            raise SavedFileError("takes more memory than there is") from None

    def _read_opened(
        self, name: str, stream: BufferedReader, written_at: datetime, *, looks: bool
    ) -> Iterator[FileResult]:
        if stream.peek(4).startswith(ZIP_MAGICS):
            if not stream.seekable():
                raise SavedFileError("a ZIP archive cannot be read from a pipe: name the file")
            with opened_zip(stream) as members:
                if not any(member.name in _OFFICE_FILES for member in members):
                    yield from self._read_zip(name, members, written_at)
                    return
            stream.seek(0)
        if stream.seekable() and is_warc(stream):
            can_reopen = name == self._file != STDIN
            reopen = (lambda: opened_raw(name)) if can_reopen else (lambda: nullcontext(stream))
            yield from self._read_warcs([WarcSource(name, reopen, can_reopen=can_reopen)])
        elif is_dictionary(stream.peek(4)):
            yield from self._read_warcs([WarcSource(name, lambda: nullcontext(stream), can_reopen=False)])
        else:
            yield from self._read_stream(name, stream, written_at, looks=looks)

    def _read_stream(
        self, name: str, stream: BufferedReader, written_at: datetime, *, looks: bool
    ) -> Iterator[FileResult]:
        """Yield the page, or the pages of the archive, in *stream*, which may be compressed."""
        with decompressed(stream) as content:
            if content.peek(16).startswith(BEGINNINGS):
                yield from self._read_warcs([WarcSource(name, lambda: nullcontext(content), can_reopen=False)])
                return
            if is_tar(content.peek(BLOCK_BYTES)) and name == self._file:
                archive, packed = self._identity()
                yield from self.read_members(name, tar_members(content, archive, packed))
                return
            first = content.readline(MAX_PAGE_BYTES + 1) if may_be_document(content.peek(100)) else b""
            if read_document(first) is not None:
                yield from self._read_documents(
                    name, chain([first], iter(partial(content.readline, MAX_PAGE_BYTES + 1), b"")), written_at
                )
                return
            data = first + content.read(MAX_PAGE_BYTES + 1 - len(first))
        if looks and (no_issue := first_look(data, PurePosixPath(name).name, is_all=True)) is not None:
            yield PassedOver(name, no_issue)
            return
        if len(data) > MAX_PAGE_BYTES:
            raise SavedFileError(f"larger than {MAX_PAGE_BYTES} bytes")
        saved_page = unwrap_saved_page(data, written_at, PurePosixPath(name).name)
        yield self._validated(printable_name(name), saved_page, read_saved_page(saved_page))

    def _read_documents(self, name: str, lines: Iterable[bytes], written_at: datetime) -> Iterator[FileResult]:
        """Yield the issues in *lines*, each a document in JSON."""
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{printable_name(name)}#{number}"
            if read_document(line) is None:
                yield UnreadFile(place, "no document of an issue", absent=False)
                continue
            saved_page = unwrap_saved_page(line, written_at, PurePosixPath(name).name)
            yield self._validated(place, saved_page, read_saved_page(saved_page))

    def _identity(self) -> tuple[bytes | None, Callable[[], int] | None]:
        """Return what identifies the file that is read, and how much of it was read; None for a pipe."""
        packed = self.packed
        if packed is None or not packed.seekable() or self._file == STDIN:
            return None, None
        return file_fingerprint(self._file, os.fstat(packed.fileno())), packed.tell

    def read_members(self, place: str, members: Iterable[KeptMember]) -> Iterator[FileResult]:
        """Yield what *members* of the archive *place* hold: each within the time that a file may take."""
        for member in members:
            name = f"{place}/{member.name}"
            if member.fault is not None and member.fault.may_be_lost:
                reason = member.reason or member.fault.means
                yield UnreadFile(printable_name(name), reason, absent=False, no_issue=member.fault)
            elif member.fault is not None:
                yield PassedOver(name, member.fault, member.fingerprint)
            elif member.fingerprint in self._settled:
                yield PassedOver(name, NoIssue.SETTLED)
            else:
                yield from self._read_member(name, member)

    def _read_member(self, name: str, member: KeptMember) -> Iterator[FileResult]:
        own_name, data = PurePosixPath(name).name, member.read(HEAD_BYTES)
        no_issue = first_look(data, own_name, is_all=len(data) == member.size) if self._looks else None
        if len(data) < member.size and no_issue in (None, NoIssue.OTHER_TEXT):
            data += member.read(member.size - len(data))
            no_issue = first_look(data, own_name, is_all=True) if self._looks else None
        if no_issue is not None:
            yield PassedOver(name, no_issue, member.fingerprint)
            return
        read = partial(self.read_content, name, written_at=member.written_at)
        for _, result in results_in_this_process(read, [data]):
            if isinstance(result, SavedFileError):
                yield UnreadFile(printable_name(name), str(result), absent=False)
            else:
                yield result
        if member.fingerprint is not None:
            yield FileDone(member.fingerprint)

    def _read_zip(self, file: str, members: Sequence[ZipMember], written_at: datetime) -> Iterator[FileResult]:
        """Yield the pages in a ZIP file; of a WACZ, those in its WARC files."""
        wanted = files_in_archive([member.name for member in members])
        warcs, others = list[WarcSource](), list[ZipMember]()
        for member in sorted(members, key=lambda one: one.name):
            name = f"{file}/{member.name}" if member.name else file
            if member.fault:
                if member.name in wanted or not member.name:
                    yield UnreadFile(printable_name(name), member.fault, absent=False)
            elif is_warc_member(member):
                warcs.append(WarcSource(name, member.open))
            elif member.name in wanted:
                others.append(member)
        yield from self._read_warcs(warcs)
        lists = (one.name.removesuffix(WACZ_LIST) for one in others if PurePosixPath(one.name).name == WACZ_LIST)
        waczs = tuple(place for place in lists if any(one.name.startswith(f"{file}/{place}") for one in warcs))
        for member in others:
            if member.name.startswith(waczs):
                continue  # its indexes and lists
            if member.is_last:
                return
            name = f"{file}/{member.name}"
            try:
                with member.open() as content:
                    yield from self._read_stream(name, content, written_at, looks=self._looks)
            except (SavedFileError, ArchiveError) as error:
                yield UnreadFile(printable_name(name), str(error), absent=False)

    def _read_warcs(self, sources: Sequence[WarcSource]) -> Iterator[FileResult]:
        for file, answer in read_answers(sources, MAX_PAGE_BYTES, self._other_warcs):
            if isinstance(answer, SavedFileError):
                yield UnreadFile(printable_name(file), str(answer), absent=False)
                continue
            saved = SavedPage(answer.body, answer.address, answer.date, as_served=True, is_answer=answer.is_response)
            if answer.site_page is not None:
                content = read_site_answer(answer, saved)
            elif answer.status == 200:
                content = read_saved_page(saved)
            else:
                page = judge_answer(answer.address, answer.status, answer.location, answer.body)
                content = SavedPageContent(page, None, page.reason, no_issue_of(page.verdict))
            name = printable_name(f"{file}#{answer.address}")
            yield self._validated(name, saved, content, is_cut=answer.is_cut)

    def _other_warcs(self) -> Iterator[WarcSource]:
        return warc_sources(name for name in self._others if name not in (self._file, STDIN))

    def _validated(
        self, name: str, saved_page: SavedPage, content: SavedPageContent, *, is_cut: bool = False
    ) -> PageFromFile:
        """Return *content* with its issue cleaned and validated, as in a crawl."""
        issue, reason, no_issue = None, content.reason, content.no_issue
        if content.issue is not None:
            try:
                issue = validate_issue(clean_issue(content.issue))
            except ValidationError as error:
                reason, no_issue = f"no issue (invalid): {first_problem(error)}", NoIssue.INVALID
        is_whole = not is_cut and not (saved_page.as_served and is_cut_off(saved_page.data))
        if not is_whole and (issue is not None or no_issue in (NoIssue.STUB, NoIssue.IDENTITY)):
            no_issue = NoIssue.CUT
        kept = saved_page if self._keep_pages else None
        return PageFromFile(name, content.page, reason, issue, no_issue, is_whole, kept, content.listed)


def printable_name(file: str) -> str:
    """Return the name of a file as it can be printed: names may hold bytes that are no text, and line ends."""
    return safe(os.fsencode(file).decode("utf-8", "replace"))
