"""The closing words of a run."""

import sys

from rich.console import Console
from rich.markup import escape

from cncert.store import redacted
from cncert.store.records import RunRecord


def print_summary(record: RunRecord, store: str, files: str) -> None:
    """Print to stderr what *record* says, and what to do next if the run was not clean."""
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
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
    if not record.clean:
        console.print(
            "  Run it again later: what is missing stays in the ledger (scrapy gaps shows it with its reason)."
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items())
