"""The visible browser of ``scrapy verify``: a person acts in it, and the program waits for an article."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from playwright.async_api import Browser, BrowserContext, StorageState, async_playwright
from playwright.async_api import Error as PlaywrightError

from cncert.exceptions import BrowserError, error_reason
from cncert.wechat.failure_pages import Verdict, read_page

POLL_SECONDS = 0.5


async def wait_for_article(
    url: str, launch: dict[str, Any], options: dict[str, Any], seconds: float
) -> StorageState | None:
    """Show *url* until a window shows an article; return the browser's state.

    Returns None if all windows are closed or *seconds* are over. Raises BrowserError if the browser or page fails.
    """
    async with AsyncExitStack() as stack:
        try:
            playwright = await stack.enter_async_context(async_playwright())
        except Exception as error:  # noqa: BLE001  # what Playwright raises when its driver, a Node.js program, ends
            raise BrowserError(f"Playwright's driver does not start: {error_reason(error)}") from None
        try:
            browser = await playwright.chromium.launch(headless=False, **launch)
        except PlaywrightError as error:
            raise BrowserError(f"the browser does not start: {_line(error)}") from None
        try:
            context = await browser.new_context(**options, no_viewport=True)
            page = await context.new_page()
            try:
                await page.goto(url, wait_until="commit", timeout=seconds * 1000)
            except PlaywrightError as error:
                if browser.is_connected() and not page.is_closed():
                    raise BrowserError(f"the browser gets no page: {_line(error)}") from None
            return await context.storage_state() if await _has_article(browser, context, seconds) else None
        finally:
            await browser.close()


async def _has_article(browser: Browser, context: BrowserContext, seconds: float) -> bool:
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while browser.is_connected() and context.pages and clock() < end:
        for page in context.pages:
            try:
                if read_page((await page.content()).encode(errors="replace"), page.url).verdict is Verdict.ARTICLE:
                    return True
            except PlaywrightError:
                continue  # it is being closed, or is going to another address
        await asyncio.sleep(POLL_SECONDS)
    return False


def _line(error: PlaywrightError) -> str:
    return error.message.strip().splitlines()[0][:200]
