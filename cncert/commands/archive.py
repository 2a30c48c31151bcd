"""``scrapy archive stats``: statistics of the WARC files of CNCERT_ARCHIVE."""

import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.filesize import decimal
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, stdout_console
from cncert.terminal.progress import progress_bar

if TYPE_CHECKING:
    from cncert.archive.statistics import ArchiveStats, Sizes

MAX_MONTHS = 24
"""Years are shown instead of more months."""
MAX_BAR_WIDTH, WIDTH_BEFORE_BAR = 20, 54
"""In columns of the terminal."""


class ArchiveCommand(ProjectCommand, ScrapyCommand):
    """Reads archives, changes nothing in them."""

    def syntax(self) -> str:
        return "[options] stats [PATH]"

    def short_desc(self) -> str:
        return "Show what an archive of raw pages holds, and how it grows"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "the sums")

    async def work(self, args: list[str], opts: Namespace) -> int:
        from cncert.archive.statistics import ArchiveStats

        assert self.settings is not None
        path = _path(args, self.options.archive)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio would wait for an await
        stats = ArchiveStats()
        _read(stats, path, self.settings.getint("DOWNLOAD_MAXSIZE"))
        for file, reason in stats.unreadable.items():
            print_message(f"{file} cannot be read as a WARC file: {reason}")
        if opts.json:
            print_json(as_json(stats, path))
        else:
            _print(stdout_console(), stats, path)
        return int(bool(stats.unreadable))


def _path(args: list[str], usual: str) -> Path:
    if not args or args[0] != "stats":
        raise ArgumentError(f"archive knows stats, not {args[0]!r}" if args else "archive needs a word: stats")
    if len(args) > 2:
        raise ArgumentError(f"archive stats takes one path, not {len(args) - 1}")
    place = args[1] if len(args) == 2 else usual
    if not place:
        raise ArgumentError("no archive is named: give a WARC file or a directory, or set CNCERT_ARCHIVE")
    if not Path(place).exists():
        raise ArgumentError(f"{place}: no such file or directory")
    return Path(place)


def _read(stats: "ArchiveStats", path: Path, limit: int) -> None:
    from cncert.archive.warc_reader import warc_files

    files = warc_files(path)
    with progress_bar() as bar:
        reading = bar.add_task("Reading", total=sum(file.stat().st_size for file in files if file.is_file()))
        for file in files:
            stats.read(file, limit, lambda count: bar.advance(reading, count))


def as_json(stats: "ArchiveStats", path: Path) -> dict[str, Any]:
    """Return *stats* in JSON form."""
    return {
        "archive": str(path),
        "files": stats.files,
        "bytes": stats.size,
        "unreadable": stats.unreadable,
        "broken_off": stats.broken_off,
        "issues": sorted(stats.issues),
        "pages": stats.pages,
        "pictures": stats.pictures,
        "kinds": stats.kinds,
        **asdict(stats.sizes),
        "duplicates": asdict(stats.duplicates),
        "oversize": stats.oversize,
        "oldest": stats.oldest.isoformat() if stats.oldest else None,
        "newest": stats.newest.isoformat() if stats.newest else None,
        "months": {month: asdict(sizes) for month, sizes in sorted(stats.months.items())},
    }


def _print(console: Console, stats: "ArchiveStats", path: Path) -> None:
    table = make_table(console)
    table.show_header = False
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _lines(stats, path):
        table.add_row(name, text)
    console.print(table)
    periods = group_by_period(stats.months)
    if not periods:
        return
    growth = make_table(console)
    growth.add_column("brought by", no_wrap=True)
    for title in ("records", "packed", "unpacked"):
        growth.add_column(title, justify="right", no_wrap=True)
    growth.add_column()
    longest = max(0, min(MAX_BAR_WIDTH, console.width - WIDTH_BEFORE_BAR))
    most = max(sizes.packed for sizes in periods.values())
    for period, sizes in periods.items():
        bar = "━" * round(longest * sizes.packed / max(1, most))
        growth.add_row(period, f"{sizes.records}", decimal(sizes.packed), decimal(sizes.unpacked), f"[cyan]{bar}[/]")
    console.print(growth)


def _lines(stats: "ArchiveStats", path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of the table, in Rich's markup."""
    yield "archive", escape_markup(path)
    yield "files", f"{stats.files}, {decimal(stats.size)}"
    if stats.unreadable:
        yield "[red]unreadable[/]", "\n".join(map(escape_markup, stats.unreadable))
    if stats.broken_off:
        yield "[yellow]no end[/]", "\n".join(map(escape_markup, stats.broken_off))
    issues = sorted(stats.issues)
    yield "issues", f"{len(issues)}, {issues[0]} to {issues[-1]}" if issues else "0"
    yield "pages", _sums(stats.pages)
    yield "pictures", str(stats.pictures)
    yield "records", _sums(stats.kinds)
    if stats.oversize:
        yield "[yellow]too large[/]", f"{stats.oversize} records, which were passed over"
    yield "packed", f"{decimal(stats.sizes.packed)}, {decimal(stats.sizes.unpacked)} unpacked"
    yield "duplicates", f"{stats.duplicates.records} records, {decimal(stats.duplicates.packed)}"
    if stats.oldest and stats.newest:
        yield "from", f"{stats.oldest:%Y-%m-%d %H:%M} to {stats.newest:%Y-%m-%d %H:%M} (UTC)"


def _sums(counts: Mapping[str, int]) -> str:
    named: Iterable[str] = (f"{number} {name}" for name, number in sorted(counts.items(), key=lambda one: -one[1]))
    return ", ".join(named) or "0"


def group_by_period(months: Mapping[str, "Sizes"]) -> dict[str, "Sizes"]:
    """Return the sizes by month, in order, or by year if there are more than MAX_MONTHS."""
    from cncert.archive.statistics import Sizes

    sums: dict[str, Sizes] = {}
    length = len("2025-01" if len(months) <= MAX_MONTHS else "2025")
    for month in sorted(months):
        some, more = sums.setdefault(month[:length], Sizes()), months[month]
        some.records += more.records
        some.packed += more.packed
        some.unpacked += more.unpacked
    return sums
