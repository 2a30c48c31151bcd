"""Asks the site of a spider over https, and over http for the rest of the run if it does not answer that."""

import logging
from urllib.parse import unquote, urljoin, urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from cncert.middlewares.download_errors import is_tls_refused, why_unreached

logger = logging.getLogger(__name__)

ANSWERS_OF_A_SITE = (200, 404)
"""Statuses that show over http that the site answers it: others may be those of a proxy, or lead back to https."""


class HttpsFirstHandler(HTTP11DownloadHandler):
    """Download handler of https addresses. Where it asks over http, the answer has the https address all the same.

    It stands below all that looks at addresses: what may be asked, the archive and the ledger know the https ones only.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawler = crawler
        self._uses_http = self._answers_https = False

    async def download_request(self, request: Request) -> Response:
        """Return the answer. Raises what https raised if http does not answer either."""
        hosts: list[str] = getattr(self._crawler.spider, "allowed_domains", [])
        if urlsplit(request.url).netloc not in hosts:
            return await super().download_request(request)
        if self._uses_http:
            request.meta["over_http"] = True
            return await self._ask_over_http(request)
        try:
            response = await super().download_request(request)
        except Exception as error:
            may_lack_https = is_tls_refused(error) or await why_unreached(error, request) is not None
            if self._answers_https or not may_lack_https or (found := await self._try_http(request)) is None:
                raise
            return found
        if _leads_to_http(response):
            return await self._try_http(request) or response
        self._answers_https = True
        return response

    async def _try_http(self, request: Request) -> Response | None:
        """Return the answer over http, which the rest of the run uses then; None if the site does not answer that."""
        try:
            response = await self._ask_over_http(request)
        except Exception as error:  # noqa: BLE001  # whatever it is, that of https is raised
            logger.debug("No answer over http either: %s", error)
            return None
        if response.status not in ANSWERS_OF_A_SITE:
            return None
        logger.warning("The site does not answer https: this run goes on with http://%s", urlsplit(request.url).netloc)
        self._uses_http = True
        return response

    async def _ask_over_http(self, request: Request) -> Response:
        plain = request.replace(url=_in_http(request.url))
        response = await super().download_request(plain)
        return response.replace(url=request.url)


def _leads_to_http(response: Response) -> bool:
    """Whether *response* redirects to the same address in http."""
    location = (response.headers.get("Location") or b"").decode("utf-8", "replace")
    target = urljoin(response.url, location)
    return 300 <= response.status < 400 and unquote(target) == unquote(_in_http(response.url))


def _in_http(url: str) -> str:
    return "http" + url.removeprefix("https")
