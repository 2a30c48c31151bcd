"""Reads the files that ``scrapy extract`` and ``scrapy import`` are given, and validates the issues in them."""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from cncert.archive.unpacked import is_dictionary
from cncert.archive.wacz import ZIP_MAGICS, ZipMember, opened_zip
from cncert.archive.warc_records import BEGINNINGS, is_warc
from cncert.exceptions import ArchiveError, ArgumentError, SavedFileError, error_reason
from cncert.items import Issue
from cncert.report.cleaning import clean_issue
from cncert.report.validation import first_problem, validate_issue
from cncert.sources.saved_files.find_files import (
    MAX_PAGE_BYTES,
    STDIN,
    decompressed,
    files_in_archive,
    find_files,
    opened_raw,
)
from cncert.sources.saved_files.pages_in_warc import read_answers
from cncert.sources.saved_files.saved_page import SavedPage, SavedPageContent, read_saved_page, unwrap_saved_page
from cncert.sources.saved_files.site_answer import read_site_answer
from cncert.sources.saved_files.warc_sources import WarcSource, is_warc_member, warc_sources
from cncert.terminal.console import print_message
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe
from cncert.terminal.worker_pool import results_in_order, results_in_this_process
from cncert.wechat.failure_pages import Page, is_cut_off
from cncert.wechat.judge_answer import judge_answer

WACZ_LIST = "datapackage.json"
"""The file of a WACZ that says what it holds."""
_OFFICE_FILES = ("[Content_Types].xml", "mimetype")
"""In ZIP files that are a document of an office program."""
ONE_PROCESS_FILES, ONE_PROCESS_BYTES = 64, 64 * 1024 * 1024
"""Up to so many files and bytes are read in this process, before a worker process would have started."""


@dataclass(frozen=True, slots=True)
class PageFromFile:
    """A page that a file holds: the verdict with its reason, and the issue in it."""

    name: str
    """The file as it was named; for an answer in a WARC file, its address behind a ``#``."""
    page: Page
    reason: str
    issue: Issue | None
    is_whole: bool
    """Whether the page has its end: half an article reads like a whole one."""
    saved_page: SavedPage | None
    """The page itself, if it was asked for."""


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file that could not be read, and why in a few words."""

    name: str
    reason: str
    absent: bool
    """Whether there is no such file, or nobody may open it."""


def add_jobs_option(parser: ArgumentParser) -> None:
    """Add ``--jobs N``."""
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: as many as cores)")


def read_files(
    names: Sequence[str], opts: Namespace, *, keep_pages: bool = False
) -> Generator[PageFromFile | UnreadFile]:
    """Yield the pages in the files *names* and in the directories among them. Complains of each that cannot be read.

    With *keep_pages* the results hold the pages themselves. Raises ArgumentError for wrong arguments, before it reads
    anything.
    """
    if not names:
        raise ArgumentError("no file is named: give files, directories, or - for what comes through a pipe")
    if names.count(STDIN) > 1:
        raise ArgumentError("there is only one stdin: name - once")
    jobs = opts.jobs if opts.jobs is not None else os.cpu_count() or 1
    if jobs < 1:
        raise ArgumentError(f"--jobs {jobs} is below 1")
    return _read_files(names, jobs, keep_pages)


def _read_files(names: Sequence[str], jobs: int, keep_pages: bool) -> Generator[PageFromFile | UnreadFile]:
    # asyncio would only cancel at the next await, and reading awaits nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    files = [file for name in names for file in find_files(name)]
    # Only if nothing else is printed on the terminal.
    with progress_bar(hidden=sys.stdout.isatty()) as bar, closing(_results(files, jobs, keep_pages)) as results:
        task = bar.add_task("reading", total=len(files))
        for place, result in results:
            bar.update(task, completed=place)
            if isinstance(result, UnreadFile):
                print_message(f"{result.name}: {result.reason}")
            yield result


def _results(
    files: Sequence[str | OSError], jobs: int, keep_pages: bool
) -> Generator[tuple[int, PageFromFile | UnreadFile]]:
    names = [file for file in files if isinstance(file, str)]
    work = partial(read_file, keep_pages=keep_pages, others=names if len(names) > 1 else ())
    few = len(names) <= ONE_PROCESS_FILES and sum(map(_size, names)) <= ONE_PROCESS_BYTES
    # What comes through a pipe is there for this process only.
    if few or any(name == STDIN or Path(name).is_fifo() for name in names):
        results = results_in_this_process(work, files)
    else:
        results = results_in_order(work, files, min(jobs, len(files)), preload=__name__)
    with closing(results):
        for place, result in results:
            if isinstance(result, SavedFileError):
                yield place, UnreadFile(printable_name(str(files[place])), str(result), absent=False)
            else:
                yield place, result


def _size(name: str) -> int:
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0


def read_file(
    file: str | OSError, *, keep_pages: bool, others: Sequence[str] = ()
) -> Iterator[PageFromFile | UnreadFile]:
    """Yield the page in *file*, or the pages of an archive. Raises SavedFileError for one that cannot be read.

    *others* are files in which an archive may find what its records refer to.
    """
    if isinstance(file, OSError):
        yield UnreadFile(printable_name(str(file.filename)), error_reason(file), absent=True)
        return
    try:
        yield from _Reader(keep_pages, [name for name in others if name not in (file, STDIN)]).read(file)
    except OSError as error:
        yield UnreadFile(printable_name(file), error_reason(error), absent=True)
    except ArchiveError as error:
        raise SavedFileError(str(error)) from error
    except MemoryError:
        raise SavedFileError("takes more memory than there is") from None


class _Reader:
    """Reads a file: a page, a WARC file, or a ZIP file, which may be a WACZ."""

    def __init__(self, keep_pages: bool, others: Sequence[str]) -> None:
        self._keep_pages, self._others = keep_pages, others

    def read(self, file: str) -> Iterator[PageFromFile | UnreadFile]:
        written_at = datetime.now(UTC) if file == STDIN else datetime.fromtimestamp(Path(file).stat().st_mtime, UTC)
        with opened_raw(file) as stream:
            if stream.peek(4).startswith(ZIP_MAGICS):
                if not stream.seekable():
                    raise SavedFileError("a ZIP archive cannot be read from a pipe: name the file")
                with opened_zip(stream) as members:
                    if not any(member.name in _OFFICE_FILES for member in members):
                        yield from self._read_zip(file, members, written_at)
                        return
                stream.seek(0)
            if stream.seekable() and is_warc(stream):
                reopen = (lambda: nullcontext(stream)) if file == STDIN else (lambda: opened_raw(file))
                yield from self._read_warcs([WarcSource(file, reopen, can_reopen=file != STDIN)])
            elif is_dictionary(stream.peek(4)):
                yield from self._read_warcs([WarcSource(file, lambda: nullcontext(stream), can_reopen=False)])
            else:
                yield from self._read_stream(file, stream, written_at)

    def _read_stream(
        self, name: str, stream: BufferedReader, written_at: datetime
    ) -> Iterator[PageFromFile | UnreadFile]:
        """Yield the page, or the pages of the WARC file, in *stream*, which may be compressed."""
        with decompressed(stream) as content:
            if content.peek(16).startswith(BEGINNINGS):
                yield from self._read_warcs([WarcSource(name, lambda: nullcontext(content), can_reopen=False)])
                return
            data = content.read(MAX_PAGE_BYTES + 1)
        if len(data) > MAX_PAGE_BYTES:
            raise SavedFileError(f"larger than {MAX_PAGE_BYTES} bytes")
        saved_page = unwrap_saved_page(data, written_at)
        yield self._validated(printable_name(name), saved_page, read_saved_page(saved_page))

    def _read_zip(
        self, file: str, members: Sequence[ZipMember], written_at: datetime
    ) -> Iterator[PageFromFile | UnreadFile]:
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
                    yield from self._read_stream(name, content, written_at)
            except (SavedFileError, ArchiveError) as error:
                yield UnreadFile(printable_name(name), str(error), absent=False)

    def _read_warcs(self, sources: Sequence[WarcSource]) -> Iterator[PageFromFile | UnreadFile]:
        for file, answer in read_answers(sources, MAX_PAGE_BYTES, lambda: warc_sources(self._others)):
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
                content = SavedPageContent(page, None, page.reason)
            name = printable_name(f"{file}#{answer.address}")
            yield self._validated(name, saved, content, is_cut=answer.is_cut)

    def _validated(
        self, name: str, saved_page: SavedPage, content: SavedPageContent, *, is_cut: bool = False
    ) -> PageFromFile:
        """Return *content* with its issue cleaned and validated, as in a crawl."""
        issue, reason = None, content.reason
        if content.issue is not None:
            try:
                issue = validate_issue(clean_issue(content.issue))
            except ValidationError as error:
                reason = f"no issue (invalid): {first_problem(error)}"
        is_whole = not is_cut and not (saved_page.as_served and is_cut_off(saved_page.data))
        return PageFromFile(name, content.page, reason, issue, is_whole, saved_page if self._keep_pages else None)


def printable_name(file: str) -> str:
    """Return the name of a file as it can be printed: names may hold bytes that are no text, and line ends."""
    return safe(os.fsencode(file).decode("utf-8", "replace"))
