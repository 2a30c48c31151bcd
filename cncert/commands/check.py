"""``scrapy check``: Scrapy's own command, which begins no run and stores nothing."""

from argparse import Namespace

from scrapy.commands import check

from cncert.commands.inspecting_command import InspectingCommand, named_spider
from cncert.exceptions import ArgumentError
from cncert.terminal.console import print_message


class CheckCommand(InspectingCommand, check.Command):
    """Checks the contracts in the docstrings of spiders."""

    def run(self, args: list[str], opts: Namespace) -> None:
        assert self.settings is not None
        try:
            for name in args:
                named_spider(self.settings, name)
        except ArgumentError as error:
            print_message(error)
            self.exitcode = 2
            return
        super().run(args, opts)
