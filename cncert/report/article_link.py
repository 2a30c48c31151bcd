"""The address of an issue's article, or of its page on CNCERT's site, that people may follow."""

from cncert.cert_site.addresses import read_file_address, read_page_address
from cncert.items import Issue
from cncert.wechat.address import may_fetch, read_address


def article_link(issue: Issue) -> str | None:
    """Return the best address of its article that may be a link."""
    known = (issue.article.url, *issue.article.aliases, issue.provenance.address)
    return next((link for text in known if (link := safe_link(text))), None)


def safe_link(text: str | None) -> str | None:
    """Return the address in *text* if it may be a link: of an article on WeChat, or of a page or file of the site."""
    address = read_address(text) if text and may_fetch(text) else None
    return address.url if address else read_page_address(text or "") or read_file_address(text or "")
