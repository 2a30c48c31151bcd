"""Runs the field test of ``scrapy doctor --live`` through Scrapy's downloader, with all of a crawl that sends requests.

What keeps something is switched off: pipelines, the record of the run, the archive. The spider is in no module of
SPIDER_MODULES: it is no crawl of its own.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings

from cncert.browser import chromium
from cncert.extensions.derived_settings import DerivedSettings
from cncert.middlewares.download_errors import describe_error, is_too_large, why_unreached
from cncert.middlewares.sources import SourceRequest
from cncert.monitoring.doctor.field_test import FieldTest, LiveAnswer, LiveRequest, LiveResult, NoLiveAnswer
from cncert.options import Options
from cncert.spiders.series_spider import is_robots_denial
from cncert.terminal.console import print_message


def run_field_test(given: Settings) -> list[LiveResult] | None:
    """Run the field test with the settings *given*; return what came, None if somebody stopped it.

    Raises CncertError for a wrong setting, or a browser that is missing.
    """
    settings = given.copy()
    kept_nothing: dict[str, Any] = {
        "CNCERT_ARCHIVE": "",
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {**settings.getdict("EXTENSIONS"), "cncert.extensions.run_recorder.RunRecorder": None},
        "FEEDS": {},
        "JOBDIR": None,
    }
    settings.setdict(kept_nothing, priority="cmdline")
    DerivedSettings().update_settings(settings)
    settings.setdict(chromium.crawl_settings(settings), priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(LiveSpider)
    outcome: list[list[LiveResult] | Exception] = []
    process.crawl(crawler, outcome=outcome)
    process.start()
    came = outcome[0] if outcome else None
    if isinstance(came, Exception):
        raise came
    return came


class LiveSpider(Spider):
    """Sends the requests of the field test, one after the other, and puts what came into *outcome*."""

    name = "doctor"
    outcome: list[list[LiveResult] | Exception]

    async def start(self) -> AsyncIterator[Any]:
        options = Options.of(self.crawler.settings)
        test = FieldTest(options, self._download, self._pause, print_message)
        try:
            self.outcome.append(await test.run())
        except Exception as error:  # noqa: BLE001  # an error of the program: raised by run_field_test
            if self.crawler.engine.running:
                self.outcome.append(error)
        return
        yield  # an async generator without requests

    async def _download(self, asked: LiveRequest) -> LiveAnswer:
        """Return what *asked* is answered. Raises NoLiveAnswer."""
        request: Request = SourceRequest(
            asked.url, headers=dict(asked.headers), meta={"row": "live", "dont_retry": asked.is_sent_once}
        )
        if asked.max_bytes is not None:
            request.meta["download_maxsize"] = asked.max_bytes
        if asked.in_browser:
            request = chromium.in_browser(request, self.settings)
        try:
            response = await self.crawler.engine.download_async(request)
        except IgnoreRequest as error:
            if is_too_large(error):
                raise NoLiveAnswer("too_large", "larger than what a crawl takes") from error
            if is_robots_denial(error):
                raise NoLiveAnswer("robots", "robots.txt denies it") from error
            raise NoLiveAnswer("refused", "a crawl may not ask this address") from error
        except Exception as error:
            if (reason := await why_unreached(error, request)) is not None:
                raise NoLiveAnswer("unreached", reason) from error
            if is_too_large(error):
                raise NoLiveAnswer("too_large", "larger than what a crawl takes") from error
            # The text may contain the address.
            text = type(error).__name__ if asked.is_secret else describe_error(error, asked.url)
            raise NoLiveAnswer("no_answer", text) from error
        location = (response.headers.get("Location") or b"").decode("latin-1")
        latency = response.meta.get("download_latency")
        return LiveAnswer(response.status, location, response.body, None if latency is None else round(latency, 1))

    async def _pause(self, seconds: float) -> None:
        """Wait; the pause ends when somebody stops the test."""
        until = time.monotonic() + seconds
        while self.crawler.engine.running and time.monotonic() < until:  # noqa: ASYNC110  # the engine has no event
            await asyncio.sleep(min(0.5, seconds))
