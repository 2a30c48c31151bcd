"""Classifies Scrapy's download errors, of which some differ in their text only."""

import asyncio
import re
from contextlib import suppress
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from twisted.internet.error import ConnectError

CONNECT_SECONDS = 5.0
"""How long a connection may take that shows, after a time-out, whether there is anybody to connect to."""
_TUNNEL_STATUS = re.compile(r"'status': ([0-9]{3})")


def is_too_large(error: BaseException) -> bool:
    """Whether the answer has more bytes than ``DOWNLOAD_MAXSIZE``, or ``download_maxsize`` of the request."""
    return isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(error)


def is_tls_refused(error: BaseException) -> bool:
    """Whether the connection ended before any answer, and not because the certificate is none that is trusted."""
    return isinstance(error, DownloadFailedError) and "certificate verify failed" not in str(error)


def describe_error(error: BaseException | None, url: str) -> str:
    """Return why no answer came from *url*, on one line and without the address."""
    text = str(error).replace(url, "…")
    if isinstance(error, DownloadCancelledError):
        text = text or "larger than DOWNLOAD_MAXSIZE"
    return f"{type(error).__name__}: {text}".splitlines()[0][:200]


async def why_unreached(error: BaseException | None, request: Request) -> str | None:
    """Return why *request* reached no server, and what to look at; None if it reached one.

    The text names hosts only: neither the address, nor the user and password of a proxy.
    """
    target, proxy = urlsplit(request.url), urlsplit(request.meta.get("proxy") or "")
    is_plain = target.scheme == "http" or request.meta.get("over_http")
    host, port = target.hostname, target.port or (80 if is_plain else 443)
    if proxy.hostname:
        host, port = proxy.hostname, proxy.port or 80
    place = f"the proxy {host}:{port}" if proxy.hostname else f"{host}:{port}"
    look = "look at https_proxy" if proxy.hostname else "look at the cable, the Wi-Fi, a firewall"
    match error:
        case CannotResolveHostError() if proxy.hostname:
            return f"the name of the proxy, {host}, is not known: look at https_proxy, and at DNS"
        case CannotResolveHostError():
            return f"the name {host} is not known: look at the cable, the Wi-Fi, and DNS (/etc/resolv.conf)"
        case DownloadConnectionRefusedError() if proxy.hostname:
            return f"{place} refuses the connection: is it running? Look at https_proxy"
        case DownloadConnectionRefusedError():
            return f"{place} refuses the connection: look at a firewall, or for the proxy of this network (https_proxy)"
        case TunnelError():
            return _why_no_tunnel(str(error), place, target.hostname or "")
        # Scrapy's, for an https:// proxy or one that is named without a scheme.
        case NotImplementedError() if proxy.hostname:
            return f"{place} is named as https://: write https_proxy=http://{host}:{port}"
        case ConnectError():
            return f"there is no route to {place}: {look}"
        case DownloadTimeoutError() if "download_latency" not in request.meta and not await _answers(host, port):
            return f"no connection to {place}: {look}"
    return None


def _why_no_tunnel(text: str, place: str, host: str) -> str:
    status = _TUNNEL_STATUS.search(text)
    match status[1] if status else None:
        case None:
            return f"{place} is no proxy: look at https_proxy"
        case "407":
            return f"{place} asks for a user and a password (HTTP 407): https_proxy=http://USER:PASSWORD@HOST:PORT"
        case number:
            return f"{place} does not connect to {host} (HTTP {number}): ask who runs it, or look at https_proxy"


async def _answers(host: str | None, port: int) -> bool:
    """Whether a connection to *host* can be made."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:  # TimeoutError is one
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
