"""Prints the statistics of archives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.filesize import decimal

from cncert.archive.statistics import ArchiveStats, Sizes
from cncert.terminal.console import escape_markup, make_table

MAX_MONTHS = 24
"""Years are shown instead of more months."""
MAX_BAR_WIDTH, WIDTH_BEFORE_BAR = 20, 54
"""In columns of the terminal."""


def as_json(stats: ArchiveStats, paths: Sequence[Path]) -> dict[str, Any]:
    """Return *stats* in JSON form."""
    return {
        "archive": " ".join(map(str, paths)),
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


def print_statistics(console: Console, stats: ArchiveStats, paths: Sequence[Path]) -> None:
    """Print *stats* of the archives *paths* as a table, and how they grow."""
    table = make_table(console)
    table.show_header = False
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _lines(stats, paths):
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


def _lines(stats: ArchiveStats, paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the table, in Rich's markup."""
    yield "archive", "\n".join(map(escape_markup, paths))
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


def group_by_period(months: Mapping[str, Sizes]) -> dict[str, Sizes]:
    """Return the sizes by month, in order, or by year if there are more than MAX_MONTHS."""
    sums: dict[str, Sizes] = {}
    length = len("2025-01" if len(months) <= MAX_MONTHS else "2025")
    for month in sorted(months):
        some, more = sums.setdefault(month[:length], Sizes()), months[month]
        some.records += more.records
        some.packed += more.packed
        some.unpacked += more.unpacked
    return sums
