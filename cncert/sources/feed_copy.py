"""Reads the copy of an issue in a feed: HTML that a service made of WeChat's page."""

import html
import re
from datetime import datetime
from hashlib import sha256
from urllib.parse import unquote

from cncert.exceptions import NotAnIssue
from cncert.items import CHINA, Issue, Provenance
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.report.series import CNCERT_BIZ, CNCERT_NAMES
from cncert.report.validation import validate_issue
from cncert.sources.listed_articles import ListedIssue
from cncert.sources.saved_files.pages_of_other_sites import read_page_of_other_site

# Services put a server of theirs between a reader and WeChat: …/img-proxy/?k=…&u=https%3A%2F%2Fmmbiz.qpic.cn%2F…
_BY_PROXY = re.compile(
    r"""(?<=["'=])https?://[^"'\s<>]{1,300}?[?&;](?:u|url)="""
    r"""(https?%3A%2F%2F(?:mp\.weixin\.qq\.com|mm[a-z]{3,4}\.q(?:pic|logo)\.cn)%2F[^"'\s<>&]{1,4000})[^"'\s<>]*""",
    re.IGNORECASE,
)


def read_feed_copy(named: ListedIssue, fetched_at: datetime) -> Issue:
    """Return the issue in the HTML that a feed carries, cleaned and validated. Raises NotAnIssue, ValidationError.

    It is none if the feed does not name CNCERT's account for it, or has only a part of it.
    """
    published, article = named.article.published, named.article
    if not _names_account(named):
        raise NotAnIssue("account", f"the feed does not say that it is of the account: {article.author[:80]!r}")
    form = "%Y-%m-%d %H:%M" if article.has_time else "%Y-%m-%d"
    stated = published.astimezone(CHINA).strftime(form) if published else ""
    page = (
        f"<html><head><title>{html.escape(article.title)}</title>"
        f'<meta property="article:published_time" content="{stated}">'
        f"</head><body>{_BY_PROXY.sub(_direct, article.html)}</body></html>"
    )
    copied = read_page_of_other_site(page, named.address.url)
    provenance = Provenance(
        source="feed",
        fetched_at=fetched_at,
        via="feed",
        address=copied.link,
        sha256=sha256(article.html.encode("utf-8", "replace")).hexdigest(),
        parser=PARSER,
    )
    issue = validate_issue(clean_issue(read_issue(copied, provenance)))
    if not issue.review or not issue.figures:  # the first figures of a report, and the list at its end
        raise NotAnIssue("empty", "the feed has only a part of the text")
    return issue


def _names_account(named: ListedIssue) -> bool:
    """Whether the feed says that an article is of CNCERT's account, which proves nothing."""
    key = named.address.key
    if key is not None:
        return key.biz == CNCERT_BIZ
    return named.says_own or any(name in named.article.html for name in CNCERT_NAMES)


def _direct(match: re.Match[str]) -> str:
    return html.escape(unquote(match[1]))
