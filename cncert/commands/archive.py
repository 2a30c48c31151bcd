"""``scrapy archive``: looks into archives of raw pages, verifies them, and copies pages out and in."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rich.filesize import decimal
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError
from cncert.items import issue_id
from cncert.report.calendar import issue_range, parse_week
from cncert.terminal.console import print_json, print_message, print_note, stdout_console
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe

OPTIONS = {
    "stats": ("json",),
    "verify": (),
    "get": ("at", "text", "list"),
    "import": ("jobs",),
    "export": ("wacz", "issues"),
    "repack": ("keep",),
}
"""The words of the command, each with the options that it takes."""


class ArchiveCommand(ProjectCommand, ScrapyCommand):
    """Works on archives: those that are named, else CNCERT_ARCHIVE."""

    def syntax(self) -> str:
        looks = "stats [PATH...] | verify [PATH...] | get ISSUE|ADDRESS [PATH]"
        return f"[options] {looks} | import FILE... | export --wacz FILE [PATH] | repack [PATH]"

    def short_desc(self) -> str:
        return "Look into archives of raw pages, verify them, get pages out of them"

    def long_desc(self) -> str:
        return (
            "stats: what archives hold, and how they grow. verify: compares digests, indexes and ends of files. "
            "get: prints what was fetched of an issue or from an address. import: adds "
            "the pages of issues in files, which other programs saved. export: writes pages into a file that "
            "players of web archives open. repack: makes one smaller file of those of a year (.warc.zst). "
            "Without a PATH it is CNCERT_ARCHIVE."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "the sums of stats")
        group = parser.add_argument_group("get")
        group.add_argument("--at", metavar="TIME", help="the answer nearest to a time in UTC, such as 2025-01-31T12:00")
        group.add_argument("--text", action="store_true", help="its text, for people")
        group.add_argument("--list", action="store_true", help="name all answers, the best first")

        group = parser.add_argument_group("import")
        group.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: as many as cores)")
        group = parser.add_argument_group("export")
        group.add_argument("--wacz", metavar="FILE", help="a WACZ (replayweb.page opens it); what is there is replaced")
        group.add_argument("--issues", metavar="A..B", help="only these issues, such as 2024-01..2024-52")

        group = parser.add_argument_group("repack")
        group.add_argument("--keep", action="store_true", help="let the files stay that were repacked")

    async def work(self, args: list[str], opts: Namespace) -> int:
        word, rest = (args[0], args[1:]) if args else ("", [])
        if word not in OPTIONS:
            words = ", ".join(OPTIONS)
            raise ArgumentError(f"archive knows {words}, not {word!r}" if args else f"archive needs a word: {words}")
        for others in OPTIONS.values():
            for name in set(others) - set(OPTIONS[word]):
                if getattr(opts, name):
                    raise ArgumentError(f"archive {word} takes no --{name}")
        signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio would wait for an await
        work: Callable[[list[str], Namespace], int] = getattr(self, f"_{word}")
        return work(rest, opts)

    @property
    def _limit(self) -> int:
        from cncert.archive.warc_writer import CONTENT_LIMIT

        assert self.settings is not None
        return self.settings.getint("DOWNLOAD_MAXSIZE") or CONTENT_LIMIT

    def _paths(self, given: Sequence[str]) -> list[Path]:
        """Return the archives *given*, else that of the user. Raises ArgumentError."""
        places = list(given) or [self.options.archive]
        if not places[0]:
            raise ArgumentError("no archive is named: give a WARC file or a directory, or set CNCERT_ARCHIVE")
        for place in places:
            if not Path(place).exists():
                raise ArgumentError(f"{place}: no such file or directory")
        return [Path(place) for place in places]

    def _stats(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.own_files import is_being_written
        from cncert.archive.print_statistics import as_json, print_statistics
        from cncert.archive.statistics import ArchiveStats

        paths, stats = self._paths(args), ArchiveStats()
        _with_bar("Reading", paths, lambda file, advance: stats.read(file, self._limit, advance))
        for file, reason in stats.unreadable.items():
            print_message(f"{file} cannot be read as a WARC file: {reason}")
        broken_off = [file for file in stats.broken_off if not is_being_written(Path(file))]
        for file in broken_off:
            print_message(f"{file} breaks off: read as far as it goes")
        if opts.json:
            print_json(as_json(stats, paths))
        else:
            print_statistics(stdout_console(), stats, paths)
        return int(bool(stats.unreadable or broken_off))

    def _verify(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.verify import Verification

        verification = Verification()

        def verify(file: Path, advance: Callable[[int], object]) -> None:
            for line in verification.verify_file(file, self._limit, advance):
                print(safe(line), flush=True)

        _with_bar("Verifying", self._paths(args), verify)
        for line in verification.lost_originals():
            print(safe(line))
        print(verification.summary())
        return int(verification.faults > 0)

    def _get(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.find_answers import find_answers, print_answer, print_list
        from cncert.archive.warc_reader import ArchiveReader

        if not 1 <= len(args) <= 2:
            raise ArgumentError("archive get takes an issue, such as 2025-03, or an address, and at most one path")
        moment, wanted = _moment(opts.at), _wanted(args[0])
        if not (opts.text or opts.list) and sys.stdout.isatty():
            raise ArgumentError("raw pages are not shown on a terminal: send it to a file (> page.html), or use --text")
        reader = ArchiveReader(self._paths(args[1:])[0], self._limit, own=self.options.archive)
        for line in reader.faults:
            print_message(line)
        found = find_answers(reader, wanted, at=moment, read_all=opts.list)
        if not found:
            print_message(f"nothing is archived of {wanted}")
            return 1
        if opts.list:
            print_list(stdout_console(whole_rows=True), found)
        elif not print_answer(found[0], len(found) - 1, as_text=opts.text):
            return 1
        return int(bool(reader.faults))

    def _import(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.warc_writer import ArchiveWriter
        from cncert.editions.archive_files import FileArchiver

        if not self.options.archive:
            raise ArgumentError("there is no archive to add to: set CNCERT_ARCHIVE")
        sums, files, faulty, empty = Counter[str](), 0, 0, 0
        with closing(ArchiveWriter(Path(self.options.archive), "import")) as writer:
            for name, archived in FileArchiver(writer, self._limit).take(args, opts):
                print(safe(f"{name}: {archived.describe()}"), flush=True)
                sums.update(archived.counts)
                files, faulty, empty = files + 1, faulty + archived.is_faulty, empty + archived.is_empty
        print_note(", ".join(f"{sums[word]} {word}" for word in ("added", "known", "left out")))
        return 0 if not faulty else 1 if empty < files else 2

    def _export(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.warc_reader import ArchiveReader
        from cncert.archive.write_wacz import write_wacz

        if not opts.wacz or not opts.wacz.endswith(".wacz"):
            raise ArgumentError("archive export needs --wacz FILE, with a name that ends with .wacz")
        if len(args) > 1:
            raise ArgumentError(f"archive export takes one path, not {len(args)}")
        try:
            wants = issue_range(opts.issues) if opts.issues is not None else None
        except ValueError as error:
            raise ArgumentError(f"--issues {error}") from error
        reader = ArchiveReader(self._paths(args)[0], self._limit, own=self.options.archive)
        for line in reader.faults:
            print_message(line)
        with progress_bar() as bar:
            task = bar.add_task("Writing", total=None)
            written = write_wacz(
                reader, Path(opts.wacz), wants, lambda done, total: bar.update(task, completed=done, total=total)
            )
        issues = f"{len(written.issues)} issues, {written.pages} pages, {written.records} records"
        print_note(f"{opts.wacz}: {issues}")
        if written.lost:
            print_message(f"left out: {written.lost} records that repeat an answer which is not there")
        return int(bool(reader.faults or written.lost))

    def _repack(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.own_files import repair
        from cncert.archive.repack import UnrepackedFile, repack

        if len(args) > 1:
            raise ArgumentError(f"archive repack takes one path, not {len(args)}")
        path, faults, count = self._paths(args)[0], 0, 0
        for line in repair(path):
            print_message(line)
        with progress_bar() as bar:
            task = bar.add_task("Repacking", total=None)
            for one in repack(
                path,
                self._limit,
                keep=opts.keep,
                begin=lambda total: bar.update(task, total=total),
                advance=lambda read: bar.advance(task, read),
            ):
                if isinstance(one, UnrepackedFile):
                    faults += one.is_fault
                    print_message(f"{one.path} stays as it is: {one.reason}")
                else:
                    count += 1
                    sizes = f"{decimal(one.before)} before, {decimal(one.after)} now"
                    print(safe(f"{one.path}: {one.records} records, {one.files} files repacked, {sizes}"), flush=True)
        if not count and not faults:
            print_note("nothing is to be repacked")
        return int(faults > 0)


def _with_bar(title: str, paths: Sequence[Path], read: Callable[[Path, Callable[[int], object]], object]) -> None:
    """Call *read* for each WARC file in *paths*, with what counts the bytes that were read."""
    from cncert.archive.warc_reader import warc_files

    files = [file for path in paths for file in warc_files(path)]
    with progress_bar() as bar:
        task = bar.add_task(title, total=sum(file.stat().st_size for file in files if file.is_file()))
        for file in files:
            read(file, lambda count: bar.advance(task, count))


def _wanted(text: str) -> str:
    """Return the id of the issue, or the address, that *text* is. Raises ArgumentError if it is neither."""
    if "://" in text:
        return text
    try:
        return issue_id(*parse_week(text))
    except ValueError as error:
        raise ArgumentError(f"{error}, or an address") from error


def _moment(text: str | None) -> datetime | None:
    """Return the time that ``--at`` names. Raises ArgumentError."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentError(f"--at {text[:80]!r} is no time: write 2025-01-31 or 2025-01-31T12:00") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
