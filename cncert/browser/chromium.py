"""The settings of the optional browser: which Chromium, how it is started, and what it may request.

With ``CNCERT_BROWSER=on`` a page that plain HTTP cannot read, or a verification page, is requested once more by a
Chromium that runs its scripts. It solves no verification: ``scrapy verify`` lets a person pass it in a visible
window. Playwright is imported only where a browser runs: ``browser/download_handler.py``, ``browser/verify_window.py``.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from scrapy import Request
from scrapy.settings import BaseSettings

from cncert.exceptions import BrowserError
from cncert.options import Options
from cncert.wechat.address import ARTICLE_HOST
from cncert.wechat.failure_pages import Verdict

if TYPE_CHECKING:
    from playwright.async_api import Request as BrowserRequest

HOSTS = (ARTICLE_HOST, "res.wx.qq.com")
"""Hosts that the browser may request: WeChat, and that of its scripts."""
RESOURCE_TYPES = frozenset({"document", "script", "stylesheet", "xhr", "fetch"})
"""Types of resources that it may request; the crawl itself fetches pictures."""
RETRIED_VERDICTS = frozenset({Verdict.UNKNOWN, Verdict.BLOCKED})
"""Verdicts on plain HTTP that the browser may change."""
MAX_HEAP_MB = 512
"""Memory of a page's scripts."""
_PLANNED_META = ("row", "form", "issue", "moves")
# Names that only these rules know: a page that asks for one of them is refused.
_PROXY_NAME = "proxy.invalid"
_REFUSING_PROXY = "PROXY refused.invalid:9"


def crawl_settings(settings: BaseSettings) -> dict[str, Any]:
    """Return the settings of a crawl for the browser: none if it is off.

    Raises BrowserError if there is no Chromium.
    """
    if not Options.of(settings).browser:
        return {}
    return {
        "DOWNLOAD_HANDLERS": {"https": "cncert.browser.download_handler.BrowserHandler"},
        "PLAYWRIGHT_LAUNCH_OPTIONS": _confined(launch_options(settings)),
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": settings.getfloat("DOWNLOAD_TIMEOUT") * 1000,
        "PLAYWRIGHT_ABORT_REQUEST": is_forbidden,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,  # the browser's own: Scrapy's would contradict them
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1,
        "EXTENSIONS": {
            **settings.getdict("EXTENSIONS"),
            "scrapy.extensions.memusage.MemoryUsage": None,
            "cncert.browser.memory_limit.BrowserMemory": 0,
        },
        "MEMUSAGE_CHECK_INTERVAL_SECONDS": 10,
        "CNCERT_BROWSER_CONTEXT": context_options(settings),
    }


def in_browser(request: Request, settings: BaseSettings) -> Request:
    """Return *request* for the browser: without retries, in a context of its own."""
    meta = {key: value for key, value in request.meta.items() if key in _PLANNED_META} | {
        "dont_retry": True,
        "playwright": True,
        "playwright_context": request.meta["row"],
        "playwright_context_kwargs": settings.getdict("CNCERT_BROWSER_CONTEXT"),
        "playwright_include_page": True,
        "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
        "playwright_page_init_callback": "cncert.browser.download_handler.confine",
    }
    return request.replace(meta=meta)


def is_forbidden(request: "BrowserRequest") -> bool:
    """Whether the browser must not send *request*."""
    parts = urlsplit(request.url)
    if parts.scheme != "https" or parts.hostname not in HOSTS or request.resource_type not in RESOURCE_TYPES:
        return True
    # A frame inside of the page is no part of an article.
    return request.is_navigation_request() and request.frame.parent_frame is not None


def launch_options(settings: BaseSettings) -> dict[str, Any]:
    """Return how Chromium is started, with the environment's proxy. Raises BrowserError if there is no Chromium."""
    options: dict[str, Any] = {"handle_sigint": False, "handle_sigterm": False, "handle_sighup": False}
    options["chromium_sandbox"] = no_sandbox_reason() is None
    given = settings.get("CNCERT_CHROMIUM")
    if given:
        found = shutil.which(given)
        if found is None:
            raise BrowserError(f"CNCERT_CHROMIUM={given}: there is no such program; {_INSTALL_ADVICE}")
        options["executable_path"] = found
    elif not _has_own_chromium():
        raise BrowserError(f"CNCERT_BROWSER needs a Chromium and there is none: {_INSTALL_ADVICE}")
    else:
        options["channel"] = "chromium"  # not the headless shell, which ignores proxy scripts
    if proxy := _proxy():
        options["proxy"] = proxy
    return options


@cache
def no_sandbox_reason() -> str | None:
    """Return why Chromium cannot put a page's process into its sandbox; None if it can."""
    if not sys.platform.startswith("linux"):
        return None
    if os.geteuid() == 0:
        return "it is started by root"
    try:
        command = ["unshare", "--user", "true"]
        made = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603  # no part is given
    except (OSError, subprocess.TimeoutExpired):
        return None
    return "this system lets users make no namespaces" if made.returncode else None


_INSTALL_ADVICE = "install one with `playwright install chromium`, or name yours with CNCERT_CHROMIUM=/usr/bin/chromium"


@cache
def _has_own_chromium() -> bool:
    """Whether ``playwright install chromium`` has been run for this version of Playwright."""
    from playwright._impl._driver import compute_driver_executable, get_driver_env

    answer = subprocess.run(  # noqa: S603  # Playwright's own program
        [*compute_driver_executable(), "install", "--dry-run", "chromium"],
        env=get_driver_env(), capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    _, _, place = answer.stdout.partition("Install location:")
    return bool(place) and (Path(place.splitlines()[0].strip()) / "INSTALLATION_COMPLETE").exists()


def context_options(settings: BaseSettings) -> dict[str, Any]:
    """Return the options of a page's context, with the state that ``scrapy verify`` saved. Raises BrowserError."""
    options = {
        "user_agent": settings["USER_AGENT"],
        "locale": "zh-CN",
        "ignore_https_errors": not settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES"),
        "accept_downloads": False,
        "service_workers": "block",
    }
    state = Path(Options.of(settings).browser_state)
    if state.exists():
        try:
            known = json.loads(state.read_text(encoding="utf-8"))
            cookies, _ = known["cookies"], known["origins"]
        except (OSError, ValueError, KeyError, TypeError):
            raise BrowserError(f"{state} is no browser state: delete it, or run scrapy verify again") from None
        assert isinstance(cookies, list)
        options["storage_state"] = str(state)
    return options


def _proxy() -> dict[str, str] | None:
    """Return the environment's proxy for WeChat in Playwright's form: the one that the crawl itself uses."""
    text = getproxies().get("https", "")
    if not text or proxy_bypass(ARTICLE_HOST):
        return None
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BrowserError(f"the browser knows proxies of http:// and https:// only, not {parts.scheme}://")
    place = parts.netloc.rpartition("@")[2]
    proxy = {"server": f"{parts.scheme}://{place}"}
    if parts.username:
        proxy |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    return proxy


def _confined(options: dict[str, Any]) -> dict[str, Any]:
    """Return *options* of a Chromium that can connect to :data:`HOSTS` only.

    Aborting requests is not enough: it does not see redirects, web sockets, workers, pre-connections and Chromium's own
    requests. So no name and no address but those of the hosts leads anywhere (``localhost``, addresses of this machine
    and of its network go past any proxy), and a proxy script lets nothing else reach the proxy.
    """
    way, rules = "DIRECT", ["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in HOSTS)]
    if "proxy" in options:
        server = urlsplit(options["proxy"]["server"])
        if server.scheme == "https":  # its certificate is that of its own name
            way, rules = f"HTTPS {server.netloc}", [*rules, f"EXCLUDE {server.hostname}"]
        else:
            place = f"[{server.hostname}]" if ":" in str(server.hostname) else server.hostname
            way, rules = f"PROXY {_PROXY_NAME}:{server.port or 80}", [f"MAP {_PROXY_NAME} {place}", *rules]
    known = " || ".join(f'host == "{host}"' for host in HOSTS)
    script = f'function FindProxyForURL(url, host) {{ return {known} ? "{way}" : "{_REFUSING_PROXY}"; }}'
    address = "data:application/x-ns-proxy-autoconfig;base64," + base64.b64encode(script.encode()).decode()
    arguments = [
        f"--proxy-pac-url={address}",
        f"--host-resolver-rules={', '.join(rules)}",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        f"--js-flags=--max-old-space-size={MAX_HEAP_MB}",
    ]
    return {**options, "args": arguments}
