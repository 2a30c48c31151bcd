"""``scrapy demo``: a crawl of the bundled sample series, without network."""

import asyncio
import os
import shutil
import sys
from argparse import Namespace
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from cncert.commands.terminal_options import COMMAND, TerminalOptions
from cncert.exceptions import ArgumentError, SettingError
from cncert.extensions.derived_settings import DerivedSettings
from cncert.extensions.live_panel import live_panel
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Issue
from cncert.ledger import calendar_gaps
from cncert.monitoring.exit_status import failure_lines
from cncert.options import in_project, project_root
from cncert.spiders.weekly import WeeklySpider
from cncert.store import open_store
from cncert.terminal.console import escape_markup, print_message, print_note, stdout_console

FIRST, LAST = "2024-18", "2025-03"
NEWEST_ADDRESS = (
    "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247499624&idx=1&sn=8064268553ca5916417015861fb3acd9"
)


REPRINTS = ("https://mp.weixin.qq.com/s/8WiE2kk0rORrJcNGlXmEfH", "https://mp.weixin.qq.com/s/wOiBLIsH1XDaggRCQpQgQ1")
"""Of 2024-48 and 2024-52, whose own pages the sample does not hold."""


class DemoCommand(TerminalOptions, ScrapyCommand):
    """Crawls the sample with the usual spider, pipelines and store, and prints the result."""

    requires_project = True

    def syntax(self) -> str:
        return "[DIRECTORY]"

    def short_desc(self) -> str:
        return "Crawl the bundled sample series without network and show what comes of it"

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Set store and files to the demo's own directory (default ``data/demo``)."""
        super().process_options(args, opts)
        assert self.settings is not None
        self.directory = Path(args[0]) if args else Path(in_project("data/demo"))
        if project_root() != Path.cwd():
            self.directory = self.directory.absolute()  # what is typed belongs to the current directory
        use_demo_store(self.settings, self.directory)
        if not opts.loglevel:
            self.settings.set("LOG_LEVEL", "ERROR", priority="cmdline")
        try:
            DerivedSettings().update_settings(self.settings)
        except SettingError as error:
            print_message(error)
            raise SystemExit(2) from None

    def run(self, args: list[str], opts: Namespace) -> None:
        assert self.settings is not None
        assert self.crawler_process is not None
        if len(args) > 1:
            print_message(ArgumentError(f"demo takes one directory, not {len(args)}"))
            self.exitcode = 2
            return
        print_note("crawling the bundled sample series (38 weeks, no network) …")
        crawler = self.crawler_process.create_crawler(WeeklySpider)
        with as_file(files("cncert") / "data" / "sample" / "weekly.warc.gz") as sample:
            arguments = {
                "replay": str(sample),
                "start": ",".join((NEWEST_ADDRESS, *REPRINTS)),
                "from": FIRST,
                "until": LAST,
            }
            with live_panel(crawler):
                self.crawler_process.crawl(crawler, **arguments)
                self.crawler_process.start()
        run = crawler.get_extension(RunRecorder) if crawler.spider is not None else None
        if run is None or run.record is None or not run.record.clean:
            for line in failure_lines(run.record) if run is not None and run.record is not None else ():
                print_message(line)
            print_message("the demo did not run cleanly: run scrapy demo -L INFO to see why")
            self.exitcode = 1
            return
        asyncio.run(show(self.settings, self.directory, len(run.record.new)))


def use_demo_store(settings: Settings, directory: Path) -> None:
    """Set store and files to *directory*."""
    settings.set("CNCERT_STORE", f"sqlite:///{directory / 'cncert.db'}", priority="cmdline")
    settings.set("CNCERT_FILES", str(directory / "pictures"), priority="cmdline")


async def show(settings: Settings, directory: Path, new: int) -> None:
    """Print what is in the store now: issues, weeks missing and why, pictures, where the files are."""
    async with open_store(settings["CNCERT_STORE"], read_only=True) as store:
        issues = [issue async for issue in store.issues(FIRST, LAST)]
        stored = {issue.id: issue.provenance.source for issue in issues}
        weeks = calendar_gaps.weeks(await store.rows(), stored, first=FIRST, last=LAST, reprints=False)
    print_demo(stdout_console(), issues, calendar_gaps.missing(weeks), directory, new)


def _called() -> str:
    """Return what calls this command again: its name if that is found on PATH, else its path."""
    path = Path(sys.argv[0]).absolute()
    found = shutil.which(path.name)
    if found is not None and Path(found).parent.absolute() == path.parent:  # on Windows only the file ends with .exe
        return path.name
    return os.path.relpath(path) if path.drive == Path.cwd().drive else str(path)


def print_demo(
    console: Console, issues: list[Issue], missing: list[calendar_gaps.Week], directory: Path, new: int
) -> None:
    """Print the summary of a demo run."""
    pictures = [picture for issue in issues for picture in issue.images]
    stored = {picture.path for picture in pictures if picture.status == "stored"}
    figures = sum(len(issue.figures) for issue in issues)
    console.print(f"\n[bold]{len(issues)} issues[/] stored ({new} new), {issues[0].id} to {issues[-1].id}")
    console.print(f"  {figures} figures with their sentences, {len(stored)} picture files for {len(pictures)} pictures")
    reprints = [issue.id for issue in issues if issue.provenance.reprint is not None]
    console.print(f"  {len(reprints)} issues as other accounts reprint them: {', '.join(reprints)}")
    newest = issues[-1]
    console.print(f"\n[bold]{escape_markup(newest.title)}[/]  rating {newest.rating}")
    for figure in newest.figures:
        console.print(f"  {figure.metric:32}{figure.value:>8}")
    weeks = "1 week" if len(missing) == 1 else f"{len(missing)} weeks"
    console.print(f"\n[bold]{weeks} missing[/], with its reason")
    for week in missing:
        console.print(f"  {week.issue}  {week.state:12} {escape_markup(week.reason or '')}")
    console.print("\n[bold]Where to look[/]")
    database, files_store = directory / "cncert.db", directory / "pictures"
    console.print(f"  sqlite3 {escape_markup(database)} 'SELECT id, rating, title FROM issues'")  # noqa: S608  # a hint to type
    console.print(f"  {escape_markup(files_store)}/")
    scrapy = escape_markup(_called())
    console.print(f"  CNCERT_STORE=sqlite:///{escape_markup(database)} {scrapy} gaps --from {FIRST} --until {LAST}")
    files = f"CNCERT_FILES={escape_markup(files_store)}"
    console.print(f"  CNCERT_STORE=sqlite:///{escape_markup(database)} {files} {scrapy} report --open")
    console.print("\nThe sample is made up from real titles, dates and addresses; most of its figures are invented")
    name = COMMAND if Path(sys.argv[0]).name == COMMAND else "scrapy"
    console.print(f"(cncert/data/sample/README.md says which). For the real series: {name} crawl weekly")
