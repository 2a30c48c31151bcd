"""Reads an article into an issue: the public entry point of ``report``."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from cncert.exceptions import NotAnIssue
from cncert.items import CHINA, Account, ArticleRecord, Issue, Picture, Provenance, issue_id
from cncert.report.calendar import period
from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.issue_warnings import find_warnings
from cncert.report.sections import HEADINGS, Part, read_sections, split_parts
from cncert.report.series import CNCERT_BIZ, CNCERT_NAMES
from cncert.report.text_figures import TextFigures, read_figures
from cncert.report.title import read_title
from cncert.report.which_week import claims_of, dated
from cncert.wechat.address import ArticleKey, biz_text, rank, read_address
from cncert.wechat.article import Article
from cncert.wechat.body import Image
from cncert.wechat.text import tidy


def read_issue(article: Article, provenance: Provenance) -> Issue:
    """Return the issue in *article*, not yet validated. Raises NotAnIssue if it is none.

    A copy (``source`` is ``file`` or ``feed``) does not prove its account, nor which article it is, and a page of
    CNCERT's site has none: what it does not state is null, and the report's text is required.
    """
    is_copy = provenance.is_copy or provenance.source == "site"
    _require_account(article, is_copy)
    published = article.published_at.astimezone(CHINA).date() if article.published_at else None
    title = read_title(article.title, published)
    if title is None:
        raise NotAnIssue("title", f"the title is none of the series: {article.title!r}")
    parts = split_parts(article.body.lines)
    text_figures = read_figures(parts)
    _require_content(article, parts, text_figures, is_copy)
    if not is_copy and (article.key is None or article.published_at is None):
        needed = {"biz": article.biz, "mid": article.mid, "idx": article.idx, "published_at": article.published_at}
        missing = ", ".join(name for name, value in needed.items() if value is None)
        raise NotAnIssue("identity", f"the page does not state {missing}: {article.title!r}")
    url, aliases = _addresses(article, provenance.address)
    key = article.key
    issue = Issue.model_construct(
        id=issue_id(*title.week),
        year=title.year,
        number=title.number,
        title=tidy(article.title),
        period=period(*title.week),
        printed_period=title.printed,
        published_at=article.published_at,
        account=Account.model_construct(
            biz=biz_text(article.biz) if article.biz is not None else None,
            id=article.account_id,
            name=article.account_name,
        ),
        article=ArticleRecord.model_construct(
            mid=key.mid if key else None,
            idx=key.idx if key else None,
            sn=article.sn,
            url=url,
            aliases=aliases,
            kind=article.kind,
            original=article.original,
            modified_at=article.modified_at,
        ),
        rating=text_figures.rating,
        sections=read_sections(parts),
        text=article.body.text,
        figures=text_figures.figures,
        rankings=text_figures.rankings,
        images=_pictures(article),
        review=read_earlier_issues(parts),
        warnings=[],
        provenance=provenance.model_copy(update={"sample": article.sample}),
        editions=[],
    )
    issue = dated(issue, claims_of(issue).alone)
    return issue.model_copy(update={"warnings": find_warnings(issue, title.week, article.body, text_figures)})


def _require_account(article: Article, is_copy: bool) -> None:
    if is_copy and article.biz is None and article.account_name is None:
        return
    known = article.account_name in CNCERT_NAMES if article.biz is None else article.biz == CNCERT_BIZ
    if not known:
        raise NotAnIssue("account", f"published by another account: {article.account_name!r}, number {article.biz}")


def _require_content(article: Article, parts: Iterable[Part], text_figures: TextFigures, is_copy: bool) -> None:
    """Raise NotAnIssue for a page without its body: its title is right, so it would hide that the issue is missing."""
    reported = text_figures.rating or text_figures.figures or text_figures.conflicts
    headed = any(part.heading in HEADINGS and (part.lines or not is_copy) for part in parts)
    if not (reported or headed or (article.body.images and not is_copy)):
        raise NotAnIssue("empty", f"neither the report's text nor a picture under the title {article.title!r}")


def _addresses(article: Article, asked: str | None) -> tuple[str | None, list[str]]:
    """Return the lasting addresses of *article*, its own and the one *asked* for: the preferred one, and the others."""
    found = [address for text in (article.link, asked) if text and (address := read_address(text)) is not None]
    lasting = [address for address in found if address.form != "temporary" and _may_lead_to(address.key, article)]
    urls = list(dict.fromkeys(address.url for address in sorted(lasting, key=lambda address: rank(address.form))))
    return (urls[0], urls[1:]) if urls else (None, [])


def _may_lead_to(key: ArticleKey | None, article: Article) -> bool:
    """Whether an address that names *key* (None: it does not say) may be one of *article*."""
    return key is None or (key.biz == CNCERT_BIZ if article.key is None else key == article.key)


def _pictures(article: Article) -> list[Picture]:
    """Return the cover, then the pictures of the body in reading order, each once."""
    unique: dict[str, Image] = {}
    for image in article.body.images:
        unique.setdefault(image.key, image)
    pending: dict[str, Any] = {"path": None, "checksum": None, "status": "pending"}
    cover = [Picture.model_construct(role="cover", **asdict(article.cover), **pending)] if article.cover else []
    return cover + [Picture.model_construct(role="body", **asdict(image), **pending) for image in unique.values()]
