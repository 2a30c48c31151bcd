"""``scrapy export``: the dataset as tables, a feed and readable files."""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cncert.exceptions import ArgumentError
from cncert.store import Store, open_store
from cncert.terminal.console import print_message
from cncert.terminal.output import ProjectCommand
from cncert.terminal.progress import progress_bar
from cncert.terminal.safe_text import safe

if TYPE_CHECKING:
    from cncert.output.export.base_format import Plan

OUT = "data/export"
LONG = 200
"""So many issues take long enough for a progress bar."""


class Command(ProjectCommand):
    """Reads the store, and writes nothing into it."""

    def short_desc(self) -> str:
        return "Write the dataset as CSV, Excel, Parquet, JSON Lines, data package, Markdown or Atom"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--format", metavar="NAMES", help="csv (default), jsonl, parquet, xlsx, datapackage, "
                            "markdown, atom; several with commas")  # fmt: skip
        parser.add_argument("--out", metavar="DIR|FILE|-", default=OUT, help=f"default {OUT}; - is stdout")
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
        from cncert.output.export.read_options import read_plan

        plan = read_plan(opts, self.settings["CNCERT_FILES"])
        async with open_store(self.settings["CNCERT_STORE"]) as store:
            number = len(await store.issue_ids())
            if not number:
                print_message(f"{store.name} has no issue yet, and nothing was written: run scrapy crawl weekly first")
                return 1
            try:
                counts = await _export(store, plan, number)
            except BrokenPipeError:
                raise
            except OSError as error:
                print_message(f"{plan.place}: {error.strerror or error}; what was there is as it was")
                return 1
        print(safe(_summary(plan, counts)), file=sys.stderr)
        return 0


async def _export(store: Store, plan: "Plan", number: int) -> Counter[str]:
    """Do what *plan* says with *number* issues, or those of them that it wants; the rows of each table."""
    from cncert.output.export.staged_files import Staging
    from cncert.output.export.write_tables import FORMATS, export

    with Staging(Path(tempfile.gettempdir()) if plan.to_stdout else plan.home) as staging:
        with progress_bar(hidden=number < LONG) as bar:
            task = bar.add_task("Issues", total=number)
            formats = [FORMATS[name](plan, staging) for name in plan.formats]
            counts = await export(store, plan, formats, lambda: bar.advance(task))
        if plan.to_stdout:
            staging.print()
        else:
            staging.move(plan.target, is_directory=not plan.in_one)
    return counts


def _summary(plan: "Plan", counts: Counter[str]) -> str:
    """What was written where."""
    rows = ", ".join(f"{table.name} {counts[table.name]}" for table in plan.tables)
    return f"{plan.place}: {', '.join(plan.formats)}; issues: {counts['issue']}{f'; rows: {rows}' if rows else ''}"
