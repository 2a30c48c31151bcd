"""Send alerts: one short message to the addresses of ``CNCERT_ALERTS``, through apprise if that is installed.

A message that cannot be delivered costs some seconds and a line of the log, never a run. The addresses hold secrets:
they are never shown, nor is an error text that may quote them; an address is named by its place in the setting.
"""

import asyncio
import logging
import re
import threading
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from logging.handlers import BufferingHandler
from typing import TYPE_CHECKING

from cncert.monitoring.alert_words import sentence, text_and_advice
from cncert.store.run_records import Alert
from cncert.terminal.extras import install_command
from cncert.terminal.time_limit import run_with_timeout

if TYPE_CHECKING:
    from apprise import NotifyBase

SEND_SECONDS = 15
"""How long sending a message may take, to all addresses at once."""
MESSAGE_BYTES = 1800
"""The most that a message may hold: WeCom takes 2048."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,19})://")
_UNKNOWN = "no address that apprise understands"
_STATUS = re.compile(r"error=([0-9]{3})\b")


Message = tuple[str, str]
"""Title and text of a message."""


def message(alerts: Sequence[Alert], language: str, source: str) -> Message:
    """Write a message about *alerts* in *language*; *source* names the host and the run."""
    kinds = [sentence("message", "over" if alert.over else alert.level, language) for alert in alerts]
    title = ", ".join(f"{kind} {kinds.count(kind)}" for kind in dict.fromkeys(kinds))
    lines, size = [], len(source.encode())
    for place, (alert, kind) in enumerate(zip(alerts, kinds, strict=True)):
        text, advice = text_and_advice(alert, language)
        line = f"[{kind}] {text}" if alert.over else f"[{kind}] {text}\n→ {advice}"
        size += len(line.encode())
        if size > MESSAGE_BYTES:
            lines.append(sentence("message", "more", language, number=len(alerts) - place))
            break
        lines.append(line)
    return f"cncert: {title}", "\n".join([*lines, source])


def problems(urls: Sequence[str]) -> list[str]:
    """Return why no message can be sent to *urls*, a line for each reason."""
    if not urls:
        return []
    if not _load():
        return [f"CNCERT_ALERTS needs another library: {install_command('alerts')}"]
    return [f"{_name(place, url)}: {_UNKNOWN}" for place, url in enumerate(urls, start=1) if _service(url) is None]


async def send(what: Message, urls: Sequence[str], seconds: float = SEND_SECONDS) -> tuple[int, list[str]]:
    """Send *what* to all of *urls* at once, for *seconds* at most. Raises nothing.

    Returns how many of them accepted it, and a line for each that did not.
    """
    if not _load():
        return 0, problems(urls)
    failures = await asyncio.gather(*(_try(what, url, seconds) for url in urls))
    lines = [
        f"{_name(place, url)}: {failure}"
        for place, (url, failure) in enumerate(zip(urls, failures, strict=True), start=1)
        if failure
    ]
    return failures.count(None), lines


async def _try(what: Message, url: str, seconds: float) -> str | None:
    """Send *what* to *url*; return why that failed, None if it did not."""
    try:
        return await run_with_timeout(lambda: _deliver(what, url), seconds)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except Exception as error:  # noqa: BLE001  # whatever a service raises: its text may quote the address
        return f"failed ({type(error).__name__})"


def _deliver(what: Message, url: str) -> str | None:
    service = _service(url)
    if service is None:
        return _UNKNOWN
    (title, body), log, handler = what, logging.getLogger("apprise"), BufferingHandler(1000)
    log.addHandler(handler)
    try:
        taken = service.notify(body=body, title=title, body_format="text")
    finally:
        log.removeHandler(handler)
    reason = None if taken else "not taken"
    # Only what nothing secret is in: a status, or that there was no answer. Other threads send at the same time.
    for record in handler.buffer:
        if taken or record.thread != threading.get_ident():
            continue
        if status := _STATUS.search(record.getMessage()):
            reason = f"HTTP status {status[1]}"
        elif "onnection error" in record.getMessage():
            reason = "no connection, or no answer"
    return reason


def _service(url: str) -> "NotifyBase | None":
    """Return apprise's service for *url*, None if it knows none."""
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(app_id="cncert", app_desc="cncert", app_url="", secure_logging=True)
    try:
        return Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001  # of any plugin
        return None


@cache
def _load() -> bool:
    """Load apprise with its plugins, before several threads use it; return whether it is installed."""
    if find_spec("apprise") is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its plugins, some of which are old
        _service("json://localhost")
    # Both loggers write addresses.
    apprise_log = logging.getLogger("apprise")
    apprise_log.propagate = False
    apprise_log.setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return True


def _name(place: int, url: str) -> str:
    """Name an address without showing it: by its place in the setting, and its scheme."""
    kind = _SCHEME.match(url)
    return f"CNCERT_ALERTS, address {place}{f' ({kind[1].lower()})' if kind else ''}"
