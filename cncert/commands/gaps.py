"""``scrapy gaps``: every week of the calendar and what became of its issue."""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cncert import gaps
from cncert.cli import ProjectCommand, output
from cncert.exceptions import ArgumentError
from cncert.items import issue_id
from cncert.report.calendar import parse_week
from cncert.store import open_store

LOOKS: dict[gaps.WeekState, tuple[str, str]] = {
    "stored": ("■", "green"),
    "blocked": ("B", "red"),
    "unavailable": ("u", "yellow"),
    "known": ("?", "cyan"),
    "gone": ("×", "bright_black"),
    "rejected": ("R", "magenta"),
    "never seen": ("·", "red"),
}
"""A sign for each state, told apart without colours too, and its colour."""

WITHOUT_REASON = ("known", "never seen")


class Command(ProjectCommand):
    """Weeks between the first and the newest known issue whose issue is not stored."""

    def short_desc(self) -> str:
        return "Show every week of the calendar: stored, or the reason why not"

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
        elif not weeks:
            output().print("No issue is known yet: run scrapy crawl weekly first.")
        else:
            print_weeks(output(), weeks, weeks if opts.all else gaps.missing(weeks))
        return int(opts.fail and any(week.state in WITHOUT_REASON for week in weeks))


def _week(name: str, text: str | None) -> str | None:
    try:
        return issue_id(*parse_week(text)) if text else None
    except ValueError as error:
        raise ArgumentError(f"{name} {text!r}: {error}") from error


def print_weeks(console: Console, weeks: list[gaps.Week], listed: list[gaps.Week]) -> None:
    """The map of *weeks*, the list of *listed* with reasons and addresses, and the sums."""
    for line in _map(weeks):
        console.print(line)
    if listed:
        console.print(_list(listed))
    counts = Counter(str(week.state) for week in weeks)
    summary = ", ".join(f"{counts[state]} {state}" for state in LOOKS if counts[state])
    console.print(f"{len(weeks)} weeks, {weeks[0].issue} to {weeks[-1].issue}: {summary}")


def _map(weeks: list[gaps.Week]) -> Iterator[str]:
    """A line a year, a sign a week, in the place of its number."""
    yield "      " + "".join(f"{number:<10}" for number in (1, 11, 21, 31, 41, 51)).rstrip()
    years: dict[str, list[str]] = {}
    for week in weeks:
        year, number = parse_week(week.issue)
        line = years.setdefault(f"{year:04d}", [" "] * 53)
        sign, colour = LOOKS[week.state]
        line[number - 1] = f"[{colour}]{sign}[/]"
    for name, signs in years.items():
        yield f"{name}  {''.join(signs).rstrip()}"
    met = {week.state for week in weeks}
    yield "\n      " + "  ".join(
        f"[{colour}]{sign}[/] {state}" for state, (sign, colour) in LOOKS.items() if state in met
    )


def _list(listed: list[gaps.Week]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("issue", "week", "state", "reason", "addresses", "tries"):
        table.add_column(
            title, no_wrap=title != "reason", justify="right" if title in ("addresses", "tries") else "left"
        )
    for week in listed:
        state = f"[{LOOKS[week.state][1]}]{week.state}[/]"
        period = f"{week.period.start} – {week.period.end}"
        numbers = (str(len(week.addresses)), str(week.attempts))
        table.add_row(week.issue, period, state, escape(week.reason or ""), *numbers)
    return table
