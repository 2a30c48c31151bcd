"""A WeChat answer: what kind of page it is, and the article if it is one.

Pure functions of the page's bytes and its address.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from cncert.wechat.address import is_verification, read_address
from cncert.wechat.article import Article, read_article, shown_text, written_text
from cncert.wechat.body import read_markup_text
from cncert.wechat.literals import variable, variables
from cncert.wechat.markup import Tag, element, tags

__all__ = ["Article", "Page", "Verdict", "read_page"]


class Verdict(StrEnum):
    """What WeChat answered."""

    ARTICLE = "article"
    BLOCKED = "blocked"
    """A verification is asked for: the same address may work later, another one at once."""
    GONE = "gone"
    """Deleted, forbidden or its account closed: for good."""
    MOVED = "moved"
    """The account migrated; the page names the new address."""
    EXPIRED = "expired"
    """This address leads nowhere, another one of the same article may."""
    UNAVAILABLE = "unavailable"
    """Not now."""
    UNKNOWN = "unknown"
    """None of the pages that are known: worth a look, worth another try."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was made of an answer: the verdict, its reason in a few words, and what the page holds."""

    verdict: Verdict
    reason: str
    article: Article | None = None
    moved_to: str | None = None


# Sentences of failure pages, in the order in which they are looked for; all of them come with status 200.
_FAILURES: tuple[tuple[str, Verdict, str], ...] = (
    ("环境异常", Verdict.BLOCKED, "verification: 环境异常"),
    ("完成验证后即可继续访问", Verdict.BLOCKED, "verification: 环境异常"),
    ("访问过于频繁", Verdict.BLOCKED, "too many requests: 访问过于频繁"),
    ("已被发布者删除", Verdict.GONE, "deleted by its author"),
    ("deleted by the author", Verdict.GONE, "deleted by its author"),
    ("因违规无法查看", Verdict.GONE, "removed for a violation"),
    ("内容发送失败", Verdict.GONE, "removed for a violation: 发送失败"),
    ("涉嫌侵权", Verdict.GONE, "removed after a complaint: 侵权"),
    ("冒名侵权", Verdict.GONE, "removed after a complaint: 冒名侵权"),
    ("过度营销", Verdict.GONE, "removed after a complaint: 过度营销"),
    ("帐号已被屏蔽", Verdict.GONE, "the account is banned"),
    ("账号已被屏蔽", Verdict.GONE, "the account is banned"),
    ("自主注销", Verdict.GONE, "the account was closed by its owner"),
    ("不实信息", Verdict.GONE, "removed as a rumour"),
    ("公众号已迁移", Verdict.UNAVAILABLE, "the account has moved to an address that the page does not name"),
    ("链接已过期", Verdict.EXPIRED, "this temporary address has expired"),
    ("参数错误", Verdict.EXPIRED, "this address is wrong or incomplete: 参数错误"),
    ("暂时无法查看", Verdict.UNAVAILABLE, "not available at present"),
    ("迁移流程", Verdict.UNAVAILABLE, "the account is being moved"),
    ("帐号迁移", Verdict.UNAVAILABLE, "the account is being moved"),
    ("系统出错", Verdict.UNAVAILABLE, "system error: 系统出错"),
    ("请在微信客户端打开", Verdict.UNAVAILABLE, "shown only inside WeChat"),
)
_MESSAGE_CLASSES = ("weui-msg__title", "weui_msg_title", "mesg-block", "global_error_msg", "weui-msg__desc")
_MESSAGE_LENGTH = 1000
"""Characters that a failure page of unknown markup shows at the most."""
_SMALL_PAGE = 400_000
_DOCUMENT_WRITE = re.compile(rb"document\.write\(")


def read_page(page: bytes, url: str | None = None) -> Page:
    """What *page*, the bytes that came from *url*, is. *url* also fills in an identity that the page keeps back.

    The order of the tests matters: an article may quote anything of a failure page.
    """
    if url is not None and is_verification(url):
        return Page(Verdict.BLOCKED, "redirected to the verification page")
    tag = element(page, "js_article")
    if tag is None:
        return _read_failure(page)
    article = read_article(page, tag, read_address(url) if url else None)
    if not (article.title or article.body.lines or article.body.images):
        return Page(Verdict.UNKNOWN, "an article's page that shows no article")
    return Page(Verdict.ARTICLE, "article", article)


def _read_failure(page: bytes) -> Page:
    """The verdict on a page without an article."""
    if _asks_for_verification(page):
        return Page(Verdict.BLOCKED, "verification page")
    target = variable(page, "transferTargetLink")
    if target is not None:
        address = read_address(target)
        if address is None:
            return Page(Verdict.UNAVAILABLE, "the account has moved to an address that is none of an article")
        return Page(Verdict.MOVED, "the account has moved", moved_to=address.url)
    shown = [shown_text(page, tag) for name in _MESSAGE_CLASSES for tag in islice(_of_class(page, name), 8)]
    places = [" ".join(shown)]
    if len(page) <= _SMALL_PAGE:
        # The rate limit page of 2018 is written by a script.
        places.append(read_markup_text(" ".join(written_text(page, _DOCUMENT_WRITE))))
        if _is_whole(page):
            text = read_markup_text(page)
            places.append(text if len(text) <= _MESSAGE_LENGTH else "")
    for place in places:
        said = "".join(place.split())
        for sentence, verdict, reason in _FAILURES:
            if sentence.replace(" ", "") in said:
                return Page(verdict, reason)
    if _is_whole(page) and b"secitptpage/verify" in page:
        return Page(Verdict.BLOCKED, "verification page")
    if not page.strip():
        return Page(Verdict.UNKNOWN, "empty answer")
    said = places[0][:80]
    return Page(Verdict.UNKNOWN, f"no article, and no failure page that is known{': ' + said if said else ''}")


def _asks_for_verification(page: bytes) -> bool:
    """Whether the page has what a verification cannot do without; one of its forms holds no visible word."""
    if any("secitptpage/verify" in value for value in variables(page, "PAGE_MID")) or element(page, "js_verify"):
        return True
    return b"poc_token" in page and any(tag.name == "script" for tag in tags(page, b"TCaptcha.js"))


def _is_whole(page: bytes) -> bool:
    """Whether the page has not been cut off: what is left of an article may say anything."""
    return b"<html" not in page or b"</html" in page[-2000:]


def _of_class(page: bytes, name: str) -> Iterator[Tag]:
    return (tag for tag in tags(page, name.encode()) if name in tag.attributes.get("class", "").split())
