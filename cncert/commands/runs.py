"""``scrapy runs``: lists the runs and their results."""

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from rich.table import Table
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError
from cncert.monitoring.believed_times import newest_runs
from cncert.monitoring.dead_runs import close_if_dead
from cncert.monitoring.print_run_summary import run_duration, run_state
from cncert.monitoring.run_lines import all_lines, run_document
from cncert.store.run_records import RunRecord
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, stdout_console
from cncert.terminal.translation import translated


class RunsCommand(ProjectCommand, ScrapyCommand):
    """Lists the run records of the store, newest first."""

    def short_desc(self) -> str:
        return "List the runs of the spider, newest first"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "the records")
        parser.add_argument("-n", "--limit", type=int, default=20, help="at most so many (default 20, 0 for all)")
        parser.add_argument("--job", metavar="ID", help="only the run that was this job of Scrapyd")
        help_text = "exit 1 unless there is a run, and the newest of each spider among those listed is clean"
        parser.add_argument("--fail", action="store_true", help=help_text)

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"runs takes no argument {args[0]!r}")
        if opts.limit < 0:
            raise ArgumentError(f"--limit {opts.limit} is below 0")
        now = datetime.now(UTC)
        async with self.open_store(read_only=True) as store:
            # A job may be any of them.
            found = await newest_runs(store, now, None if opts.job else opts.limit or None)
        runs = [close_if_dead(run, now) for run in found]
        if opts.job:
            runs = [run for run in runs if run.job == opts.job]
        if opts.job and not runs:
            print_message(f"no run was job {opts.job}: it waits, or what it was given is wrong (its log says so)")
            return 1
        if opts.json:
            print_json(list(map(run_document, runs)))
        else:
            _print(runs, self.options.language)
        newest = {run.spider: run for run in reversed(runs)}
        return int(opts.fail and not (newest and all(run.clean for run in newest.values())))


def _print(runs: list[RunRecord], language: str) -> None:
    console = stdout_console()
    if not runs:
        console.print(translated("No run yet: scrapy crawl weekly makes one.", language))
        return
    table = make_table(console)
    _add_rows(table, runs, language)
    console.print(table)


def _add_rows(table: Table, runs: list[RunRecord], language: str) -> None:
    """Add some lines for each run, which fit any window."""
    table.leading = 1
    for title in ("started (UTC+8)", "ended", "issues", "remarks"):
        table.add_column(translated(title, language), overflow="fold")
    for run in runs:
        kinds = (("new", run.new), ("changed", run.changed), ("rejected", run.rejected))
        issues = [f"{len(ids)} {translated(name, language)}" for name, ids in kinds if ids or name == "new"]
        missing = [f"{_missing(run)} {translated('missing', language)}"] if _missing(run) else []
        table.add_row(
            f"{run.started_at:%Y-%m-%d\n%H:%M:%S}",
            "\n".join(filter(None, [run_state(run, language), escape_markup(run.reason), run_duration(run)])),
            "\n".join([*issues, *missing]),
            "\n".join(map(escape_markup, all_lines(run, language))),
        )


def _missing(run: RunRecord) -> str:
    return "" if run.gaps_after is None else f"{run.gaps_before} → {run.gaps_after}"
