"""Reads the files that ``scrapy extract`` and ``scrapy import`` are given, in several processes."""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Container, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path

from rich.progress import Progress

from cncert.exceptions import ArgumentError, SavedFileError
from cncert.sources.saved_files.file_reader import (
    FileDone,
    FileReader,
    FileResult,
    FileToRead,
    PageFromFile,
    PassedOver,
    UnreadFile,
    printable_name,
)
from cncert.sources.saved_files.find_files import MAX_PAGE_BYTES, STDIN, decompressed, find_files, opened_raw
from cncert.sources.saved_files.first_look import HEAD_BYTES, first_look
from cncert.sources.saved_files.git_members import GitCommit, find_commit, git_members
from cncert.sources.saved_files.kept_members import file_fingerprint
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.tar_members import BLOCK_BYTES, is_tar
from cncert.terminal.console import print_message
from cncert.terminal.progress import progress_bar
from cncert.terminal.worker_pool import results_in_order, results_in_this_process

ONE_PROCESS_FILES, ONE_PROCESS_BYTES = 64, 64 * 1024 * 1024
"""Up to so many files and bytes are read in this process, before a worker process would have started."""
SMALL_BYTES = 512 * 1024
"""The same for any number of files: the stubs and copies among many others are small."""
FILES_A_STEP = 250
"""Files that are passed over between two drawings of the bar."""
_TEXT_ENDINGS = (".md", ".markdown", ".txt", ".html", ".htm")


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
    results = _Files(_checked(names), _jobs(opts), keep_pages=keep_pages).read()
    return (one for one in results if isinstance(one, (PageFromFile, UnreadFile)))


def look_through_files(
    names: Sequence[str], opts: Namespace, settled: Container[bytes], *, keep_pages: bool = False
) -> Generator[FileResult]:
    """As :func:`read_files`; of the files in directories and archives only those are read that may be issues.

    Files whose fingerprints are *settled* are passed over, unless they are named. The commits that ``opts.git`` names
    are read like archives.
    """
    commits = [find_commit(name) for name in opts.git]
    names = names if commits and not names else _checked(names)
    files = _Files(names, _jobs(opts), keep_pages=keep_pages, looks=True, settled=settled)
    return files.read(commits)


def _checked(names: Sequence[str]) -> Sequence[str]:
    if not names:
        raise ArgumentError("no file is named: give files, directories, or - for what comes through a pipe")
    if names.count(STDIN) > 1:
        raise ArgumentError("there is only one stdin: name - once")
    return names


def _jobs(opts: Namespace) -> int:
    jobs: int = opts.jobs if opts.jobs is not None else os.cpu_count() or 1
    if jobs < 1:
        raise ArgumentError(f"--jobs {jobs} is below 1")
    return jobs


class _Files:
    """Reads files in two passes: a first look at those that were found, and the parser for what is left."""

    def __init__(
        self,
        names: Sequence[str],
        jobs: int,
        *,
        keep_pages: bool,
        looks: bool = False,
        settled: Container[bytes] = (),
    ) -> None:
        self._names, self._jobs, self._looks, self._settled = names, jobs, looks, settled
        self._keep_pages = keep_pages
        self._left: list[FileToRead | OSError] = []
        """Files for the parser."""
        self._others: list[str] = []
        """Files that were read before, and may be archives to which others refer."""

    def read(self, commits: Sequence[GitCommit] = ()) -> Generator[FileResult]:
        """Yield the results of all files, then those of *commits*."""
        # asyncio would only cancel at the next await, and reading awaits nothing.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        found = [(file, file == name) for name in self._names for file in find_files(name)]
        # Only if nothing else is printed on the terminal.
        with progress_bar(hidden=sys.stdout.isatty()) as bar:
            if self._looks:
                task = bar.add_task("looking", total=len(found))
                for number, (file, is_named) in enumerate(found):
                    if number % FILES_A_STEP == 0:
                        bar.update(task, completed=number)
                    if (passed := self._look(file, is_named=is_named)) is not None:
                        yield passed
                bar.remove_task(task)
            else:
                self._left = [FileToRead(file) if isinstance(file, str) else file for file, _ in found]
            found.clear()
            yield from self._shown(bar, "reading", len(self._left), self._results())
            for commit in commits:
                yield from self._shown(bar, "reading", commit.files, self._files_of(commit))

    def _shown(
        self, bar: Progress, name: str, total: int, results: Generator[tuple[float, FileResult]]
    ) -> Generator[FileResult]:
        """Yield *results*, each with how much of *total* was done before it; complain of faults, move the bar."""
        task = bar.add_task(name, total=total)
        with closing(results):
            for number, (place, result) in enumerate(results):
                if number % FILES_A_STEP == 0 or not isinstance(result, PassedOver):
                    bar.update(task, completed=place)
                if isinstance(result, UnreadFile):
                    print_message(f"{result.name}: {result.reason}")
                yield result
        bar.remove_task(task)

    def _look(self, name: str | OSError, *, is_named: bool) -> PassedOver | None:
        """Return *name* as passed over, or put it among the files for the parser."""
        if isinstance(name, OSError) or is_named:
            self._left.append(FileToRead(name) if isinstance(name, str) else name)
            return None
        try:
            with open(name, "rb", buffering=0) as file:  # noqa: PTH123  # Path costs as much as the look itself
                found = os.fstat(file.fileno())
                mark = file_fingerprint(name, found)
                if mark in self._settled:
                    if not name.endswith(_TEXT_ENDINGS):
                        self._others.append(name)
                    return PassedOver(name, NoIssue.SETTLED)
                head = file.read(HEAD_BYTES)
                own_name = name.rpartition(os.sep)[2]
                no_issue = first_look(head, own_name, is_all=len(head) >= found.st_size)
                if no_issue is NoIssue.OTHER_TEXT and len(head) < found.st_size <= MAX_PAGE_BYTES:
                    no_issue = first_look(head + file.readall(), own_name, is_all=True)
        except OSError as error:
            error.filename = name
            self._left.append(error)
            return None
        if no_issue is not None:
            return PassedOver(name, no_issue, mark)
        self._left.append(FileToRead(name, mark, looks=True))
        return None

    def _results(self) -> Generator[tuple[float, FileResult]]:
        """Yield the results of the files for the parser, each with how many files were read before it."""
        begun = 0
        for is_tar_file, group in groupby(self._left, _is_tar_file):
            files = list(group)
            if is_tar_file:
                for place, file in enumerate(files, begun):
                    yield from self._members(place, file)
            else:
                yield from self._pages(begun, files)
            begun += len(files)

    def _pages(self, begun: int, files: Sequence[FileToRead | OSError]) -> Iterator[tuple[float, FileResult]]:
        """Yield what *files* hold, before which *begun* others were read."""
        names = [file.name for file in files if isinstance(file, FileToRead)]
        others = [*(file.name for file in self._left if isinstance(file, FileToRead)), *self._others]
        work = partial(_read, keep_pages=self._keep_pages, others=others if len(others) > 1 else (), looks=self._looks)
        size = sum(map(_size, names))
        few = size <= (ONE_PROCESS_BYTES if len(names) <= ONE_PROCESS_FILES else SMALL_BYTES)
        # What comes through a pipe is there for this process only.
        if few or any(name == STDIN or Path(name).is_fifo() for name in names):
            results = results_in_this_process(work, files)
        else:
            results = results_in_order(work, files, min(self._jobs, len(files)), preload=_read.__module__)
        done = 0
        with closing(results):
            for place, result in results:
                while done < place:  # all that it holds has been taken
                    yield from ((begun + done, one) for one in _done(files[done]))
                    done += 1
                if isinstance(result, SavedFileError):
                    file = files[place]
                    name = file.name if isinstance(file, FileToRead) else str(file.filename)
                    yield begun + place, UnreadFile(printable_name(name), str(result), absent=False)
                else:
                    yield begun + place, result
        for place in range(done, len(files)):
            yield from ((begun + place, one) for one in _done(files[place]))

    def _members(self, place: int, file: FileToRead | OSError) -> Iterator[tuple[float, FileResult]]:
        """Yield what the tar file *file* holds: it is unpacked in this process, in whatever time that takes."""
        reader = FileReader(keep_pages=self._keep_pages, looks=self._looks, settled=self._settled)
        assert isinstance(file, FileToRead)
        size = max(1, _size(file.name))
        try:
            for result in reader.read(file):
                packed = reader.packed
                yield place + (packed.tell() / size if packed is not None and not packed.closed else 0), result
        except SavedFileError as error:
            yield place, UnreadFile(printable_name(file.name), str(error), absent=False)

    def _files_of(self, commit: GitCommit) -> Generator[tuple[float, FileResult]]:
        """Yield what the files of *commit* hold."""
        reader = FileReader(keep_pages=self._keep_pages, looks=True, settled=self._settled)
        try:
            yield from enumerate(reader.read_members(commit.name, git_members(commit, self._settled)))
        except SavedFileError as error:
            yield commit.files, UnreadFile(printable_name(commit.name), str(error), absent=False)


def _read(file: FileToRead | OSError, *, keep_pages: bool, others: Sequence[str], looks: bool) -> Iterator[FileResult]:
    """Yield what *file* holds: the work of a process."""
    return FileReader(keep_pages=keep_pages, others=others, looks=looks).read(file)


def _done(file: FileToRead | OSError) -> Iterator[FileDone]:
    if isinstance(file, FileToRead) and file.fingerprint is not None:
        yield FileDone(file.fingerprint)


def _is_tar_file(file: FileToRead | OSError) -> bool:
    """Return whether *file* is a tar file, compressed or not, on the disk."""
    try:
        if isinstance(file, OSError) or file.name == STDIN or not Path(file.name).is_file():
            return False
        with opened_raw(file.name) as stream, decompressed(stream) as content:
            return is_tar(content.peek(BLOCK_BYTES))
    except (OSError, SavedFileError):
        return False


def _size(name: str) -> int:
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0
