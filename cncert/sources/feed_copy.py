"""A copy of an issue in a feed: the article's HTML, as a service made it from WeChat's page."""

import html
import re
from datetime import datetime
from hashlib import sha256
from urllib.parse import unquote

from cncert.items import CHINA, Issue, Provenance
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.sources.saved_files.other_sites import read_site
from cncert.sources.saved_files.saved_page import with_doubt

# Services put a server of theirs between a reader and WeChat: …/img-proxy/?k=…&u=https%3A%2F%2Fmmbiz.qpic.cn%2F…
_BY_PROXY = re.compile(
    r"""(?<=["'=])https?://[^"'\s<>]{1,300}?[?&;](?:u|url)="""
    r"""(https?%3A%2F%2F(?:mp\.weixin\.qq\.com|mm[a-z]{3,4}\.q(?:pic|logo)\.cn)%2F[^"'\s<>&]{1,4000})[^"'\s<>]*""",
    re.IGNORECASE,
)


def read_entry(title: str, content: str, link: str, published: datetime | None, fetched_at: datetime) -> Issue:
    """The issue in *content*, the HTML under *title* whose article is at *link*. Raises NotAnIssue if it is none."""
    stated = published.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if published else ""
    page = (
        f'<html><head><title>{html.escape(title)}</title><meta property="article:published_time" content="{stated}">'
        f"</head><body>{_BY_PROXY.sub(_direct, content)}</body></html>"
    )
    copy = read_site(page, link)
    provenance = Provenance(
        fetched_at=fetched_at,
        via="feed",
        address=copy.article.link,
        sha256=sha256(content.encode("utf-8", "replace")).hexdigest(),
        parser=PARSER,
    )
    return with_doubt(read_issue(copy.article, provenance), copy)


def _direct(match: re.Match[str]) -> str:
    return html.escape(unquote(match[1]))
