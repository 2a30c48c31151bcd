"""``scrapy crawl weekly``: Scrapy's own command with an exit status that tells whether the run was clean."""

from argparse import Namespace

from scrapy.commands import crawl
from scrapy.exceptions import UsageError

from cncert import browser
from cncert.cli import complain
from cncert.exceptions import CncertError
from cncert.extensions import RunRecorder
from cncert.spiders.arguments import Arguments
from cncert.spiders.weekly import WeeklySpider
from cncert.store import open_store
from cncert.summary import print_summary


class Command(crawl.Command):
    """Adds to Scrapy's: one line for wrong arguments (status 2), status 1 for a run that was not clean, a summary."""

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Check what was asked for before Scrapy prints its first line."""
        super().process_options(args, opts)
        assert self.settings is not None
        if args != [WeeklySpider.name]:
            return
        try:
            if not Arguments.read(dict(opts.spargs)).replaying:
                browser.crawl_settings(self.settings)
            open_store(self.settings["CNCERT_STORE"])
        except CncertError as error:
            complain(error)
            raise SystemExit(2) from None

    def run(self, args: list[str], opts: Namespace) -> None:
        if len(args) != 1:
            raise UsageError
        if args[0] != WeeklySpider.name:
            super().run(args, opts)
            return
        assert self.settings is not None
        assert self.crawler_process is not None
        crawler = self.crawler_process.create_crawler(WeeklySpider)
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        run = crawler.get_extension(RunRecorder) if crawler.spider is not None else None
        record = run.record if run is not None else None
        if record is not None and record.ended_at is not None:
            print_summary(record, self.settings["CNCERT_STORE"], self.settings["FILES_STORE"])
        self.exitcode = 0 if record is not None and record.clean else 1
