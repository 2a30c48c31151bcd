"""``scrapy crawl``: Scrapy's own command, with exit status 1 if the run was not clean."""

import asyncio
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from scrapy.commands import crawl
from scrapy.crawler import Crawler
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from cncert.browser import chromium
from cncert.commands.crawl_plan import print_plan
from cncert.commands.inspecting_command import named_spider
from cncert.commands.terminal_options import TerminalOptions
from cncert.exceptions import ArgumentError, CncertError
from cncert.extensions.derived_settings import DerivedSettings
from cncert.extensions.live_panel import live_panel, should_show_panel
from cncert.extensions.run_recorder import RunRecorder
from cncert.monitoring.print_run_summary import print_summary
from cncert.options import Options
from cncert.spiders.arguments import Arguments
from cncert.spiders.series_spider import SeriesSpider
from cncert.store import open_store
from cncert.terminal.console import is_quiet, print_message


class CrawlCommand(TerminalOptions, crawl.Command):
    """Adds a summary of the run, status 1 if it was not clean, and status 2 with one line for wrong arguments."""

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        text = "request and change nothing: print what would be requested, in which order, and how long it takes"
        parser.add_argument("--dry-run", action="store_true", help=text)

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Check arguments and settings before Scrapy prints its first line."""
        super().process_options(args, opts)
        assert self.settings is not None
        try:
            spider = series_spider(self.settings, args)
            if spider is None:
                if opts.dry_run:
                    raise ArgumentError("--dry-run belongs to one spider of the series: weekly, official")
                return
            check_run(self.settings, spider, opts.spargs)
            if opts.dry_run:
                self.settings.set("LOG_ENABLED", False, priority="cmdline")
            quiet_log_for_panel(self.settings)
        except CncertError as error:
            tell(self.settings, error)
            raise SystemExit(2) from None

    def run(self, args: list[str], opts: Namespace) -> None:
        assert self.settings is not None
        assert self.crawler_process is not None
        spider = series_spider(self.settings, args)
        if spider is None:
            super().run(args, opts)
            return
        crawler = self._create_crawler(spider)
        if opts.dry_run:
            try:
                self.exitcode = asyncio.run(print_plan(crawler, opts.spargs))
            except CncertError as error:
                print_message(error)
                self.exitcode = 2
            return
        with live_panel(crawler):
            self.crawler_process.crawl(crawler, **opts.spargs)
            self.crawler_process.start()
        self.exitcode = tell_result(self.settings, crawler)


def series_spider(settings: BaseSettings, args: list[str]) -> type[SeriesSpider] | None:
    """Return the spider that *args* name; None for what is left to Scrapy: another spider, or not one name.

    Raises ArgumentError if there is no such spider.
    """
    if len(args) != 1:
        return None
    spider = named_spider(settings, args[0])
    return spider if issubclass(spider, SeriesSpider) else None


def check_run(settings: BaseSettings, spider: type[SeriesSpider], arguments: Mapping[str, str]) -> None:
    """Check settings and arguments of a run. Raises CncertError for the first that is wrong."""
    DerivedSettings().update_settings(settings)
    if not Arguments.read(dict(arguments), spider.read_address).replaying:
        chromium.crawl_settings(settings)
    open_store(Options.of(settings).store)


def tell_result(settings: BaseSettings, crawler: Crawler) -> int:
    """Print the summary of the run of *crawler*, with ``--quiet`` of an unclean one only; return the exit status."""
    run = crawler.get_extension(RunRecorder) if crawler.spider is not None else None
    record = run.record if run is not None else None
    if record is None:
        return 1
    if record.ended_at is None:
        tell(settings, f"run {record.id} was stopped at once: the next one goes on where it stopped")
    else:
        with message_files(settings) as files:
            for file in files if not (is_quiet.get() and record.clean) else files[1:]:
                print_summary(record, Options.of(settings), file)
    if not (written := are_feeds_written(crawler)):
        tell(settings, "a file of -O, -o or FEEDS was not written: the ERROR line says why")
    return 0 if record.clean and written else 1


def are_feeds_written(crawler: Crawler) -> bool:
    """Whether Scrapy has stored every feed; those that may stay away without items are not waited for."""
    counts = crawler.stats.get_stats().items()
    stored = sum(number for name, number in counts if name.startswith("feedexport/success_count/"))
    failed = sum(number for name, number in counts if name.startswith("feedexport/failed_count/"))
    usual = crawler.settings.getbool("FEED_STORE_EMPTY")
    wanted = sum(bool(feed.get("store_empty", usual)) for feed in crawler.settings.getdict("FEEDS").values())
    return not failed and stored >= wanted


def tell(settings: BaseSettings, message: object) -> None:
    """Print a line to each of the files for messages."""
    with message_files(settings) as files:
        for file in files:
            print_message(message, file)


def quiet_log_for_panel(settings: BaseSettings) -> None:
    """Log only warnings if there is a live panel, unless the user set LOG_LEVEL."""
    given = (settings.getpriority("LOG_LEVEL") or 0) > SETTINGS_PRIORITIES["project"] or "LOG_LEVEL" in os.environ
    if should_show_panel(settings) and not given:
        settings.set("LOG_LEVEL", "WARNING", priority="cmdline")


@contextmanager
def message_files(settings: BaseSettings) -> Iterator[list[TextIO]]:
    """Yield the files for messages of a run: stderr, and LOG_FILE, which is all that Scrapyd shows of a job."""
    with ExitStack() as open_files:
        files: list[TextIO] = [sys.stderr]
        if settings["LOG_FILE"]:
            files.append(open_files.enter_context(Path(settings["LOG_FILE"]).open("a", encoding="utf-8")))
        yield files
