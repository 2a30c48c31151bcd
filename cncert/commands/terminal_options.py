"""What all commands have in common on a terminal: ``--quiet``, the name in the usage, and text in any encoding."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from cncert.terminal.console import is_quiet, print_any_character

if TYPE_CHECKING:
    from scrapy.commands import ScrapyCommand
else:
    ScrapyCommand = object  # Scrapy offers every subclass of its own that it finds in the package as a command

COMMAND = "cncert"
"""The name of the command that pip installs (``console_script.py``); Scrapy's usage lines say ``scrapy``."""


class TerminalOptions(ScrapyCommand):
    """Comes before a command of Scrapy: ``class CrawlCommand(TerminalOptions, crawl.Command)``."""

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        if parser.prog == COMMAND:
            parser.usage = (parser.usage or "").replace("scrapy", COMMAND, 1)
        parser.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Prepare stdout; with ``--quiet`` silence notes, progress, the panel, and the log but for errors."""
        super().process_options(args, opts)
        print_any_character()
        is_quiet.set(opts.quiet)
        if opts.quiet:
            assert self.settings is not None
            self.settings.set("CNCERT_PANEL", "off", priority="cmdline")
            if not opts.loglevel:
                self.settings.set("LOG_LEVEL", "ERROR", priority="cmdline")
