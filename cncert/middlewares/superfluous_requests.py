"""Drops requests that a page of the same week, which came in the meantime, has made superfluous."""

from scrapy import Request

from cncert.extensions.run_recorder import RunComponent
from cncert.middlewares.failed_requests import SuperfluousRequest
from cncert.middlewares.ledger import LedgerMiddleware


class SuperfluousRequestsMiddleware(RunComponent):
    """Downloader middleware: the first, so that a dropped request costs neither a look at robots.txt nor a delay."""

    async def process_request(self, request: Request) -> None:
        """Raises :class:`SuperfluousRequest` if *request* is for a page that is not needed any more."""
        ledger = self.crawler.get_spider_middleware(LedgerMiddleware)
        if ledger is not None and await ledger.is_superfluous(request):
            self.crawler.stats.inc_value("cncert/ledger/superfluous")
            raise SuperfluousRequest("another page of the week came first, or WeChat refuses")
