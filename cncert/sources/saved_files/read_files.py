"""What ``scrapy extract`` and ``scrapy import`` share: the files named to them, read and validated, in their order."""

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
from cncert.sources.saved_files.find_files import MAX_BYTES, STDIN, find_files, opened, read_whole
from cncert.sources.saved_files.saved_page import Kept, Saved, read_saved, unwrap
from cncert.sources.saved_files.warc_answers import MAGIC, WarcAnswer, read_answers
from cncert.terminal.console import print_message
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe
from cncert.terminal.worker_pool import results_in_order, results_in_this_process
from cncert.wechat.answer import is_cut_off, judge_answer
from cncert.wechat.failure_pages import Page

FEW_FILES, FEW_BYTES = 64, 64 * 1024 * 1024
"""So many files of so many bytes are read before a worker process would have started."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a saved page is: the verdict with its reason, and the issue in it."""

    name: str
    """The file as it was named; for an answer in a WARC file, its address behind a ``#``."""
    page: Page
    reason: str
    issue: Issue | None
    is_whole: bool
    """Whether the page has its end: half an article reads like a whole one."""
    kept: Kept | None
    """The page itself, if it was asked for."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that gave nothing, and why in a few words."""

    name: str
    reason: str
    absent: bool
    """Whether there is no such file, or nobody may open it."""


def add_jobs_option(parser: ArgumentParser) -> None:
    """``--jobs N``."""
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: as many as cores)")


def read_files(names: Sequence[str], opts: Namespace, *, keep: bool = False) -> Generator[Found | Unread]:
    """What the files *names* and those in the directories among them hold. Complains of each that cannot be read.

    *keep*: the pages themselves are wanted too. Raises ArgumentError for wrong arguments, before anything is read.
    """
    if not names:
        raise ArgumentError("no file is named: give files, directories, or - for what comes through a pipe")
    if names.count(STDIN) > 1:
        raise ArgumentError("there is only one stdin: name - once")
    jobs = opts.jobs if opts.jobs is not None else os.cpu_count() or 1
    if jobs < 1:
        raise ArgumentError(f"--jobs {jobs} is below 1")
    return _read_files(names, jobs, keep)


def _read_files(names: Sequence[str], jobs: int, keep: bool) -> Generator[Found | Unread]:
    # asyncio would only cancel at the next await, and reading awaits nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    files = [_named(file) for name in names for file in find_files(name)]
    bar = _Bar(len(files))
    with bar, closing(_results(files, jobs, keep)) as results:
        for place, result in results:
            bar.at(place)
            if isinstance(result, Unread):
                print_message(f"{result.name}: {result.reason}")
            yield result


def _named(file: str | OSError) -> str | Unread:
    return file if isinstance(file, str) else Unread(shown(str(file.filename)), error_reason(file), absent=True)


def _results(files: Sequence[str | Unread], jobs: int, keep: bool) -> Generator[tuple[int, Found | Unread]]:
    work = partial(read_file, keep=keep)
    names = [file for file in files if isinstance(file, str)]
    few = len(names) <= FEW_FILES and sum(map(_size, names)) <= FEW_BYTES
    # What comes through a pipe is there for this process only.
    if few or any(name == STDIN or Path(name).is_fifo() for name in names):
        results = results_in_this_process(work, files)
    else:
        results = results_in_order(work, files, min(jobs, len(files)), preload=__name__)
    with closing(results):
        for place, result in results:
            if isinstance(result, SavedFileError):
                yield place, Unread(shown(str(files[place])), str(result), absent=False)
            else:
                yield place, result


def _size(name: str) -> int:
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0


def read_file(file: str | Unread, *, keep: bool) -> Iterator[Found | Unread]:
    """What *file* holds: a page, or the pages of a WARC file. Raises SavedFileError for one that cannot be read."""
    if isinstance(file, Unread):
        yield file
        return
    try:
        written_at = datetime.now(UTC) if file == STDIN else datetime.fromtimestamp(Path(file).stat().st_mtime, UTC)
        with opened(file) as stream:
            if stream.peek(len(MAGIC)).startswith(MAGIC):
                for answer in read_answers(stream, MAX_BYTES):
                    yield _read_answer(shown(file), answer, keep)
            else:
                data = read_whole(stream)
                kept = unwrap(data, written_at)
                yield _found(shown(file), kept, read_saved(kept), keep)
    except OSError as error:
        yield Unread(shown(file), error_reason(error), absent=True)
    except MemoryError:
        raise SavedFileError("takes more memory than there is") from None


def _read_answer(file: str, answer: WarcAnswer | SavedFileError, keep: bool) -> Found | Unread:
    if isinstance(answer, SavedFileError):
        return Unread(file, str(answer), absent=False)
    kept = Kept(answer.body, answer.address, answer.date, as_served=True)
    if answer.status == 200:
        saved = read_saved(kept)
    else:
        page = judge_answer(answer.address, answer.status, answer.location, answer.body)
        saved = Saved(page, None, page.reason)
    return _found(f"{file}#{answer.address}", kept, saved, keep)


def _found(name: str, kept: Kept, saved: Saved, keep: bool) -> Found:
    """The issue cleaned and validated, as a crawl does it."""
    issue, reason = None, saved.reason
    if saved.issue is not None:
        try:
            issue = validate_issue(clean_issue(saved.issue))
        except ValidationError as error:
            reason = f"no issue (invalid): {first_problem(error)}"
    is_whole = not (kept.as_served and is_cut_off(kept.data))
    return Found(name, saved.page, reason, issue, is_whole, kept if keep else None)


def shown(file: str) -> str:
    """The name of a file as it can be printed: names may hold bytes that are no text, and line ends."""
    return safe(os.fsencode(file).decode("utf-8", "replace"))


class _Bar:
    """A progress bar on stderr, if a person looks at that and nothing else is printed there."""

    def __init__(self, files: int) -> None:
        self._progress = progress_bar(hidden=sys.stdout.isatty())
        self._task = self._progress.add_task("reading", total=files)

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def at(self, place: int) -> None:
        self._progress.update(self._task, completed=place)
