"""Sends the requests to the Wayback Machine: at its pace, no more once it refuses, and within bounds."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from cncert.exceptions import SourceError
from cncert.middlewares.download_errors import describe_error, is_too_large, why_unreached
from cncert.options import Options
from cncert.spiders.series_spider import is_robots_denial
from cncert.wechat.wayback import CAPTURE_SLOT, HEADERS, INDEX_SLOT, MAX_INDEX_BYTES, IndexPage, read_index

logger = logging.getLogger(__name__)

MAX_REFUSALS = 3
"""Answers 429 or 503 after which the archive is asked nothing more in a run."""
MAX_UNANSWERED = 2
"""Requests in a row without an answer after which it is asked nothing more."""
PAUSE = 20
"""A refusal that does not say for how long lasts so many times CNCERT_WAYBACK_DELAY: a minute."""
MAX_PAUSE_SECONDS = 600.0
"""A refusal that lasts longer is waited out by no run: the next one goes on."""


class WaybackClient:
    """Asks one thing after the other. All methods raise SourceError once the archive is asked nothing more in this run.

    The pace is that of the download slots, which ``extensions/derived_settings.py`` sets.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._pause = PAUSE * Options.of(crawler.settings).wayback_delay
        self._refusals = self._unanswered = 0

    async def index(self, look_up: str) -> IndexPage | None:
        """Return what the index answers to *look_up*; None if it does not answer."""
        response = await self._ask(look_up, INDEX_SLOT, MAX_INDEX_BYTES)
        if response is None or response.status >= 500:
            self._note_silence(None if response is None else f"HTTP status {response.status}")
            return None
        if response.status != 200:
            raise SourceError("refused", f"its index answers with HTTP status {response.status}")
        self._crawler.stats.inc_value("cncert/wayback/looked_up")
        return read_index(response.body)

    async def capture(self, url: str, max_bytes: int | None = None) -> Response | None:
        """Return what the capture at *url* answers; None if it does not, or not in bounds."""
        self._crawler.stats.inc_value("cncert/wayback/captures")
        response = await self._ask(url, CAPTURE_SLOT, max_bytes)
        if response is None:
            self._note_silence(None)
        return response

    def _note_silence(self, reason: str | None) -> None:
        self._unanswered += 1
        if self._unanswered >= MAX_UNANSWERED:
            raise SourceError(
                "no_answer", f"no answer, {MAX_UNANSWERED} times in a row{f': {reason}' if reason else ''}"
            )

    async def _ask(self, url: str, slot: str, max_bytes: int | None) -> Response | None:
        """Return the answer to *url* once the archive does not refuse it; None if none comes."""
        while True:
            response = await self._download(url, slot, max_bytes)
            if response is None or response.status not in (429, 503):
                self._unanswered = self._unanswered if response is None or response.status >= 500 else 0
                return response
            self._refusals += 1
            said = f"it refuses (HTTP status {response.status})"
            if self._refusals >= MAX_REFUSALS:
                raise SourceError("status", f"{said}, {MAX_REFUSALS} times: nothing more is asked in this run")
            seconds = retry_after(response)
            seconds = self._pause if seconds is None else seconds
            if seconds > MAX_PAUSE_SECONDS:
                raise SourceError("status", f"{said} for {seconds:.0f} seconds: nothing more is asked in this run")
            logger.info("The web archive refuses: waiting %.0f seconds", seconds)
            await self._wait(seconds)

    async def _wait(self, seconds: float) -> None:
        """Wait; the pause ends when the run is stopped."""
        until = time.monotonic() + seconds
        while self._crawler.engine.running and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110  # no event
            await asyncio.sleep(min(0.5, left))

    async def _download(self, url: str, slot: str, max_bytes: int | None) -> Response | None:
        meta = {"download_slot": slot, "dont_retry": True, "shown_as": "web archive"}
        request = Request(
            url, headers=HEADERS, meta=meta | ({"download_maxsize": max_bytes} if max_bytes is not None else {})
        )
        if not self._crawler.engine.running:
            raise SourceError("other", "the run was stopped")
        try:
            return await self._crawler.engine.download_async(request)
        except Exception as error:
            if is_robots_denial(error):
                raise SourceError("robots", "its robots.txt denies it (ROBOTSTXT_OBEY)") from error
            if isinstance(error, IgnoreRequest) and not is_too_large(error):
                raise SourceError("refused", "a crawl may not ask this address") from error
            if (reason := await why_unreached(error, request)) is not None:
                raise SourceError("no_answer", reason) from error
            logger.info("No answer of the web archive (%s): %s", describe_error(error, url), url)
            return None


def retry_after(response: Response) -> float | None:
    """Return for how many seconds the answer asks to wait (``Retry-After``); None if it does not say."""
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with suppress(ValueError, OverflowError):
        until = parsedate_to_datetime(text)
        if until.tzinfo is not None:
            return max(0.0, (until - datetime.now(UTC)).total_seconds())
    return None
