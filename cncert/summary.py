"""The closing words of a run."""

from typing import TextIO

from rich.console import Console
from rich.markup import escape
from scrapy.settings import BaseSettings

from cncert.alerts import in_language
from cncert.store import redacted
from cncert.store.records import AlertLevel, RunRecord

LOOKS: dict[AlertLevel, str] = {"attention": "red", "warning": "yellow"}
"""The colour of an alert."""


def print_summary(record: RunRecord, settings: BaseSettings, file: TextIO) -> None:
    """Print to *file* what *record* says, and what to do next if the run was not clean."""
    store, files = settings["CNCERT_STORE"], settings["FILES_STORE"]
    console = Console(file=file, highlight=False, soft_wrap=True)
    state = "[green]clean[/]" if record.clean else "[red]not clean[/]"
    console.print(f"\nRun {record.id}: {state} ({escape(record.close_reason or 'unknown')})")
    console.print(f"  issues    {len(record.new)} new, {len(record.changed)} changed, {len(record.rejected)} rejected")
    if record.verdicts:
        console.print(f"  pages     {_counts(record.verdicts)}")
    if record.pictures:
        console.print(f"  pictures  {_counts(record.pictures)}")
    if record.gaps_before is not None and record.gaps_after is not None:
        console.print(f"  missing   {record.gaps_before} weeks before, {record.gaps_after} now")
    console.print(f"  store     {escape(redacted(store))}")
    console.print(f"  files     {escape(files.rpartition('@')[2])}")
    for warning in record.warnings:
        console.print(f"  [yellow]![/] {escape(warning)}")
    for note in record.notes:
        console.print(f"  [cyan]·[/] {escape(note)}")
    if record.notes:
        console.print("  scrapy warnings lists what is odd about them.")
    for alert in record.alerts or []:
        if not alert.over:
            text, advice = in_language(alert, settings["CNCERT_LANGUAGE"])
            console.print(f"  [{LOOKS[alert.level]}]{alert.level}[/]: {escape(text)}\n    → {escape(advice)}")
    for remark in record.sources:
        console.print(f"  [cyan]·[/] {escape(remark)}")
    if not record.clean:
        console.print(
            "  Run it again later: what is missing stays in the ledger (scrapy gaps shows it with its reason)."
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items())
