"""The base class of Scrapy's own commands that look at a page: they begin no run, and store nothing."""

from argparse import Namespace

from scrapy import Spider
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from cncert.commands.terminal_options import TerminalOptions
from cncert.exceptions import ArgumentError, CncertError
from cncert.extensions.derived_settings import DerivedSettings
from cncert.spiders.arguments import Arguments
from cncert.spiders.series_spider import RECORDS_RUN, SeriesSpider
from cncert.terminal.console import print_message


class InspectingCommand(TerminalOptions):
    """Comes before a command of Scrapy: ``class FetchCommand(InspectingCommand, fetch.Command)``."""

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Switch the record off; exit with status 2 and one line for a wrong setting, spider or argument."""
        super().process_options(args, opts)
        assert self.settings is not None
        self.settings.set(RECORDS_RUN, False, priority="cmdline")
        try:
            DerivedSettings().update_settings(self.settings.copy())
            if (name := getattr(opts, "spider", None)) is not None:
                spider = named_spider(self.settings, name)
                if issubclass(spider, SeriesSpider):
                    Arguments.read(dict(getattr(opts, "spargs", {})), spider.read_address)
        except CncertError as error:
            print_message(error)
            raise SystemExit(2) from None


def named_spider(settings: BaseSettings, name: str) -> type[Spider]:
    """Return the spider *name*. Raises ArgumentError if there is none."""
    loader = get_spider_loader(settings)
    try:
        return loader.load(name)
    except KeyError:
        raise ArgumentError(f"there is no spider {name!r}; known are {', '.join(sorted(loader.list()))}") from None
