"""Reads an article into an issue: the public entry point of ``report``."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from cncert.exceptions import NotAnIssue
from cncert.items import (
    Account,
    ArticleRecord,
    Issue,
    Picture,
    Provenance,
    ReprintRecord,
    Source,
    StatedSource,
    day_in_china,
    issue_id,
)
from cncert.report.calendar import period
from cncert.report.earlier_issues import read_earlier_issues
from cncert.report.issue_warnings import find_warnings
from cncert.report.report_lines import report_lines
from cncert.report.sections import HEADINGS, Part, read_sections, split_parts
from cncert.report.series import CNCERT_BIZ, CNCERT_NAMES
from cncert.report.text_figures import TextFigures, read_figures
from cncert.report.title import read_title
from cncert.report.which_week import claims_of, dated
from cncert.wechat.address import ArticleKey, biz_text, rank, read_address
from cncert.wechat.article import Article
from cncert.wechat.body import Image
from cncert.wechat.reprint_mark import ReprintMark
from cncert.wechat.text import tidy


def read_issue(article: Article, provenance: Provenance) -> Issue:
    """Return the issue in *article*, not yet validated. Raises NotAnIssue if it is none.

    A copy (``source`` is ``file`` or ``feed``) does not prove its account, nor which article it is, and a page of
    CNCERT's site has none: what it does not state is null, and the report's text is required.
    """
    is_copy = provenance.is_copy or provenance.source == "site"
    reprint = article.reprint
    is_reprint = reprint is not None and reprint.original.biz == CNCERT_BIZ != article.biz
    if reprint is not None and is_reprint and not is_copy and article.key is not None:
        article, provenance = _original(article, article.key, reprint, provenance)
    if provenance.is_copy and article.stated_source is not None:
        # It may be a copy of a reprint: its date is not that of the original.
        source = StatedSource.model_construct(
            name=article.stated_source, published_at=article.published_at, published_on=article.published_on
        )
        provenance = provenance.model_copy(update={"stated_source": source})
        article = replace(article, published_at=None, published_on=None)
    _require_account(article, is_copy)
    published = day_in_china(article.published_at) if article.published_at else article.published_on
    title = read_title(article.title, published)
    if title is None:
        raise NotAnIssue("title", f"the title is none of the series: {article.title!r}")
    parts = split_parts(article.body.lines)
    text_figures = read_figures(parts)
    _require_content(article, parts, text_figures, provenance)
    is_dated = published is not None or provenance.reprint is not None
    if not is_copy and (article.key is None or not is_dated):
        needed = {"biz": article.biz, "mid": article.mid, "idx": article.idx, "published_at": published}
        missing = ", ".join(name for name, value in needed.items() if value is None)
        raise NotAnIssue("identity", f"the page does not state {missing}: {article.title!r}")
    url, aliases = _addresses(article, None if provenance.reprint else provenance.address)
    key = article.key
    issue = Issue.model_construct(
        id=issue_id(*title.week),
        year=title.year,
        number=title.number,
        title=tidy(article.title),
        period=period(*title.week),
        printed_period=title.printed,
        published_at=article.published_at,
        published_on=article.published_on,
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


def _original(
    article: Article, key: ArticleKey, mark: ReprintMark, provenance: Provenance
) -> tuple[Article, Provenance]:
    """Return the original of *article*, the reprint *key*, as far as that shows it, and the provenance that says so.

    When the original was published, WeChat does not state. In a reprint in full another account may have written
    something around the report.
    """
    is_card = mark.kind == CARD
    record = ReprintRecord.model_construct(
        account=article.account_name,
        biz=biz_text(key.biz),
        mid=key.mid,
        idx=key.idx,
        kind=mark.kind,
        address=article.link or provenance.address,
        published_at=article.published_at,
    )
    source: Source = "reprint_card" if is_card else "reprint"
    title, lines = read_title(article.title), article.body.lines
    if not is_card and title is not None:
        lines = tuple(report_lines(lines, title.week))
    original = replace(
        article,
        account_name=mark.account_name,
        account_id=mark.account_id,
        biz=mark.original.biz,
        mid=mark.original.mid,
        idx=mark.original.idx,
        sn=mark.sn,
        published_at=None,
        published_on=None,
        modified_at=None,
        link=mark.url,
        original=None,
        cover=article.cover if is_card else None,
        body=replace(article.body, lines=lines),
    )
    return original, provenance.model_copy(update={"source": source, "reprint": record})


CARD = 2
"""WeChat's number for a share card, which shows the text of the original as it is."""


def _require_account(article: Article, is_copy: bool) -> None:
    if is_copy and article.biz is None and article.account_name is None:
        return
    known = article.account_name in CNCERT_NAMES if article.biz is None else article.biz == CNCERT_BIZ
    if not known:
        raise NotAnIssue("account", f"published by another account: {article.account_name!r}, number {article.biz}")


def _require_content(
    article: Article, parts: Iterable[Part], text_figures: TextFigures, provenance: Provenance
) -> None:
    """Raise NotAnIssue for a page without its body: its title is right, so it would hide that the issue is missing."""
    needs_text = provenance.source not in ("page", "reprint_card", "reprint")
    reported = text_figures.rating or text_figures.figures or text_figures.conflicts
    headed = any(part.heading in HEADINGS and (part.lines or not needs_text) for part in parts)
    if not (reported or headed or (article.body.images and not needs_text)):
        lacks = f"neither the report's text nor a picture under the title {article.title!r}"
        if provenance.reprint is not None:  # what another account left out does not come back
            raise NotAnIssue("account", f"a reprint with {lacks}")
        raise NotAnIssue("empty", lacks)  # CNCERT's own page may show it later


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
