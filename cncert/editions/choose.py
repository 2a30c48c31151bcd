"""Chooses which edition of an issue counts: the only rule for it, a pure function of all that came (docs/data.md).

The same editions give the same documents, in whatever order they came, and whoever wrote them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cncert.items import Source, issue_id
from cncert.report.calendar import Week
from cncert.report.publication_time import stated_day
from cncert.report.which_week import WeekClaims, claims_of
from cncert.store.editions import Edition

SOURCE_RANK: dict[Source, int] = {"page": 4, "reprint_card": 3, "reprint": 2, "feed": 1, "file": 0, "site": 0}
"""What an edition is worth among those of one article."""
PAGES: tuple[Source, ...] = ("page", "site")
"""Sources that are an article's own page, whose latest state counts: WeChat's, and that of CNCERT's site."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The editions of one issue, and which of them counts."""

    week: Week
    chosen: Edition | None
    """None if all are withdrawn."""
    title: str
    """The title of the article as it is now."""
    emptied: bool
    """Whether the page of the article states nothing any more, and another edition counts therefore."""
    former_weeks: tuple[str, ...]
    """Issues that earlier states of the chosen article were."""
    site: Edition | None
    """The edition of CNCERT's own site from which figures are joined."""
    editions: tuple[Edition, ...]
    """All of them, ascending by id."""


@dataclass(frozen=True, slots=True)
class ArticleEditions:
    """The editions of one article, or one edition that does not say which article it is of."""

    key: str | None
    editions: tuple[Edition, ...]
    """The best first; withdrawn ones at the end."""
    state: Edition
    """The article as it is now: its page's latest state, else its best copy."""
    claims: WeekClaims
    """What that says of its week."""

    @property
    def live(self) -> tuple[Edition, ...]:
        """Those that are not withdrawn."""
        return tuple(one for one in self.editions if not one.is_withdrawn)

    @property
    def is_site(self) -> bool:
        """Whether it is a page of CNCERT's own site, or the PDF of one, as somebody kept it."""
        issue = self.state.issue
        return issue.provenance.source == "site" or (self.key is None and bool(issue.documents))

    def rank(self, week: Week) -> tuple[bool, bool, bool, bool, date, float, int, int, str]:
        """Return what the article is worth among those that claim *week*; the greatest counts."""
        best = self.live[0]
        issues = [one.issue for one in (self.state, *self.live)]
        published = next((issue for issue in issues if stated_day(issue) is not None), self.state.issue)
        article = self.state.issue.article
        return (
            best.states_something,
            not self.is_site,
            self.key is not None,
            self.claims.agree_on(week),
            stated_day(published) or date.min,
            _seconds(published.published_at),
            article.mid or 0,
            article.idx or 0,
            best.id,
        )


def choose(editions: Iterable[Edition]) -> dict[str, Choice]:
    """Return by issue which of *editions* counts for it.

    *editions* must be all of every article that shares a possible week with another one of them.
    """
    articles = list(_articles(sorted(editions, key=lambda one: one.id)))
    by_week: dict[Week, list[ArticleEditions]] = {}
    for article, week in zip(articles, _weeks(articles), strict=True):
        by_week.setdefault(week, []).append(article)
    return {issue_id(*week): _choice(week, some) for week, some in sorted(by_week.items())}


def _articles(editions: Sequence[Edition]) -> Iterable[ArticleEditions]:
    """Yield the articles of *editions*. A copy that fits none of its article's weeks is not believed to be of it."""
    by_key: dict[str, list[Edition]] = {}
    for one in editions:
        if one.article is not None:
            by_key.setdefault(one.article, []).append(one)
        else:
            yield _article(None, [one])
    for key, some in by_key.items():
        first = _state(some)
        sure = {week for one in some if one.issue.provenance.source == "page" for week in one.weeks} or {*first.weeks}
        believed = [one for one in some if not one.issue.provenance.is_copy or sure.intersection(one.weeks)]
        yield _article(key, believed)
        for one in some:
            if one not in believed:
                yield _article(None, [one])


def _article(key: str | None, editions: list[Edition]) -> ArticleEditions:
    state = _state(editions)
    order = {one.id: place for place, one in enumerate(_pages(editions))}

    def rank(one: Edition) -> tuple[bool, bool, int, int, int, int, int, str]:
        issue = one.issue
        return (
            not one.is_withdrawn,
            one.states_something,
            SOURCE_RANK[issue.provenance.source],
            order.get(one.id, -1),
            len(issue.figures),
            len(issue.images),
            len(issue.text),
            one.id,
        )

    return ArticleEditions(key, tuple(sorted(editions, key=rank, reverse=True)), state, claims_of(state.issue))


def _state(editions: Sequence[Edition]) -> Edition:
    """Return the state of the article of *editions*: its page's latest, else the best copy."""
    live = [one for one in editions if not one.is_withdrawn] or editions
    pages = _pages(live)
    if pages:
        return pages[-1]
    return max(live, key=lambda one: (one.states_something, SOURCE_RANK[one.issue.provenance.source], one.id))


def _pages(editions: Iterable[Edition]) -> list[Edition]:
    """Return the states of an article's own page, the latest last.

    By the time of the edit where two state it, else by when they were seen last; what was never seen comes first.
    """
    pages = [one for one in editions if one.issue.provenance.source in PAGES]
    edited = sorted((one for one in pages if _edited(one)), key=lambda one: (_edited(one), _seen(one), one.id))
    others = sorted((one for one in pages if not _edited(one)), key=lambda one: (_seen(one), one.id))
    latest_first = []
    while edited or others:
        take_edited = not others or (bool(edited) and _seen(edited[-1]) >= _seen(others[-1]))
        latest_first.append((edited if take_edited else others).pop())
    return latest_first[::-1]


def _edited(edition: Edition) -> float:
    return _seconds(edition.issue.article.modified_at)


def _seen(edition: Edition) -> float:
    return _seconds(edition.last.seen_at)


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _weeks(articles: Sequence[ArticleEditions]) -> list[Week]:
    """Return the week of each of *articles*. Where another one claims the same, its list of earlier issues speaks."""
    claimed: dict[Week, list[ArticleEditions]] = {}
    for article in articles:
        if article.live and not article.is_site:
            claimed.setdefault(article.claims.alone, []).append(article)
    return [
        article.claims.contested
        if not article.is_site and _is_contested(article, claimed.get(article.claims.alone, []))
        else article.claims.alone
        for article in articles
    ]


def _is_contested(article: ArticleEditions, claimants: Sequence[ArticleEditions]) -> bool:
    """Whether one of *claimants* is another article than *article*: by its key, else by its list of earlier issues."""
    return any(
        article.key != other.key
        if article.key is not None and other.key is not None
        else None not in (article.claims.listed, other.claims.listed) and article.claims.listed != other.claims.listed
        for other in claimants
        if other is not article
    )


def _choice(week: Week, articles: Sequence[ArticleEditions]) -> Choice:
    live = [article for article in articles if article.live]
    editions = tuple(sorted((one for article in articles for one in article.editions), key=lambda one: one.id))
    if not live:
        return Choice(week, None, "", False, (), None, editions)
    best = max(live, key=lambda article: article.rank(week))
    sites = [article for article in live if article.is_site and article is not best]
    site = max(sites, key=lambda article: article.rank(week)).live[0] if sites else None
    chosen, state = best.live[0], best.state
    is_page = state.issue.provenance.source == "page"
    # A copy that does not say which article it is of may be of a page that was emptied, and so may the site's PDF.
    is_article = best.key is not None and not best.is_site
    pages = [state] if is_article else [one.state for one in live if one.key is not None]
    former = Counter(issue_id(*claims_of(one.issue).alone) for one in _pages(best.live))
    return Choice(
        week=week,
        chosen=chosen,
        title=state.issue.title if is_page else chosen.issue.title,
        emptied=any(
            page.issue.provenance.source == "page" and page is not chosen and not page.states_something
            for page in pages
        ),
        former_weeks=tuple(sorted(former.keys() - {issue_id(*week), issue_id(*best.claims.alone)})),
        site=site,
        editions=editions,
    )
