"""The check of ``scrapy doctor`` that starts the optional browser."""

from scrapy.settings import BaseSettings

from cncert.browser import chromium
from cncert.monitoring.doctor.local_checks import CheckResult
from cncert.terminal.time_limit import run_with_timeout


async def check_browser(settings: BaseSettings, seconds: float) -> list[CheckResult]:
    """Start the browser if it is on, and close it again. Raises BrowserError if there is no Chromium."""
    options = await run_with_timeout(lambda: chromium.crawl_settings(settings), seconds)
    if not options:
        return [CheckResult("browser", "ok", "off (CNCERT_BROWSER)")]
    from playwright.async_api import Error as PlaywrightError
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        try:
            started = await playwright.chromium.launch(**options["PLAYWRIGHT_LAUNCH_OPTIONS"])
        except PlaywrightError as error:
            reason = (error.message.splitlines() or [""])[0][:200]
            return [CheckResult("browser", "to do", f"it does not start: {reason}", "docs/crawl.md, The browser")]
        lacking = chromium.no_sandbox_reason()
        text = f"Chromium {started.version} starts{f', without its sandbox: {lacking}' if lacking else ''}"
        await started.close()
    return [CheckResult("browser", "ok", text)]
