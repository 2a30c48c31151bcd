"""The closing words of a run."""

from collections.abc import Iterator
from typing import TextIO

from scrapy.settings import BaseSettings

from cncert.monitoring.alert_channels import in_language
from cncert.store import redacted
from cncert.store.records import AlertLevel, RunRecord
from cncert.terminal.console import console_for, escape_markup, make_table
from cncert.terminal.progress import format_duration

LOOKS: dict[AlertLevel, str] = {"attention": "red", "warning": "yellow"}
"""The colour of an alert."""


def print_summary(record: RunRecord, settings: BaseSettings, file: TextIO) -> None:
    """Print to *file* what *record* says, and what to do next if the run was not clean: a table if it is a terminal."""
    console = console_for(file)
    state = "[green]clean[/]" if record.clean else "[red]not clean[/]"
    end = f"{state} ({escape_markup(record.close_reason or 'unknown')})"
    counts, remarks = _counts(record, settings), _remarks(record, settings)
    if console.is_terminal:
        table = make_table(console)
        table.add_column("Run", no_wrap=True)
        table.add_column(record.id, overflow="fold")
        for line in (("ended", end + _after(record)), *counts, *remarks):
            table.add_row(*line)
        console.print(table)
        return
    console.soft_wrap = True
    console.print(f"\nRun {record.id}: {end}")
    for label, text in counts:
        console.print(f"  {label:<10}{text}")
    for sign, text in remarks:
        console.print(f"  {sign} {text}".replace("\n", "\n    ") if sign else f"  {text}")


def _counts(record: RunRecord, settings: BaseSettings) -> Iterator[tuple[str, str]]:
    """What came of the run in Rich's markup, each with its label."""
    yield "issues", f"{len(record.new)} new, {len(record.changed)} changed, {len(record.rejected)} rejected"
    if record.verdicts:
        yield "pages", _sums(record.verdicts)
    if record.pictures:
        yield "pictures", _sums(record.pictures)
    if record.gaps_before is not None and record.gaps_after is not None:
        yield "missing", f"{record.gaps_before} weeks before, {record.gaps_after} now"
    yield "store", escape_markup(redacted(settings["CNCERT_STORE"]))
    yield "files", escape_markup(settings["FILES_STORE"].rpartition("@")[2])


def _remarks(record: RunRecord, settings: BaseSettings) -> Iterator[tuple[str, str]]:
    """What a person should read in Rich's markup, each with its sign or without one."""
    for warning in record.warnings:
        yield "[yellow]![/]", escape_markup(warning)
    for note in record.notes:
        yield "[cyan]·[/]", escape_markup(note)
    if record.notes:
        yield "", "scrapy warnings lists what is odd about them."
    for alert in record.alerts or []:
        if not alert.over:
            text, advice = in_language(alert, settings["CNCERT_LANGUAGE"])
            yield f"[{LOOKS[alert.level]}]{alert.level}:[/]", f"{escape_markup(text)}\n→ {escape_markup(advice)}"
    for remark in record.sources:
        yield "[cyan]·[/]", escape_markup(remark)
    if not record.clean:
        yield "", "Run it again later: what is missing stays in the ledger (scrapy gaps shows it with its reason)."


def _after(record: RunRecord) -> str:
    if record.ended_at is None:
        return ""
    return f" after {format_duration((record.ended_at - record.started_at).total_seconds())}"


def _sums(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {escape_markup(name.replace('_', ' '))}" for name, number in counts.items())
