"""``scrapy gaps``: every week of the calendar and what became of its issue."""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter

from rich import box
from rich.markup import escape
from rich.table import Table

from cncert import gaps
from cncert.cli import ProjectCommand, output
from cncert.exceptions import ArgumentError
from cncert.items import issue_id
from cncert.report.calendar import parse_week
from cncert.store import open_store

STYLES = {"stored": "green", "blocked": "red", "unavailable": "yellow", "known": "cyan", "gone": "bright_black",
          "rejected": "magenta", "never seen": "red"}  # fmt: skip
WITHOUT_REASON = ("known", "never seen")


class Command(ProjectCommand):
    """Weeks between the first and the newest known issue whose issue is not stored."""

    def short_desc(self) -> str:
        return "List the weeks that are missing in the store, with the reason"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--all", action="store_true", help="list the stored weeks too")
        parser.add_argument("--json", action="store_true", help="print all weeks as JSON")
        parser.add_argument("--fail", action="store_true", help="exit with 1 if a week is missing without a reason")
        parser.add_argument("--from", dest="first", metavar="WEEK", help="first week, such as 2024-01")
        parser.add_argument("--until", dest="last", metavar="WEEK", help="last week")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"gaps takes no argument {args[0]!r}")
        first, last = _week("--from", opts.first), _week("--until", opts.last)
        async with open_store(self.settings["CNCERT_STORE"]) as store:
            weeks = gaps.weeks(await store.rows(), await store.issue_ids(), first=first, last=last)
        if opts.json:
            print(json.dumps([week.model_dump(mode="json") for week in weeks], ensure_ascii=False, indent=1))
        else:
            _print(weeks if opts.all else gaps.missing(weeks), weeks)
        return int(opts.fail and any(week.state in WITHOUT_REASON for week in weeks))


def _week(name: str, text: str | None) -> str | None:
    try:
        return issue_id(*parse_week(text)) if text else None
    except ValueError as error:
        raise ArgumentError(f"{name} {text!r}: {error}") from error


def _print(shown: list[gaps.Week], weeks: list[gaps.Week]) -> None:
    console = output()
    if not weeks:
        console.print("No issue is known yet: run scrapy crawl weekly first.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("issue", "week", "state", "reason", "addresses"):
        table.add_column(title, justify="right" if title == "addresses" else "left", no_wrap=title != "reason")
    for week in shown:
        state = f"[{STYLES[week.state]}]{week.state}[/]"
        period = f"{week.period.start} – {week.period.end}"
        table.add_row(week.issue, period, state, escape(week.reason or ""), str(len(week.addresses)))
    if shown:
        console.print(table)
    counts = Counter(str(week.state) for week in weeks)
    summary = ", ".join(f"{counts[state]} {state}" for state in STYLES if counts[state])
    console.print(f"{len(weeks)} weeks, {weeks[0].issue} to {weeks[-1].issue}: {summary}")
