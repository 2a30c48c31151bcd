"""A page through Chromium: one context for one article, closed in time whatever the page does."""

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

PATIENCE = 15.0
"""Seconds in which a page that has been loaded should have become one that can be read."""
PAUSE = 0.5
CLOSING = 10.0


class BrowserHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it has no types
    """scrapy-playwright's handler with a bound on time, memory and attempts; plain requests pass as ever."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.config.target_closed_max_retries = 0  # an article is asked for once
        self._seconds = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._largest = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    async def download_request(self, request: Request) -> Response:
        """The page as it stands after its scripts have run. Raises DownloadTimeoutError, DownloadFailedError."""
        if not request.meta.get("playwright"):
            plain: Response = await super().download_request(request)
            return plain
        try:
            async with asyncio.timeout(self._seconds):
                response: Response = await super().download_request(request)
                page: Page = request.meta["playwright_page"]
                body = await settled(page, min(PATIENCE, self._seconds / 2))
                url = page.url
        except TimeoutError:
            raise DownloadTimeoutError(f"the browser took longer than {self._seconds:g} seconds") from None
        except PlaywrightError as error:
            raise DownloadFailedError(f"browser: {error.message.splitlines()[0].strip()[:150]}") from None
        finally:
            request.meta.pop("playwright_page", None)
            await self._close_context(request.meta["playwright_context"])
        if len(body) > self._largest:
            raise DownloadFailedError(f"browser: a page of {len(body)} bytes")
        return HtmlResponse(
            url, response.status, response.headers, body, ["playwright"], request=request, encoding="utf-8"
        )

    async def close(self) -> None:
        """Close the browser. Where it does not, it ends with this process."""
        try:
            async with asyncio.timeout(CLOSING):
                await super().close()
        except (TimeoutError, PlaywrightError):
            logger.warning("The browser has not closed: it ends with this process")

    async def _close_context(self, name: str) -> None:
        """Close the context and its pages, so that memory is given back and no cookie ties two articles together."""
        if (wrapper := self.context_wrappers.get(name)) is None:
            return
        try:
            async with asyncio.timeout(CLOSING):
                await wrapper.context.close()
        except (TimeoutError, PlaywrightError):
            self.context_wrappers.pop(name, None)
            logger.warning("The browser has not closed a page: it goes with the browser")


async def settled(page: Page, patience: float) -> bytes:
    """The page once it can be read and has stopped to change, or as it stands when *patience* ends."""
    clock = asyncio.get_running_loop().time
    end = clock() + patience
    before: WeChatPage | None = None
    while True:
        try:
            body = (await page.content()).encode(errors="replace")
            read = read_page(body, page.url)
            if clock() > end or (read == before and read.verdict is not Verdict.UNKNOWN):
                return body
        except PlaywrightError:  # it is just going to another address
            if page.is_closed() or clock() > end:
                raise
            read = None
        before = read
        await asyncio.sleep(PAUSE)


async def confine(page: Page, request: Request) -> None:  # noqa: ARG001  # scrapy-playwright gives both
    """Nothing but the page itself asks for anything: no windows that it opens, no web sockets."""
    context: BrowserContext = page.context
    await context.route("**", _abort)  # the page's own requests are routed before, by the page
    await context.route_web_socket("**", _close)
    context.on("page", _close)


async def _abort(route: Route) -> None:
    await route.abort()


async def _close(opened: Page | WebSocketRoute) -> None:
    await opened.close()
