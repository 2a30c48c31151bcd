"""What counts of an issue where it has several: the figure of a metric, the address of its article."""

from collections.abc import Iterable

from cncert.items import Figure, Issue
from cncert.wechat.address import may_fetch, read_address


def best_figures(figures: Iterable[Figure]) -> dict[str, Figure]:
    """The figure of each metric that counts: the text's before a picture's, of several the surest, then the first."""
    found: dict[str, Figure] = {}
    for figure in sorted(figures, key=lambda one: (one.source != "text", -one.confidence)):
        found.setdefault(figure.metric, figure)
    return found


def article_link(issue: Issue) -> str | None:
    """The best address of its article that may be a link."""
    known = (issue.article.url, *issue.article.aliases, issue.provenance.address)
    return next((link for text in known if (link := safe_link(text))), None)


def safe_link(text: str | None) -> str | None:
    """*text* if it is the address of an article on WeChat: no other may become a link."""
    address = read_address(text) if text and may_fetch(text) else None
    return address.url if address else None
