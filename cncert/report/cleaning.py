"""Cleans the fields of an issue: white space, invisible characters, full-width digits, times, addresses."""

from typing import TypeVar

from cncert.items import Figure, Issue, IssueWarning, Picture, Ranking, ReviewLink, Section, china_time
from cncert.wechat.address import read_address, read_picture
from cncert.wechat.text import ascii_digits, tidy

Q = TypeVar("Q", Figure, Ranking)


def clean_issue(issue: Issue) -> Issue:
    """Return *issue* with tidy texts, addresses in the form in which they are kept, and Chinese time.

    An address that is not WeChat's is left out: nobody should follow it by mistake.
    """
    article, account = issue.article, issue.account
    return issue.model_copy(
        update={
            "title": line(issue.title),
            "published_at": china_time(issue.published_at) if issue.published_at else issue.published_at,
            "account": account.model_copy(
                update={"id": account.id and line(account.id), "name": account.name and line(account.name)}
            ),
            "article": article.model_copy(
                update={
                    "url": article_url(article.url),
                    "aliases": [url for url in map(article_url, article.aliases) if url is not None],
                    "modified_at": article.modified_at and china_time(article.modified_at),
                }
            ),
            "sections": [Section.model_construct(heading=line(s.heading), text=lines(s.text)) for s in issue.sections],
            "text": lines(issue.text),
            "figures": [_quoted(figure) for figure in issue.figures],
            "rankings": [_quoted(ranking) for ranking in issue.rankings],
            "images": [picture for picture in map(_picture, issue.images) if picture is not None],
            "review": [_review(link) for link in issue.review],
            "warnings": [IssueWarning.model_construct(code=w.code, message=line(w.message)) for w in issue.warnings],
        }
    )


def line(text: str) -> str:
    """*text* on one line."""
    return " ".join(lines(text).split())


def lines(text: str) -> str:
    """*text* with tidy lines, none of them empty."""
    return "\n".join(filter(None, ascii_digits(tidy(text)).split("\n")))


def article_url(text: str | None) -> str | None:
    """The article's address in *text*, or None."""
    address = read_address(text) if text else None
    return address.url if address else None


def _quoted(read: Q) -> Q:
    section = line(read.section) if read.section else None
    return read.model_copy(update={"evidence": lines(read.evidence), "section": section})


def _picture(picture: Picture) -> Picture | None:
    address = read_picture(picture.url)
    return picture.model_copy(update={"url": address.url, "key": address.key}) if address else None


def _review(link: ReviewLink) -> ReviewLink:
    return link.model_copy(update={"title": line(link.title), "url": article_url(link.url)})
