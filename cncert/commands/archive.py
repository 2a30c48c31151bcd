"""``scrapy archive``: looks into archives of raw pages, and verifies them."""

import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError
from cncert.terminal.console import print_json, print_message, stdout_console
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe

OPTIONS = {
    "stats": ("json",),
    "verify": (),
}
"""The words of the command, each with the options that it takes."""


class ArchiveCommand(ProjectCommand, ScrapyCommand):
    """Works on archives: those that are named, else CNCERT_ARCHIVE."""

    def syntax(self) -> str:
        return "[options] stats [PATH...] | verify [PATH...]"

    def short_desc(self) -> str:
        return "Look into archives of raw pages, and verify them"

    def long_desc(self) -> str:
        return (
            "stats: what archives hold, and how they grow. verify: compares digests, indexes and ends of files. "
            "Without a PATH it is CNCERT_ARCHIVE."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "the sums of stats")

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
        assert self.settings is not None
        return self.settings.getint("DOWNLOAD_MAXSIZE")

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
        from cncert.archive.print_statistics import as_json, print_statistics
        from cncert.archive.statistics import ArchiveStats

        paths, stats = self._paths(args), ArchiveStats()
        _with_bar("Reading", paths, lambda file, advance: stats.read(file, self._limit, advance))
        for file, reason in stats.unreadable.items():
            print_message(f"{file} cannot be read as a WARC file: {reason}")
        if opts.json:
            print_json(as_json(stats, paths))
        else:
            print_statistics(stdout_console(), stats, paths)
        return int(bool(stats.unreadable))

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


def _with_bar(title: str, paths: Sequence[Path], read: Callable[[Path, Callable[[int], object]], object]) -> None:
    """Call *read* for each WARC file in *paths*, with what counts the bytes that were read."""
    from cncert.archive.warc_reader import warc_files

    files = [file for path in paths for file in warc_files(path)]
    with progress_bar() as bar:
        task = bar.add_task(title, total=sum(file.stat().st_size for file in files if file.is_file()))
        for file in files:
            read(file, lambda count: bar.advance(task, count))
