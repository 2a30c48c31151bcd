"""``scrapy status``: shows the state of the store and of the last run, and whether somebody has to act."""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option, say_if_sample
from cncert.exceptions import ArgumentError, StoreError, error_reason
from cncert.ledger.week_states import week_words
from cncert.monitoring.after_run import evaluate
from cncert.monitoring.believed_times import end_moment
from cncert.monitoring.exit_status import failure_lines
from cncert.monitoring.print_run_summary import alert_markup, run_state
from cncert.monitoring.prometheus import metrics
from cncert.monitoring.run_lines import all_lines
from cncert.monitoring.store_status import ArchiveSize, Status, status, status_document
from cncert.store.close_reasons import CloseReason
from cncert.terminal.atomic_write import write_whole
from cncert.terminal.console import escape_markup, print_json, stdout_console

MAX_LISTED_WEEKS = 12
"""Missing weeks that are listed; ``scrapy gaps`` lists all."""


class StatusCommand(ProjectCommand, ScrapyCommand):
    """Shows the state of the store, and what the monitors find in it."""

    def short_desc(self) -> str:
        return "Show how things stand; exit with 1 if somebody has to act"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "all of it")
        parser.add_argument("--prometheus", metavar="FILE", help="write metrics to FILE instead (- is stdout)")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"status takes no argument {args[0]!r}")
        if opts.json and opts.prometheus:
            raise ArgumentError("--json and --prometheus exclude each other")
        try:
            async with self.open_store(read_only=True) as store:
                await say_if_sample(store)
                archive = ArchiveSize.of(self.options)
                state = status(*await evaluate(store, self.options, datetime.now(UTC)), store.name, archive)
        except StoreError:
            if opts.prometheus:
                _write(opts.prometheus, None)
            raise
        if opts.prometheus:
            _write(opts.prometheus, state)
        elif opts.json:
            print_json(status_document(state))
        else:
            _print(stdout_console(), state, self.options.language)
        return int(state.attention)


def _write(place: str, state: Status | None) -> None:
    text = "".join(metrics(state))
    if place == "-":
        sys.stdout.write(text)
        return
    try:
        # The collector, which may be another user, reads *.prom: half a file has another name.
        write_whole(Path(place), text.encode(), mode=0o644)
    except OSError as error:
        raise ArgumentError(f"{place} cannot be written: {error_reason(error)}") from error


def _print(console: Console, state: Status, language: str) -> None:
    table = _table()
    for name, text in (*_of_the_store(state, language), *_of_the_runs(state)):
        table.add_row(name, text)
    console.print(table)
    if not state.alerts:
        console.print("\n[green]Nothing is wrong.[/]")
        return
    found = _table()
    for alert in state.alerts:
        found.add_row(*alert_markup(alert, language))
    console.print()
    console.print(found)


def _table() -> Table:
    """Return a table of two columns, of which the second folds its text."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _of_the_store(state: Status, language: str) -> list[tuple[str, str]]:
    """Return lines of the table, in Rich's markup."""
    lines = [("store", escape_markup(state.store))]
    if newest := state.newest:
        when = "no date of publication"
        if published := newest.published_at or newest.published_on or newest.published_by:
            when = f"published {'by ' * (newest.published_by is not None)}{published:%Y-%m-%d}"
        lines.append(("newest issue", f"{newest.issue}, {when}: {escape_markup(newest.title)}"))
        lines += [
            ("", f"[yellow]{escape_markup(warning.code)}[/] {escape_markup(warning.message)}")
            for warning in newest.warnings
        ]
    counts = Counter(state.weeks)
    weeks = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    lines.append(("weeks", f"{counts.total()}{f': {weeks}' if weeks else ''}"))
    if state.sources:
        from_where = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in state.sources.items())
        from_where += f"; {state.from_wayback} of them from the Wayback Machine" * bool(state.from_wayback)
        lines.append(("stored from", from_where))
    if state.missing:
        named = ", ".join(f"{week.issue} {week.state}" for week in state.missing[:MAX_LISTED_WEEKS])
        more = (
            f" and {len(state.missing) - MAX_LISTED_WEEKS} more (scrapy gaps)"
            if len(state.missing) > MAX_LISTED_WEEKS
            else ""
        )
        lines.append(("missing", named + more))
    for place, (name, number) in enumerate(state.advice.items()):
        advice = escape_markup(week_words()["advice"][name][language])
        lines.append(("" if place else "advice", f"{number} missing week{'s' * (number > 1)}: {advice}"))
    if state.archive is not None:
        size = f"{state.archive.files} files, {decimal(state.archive.bytes)}"
        lines.append(("archive", escape_markup(f"{state.archive.place}: {size}")))
    lines.append(("due", f"{state.due_now} articles now, {state.due_later} later; {state.pictures} pictures"))
    return lines


def _of_the_runs(state: Status) -> list[tuple[str, str]]:
    """Return lines of the table, in Rich's markup."""
    running = [("running", escape_markup(", ".join(state.running)))] if state.running else []
    run = state.last_run
    if run is None:
        return [("last run", "none yet: scrapy crawl weekly makes one"), *running]
    ended = end_moment(run, state.at)
    when = _ago((state.at - ended).total_seconds()) if ended is not None else "by a clock that was ahead"
    says_why = run.clean or run.close_reason is CloseReason.DIED
    reason = "" if says_why else f" ({escape_markup(run.reason or 'unknown')})"
    lines = [("last run", f"{run_state(run)}{reason}, {when}: {len(run.new)} new, {len(run.changed)} changed")]
    failures = list(failure_lines(run))
    lines += [("", f"[yellow]![/] {escape_markup(line)}") for line in failures]
    lines += [("", f"[cyan]·[/] {escape_markup(line)}") for line in all_lines(run)[len(failures) :]]
    return lines + running


def _ago(seconds: float) -> str:
    """Return how long ago that is, in whole days, hours or minutes."""
    passed = timedelta(seconds=max(0, seconds))
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if number := passed // length:
            return f"{number} {unit}{'s' * (number > 1)} ago"
    return "just now"
