"""An article to an issue, or the reason why it is none: the one door of this room."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

from cncert.exceptions import NotAnIssue
from cncert.items import Account, ArticleRecord, Issue, Picture, Provenance, issue_id
from cncert.report.calendar import period
from cncert.report.doubts import find_doubts
from cncert.report.figures import Reading, read_figures
from cncert.report.review import read_review
from cncert.report.sections import HEADINGS, Part, read_sections, split_parts
from cncert.report.title import read_title
from cncert.wechat.address import ArticleKey, biz_text, rank, read_address
from cncert.wechat.article import Article
from cncert.wechat.body import Image
from cncert.wechat.text import tidy

CNCERT_BIZ = 3204940813
"""CNCERT's account, ``__biz=MzIwNDk0MDgxMw==`` in the addresses of all known issues (data/known_issues.csv)."""
CNCERT_NAMES = frozenset({"CNCERT风险评估", "国家互联网应急中心CNCERT"})
"""Names of that account, until and since March 2023. A name can be copied: it counts only where no number is stated."""


def read_issue(article: Article, provenance: Provenance) -> Issue:
    """The issue that *article* is, unchecked (``pipelines/validate.py`` checks it). Raises NotAnIssue if it is none."""
    _require_account(article)
    title = read_title(article.title)
    if title is None:
        raise NotAnIssue("title", f"the title is none of the series: {article.title!r}")
    parts = split_parts(article.body.lines)
    reading = read_figures(parts)
    _require_content(article, parts, reading)
    key, published_at = _identity(article)
    review = read_review(parts, title.week)
    url, aliases = _addresses(key, article.link, provenance.address)
    return Issue.model_construct(
        id=issue_id(*title.week),
        year=title.year,
        number=title.number,
        title=tidy(article.title),
        period=period(*title.week),
        printed_period=title.printed,
        published_at=published_at,
        account=Account.model_construct(biz=biz_text(key.biz), id=article.account_id, name=article.account_name),
        article=ArticleRecord.model_construct(
            mid=key.mid,
            idx=key.idx,
            sn=article.sn,
            url=url,
            aliases=aliases,
            kind=article.kind,
            original=article.original,
            modified_at=article.modified_at,
        ),
        rating=reading.rating,
        sections=read_sections(parts),
        text=article.body.text,
        figures=reading.figures,
        images=list(_pictures(article)),
        review=review,
        warnings=find_doubts(title, published_at, bool(article.body.lines), reading, review),
        provenance=provenance,
    )


def _require_account(article: Article) -> None:
    known = article.account_name in CNCERT_NAMES if article.biz is None else article.biz == CNCERT_BIZ
    if not known:
        raise NotAnIssue("account", f"published by another account: {article.account_name!r}, number {article.biz}")


def _require_content(article: Article, parts: Iterable[Part], reading: Reading) -> None:
    """Pages that lost their body still have the right title; taken for an issue, they would hide that it is missing."""
    stated = reading.rating or reading.figures or reading.conflicts
    if not (stated or article.body.images or any(part.heading in HEADINGS for part in parts)):
        raise NotAnIssue("empty", f"neither the report's text nor a picture under the title {article.title!r}")


def _identity(article: Article) -> tuple[ArticleKey, datetime]:
    if article.key is None or article.published_at is None:
        stated = {"biz": article.biz, "mid": article.mid, "idx": article.idx, "published_at": article.published_at}
        missing = ", ".join(name for name, value in stated.items() if value is None)
        raise NotAnIssue("identity", f"the page does not state {missing}: {article.title!r}")
    return article.key, article.published_at


def _addresses(key: ArticleKey, *texts: str | None) -> tuple[str | None, list[str]]:
    """Of *texts* those that are lasting addresses of the article *key*: the best one, and the others."""
    found = [address for text in texts if text and (address := read_address(text)) is not None]
    lasting = [address for address in found if address.form != "temporary" and address.key in (key, None)]
    urls = list(dict.fromkeys(address.url for address in sorted(lasting, key=lambda address: rank(address.form))))
    return (urls[0], urls[1:]) if urls else (None, [])


def _pictures(article: Article) -> Iterator[Picture]:
    """The cover, then the pictures of the body in reading order, each once."""
    if article.cover is not None:
        yield _picture("cover", article.cover)
    unique: dict[str, Image] = {}
    for image in article.body.images:
        unique.setdefault(image.key, image)
    for image in unique.values():
        yield _picture("body", image)


def _picture(role: Literal["cover", "body"], image: Image) -> Picture:
    return Picture.model_construct(
        role=role,
        url=image.url,
        key=image.key,
        width=image.width,
        height=image.height,
        path=None,
        checksum=None,
        status="pending",
    )
