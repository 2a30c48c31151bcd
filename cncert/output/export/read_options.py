"""What an export is to be, from the words of the command line."""

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cncert.exceptions import ArgumentError
from cncert.output.export.atom_format import ENTRIES
from cncert.output.export.base_format import STDOUT, Plan, check_package
from cncert.output.export.column_types import Table
from cncert.output.export.staged_files import check_place
from cncert.output.export.tables_and_columns import Selection, named_metrics, tables
from cncert.output.export.write_tables import FORMATS
from cncert.terminal.output import week_option

SUFFIXES: Final = {writer.suffix for writer in FORMATS.values()}
BELONG: Final = {"bom": "csv", "labels": "csv", "entries": "atom"}
"""The format without which an option means nothing."""


def read_plan(opts: Namespace, files: str) -> Plan:
    """The export that *opts* ask for; *files* is ``CNCERT_FILES``.

    Raises ArgumentError for what cannot be meant, ExportError if a package is missing or something is in the way.
    """
    in_one = opts.out == STDOUT or _is_file(opts.out)
    formats = _formats(opts, in_one)
    first, last = week_option("--from", opts.first), week_option("--until", opts.last)
    if first and last and first > last:
        raise ArgumentError(f"--from {first} is later than --until {last}")
    selection = Selection(first, last, None if opts.metrics is None else named_metrics(opts.metrics))
    return Plan(
        formats=formats,
        selection=selection,
        tables=_tables(opts.table, formats, tables(selection), in_one),
        out=opts.out,
        in_one=in_one,
        files=files,
        bom=opts.bom,
        labels=opts.labels,
        entries=ENTRIES if opts.entries is None else opts.entries,
    )


def _is_file(out: str) -> bool:
    """Whether ``--out`` names a file, by its ending, and no directory."""
    if not out:
        raise ArgumentError("--out is empty (- is stdout)")
    path = Path(out)
    if out.endswith("/") or path.is_dir():
        return False
    if path.suffix and path.suffix not in SUFFIXES:
        raise ArgumentError(f"--out {out}: {path.suffix} is no ending of a format (a directory may end with /)")
    if path.exists() and not path.suffix:
        raise ArgumentError(f"--out {out} is in the way: it is no directory")
    check_place(path)
    return bool(path.suffix)


def _formats(opts: Namespace, in_one: bool) -> tuple[str, ...]:
    ending = Path(opts.out).suffix if in_one and opts.out != STDOUT else None
    usual = next((name for name, writer in FORMATS.items() if writer.suffix == ending), "csv")
    formats = _chosen("--format", usual if opts.format is None else opts.format, FORMATS)
    for name in formats:
        check_package(name, FORMATS[name].needs)
    for option, name in BELONG.items():
        if getattr(opts, option) and name not in formats:
            raise ArgumentError(f"--{option} is for --format {name}")
    if opts.entries is not None and opts.entries < 1:
        raise ArgumentError(f"--entries {opts.entries} is below 1")
    if "datapackage" in formats and (opts.bom or opts.labels):
        raise ArgumentError("a datapackage has its own CSV files, for programs: export it without --bom and --labels")
    if in_one:
        _check_one(formats, opts.out, ending)
    # A datapackage has the CSV files in it.
    return tuple(name for name in formats if name != "csv" or "datapackage" not in formats)


def _check_one(formats: tuple[str, ...], out: str, ending: str | None) -> None:
    """Raises ArgumentError unless *formats* can go to the one file, or to the stdout, that *out* is."""
    writer = FORMATS[formats[0]]
    if len(formats) > 1 or formats == ("datapackage",):
        raise ArgumentError(f"--out {out} is one file: {', '.join(formats)} needs a directory")
    if ending is None and not writer.is_text:
        raise ArgumentError(f"{formats[0]} is no text for stdout: name a file")
    if ending not in (None, writer.suffix):
        raise ArgumentError(f"--out {out}: a file of {formats[0]} ends with {writer.suffix}")


def _tables(names: str | None, formats: tuple[str, ...], known: tuple[Table, ...], in_one: bool) -> tuple[Table, ...]:
    writers = [FORMATS[name] for name in formats]
    if not any(writer.has_tables for writer in writers):
        if names is not None:
            raise ArgumentError(f"--table is for tables: {' and '.join(formats)} has none")
        return ()
    all_names = [table.name for table in known]
    chosen = all_names if names is None else _chosen("--table", names, all_names)
    if in_one and not writers[0].in_one_file and len(chosen) > 1:
        raise ArgumentError(f"one file of {formats[0]} is one table: name it with --table ({', '.join(all_names)})")
    return tuple(table for table in known if table.name in chosen)


def _chosen(option: str, text: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names in *text*, each once. Raises ArgumentError for one that is not *known*."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if unknown := [name for name in names if name not in known]:
        raise ArgumentError(f"{option} {unknown[0][:80]!r} is none of {', '.join(known)}")
    return names
