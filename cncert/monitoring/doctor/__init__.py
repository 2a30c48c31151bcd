"""``scrapy doctor``: check in seconds what a run needs. The checks run side by side; one that fails hides no other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cncert.exceptions import CncertError, SettingError
from cncert.monitoring.doctor import local_checks, network_checks
from cncert.monitoring.doctor.check_result import CheckResult
from cncert.options import Options
from cncert.sources.configured_sources import Source, read_sources
from cncert.store import redacted
from cncert.terminal.time_limit import run_with_timeout

CHECK_SECONDS = 8.0
"""The most that a check may take if nothing else is said: MongoDB is waited for 5 s."""
_ADVICE = {
    "settings": "report it",
    "options": "report it",
    "packages": "report it",
    "clock": "report it",
    "store": "look at CNCERT_STORE, the database, its disk and its user",
    "files": "look at CNCERT_FILES, its owner and its disk",
    "archive": "look at CNCERT_ARCHIVE, its owner and its disk",
    "browser": "docs/crawl.md, The browser",
    "alerts": "report it",
    "network": "look at the network, a firewall, the proxy (https_proxy)",
    "feeds": "look at CNCERT_FEEDS, and at the network",
}
"""The checks in their order, each with what to do if it hangs or raises an exception."""


async def run_checks(
    given: Mapping[str, Any],
    options: Options,
    extra_checks: Mapping[str, Awaitable[list[CheckResult]]],
    *,
    offline: bool,
    send_test: bool,
    seconds: float,
) -> tuple[list[CheckResult], bool]:
    """Return all results, and whether a check still hangs after *seconds*.

    *given* are the settings of the user, *options* what they say, with the default in place of each wrong option, so
    that this is reported once. *extra_checks* are those of Scrapy components (``files``, ``browser``), which this
    package does not import.
    """

    def blocking(check: Callable[[], Iterable[CheckResult]]) -> Awaitable[list[CheckResult]]:
        return run_with_timeout(lambda: list(check()), seconds)

    checks: list[tuple[str, Awaitable[list[CheckResult]]]] = [
        ("settings", blocking(lambda: local_checks.check_settings(given, options))),
        ("options", blocking(lambda: local_checks.list_options(options))),
        ("packages", blocking(lambda: local_checks.check_packages(options))),
        ("clock", blocking(lambda: local_checks.check_own_clock(datetime.now(UTC)))),
        ("store", local_checks.check_store(options)),
        ("archive", blocking(lambda: local_checks.check_archive(options))),
        ("alerts", local_checks.check_alerts(options, send_test=send_test, seconds=seconds)),
        *extra_checks.items(),
    ]
    if not offline:
        checks.append(("network", blocking(lambda: network_checks.check_wechat(seconds))))
        agent = str(given["USER_AGENT"])
        checks += [
            ("feeds", blocking(partial(network_checks.check_feed, source, agent, seconds)))
            for source in _feeds(options)
        ]
    order = list(_ADVICE)
    checks.sort(key=lambda check: order.index(check[0]))
    tasks = [(name, asyncio.ensure_future(check)) for name, check in checks]
    # One second more: a check that watches the time itself has something better to say than that it hangs.
    await asyncio.wait([task for _, task in tasks], timeout=seconds + 1)
    results = [result for name, task in tasks for result in _results(name, task, seconds)]
    return results, not all(task.done() for _, task in tasks)


def _feeds(options: Options) -> list[Source]:
    """Return the feeds. Albums are left out: they are pages of WeChat, which the doctor does not request."""
    try:
        return [source for source in read_sources(options) if source.kind == "feed"]
    except SettingError:
        return []  # the check of the settings reports it


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
    return [CheckResult(name, "to do", text, _ADVICE[name])]
