"""``scrapy runspider``: Scrapy's own command; of a spider of the series it makes a run, as ``scrapy crawl`` does."""

from argparse import Namespace

from scrapy import Spider
from scrapy.commands import runspider
from scrapy.crawler import Crawler

from cncert.commands.crawl import check_run, tell, tell_result
from cncert.commands.terminal_options import TerminalOptions
from cncert.exceptions import CncertError
from cncert.spiders.series_spider import SeriesSpider


class RunspiderCommand(TerminalOptions, runspider.Command):
    """Runs the spider of a Python file; one that is no :class:`SeriesSpider` as Scrapy does."""

    _arguments: dict[str, str]
    _run: Crawler | None = None
    """The crawler of a run."""

    def run(self, args: list[str], opts: Namespace) -> None:
        self._arguments = opts.spargs
        super().run(args, opts)
        if self._run is not None:
            assert self.settings is not None
            self.exitcode = tell_result(self.settings, self._run)

    def _create_crawler(self, spidercls: type[Spider] | str) -> Crawler:
        """Return the crawler. Exits with status 2 and one line for a wrong argument or setting of a run."""
        assert self.settings is not None
        crawler = super()._create_crawler(spidercls)
        if issubclass(crawler.spidercls, SeriesSpider):
            self._run = crawler
            try:
                check_run(self.settings, crawler.spidercls, self._arguments)
            except CncertError as error:
                tell(self.settings, error)
                raise SystemExit(2) from None
        return crawler
