"""Downloads pages through Chromium, each in a context of its own that is closed in time whatever the page does."""

import asyncio
import logging

from playwright.async_api import BrowserContext, Page, Route, WebSocketRoute
from playwright.async_api import Error as PlaywrightError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy.http import HtmlResponse, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from cncert.wechat.failure_pages import Page as WeChatPage
from cncert.wechat.failure_pages import Verdict, read_page

logger = logging.getLogger(__name__)

READABLE_SECONDS = 15.0
"""How long the scripts of a loaded page may take to make it readable."""
POLL_SECONDS = 0.5
CLOSE_SECONDS = 10.0
"""How long a context, and the browser, may take to close."""


class BrowserHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it has no types
    """scrapy-playwright's handler with limits of time, size and attempts; plain requests are not changed."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.config.target_closed_max_retries = 0  # an article is requested once
        self._seconds = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._largest = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    async def download_request(self, request: Request) -> Response:
        """Return the page after its scripts have run. Raises DownloadTimeoutError, DownloadFailedError."""
        if not request.meta.get("playwright"):
            plain: Response = await super().download_request(request)
            return plain
        try:
            async with asyncio.timeout(self._seconds):
                response: Response = await super().download_request(request)
                page: Page = request.meta["playwright_page"]
                body = await read_settled_page(page, min(READABLE_SECONDS, self._seconds / 2))
                url = page.url
        except TimeoutError:
            raise DownloadTimeoutError(f"the browser took longer than {self._seconds:g} seconds") from None
        except PlaywrightError as error:
            raise DownloadFailedError(f"browser: {error.message.splitlines()[0].strip()[:150]}") from None
        finally:
            request.meta.pop("playwright_page", None)
            await self._close_context(request.meta["playwright_context"])
        if 0 < self._largest < len(body):
            raise DownloadFailedError(f"browser: a page of {len(body)} bytes")
        return HtmlResponse(
            url, response.status, response.headers, body, ["playwright"], request=request, encoding="utf-8"
        )

    async def close(self) -> None:
        """Close the browser. If that takes too long, it ends with this process."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close()
        except (TimeoutError, PlaywrightError):
            logger.warning("The browser has not closed: it ends with this process")

    async def _close_context(self, name: str) -> None:
        """Close the context and its pages: their memory is freed, and no cookie connects two articles."""
        if (wrapper := self.context_wrappers.get(name)) is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await wrapper.context.close()
        except (TimeoutError, PlaywrightError):
            self.context_wrappers.pop(name, None)
            logger.warning("The browser has not closed a page: it goes with the browser")


async def read_settled_page(page: Page, seconds: float) -> bytes:
    """Return the page once it is readable and has stopped changing, at the latest after *seconds*."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    before: WeChatPage | None = None
    while True:
        try:
            body = (await page.content()).encode(errors="replace")
            read = read_page(body, page.url)
            if clock() > end or (read == before and read.verdict is not Verdict.UNKNOWN):
                return body
        except PlaywrightError:  # it is loading another address
            if page.is_closed() or clock() > end:
                raise
            read = None
        before = read
        await asyncio.sleep(POLL_SECONDS)


async def confine(page: Page, request: Request) -> None:  # noqa: ARG001  # scrapy-playwright gives both
    """Refuse windows that the page opens, web sockets, and requests of anything but the page itself."""
    context: BrowserContext = page.context
    await context.route("**", _abort)  # requests of the page have a route of their own
    await context.route_web_socket("**", _close)
    context.on("page", _close)


async def _abort(route: Route) -> None:
    await route.abort()


async def _close(opened: Page | WebSocketRoute) -> None:
    await opened.close()
