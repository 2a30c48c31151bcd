"""Alerts: one short message to the addresses of ``CNCERT_ALERTS``, through apprise if that is installed.

A message that cannot be delivered costs some seconds and a line of the log, never a run. The addresses hold secrets:
neither they nor what others say of them is shown; an address is named by its place in the setting and its kind.
"""

import asyncio
import logging
import re
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from scrapy.settings import BaseSettings

from cncert.store.records import Alert
from cncert.terminal.time_limit import run_with_timeout

if TYPE_CHECKING:
    from apprise import NotifyBase

SECONDS = 15
"""How long a message may take, to all addresses at once."""
MOST_BYTES = 1800
"""Of a message: WeCom takes 2048."""
_NEXT = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_KIND = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,19})://")
_UNKNOWN = "no address that apprise understands"
_STATUS = re.compile(r"error=([0-9]{3})\b")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message."""

    taken: int
    """So many addresses took it."""
    failures: list[str]
    """A line for each that did not."""


@dataclass(frozen=True, slots=True)
class _Words:
    attention: str
    warning: str
    over: str
    more: str
    test: Message


WORDS = {
    "en": _Words(
        "attention", "warning", "over", "… and {} more (scrapy status)",
        Message("cncert: test", "If you can read this, alerts arrive."),
    ),
    "zh": _Words(
        "需处理", "请留意", "已恢复", "……另有{}条（scrapy status）",
        Message("cncert: 测试", "收到此消息，说明告警可以送达。"),
    ),
}  # fmt: skip
"""By language (CNCERT_LANGUAGE)."""


def message(alerts: Sequence[Alert], language: str, source: str) -> Message:
    """What is to be said of *alerts* in *language*; *source* names the run and its host."""
    words = WORDS[language]
    kinds = [words.over if alert.over else getattr(words, alert.level) for alert in alerts]
    title = ", ".join(f"{kind} {kinds.count(kind)}" for kind in dict.fromkeys(kinds))
    lines, size = [], len(source.encode())
    for place, (alert, kind) in enumerate(zip(alerts, kinds, strict=True)):
        text, advice = in_language(alert, language)
        line = f"[{kind}] {text}" if alert.over else f"[{kind}] {text}\n→ {advice}"
        size += len(line.encode())
        if size > MOST_BYTES:
            lines.append(words.more.format(len(alerts) - place))
            break
        lines.append(line)
    return Message(f"cncert: {title}", "\n".join([*lines, source]))


def in_language(alert: Alert, language: str) -> tuple[str, str]:
    """Text and advice of *alert*."""
    return (alert.text_zh, alert.advice_zh) if language == "zh" else (alert.text, alert.advice)


def addresses(settings: BaseSettings) -> list[str]:
    """The addresses of ``CNCERT_ALERTS``, which spaces or commas part."""
    return [url for url in _NEXT.split(str(settings["CNCERT_ALERTS"]).strip(" \t\r\n,")) if url]


def problems(urls: Sequence[str]) -> list[str]:
    """Why messages to *urls* cannot even be sent, one line each."""
    if not urls:
        return []
    if not _load():
        return ["CNCERT_ALERTS needs another library: pip install -r requirements-alerts.txt"]
    return [f"{_name(place, url)}: {_UNKNOWN}" for place, url in enumerate(urls, start=1) if _service(url) is None]


async def send(what: Message, urls: Sequence[str], seconds: float = SECONDS) -> Delivery:
    """Send *what* to all of *urls*, which takes no longer than *seconds*. Raises nothing."""
    if not _load():
        return Delivery(0, problems(urls))
    failures = await asyncio.gather(*(_sent(what, url, seconds) for url in urls))
    lines = [
        f"{_name(place, url)}: {failure}"
        for place, (url, failure) in enumerate(zip(urls, failures, strict=True), start=1)
        if failure
    ]
    return Delivery(failures.count(None), lines)


async def _sent(what: Message, url: str, seconds: float) -> str | None:
    """Why *url* did not take the message, None if it did."""
    try:
        return await run_with_timeout(lambda: _deliver(what, url), seconds)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except Exception as error:  # noqa: BLE001  # whatever a service raises: its words may quote the address
        return f"failed ({type(error).__name__})"


def _deliver(what: Message, url: str) -> str | None:
    service = _service(url)
    if service is None:
        return _UNKNOWN
    listener = _Listener()
    log = logging.getLogger("apprise")
    log.addHandler(listener)
    try:
        taken = service.notify(body=what.body, title=what.title, body_format="text")
    finally:
        log.removeHandler(listener)
    return None if taken else listener.reason


class _Listener(logging.Handler):
    """Hears of apprise's words, in its own thread, only what is no secret."""

    reason = "not taken"

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._thread:
            return
        said = record.getMessage()
        if status := _STATUS.search(said):
            self.reason = f"HTTP status {status[1]}"
        elif "onnection error" in said:
            self.reason = "no connection, or no answer"


def _service(url: str) -> "NotifyBase | None":
    """What apprise makes of *url*."""
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(app_id="cncert", app_desc="cncert", app_url="", secure_logging=True)
    try:
        return Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001  # of any plugin
        return None


@cache
def _load() -> bool:
    """Load apprise with its plugins, in one thread, before others ask; whether it is there."""
    if find_spec("apprise") is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its plugins, some of which are old
        _service("json://localhost")
    # Both write addresses to the log.
    apprise_log = logging.getLogger("apprise")
    apprise_log.propagate = False
    apprise_log.setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return True


def _name(place: int, url: str) -> str:
    """What may be shown of an address."""
    kind = _KIND.match(url)
    return f"CNCERT_ALERTS, address {place}{f' ({kind[1].lower()})' if kind else ''}"
