"""The summary that a crawl prints at its end, and how runs and alerts are printed elsewhere too."""

from collections.abc import Iterator
from typing import TextIO

from rich.cells import cell_len

from cncert.monitoring.alert_words import text_and_advice
from cncert.monitoring.exit_status import failure_lines
from cncert.monitoring.issue_notes import note_lines
from cncert.monitoring.run_lines import source_lines
from cncert.options import Options
from cncert.store import redacted
from cncert.store.close_reasons import CloseReason
from cncert.store.run_records import Alert, RunRecord
from cncert.terminal.console import console_for, escape_markup, make_table
from cncert.terminal.progress import format_duration
from cncert.terminal.translation import translated


def run_state(record: RunRecord, language: str = "en") -> str:
    """Return the state of a run in Rich's markup; one that died has to be closed before (:func:`close_if_dead`)."""
    if record.close_reason is CloseReason.DIED:
        return f"[red]{translated('died', language)}[/]"
    if record.clean is None and record.ended_at is None:
        return f"[yellow]{translated('running', language)}[/]"
    if record.clean:
        return f"[green]{translated('clean', language)}[/]"
    return f"[red]{translated('not clean', language)}[/]"


def run_duration(record: RunRecord) -> str:
    """Return how long a run took, an empty text if it has not ended, or its clock was set back meanwhile."""
    if record.ended_at is None or record.ended_at < record.started_at:
        return ""
    return format_duration((record.ended_at - record.started_at).total_seconds())


def alert_markup(alert: Alert, language: str) -> tuple[str, str]:
    """Return the level of *alert*, and what it says in *language* with the advice below, in Rich's markup."""
    text, advice = text_and_advice(alert, language)
    colour = "red" if alert.level == "attention" else "yellow"
    return f"[{colour}]{translated(alert.level, language)}[/]", f"{escape_markup(text)}\n→ {escape_markup(advice)}"


def print_summary(record: RunRecord, options: Options, file: TextIO) -> None:
    """Print what *record* says, and what to do next if the run was not clean: a table if *file* is a terminal."""
    console, language = console_for(file), options.language
    end = f"{run_state(record, language)} ({escape_markup(record.reason or 'unknown')})"
    counts, remarks = _counts(record, options), _remarks(record, options)
    if console.is_terminal:
        table = make_table(console)
        table.add_column(translated("Run", language), no_wrap=True)
        table.add_column(record.id, overflow="fold")
        ended = translated("{how} after {time}", language).format(how=end, time=run_duration(record))
        for name, text in (("ended", ended), *counts):
            table.add_row(translated(name, language), text)
        for line in remarks:
            table.add_row(*line)
        console.print(table)
        return
    console.soft_wrap = True
    console.print(f"\n{translated('Run', language)} {record.id}: {end}")
    for label, text in counts:
        name = translated(label, language)
        console.print(f"  {name}{' ' * (10 - cell_len(name))}{text}")
    for sign, text in remarks:
        console.print(f"  {sign} {text}".replace("\n", "\n    ") if sign else f"  {text}")


def _counts(record: RunRecord, options: Options) -> Iterator[tuple[str, str]]:
    """Yield the results of the run in Rich's markup, each with its label."""
    language = options.language
    text = translated("{new} new, {changed} changed, {rejected} rejected", language)
    yield "issues", text.format(new=len(record.new), changed=len(record.changed), rejected=len(record.rejected))
    if record.verdicts:
        yield "pages", _sums(record.verdicts, language)
    if record.pictures:
        yield "pictures", _sums(record.pictures, language)
    if record.wayback:
        text = translated("web archive: {sums}", language)
        yield "archive", text.format(sums=_sums(record.wayback, language))
    if record.gaps_before is not None and record.gaps_after is not None:
        text = translated("{before} weeks before, {after} now", language)
        yield "missing", text.format(before=record.gaps_before, after=record.gaps_after)
    yield "store", escape_markup(redacted(options.store))
    yield "files", escape_markup(options.files.rpartition("@")[2])


def _remarks(record: RunRecord, options: Options) -> Iterator[tuple[str, str]]:
    """Yield what a person should read, in Rich's markup, each with a sign or an empty one."""
    language = options.language
    for line in failure_lines(record, language):
        yield "[yellow]![/]", escape_markup(line)
    for line in (*note_lines(record.notes, language), *record.former_lines):
        yield "[cyan]·[/]", escape_markup(line)
    if record.notes:
        yield "", translated("scrapy warnings lists what is odd about them.", language)
    for alert in record.alerts or []:
        if not alert.over:
            level, text = alert_markup(alert, language)
            yield f"{level}:", text
    for line in source_lines(record):
        yield "[cyan]·[/]", escape_markup(line)
    if not record.clean:
        text = "Run it again later: what is missing stays in the ledger (scrapy gaps shows it with its reason)."
        yield "", translated(text, language)


def _sums(counts: dict[str, int], language: str) -> str:
    names = {name: translated(name.replace("_", " "), language) for name in counts}
    return ", ".join(f"{number} {escape_markup(names[name])}" for name, number in counts.items())
