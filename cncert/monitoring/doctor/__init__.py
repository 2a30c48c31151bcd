"""``scrapy doctor``: check in seconds what a run needs. The checks run side by side; one that fails hides no other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cncert.exceptions import CncertError, SettingError
from cncert.monitoring.doctor import local_checks, network_checks
from cncert.monitoring.doctor.local_checks import CheckResult
from cncert.options import Options
from cncert.sources.configured_sources import read_sources
from cncert.store import redacted
from cncert.terminal.time_limit import run_with_timeout

CHECK_SECONDS = 8.0
"""The most that a check may take if nothing else is said: MongoDB is waited for 5 s."""
_ADVICE = {
    "store": "look at CNCERT_STORE, the database, its disk and its user",
    "files": "look at CNCERT_FILES, its owner and its disk",
    "archive": "look at CNCERT_ARCHIVE, its owner and its disk",
    "browser": "docs/crawl.md, The browser",
    "network": "look at the network, a firewall, the proxy (https_proxy)",
    "feeds": "look at CNCERT_FEEDS, and at the network",
}
"""What to do if a check hangs or raises an exception; of the others that is a bug."""


async def run_checks(
    given: Mapping[str, Any],
    options: Options,
    files: Awaitable[list[CheckResult]],
    browser: Awaitable[list[CheckResult]],
    *,
    offline: bool,
    send_test: bool,
    seconds: float,
) -> tuple[list[CheckResult], bool]:
    """Return all results, and whether a check still hangs after *seconds*.

    *given* are the settings of the user, *options* what they say, with the default in place of each wrong option, so
    that this is reported once. *files* and *browser* are checks of Scrapy components, which this package does not
    import.
    """

    def blocking(check: Callable[[], Iterable[CheckResult]]) -> Awaitable[list[CheckResult]]:
        return run_with_timeout(lambda: list(check()), seconds)

    checks: list[tuple[str, Awaitable[list[CheckResult]]]] = [
        ("settings", blocking(lambda: local_checks.check_settings(given, options))),
        ("options", blocking(lambda: local_checks.list_options(options))),
        ("packages", blocking(lambda: local_checks.check_packages(options))),
        ("clock", blocking(lambda: local_checks.check_own_clock(datetime.now(UTC)))),
        ("store", local_checks.check_store(options)),
        ("files", files),
        ("archive", blocking(lambda: local_checks.check_archive(options))),
        ("browser", browser),
        ("alerts", local_checks.check_alerts(options, send_test=send_test, seconds=seconds)),
    ]
    if not offline:
        checks.append(("network", blocking(lambda: network_checks.check_wechat(seconds))))
        try:
            sources = read_sources(options)
        except SettingError:
            sources = ()  # the check of the settings reports it
        checks += [
            ("feeds", blocking(partial(network_checks.check_feed, source, str(given["USER_AGENT"]), seconds)))
            for source in sources
            if source.kind == "feed"  # an album is a page of WeChat: the doctor requests none
        ]
    tasks = [(name, asyncio.ensure_future(check)) for name, check in checks]
    # One second more: a check that watches the time itself has something better to say than that it hangs.
    await asyncio.wait([task for _, task in tasks], timeout=seconds + 1)
    results = [result for name, task in tasks for result in _results(name, task, seconds)]
    return results, not all(task.done() for _, task in tasks)


def _results(name: str, task: "asyncio.Future[list[CheckResult]]", seconds: float) -> list[CheckResult]:
    error: BaseException | None = task.exception() if task.done() else TimeoutError()
    match error:
        case None:
            return task.result()
        case TimeoutError():
            text = f"no answer within {seconds:g} s"
        case CncertError():
            text = str(error)
        case Exception():
            message = " ".join(str(error).split()) or type(error).__name__
            text = f"{type(error).__name__}: {redacted(message[:200])}"
        case _:
            text = "stopped"
    return [CheckResult(name, "to do", text, _ADVICE.get(name, "report it"))]
