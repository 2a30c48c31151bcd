"""Classifies Scrapy's download errors, of which some differ in their text only."""

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest


def is_robots_denial(error: BaseException) -> bool:
    """Whether robots.txt denies the request (``ROBOTSTXT_OBEY``)."""
    return isinstance(error, IgnoreRequest) and "robots.txt" in str(error)


def is_too_large(error: BaseException) -> bool:
    """Whether the answer has more bytes than ``DOWNLOAD_MAXSIZE``, or ``download_maxsize`` of the request."""
    return isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(error)


def describe_error(error: BaseException | None, url: str) -> str:
    """Return why no answer came from *url*, on one line and without the address."""
    text = str(error).replace(url, "…")
    if isinstance(error, DownloadCancelledError):
        text = text or "larger than DOWNLOAD_MAXSIZE"
    return f"{type(error).__name__}: {text}".splitlines()[0][:200]
