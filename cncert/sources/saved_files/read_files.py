"""Reads the files that ``scrapy extract`` and ``scrapy import`` are given, and validates the issues in them."""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from cncert.exceptions import ArgumentError, SavedFileError, error_reason
from cncert.items import Issue
from cncert.report.cleaning import clean_issue
from cncert.report.validation import first_problem, validate_issue
from cncert.sources.saved_files.find_files import MAX_PAGE_BYTES, STDIN, find_files, opened
from cncert.sources.saved_files.pages_in_warc import WARC_MAGIC, WarcAnswer, read_answers
from cncert.sources.saved_files.saved_page import SavedPage, SavedPageContent, read_saved_page, unwrap_saved_page
from cncert.terminal.console import print_message
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe
from cncert.terminal.worker_pool import results_in_order, results_in_this_process
from cncert.wechat.failure_pages import Page, is_cut_off
from cncert.wechat.judge_answer import judge_answer

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
    work = partial(read_file, keep_pages=keep_pages)
    names = [file for file in files if isinstance(file, str)]
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


def read_file(file: str | OSError, *, keep_pages: bool) -> Iterator[PageFromFile | UnreadFile]:
    """Yield the page in *file*, or the pages of a WARC file. Raises SavedFileError for one that cannot be read."""
    if isinstance(file, OSError):
        yield UnreadFile(printable_name(str(file.filename)), error_reason(file), absent=True)
        return
    try:
        written_at = datetime.now(UTC) if file == STDIN else datetime.fromtimestamp(Path(file).stat().st_mtime, UTC)
        with opened(file) as stream:
            if stream.peek(len(WARC_MAGIC)).startswith(WARC_MAGIC):
                for answer in read_answers(stream, MAX_PAGE_BYTES):
                    yield _read_answer(printable_name(file), answer, keep_pages)
            else:
                data = stream.read(MAX_PAGE_BYTES + 1)
                if len(data) > MAX_PAGE_BYTES:
                    raise SavedFileError(f"larger than {MAX_PAGE_BYTES} bytes")
                saved_page = unwrap_saved_page(data, written_at)
                yield _validated(printable_name(file), saved_page, read_saved_page(saved_page), keep_pages)
    except OSError as error:
        yield UnreadFile(printable_name(file), error_reason(error), absent=True)
    except MemoryError:
        raise SavedFileError("takes more memory than there is") from None


def _read_answer(file: str, answer: WarcAnswer | SavedFileError, keep_pages: bool) -> PageFromFile | UnreadFile:
    if isinstance(answer, SavedFileError):
        return UnreadFile(file, str(answer), absent=False)
    saved_page = SavedPage(answer.body, answer.address, answer.date, as_served=True, is_answer=answer.is_response)
    if answer.status == 200:
        content = read_saved_page(saved_page)
    else:
        page = judge_answer(answer.address, answer.status, answer.location, answer.body)
        content = SavedPageContent(page, None, page.reason)
    return _validated(f"{file}#{answer.address}", saved_page, content, keep_pages)


def _validated(name: str, saved_page: SavedPage, content: SavedPageContent, keep_pages: bool) -> PageFromFile:
    """Return *content* with its issue cleaned and validated, as in a crawl."""
    issue, reason = None, content.reason
    if content.issue is not None:
        try:
            issue = validate_issue(clean_issue(content.issue))
        except ValidationError as error:
            reason = f"no issue (invalid): {first_problem(error)}"
    is_whole = not (saved_page.as_served and is_cut_off(saved_page.data))
    return PageFromFile(name, content.page, reason, issue, is_whole, saved_page if keep_pages else None)


def printable_name(file: str) -> str:
    """Return the name of a file as it can be printed: names may hold bytes that are no text, and line ends."""
    return safe(os.fsencode(file).decode("utf-8", "replace"))
