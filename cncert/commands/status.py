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
from cncert.terminal.translation import translated

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
    for name, text in (*_of_the_store(state, language), *_of_the_runs(state, language)):
        table.add_row(name and translated(name, language), text)
    console.print(table)
    if not state.alerts:
        console.print(f"\n[green]{translated('Nothing is wrong.', language)}[/]")
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
        when = translated("no date of publication", language)
        if published := newest.published_at or newest.published_on:
            when = translated("published {day}", language).format(day=f"{published:%Y-%m-%d}")
        elif newest.published_by:
            when = translated("published by {day}", language).format(day=newest.published_by)
        lines.append(("newest issue", f"{newest.issue}, {when}: {escape_markup(newest.title)}"))
        lines += [
            ("", f"[yellow]{escape_markup(warning.code)}[/] {escape_markup(warning.message)}")
            for warning in newest.warnings
        ]
    counts = Counter(state.weeks)
    states = {name: words[language] for name, words in week_words()["state"].items()}
    weeks = ", ".join(f"{number} {states[name]}" for name, number in counts.items() if number)
    lines.append(("weeks", f"{counts.total()}{f': {weeks}' if weeks else ''}"))
    if state.sources:
        names = ((translated(name.replace("_", " "), language), number) for name, number in state.sources.items())
        from_where = ", ".join(f"{number} {name}" for name, number in names)
        if state.from_wayback:
            captured = translated("{number} of them from the Wayback Machine", language)
            from_where += f"; {captured.format(number=state.from_wayback)}"
        lines.append(("stored from", from_where))
    if state.missing:
        named = ", ".join(f"{week.issue} {states[week.state]}" for week in state.missing[:MAX_LISTED_WEEKS])
        if (others := len(state.missing) - MAX_LISTED_WEEKS) > 0:
            named += translated(" and {number} more (scrapy gaps)", language).format(number=others)
        lines.append(("missing", named))
    for place, (name, number) in enumerate(state.advice.items()):
        advice = escape_markup(week_words()["advice"][name][language])
        text = "{number} missing weeks: {advice}" if number > 1 else "{number} missing week: {advice}"
        lines.append(("" if place else "advice", translated(text, language).format(number=number, advice=advice)))
    if state.archive is not None:
        text = translated("{place}: {number} files, {size}", language)
        kept = text.format(place=state.archive.place, number=state.archive.files, size=decimal(state.archive.bytes))
        lines.append(("archive", escape_markup(kept)))
    text = translated("{now} articles now, {later} later; {pictures} pictures", language)
    lines.append(("due", text.format(now=state.due_now, later=state.due_later, pictures=state.pictures)))
    return lines


def _of_the_runs(state: Status, language: str) -> list[tuple[str, str]]:
    """Return lines of the table, in Rich's markup."""
    running = [("running", escape_markup(", ".join(state.running)))] if state.running else []
    run = state.last_run
    if run is None:
        return [("last run", translated("none yet: scrapy crawl weekly makes one", language)), *running]
    ended = end_moment(run, state.at)
    when = translated("by a clock that was ahead", language)
    if ended is not None:
        when = _ago((state.at - ended).total_seconds(), language)
    says_why = run.clean or run.close_reason is CloseReason.DIED
    reason = "" if says_why else f" ({escape_markup(run.reason or 'unknown')})"
    counts = translated("{new} new, {changed} changed", language).format(new=len(run.new), changed=len(run.changed))
    lines = [("last run", f"{run_state(run, language)}{reason}, {when}: {counts}")]
    failures = list(failure_lines(run, language))
    lines += [("", f"[yellow]![/] {escape_markup(line)}") for line in failures]
    lines += [("", f"[cyan]·[/] {escape_markup(line)}") for line in all_lines(run, language)[len(failures) :]]
    return lines + running


def _ago(seconds: float, language: str) -> str:
    """Return how long ago that is, in whole days, hours or minutes."""
    passed = timedelta(seconds=max(0, seconds))
    for several, one, length in (
        ("{number} days ago", "{number} day ago", timedelta(days=1)),
        ("{number} hours ago", "{number} hour ago", timedelta(hours=1)),
        ("{number} minutes ago", "{number} minute ago", timedelta(minutes=1)),
    ):
        if number := passed // length:
            return translated(several if number > 1 else one, language).format(number=number)
    return translated("just now", language)
