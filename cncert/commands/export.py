"""``scrapy export``: writes the dataset as tables, a feed or readable files."""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand
from cncert.exceptions import ArgumentError, error_reason
from cncert.options import in_project
from cncert.store import Store
from cncert.terminal.console import is_quiet, print_message
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe

if TYPE_CHECKING:
    from cncert.output.export.base_format import ExportOptions

OUT = "data/export"
MIN_ISSUES_FOR_PROGRESS = 200
"""Fewer issues take too short a time for a progress bar."""


class ExportCommand(ProjectCommand, ScrapyCommand):
    """Writes the stored issues to files."""

    def short_desc(self) -> str:
        return "Write the dataset to files: tables (CSV, Excel, Parquet …), Markdown, or an Atom feed"

    def add_options(self, parser: ArgumentParser) -> None:
        from cncert.output.export.formats import FORMATS

        super().add_options(parser)
        formats = ", ".join(f"{name} (default)" if name == "csv" else name for name in FORMATS)
        parser.add_argument("--format", metavar="NAMES", help=f"{formats}; several with commas")
        parser.add_argument("--out", metavar="DIR|FILE|-", default=in_project(OUT), help=f"default {OUT}; - is stdout")
        parser.add_argument("--table", metavar="NAMES", help="only these tables: issues, figures, wide, …")
        parser.add_argument("--metrics", metavar="NAMES", help="only these figures: names, beginnings such as sites.")
        parser.add_argument("--from", dest="first", metavar="WEEK", help="first week, such as 2024-01")
        parser.add_argument("--until", dest="last", metavar="WEEK", help="last week")
        parser.add_argument("--bom", action="store_true", help="csv: with a byte order mark, for Excel")
        parser.add_argument("--labels", action="store_true", help="csv: with Chinese names beside those of the columns")
        parser.add_argument("--entries", type=int, metavar="N", help="atom: at most N issues, the newest (default 50)")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"export takes no argument {args[0]!r}")
        from cncert.output.export.read_options import read_export_options

        options = read_export_options(opts, self.options.files)
        for line in options.missing:
            print_message(line)
        async with self.open_store(read_only=True) as store:
            number = len(await store.issue_ids())
            if not number:
                print_message(f"{store.name} has no issue yet, and nothing was written: run scrapy crawl weekly first")
                return 1
            try:
                counts = await _export(store, options, number)
            except BrokenPipeError:
                raise
            except OSError as error:
                print_message(f"{options.destination}: {error_reason(error)}; what was there is as it was")
                return 1
        if not is_quiet.get():
            print(safe(_summary(options, counts)), file=sys.stderr)
        return int(bool(options.missing))


async def _export(store: Store, options: "ExportOptions", number: int) -> Counter[str]:
    """Export what *options* ask of the *number* issues that are stored; return the rows of each table."""
    from cncert.output.export.formats import FORMATS
    from cncert.output.export.run_export import run_export
    from cncert.output.export.staged_files import StagedFiles

    options = replace(options, is_sample=await store.is_sample())
    with StagedFiles(Path(tempfile.gettempdir()) if options.to_stdout else options.folder) as staged:
        with progress_bar(hidden=number < MIN_ISSUES_FOR_PROGRESS) as bar:
            task = bar.add_task("Issues", total=number)
            formats = [FORMATS[name](options, staged) for name in options.formats]
            counts = await run_export(store, options, formats, lambda: bar.advance(task))
        if options.to_stdout:
            staged.print()
        else:
            staged.move(options.target, is_directory=not options.one_file)
    return counts


def _summary(options: "ExportOptions", counts: Counter[str]) -> str:
    """Return what was written where."""
    rows = ", ".join(f"{table.name} {counts[table.name]}" for table in options.tables)
    parts = [", ".join(options.formats), f"issues: {counts['issue']}", *([f"rows: {rows}"] if rows else [])]
    return f"{options.destination}: {'; '.join(parts)}"
