"""``scrapy doctor``: what has to be there for a run, tried in seconds. Each check for itself, none hides another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from scrapy.settings import BaseSettings

from cncert.exceptions import CncertError, SettingError
from cncert.monitoring.doctor import local_checks, network_checks
from cncert.monitoring.doctor.check_result import Result
from cncert.sources.configured_sources import Source, read_sources
from cncert.terminal.time_limit import run_with_timeout

_ADVICE = {
    "store": "look at CNCERT_STORE, the database, its disk and its user",
    "files": "look at CNCERT_FILES, its owner and its disk",
    "archive": "look at CNCERT_ARCHIVE, its owner and its disk",
    "browser": "docs/crawl.md, The browser",
    "feeds": "look at CNCERT_FEEDS, and at the network",
    "network": "look at the network, a firewall, the proxy (https_proxy)",
}


async def examine(
    settings: BaseSettings, *, offline: bool, send_test: bool, seconds: float
) -> tuple[list[Result], bool]:
    """All results, and whether a check still hangs."""

    def blocking(work: Callable[[], Iterable[Result]]) -> Awaitable[list[Result]]:
        return run_with_timeout(lambda: list(work()), seconds)

    checks: list[tuple[str, Awaitable[list[Result]]]] = [
        ("settings", blocking(lambda: local_checks.settings_of(settings))),
        ("packages", blocking(lambda: local_checks.packages(settings))),
        ("clock", blocking(lambda: local_checks.own_clock(datetime.now(UTC)))),
        ("store", local_checks.store(settings)),
        ("files", blocking(lambda: local_checks.files(settings))),
        ("archive", blocking(lambda: local_checks.archive(settings))),
        ("browser", network_checks.browser(settings, seconds)),
        ("alerts", local_checks.telling(settings, send_test=send_test, seconds=seconds)),
    ]
    if not offline:
        checks.append(("network", blocking(lambda: network_checks.wechat(seconds))))
        agent = str(settings["USER_AGENT"])
        checks += [
            ("feeds", blocking(partial(network_checks.feed, source, agent, seconds))) for source in _feeds(settings)
        ]
    tasks = [(name, asyncio.ensure_future(check)) for name, check in checks]
    # One second more: a check that keeps its time itself has something better to say than that it hangs.
    await asyncio.wait([task for _, task in tasks], timeout=seconds + 1)
    results = [result for name, task in tasks for result in _results(name, task, seconds)]
    return results, not all(task.done() for _, task in tasks)


def _feeds(settings: BaseSettings) -> list[Source]:
    """The feeds; albums are pages of WeChat, which are not asked for."""
    try:
        return [source for source in read_sources(settings) if source.kind == "feed"]
    except SettingError:
        return []  # the settings tell


def _results(name: str, task: "asyncio.Future[list[Result]]", seconds: float) -> list[Result]:
    advice = _ADVICE.get(name, "report it")
    if not task.done():
        return [Result(name, "to do", f"no answer within {seconds:g} s", advice)]
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, TimeoutError):
        return [Result(name, "to do", f"no answer within {seconds:g} s", advice)]
    if isinstance(error, CncertError):
        return [Result(name, "to do", str(error), advice)]
    what = f"{type(error).__name__}: {local_checks.shown_error(error)}" if isinstance(error, Exception) else "stopped"
    return [Result(name, "to do", what, advice)]
