"""Finds the issues of the series among the articles that feeds and albums list."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

from cncert.items import day_in_china, issue_id
from cncert.report import calendar
from cncert.report.series import CNCERT_BIZ, CNCERT_NAMES
from cncert.report.title import read_title
from cncert.wechat.address import Address, read_address


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """An article as a feed or an album lists it."""

    title: str
    links: tuple[str, ...]
    """The addresses given for it."""
    html: str = ""
    """The article itself, if the feed has it."""
    published: datetime | None = None
    """When it was published, with a time zone."""
    has_time: bool = True
    """Whether it states more than the day; else ``published`` is the beginning of that in China."""
    author: str = ""
    """The account or person that the feed names for it, else the title of the feed."""


@dataclass(frozen=True, slots=True)
class ListedIssue:
    """A listed article whose title is that of an issue, with an address that may be requested."""

    issue: str
    address: Address
    article: ListedArticle

    @property
    def says_own(self) -> bool:
        """Whether the feed names CNCERT's account as its author, which proves nothing."""
        return any(name in self.article.author for name in CNCERT_NAMES)


def find_issues(
    entries: Iterable[ListedArticle], today: date | None = None, *, reprints: bool = False
) -> tuple[list[ListedIssue], Counter[str]]:
    """Return the issues among *entries*, in their order, each address once, and how many others there are of each kind.

    A week that has not ended by *today* has no issue yet. With *reprints*, articles of other accounts under such a
    title may be reprints.
    """
    today = today or day_in_china(datetime.now(UTC))
    found: dict[str, ListedIssue] = {}
    others: Counter[str] = Counter()
    for entry in entries:
        title = read_title(entry.title)
        address = next((address for link in entry.links if (address := _address(link)) is not None), None)
        if title is None or calendar.period(*title.week).end >= today:
            others["other_titles"] += 1
        elif address is None:
            others["other_hosts"] += 1
        elif address.key is not None and address.key.biz != CNCERT_BIZ and not reprints:
            others["other_accounts"] += 1
        else:
            found.setdefault(address.url, ListedIssue(issue_id(*title.week), address, entry))
    return list(found.values()), others


def _address(link: str) -> Address | None:
    """Return the article's address in *link* or in its query: some services link to a page of theirs that redirects."""
    address = read_address(link)
    if address is not None or len(link) > 4096:
        return address
    try:
        values = [value for _, value in parse_qsl(urlsplit(link).query, max_num_fields=20)]
    except ValueError:
        return None
    return next((found for value in values if (found := read_address(value)) is not None), None)
