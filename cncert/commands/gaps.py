"""``scrapy gaps``: every week of the calendar, and whether its issue is stored or why not."""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, say_if_sample
from cncert.exceptions import ArgumentError, error_reason
from cncert.ledger import calendar_gaps
from cncert.ledger.week_states import WeekState, week_words
from cncert.report.calendar import parse_week, week_range
from cncert.terminal.atomic_write import write_whole
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, print_note, stdout_console
from cncert.terminal.safe_text import safe
from cncert.terminal.translation import translated
from cncert.wechat.address import read_address

STATE_SIGNS: dict[WeekState, tuple[str, str]] = {
    "stored": ("■", "green"),
    "known": ("?", "cyan"),
    "blocked": ("B", "red"),
    "gone": ("×", "bright_black"),
    "unavailable": ("u", "yellow"),
    "rejected": ("R", "magenta"),
    "never named": ("·", "red"),
}
"""The sign and the colour of each state; the signs differ without colours too."""

HOW_TO = """\
# Missing issues: {}. Open an address in a browser, or in WeChat, whose links you can copy. If it shows the issue:
#   scrapy crawl weekly -a start=@FILE   asks for the addresses in FILE, a line each: this list, or those that you found
#   scrapy import FOLDER                 takes the pages that you saved there
#   scrapy verify ADDRESS                opens a window in which you can pass a verification, for CNCERT_BROWSER=on
# scrapy gaps --html FILE writes this list as a page of links."""

MIN_WIDTH_FOR_WEEKS, MIN_WIDTH_FOR_NUMBERS = 75, 100
"""Columns of a window that shows both ends of a week, and one that shows the numbers of addresses and attempts."""
FROM_WAYBACK, IN_VAIN = ", from the Wayback Machine", "; the Wayback Machine has none"
STATES_WITHOUT_REASON = ("known", "never named")


class GapsCommand(ProjectCommand, ScrapyCommand):
    """Lists the weeks from the first known issue to the last one that is due."""

    def short_desc(self) -> str:
        return "Show every week of the calendar: stored, or the reason why not"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--all", action="store_true", help="list the stored weeks too")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print all weeks as JSON")
        form.add_argument("--wanted", action="store_true", help="print the addresses of missing issues, and what to do")
        parser.add_argument("--html", metavar="FILE", help="write --wanted as a page of links; - is stdout")
        parser.add_argument("--fail", action="store_true", help="exit with 1 if a week is missing without a reason")
        parser.add_argument("--from", dest="first", metavar="WEEK", help="first week, such as 2024-01")
        parser.add_argument("--until", dest="last", metavar="WEEK", help="last week")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"gaps takes no argument {args[0]!r}")
        if opts.html == "":
            raise ArgumentError("--html is empty (- is stdout)")
        if opts.html and opts.json:
            raise ArgumentError("--json and --html exclude each other")
        first, last = week_range(opts.first, opts.last)
        async with self.open_store(read_only=True) as store:
            await say_if_sample(store)
            weeks = calendar_gaps.weeks(
                await store.rows(),
                await store.issue_sources(),
                first=first,
                last=last,
                reprints=self.options.reprints and not await store.is_sample(),
            )
        language = self.options.language
        if opts.html:
            if not _write_page(opts.html, calendar_gaps.missing(weeks), language):
                return 1
        elif opts.json:
            print_json(list(map(calendar_gaps.week_document, weeks)))
        elif opts.wanted:
            for line in wanted_lines(weeks, language):
                print(line)
        else:
            print_weeks(stdout_console(), weeks, weeks if opts.all else calendar_gaps.missing(weeks), language)
        return int(opts.fail and any(week.state in STATES_WITHOUT_REASON for week in weeks))


def _write_page(place: str, missing: list[calendar_gaps.Week], language: str) -> bool:
    """Write the page of links to *place*, - is stdout; return whether that was possible."""
    from cncert.output.wanted.wanted_page import render

    html = render(missing, language)
    if place == "-":
        sys.stdout.write(html)
        return True
    try:
        write_whole(Path(place), html.encode())
    except OSError as error:
        print_message(f"{place} cannot be written: {error_reason(error)}")
        return False
    print_note(f"{place}: {len(missing)} missing issues, {sum(len(week.addresses) for week in missing)} addresses")
    return True


def wanted_lines(weeks: list[calendar_gaps.Week], language: str = "en") -> Iterator[str]:
    """Yield the missing issues of *weeks*, newest first, with the addresses that may work, best first.

    All lines but addresses of WeChat begin with #, as ``scrapy crawl weekly -a start=@FILE`` expects.
    """
    missing = calendar_gaps.missing(weeks)
    yield HOW_TO.format(len(missing)) if missing else "# No issue is missing."
    for week in reversed(missing):
        period = f"{week.period.start} – {week.period.end}"
        advice = f" → {week_words()['advice'][week.advice][language]}" if week.advice else ""
        advice += f" ({calendar_gaps.search_title(week)})" * (week.advice == "search")
        yield f"# {week.issue}  {period}  {week.state}: {safe(week.reason or 'not asked for yet')}{advice}"
        for url in week.addresses:
            yield safe(url) if read_address(url) else f"# {safe(url)}  (of CNCERT's site: scrapy crawl official)"


def print_weeks(
    console: Console, weeks: list[calendar_gaps.Week], listed: list[calendar_gaps.Week], language: str
) -> None:
    """Print a map of *weeks*, a table of *listed* with their reasons, the sums, and what would help."""
    if not weeks:
        console.print(translated("The calendar has none of these weeks.", language))
        return
    for line in _map(weeks, language):
        console.print(line)
    if listed:
        console.print(_table(console, listed, language))
    counts = Counter(week.state for week in weeks)
    sources = ", ".join(
        f"{number} {translated(name.replace('_', ' '), language)}"
        for name, number in calendar_gaps.stored_by_source(weeks).items()
    )
    if captured := sum(week.from_wayback for week in weeks):
        text = translated("{number} of them from the Wayback Machine", language)
        sources += f"; {text.format(number=captured)}"
    states = week_words()["state"]
    summary = ", ".join(
        f"{counts[state]} {states[state][language]}{f' ({sources})' if state == 'stored' else ''}"
        for state in STATE_SIGNS
        if counts[state]
    )
    text = translated("{number} weeks, {first} to {last}: {states}", language)
    console.print(text.format(number=len(weeks), first=weeks[0].issue, last=weeks[-1].issue, states=summary))
    if missing := calendar_gaps.missing(weeks):
        addresses = sum(len(week.addresses) for week in missing)
        reprints = sum(len(week.reprints) for week in missing)
        text = translated("addresses of missing issues: {addresses}, {reprints} of them of reprints", language)
        console.print(text.format(addresses=addresses, reprints=reprints))
    for name, number in Counter(week.advice for week in weeks if week.advice).most_common():
        console.print(f"  {name:8} {number:3}  {escape_markup(week_words()['advice'][name][language])}")


def _map(weeks: list[calendar_gaps.Week], language: str) -> Iterator[str]:
    """Yield a line for each year, with a sign for each week."""
    yield "      " + "".join(f"{number:<10}" for number in (1, 11, 21, 31, 41, 51)).rstrip()
    years: dict[str, list[str]] = {}
    for week in weeks:
        year, number = parse_week(week.issue)
        line = years.setdefault(f"{year:04d}", [" "] * 53)
        sign, colour = STATE_SIGNS[week.state]
        line[number - 1] = f"[{colour}]{sign}[/]"
    for name, signs in years.items():
        yield f"{name}  {''.join(signs).rstrip()}"
    met = {week.state for week in weeks}
    yield "\n      " + "  ".join(
        f"[{colour}]{sign}[/] {week_words()['state'][state][language]}"
        for state, (sign, colour) in STATE_SIGNS.items()
        if state in met
    )


def _table(console: Console, listed: list[calendar_gaps.Week], language: str) -> Table:
    # A narrow window shows less; ``--json`` has all.
    whole_weeks, numbers = console.width >= MIN_WIDTH_FOR_WEEKS, console.width >= MIN_WIDTH_FOR_NUMBERS
    table = make_table(console)
    for title in ("issue", "week" if whole_weeks else "week from", "state"):
        table.add_column(translated(title, language), no_wrap=True)
    table.add_column(translated("reason", language), overflow="fold")
    table.add_column(translated("advice", language), no_wrap=True)
    for title in ("addresses", "tries") if numbers else ():
        table.add_column(translated(title, language), justify="right", no_wrap=True)
    for week in listed:
        period = f"{week.period.start} – {week.period.end}" if whole_weeks else f"{week.period.start}"
        state = f"[{STATE_SIGNS[week.state][1]}]{week_words()['state'][week.state][language]}[/]"
        counts = (str(len(week.addresses)), str(week.attempts)) if numbers else ()
        reason = week.reason or (translated(week.source.replace("_", " "), language) if week.source else "")
        reason += translated(FROM_WAYBACK, language) * week.from_wayback
        reason += translated(IN_VAIN, language) * (week.captures == "none")
        table.add_row(week.issue, period, state, escape_markup(reason), week.advice or "", *counts)
    return table
