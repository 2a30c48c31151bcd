"""Checks that use the network: a connection to WeChat's host, and the feeds."""

import base64
import http.client
import socket
import ssl
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, getproxies, proxy_bypass

from cncert.exceptions import SourceError
from cncert.monitoring.doctor.local_checks import NO_ISSUE_IN_FEED, CheckResult, compare_clock
from cncert.sources.configured_sources import Source, may_ask
from cncert.sources.feed import read_feed
from cncert.sources.listed_articles import find_issues
from cncert.wechat.address import ARTICLE_HOST

FEED_BYTES = 8 * 1024 * 1024


def check_wechat(seconds: float) -> list[CheckResult]:
    """Connect to WeChat's host, through the proxy of the environment if there is one. No page is requested."""
    try:
        way = _connect(ARTICLE_HOST, seconds)
    except ssl.SSLCertVerificationError as error:
        text, advice = (
            f"its certificate is not trusted ({error.verify_message})",
            "a proxy that opens TLS? SSL_CERT_FILE",
        )
    except socket.gaierror:
        text, advice = "the name is not known", "look at DNS, or at the name of the proxy (https_proxy)"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        text, advice = f"no connection ({reason})", "look at the network, a firewall, the proxy (https_proxy)"
    else:
        return [CheckResult("network", "ok", f"{ARTICLE_HOST} can be reached {way}; no page was asked for")]
    return [CheckResult("network", "to do", f"{ARTICLE_HOST}: {text}", advice)]


def _connect(host: str, seconds: float) -> str:
    """Make a TLS connection to *host*, close it, and return which way it took. Raises OSError and others."""
    text = getproxies().get("https", "")
    context = ssl.create_default_context()
    if not text or proxy_bypass(host):
        connection, way = http.client.HTTPSConnection(host, timeout=seconds, context=context), "directly"
    else:
        proxy = urlsplit(text if "://" in text else f"http://{text}")
        if proxy.scheme != "http" or not proxy.hostname:
            raise ValueError(f"a proxy of {proxy.scheme}:// is not tried")
        connection = http.client.HTTPSConnection(proxy.hostname, proxy.port or 80, timeout=seconds, context=context)
        user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else ""
        headers = {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"} if user else {}
        connection.set_tunnel(host, 443, headers)
        way = f"through the proxy {proxy.hostname}:{proxy.port or 80}"
    try:
        connection.connect()
    finally:
        connection.close()
    return way


class _CheckedRedirects(HTTPRedirectHandler):
    """Follows a redirect only to a host to which the crawl would follow it."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if not may_ask(newurl, [self._source]):
            raise SourceError("redirect", f"redirects to {urlsplit(newurl).hostname or 'nowhere'}, which is not asked")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_feed(source: Source, agent: str, seconds: float) -> list[CheckResult]:
    """Fetch a feed under the user agent *agent*, read it, and look for issues in it."""
    try:
        data, date = _fetch(source, agent, seconds)
        entries, fault = read_feed(data)
    except SourceError as error:
        wrong = str(error)
    except HTTPError as error:
        wrong = f"HTTP status {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        wrong = f"no answer ({getattr(reason, 'strerror', None) or type(reason).__name__})"
    else:
        newest = max((named.issue for named in find_issues(entries)[0]), default=None)
        text = f"{source.name}: {len(entries)} entries, {f'the newest issue {newest}' if newest else 'no issue'}"
        result = CheckResult("feeds", "ok", text)
        if fault or newest is None:
            result = CheckResult("feeds", "note", f"{text}{f'; {fault}' if fault else ''}", NO_ISSUE_IN_FEED)
        return [result, *(compare_clock(source.name.partition("/")[0], date) if date else [])]
    advice = "open its address; without it new issues come from other feeds and review lists only"
    return [CheckResult("feeds", "to do", f"{source.name}: {wrong}", advice)]


def _fetch(source: Source, agent: str, seconds: float) -> tuple[bytes, datetime | None]:
    headers = {"User-Agent": agent} | ({"Authorization": source.authorization} if source.authorization else {})
    request = Request(source.url, headers=headers)  # noqa: S310  # a source has http or https only
    with build_opener(_CheckedRedirects(source)).open(request, timeout=seconds) as answer:
        data = answer.read(FEED_BYTES + 1)
        if len(data) > FEED_BYTES:
            raise SourceError("too_large", f"larger than {FEED_BYTES} bytes")
        date = answer.headers.get("Date")
    try:
        return data, parsedate_to_datetime(date) if date else None
    except ValueError:
        return data, None
