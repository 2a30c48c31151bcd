"""Reading and checking the options of ``scrapy export``."""

from argparse import Namespace
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cncert.exceptions import ArgumentError, ExportError
from cncert.output.export.atom_format import ENTRIES
from cncert.output.export.base_format import STDOUT, ExportOptions
from cncert.output.export.base_table import Table
from cncert.output.export.formats import FORMATS
from cncert.output.export.staged_files import check_place
from cncert.output.export.tables_and_columns import ExportScope, named_metrics, tables
from cncert.report.calendar import week_range
from cncert.terminal.extras import install_command

SUFFIXES: Final = {format_class.suffix for format_class in FORMATS.values()}
OPTIONS_OF_ONE_FORMAT: Final = {"bom": "csv", "labels": "csv", "entries": "atom"}
"""Options that mean nothing without their format."""


def read_export_options(opts: Namespace, picture_store: str) -> ExportOptions:
    """Return the export that *opts* ask for; *picture_store* is ``CNCERT_FILES``.

    Raises ArgumentError for options that contradict each other or name nothing, ExportError if something is in the way
    or no format is left whose package is installed.
    """
    one_file = opts.out == STDOUT or _is_file(opts.out)
    formats = _formats(opts, one_file)
    first, last = week_range(opts.first, opts.last)
    scope = ExportScope(first, last, None if opts.metrics is None else named_metrics(opts.metrics))
    chosen = _tables(opts.table, formats, tables(scope), one_file)
    missing = tuple(filter(None, map(_missing, formats)))
    if len(missing) == len(formats):
        raise ExportError("; ".join(missing))
    formats = tuple(name for name in formats if _missing(name) is None)
    return ExportOptions(
        formats=formats,
        missing=missing,
        scope=scope,
        tables=chosen if any(FORMATS[name].has_tables for name in formats) else (),
        out=opts.out,
        one_file=one_file,
        picture_store=picture_store,
        bom=opts.bom,
        labels=opts.labels,
        entries=ENTRIES if opts.entries is None else opts.entries,
    )


def _is_file(out: str) -> bool:
    """Return whether ``--out`` names a file, by its ending, and no directory."""
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


def _formats(opts: Namespace, one_file: bool) -> tuple[str, ...]:
    ending = Path(opts.out).suffix if one_file and opts.out != STDOUT else None
    usual = next((name for name, format_class in FORMATS.items() if format_class.suffix == ending), "csv")
    formats = _names("--format", usual if opts.format is None else opts.format, FORMATS)
    for option, name in OPTIONS_OF_ONE_FORMAT.items():
        if getattr(opts, option) and name not in formats:
            raise ArgumentError(f"--{option} is for --format {name}")
    if opts.entries is not None and opts.entries < 1:
        raise ArgumentError(f"--entries {opts.entries} is below 1")
    if "datapackage" in formats and (opts.bom or opts.labels):
        raise ArgumentError("a datapackage has its own CSV files, for programs: export it without --bom and --labels")
    if one_file:
        format_class = FORMATS[formats[0]]
        if len(formats) > 1 or formats == ("datapackage",):
            raise ArgumentError(f"--out {opts.out} is one file: {', '.join(formats)} needs a directory")
        if ending is None and not format_class.is_text:
            raise ArgumentError(f"{formats[0]} is no text for stdout: name a file")
        if ending not in (None, format_class.suffix):
            raise ArgumentError(f"--out {opts.out}: a file of {formats[0]} ends with {format_class.suffix}")
    # A datapackage has the CSV files in it.
    return tuple(name for name in formats if name != "csv" or "datapackage" not in formats)


def _missing(name: str) -> str | None:
    """Return why the format *name* cannot be written: its package is missing."""
    package = FORMATS[name].needs
    if package is None or find_spec(package) is not None:
        return None
    return f"{name} needs {package}, of the extra tables: {install_command('tables')}"


def _tables(names: str | None, formats: tuple[str, ...], known: tuple[Table, ...], one_file: bool) -> tuple[Table, ...]:
    format_classes = [FORMATS[name] for name in formats]
    if not any(format_class.has_tables for format_class in format_classes):
        if names is not None:
            raise ArgumentError(f"--table is for tables: {' and '.join(formats)} has none")
        return ()
    all_names = [table.name for table in known]
    chosen = all_names if names is None else _names("--table", names, all_names)
    if one_file and not format_classes[0].in_one_file and len(chosen) > 1:
        raise ArgumentError(f"one file of {formats[0]} is one table: name it with --table ({', '.join(all_names)})")
    return tuple(table for table in known if table.name in chosen)


def _names(option: str, text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the names in *text*, each once. Raises ArgumentError for one that is not *known*."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if unknown := [name for name in names if name not in known]:
        raise ArgumentError(f"{option} {unknown[0][:80]!r} is none of {', '.join(known)}")
    return names
