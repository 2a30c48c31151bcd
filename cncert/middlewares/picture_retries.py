"""Sends stored issues through the pipelines again for their unfinished pictures, by a request that needs no network.

``start()`` could yield the issue itself, but Scrapy 2.19 never closes a spider while such an item is being processed.
"""

from scrapy import Request
from scrapy.http import Response

_PREFIX = "data:,"


def retry_request(issue: str, *, priority: int = -1) -> Request:
    """Return a request that is answered at once, to retry the pictures of *issue*; duplicates are filtered."""
    # At the pace of picture requests; it is not archived.
    meta = {"download_slot": "mmbiz.qpic.cn", "dont_cache": True, "shown_as": f"{issue} again"}
    return Request(_PREFIX + issue, priority=priority, meta=meta)


def retried_issue(message: Request | Response) -> str | None:
    """Return the issue of such a request or its answer; None for any other."""
    return message.url.removeprefix(_PREFIX) if message.url.startswith(_PREFIX) else None
