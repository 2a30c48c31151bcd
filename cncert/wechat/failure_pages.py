"""Tells an article from the pages that WeChat serves in place of one, and reads it.

To add a failure page: a line in FAILURE_SENTENCES, and the page itself in FAILURES of tests/site/pages.py. If its
sentence stands in an element of another class, add that class to MESSAGE_CLASSES.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from cncert.wechat.address import is_verification, read_address
from cncert.wechat.article import Article, read_article, shown_text
from cncert.wechat.body import read_markup_text
from cncert.wechat.markup import element_by_id, start_tags
from cncert.wechat.scripts import Scripts


class Verdict(StrEnum):
    """Kind of page that WeChat answered with."""

    ARTICLE = "article"
    BLOCKED = "blocked"
    """WeChat asks for a verification: the same address may work later, another one at once."""
    GONE = "gone"
    """Deleted or forbidden, or its account closed: for good."""
    MOVED = "moved"
    """The account migrated; the page names the new address."""
    EXPIRED = "expired"
    """This address does not lead to the article; another one may."""
    UNAVAILABLE = "unavailable"
    """Not available now; the same address may work later."""
    UNKNOWN = "unknown"
    """An unknown page: a person should look at it, and it is fetched again."""


FAILURE_SENTENCES: tuple[tuple[str, Verdict, str], ...] = (
    ("环境异常", Verdict.BLOCKED, "verification: 环境异常"),
    ("完成验证后即可继续访问", Verdict.BLOCKED, "verification: 环境异常"),
    ("访问过于频繁", Verdict.BLOCKED, "too many requests: 访问过于频繁"),
    ("操作过于频繁", Verdict.BLOCKED, "too many requests: 操作过于频繁"),
    ("操作频繁", Verdict.BLOCKED, "too many requests: 操作频繁"),
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
    ("该内容已被删除", Verdict.GONE, "deleted by its author"),
    ("涉嫌违反相关法律法规", Verdict.GONE, "removed for a violation"),
    ("此账号已注销", Verdict.GONE, "the account was closed by its owner"),
    ("此帐号已注销", Verdict.GONE, "the account was closed by its owner"),
    ("公众号已迁移", Verdict.UNAVAILABLE, "the account has moved to an address that the page does not name"),
    ("链接已过期", Verdict.EXPIRED, "this temporary address has expired"),
    ("link has expired", Verdict.EXPIRED, "this temporary address has expired"),
    ("参数错误", Verdict.EXPIRED, "this address is wrong or incomplete: 参数错误"),
    ("暂时无法查看", Verdict.UNAVAILABLE, "not available at present"),
    ("审核中", Verdict.UNAVAILABLE, "being reviewed by WeChat"),
    ("正在审核", Verdict.UNAVAILABLE, "being reviewed by WeChat"),
    ("under review", Verdict.UNAVAILABLE, "being reviewed by WeChat"),
    ("未知错误", Verdict.UNAVAILABLE, "system error: 未知错误"),
    ("系统错误", Verdict.UNAVAILABLE, "system error: 系统错误"),
    ("系统繁忙", Verdict.UNAVAILABLE, "system error: 系统繁忙"),
    ("迁移流程", Verdict.UNAVAILABLE, "the account is being moved"),
    ("帐号迁移", Verdict.UNAVAILABLE, "the account is being moved"),
    ("系统出错", Verdict.UNAVAILABLE, "system error: 系统出错"),
    ("请在微信客户端打开", Verdict.UNAVAILABLE, "shown only inside WeChat"),
    ("稍后再试", Verdict.UNAVAILABLE, "not available at present"),
    ("稍后重试", Verdict.UNAVAILABLE, "not available at present"),
)
"""The sentence of each failure page, its verdict and its reason, in the order in which they are looked for.

WeChat serves all of these pages with status 200."""
MESSAGE_CLASSES = ("weui-msg__title", "weui_msg_title", "mesg-block", "global_error_msg", "weui-msg__desc")
"""Classes of the elements in which failure pages print their sentence."""
_MAX_MESSAGE_CHARACTERS = 1000
"""Of a failure page with unknown markup."""
_MAX_FAILURE_PAGE_BYTES = 400_000
"""Of a failure page whose sentence a script writes, or that has unknown markup."""
_DOCUMENT_WRITE = re.compile(rb"document\.write\(")


@dataclass(frozen=True, slots=True)
class Page:
    """The verdict on an answer, its reason in a few words, and what the page holds."""

    verdict: Verdict
    reason: str
    article: Article | None = None
    moved_to: str | None = None
    message: str | None = None
    """What a page that is not known says, in an element in which failure pages print their sentence."""


def read_page(page: bytes, url: str | None = None) -> Page:
    """Return the verdict on *page*, the bytes that came from *url*, and its article.

    *url* also fills in an identity that the page does not state. An article is looked for first, because it may quote
    anything of a failure page.
    """
    if url is not None and is_verification(url):
        return Page(Verdict.BLOCKED, "redirected to the verification page")
    tag = element_by_id(page, "js_article")
    if tag is None:
        return _read_failure(page)
    article = read_article(page, tag, read_address(url) if url else None)
    if not (article.title or article.body.lines or article.body.images):
        return Page(Verdict.UNKNOWN, "an article's page that shows no article")
    return Page(Verdict.ARTICLE, "article", article)


def _read_failure(page: bytes) -> Page:
    """Return the verdict on a page without an article."""
    scripts = Scripts(page)
    # What a verification cannot do without; one of its forms holds no visible word.
    if (
        any("secitptpage/verify" in value for value in scripts.variables("PAGE_MID"))
        or element_by_id(page, "js_verify")
        or (b"poc_token" in page and any(tag.name == "script" for tag in start_tags(page, b"TCaptcha.js")))
    ):
        return Page(Verdict.BLOCKED, "verification page")
    target = scripts.variable("transferTargetLink")
    if target is not None:
        address = read_address(target)
        if address is None:
            return Page(Verdict.UNAVAILABLE, "the account has moved to an address that is none of an article")
        return Page(Verdict.MOVED, "the account has moved", moved_to=address.url)
    shown = []
    for name in MESSAGE_CLASSES:
        tags = (tag for tag in start_tags(page, name.encode()) if name in tag.attributes.get("class", "").split())
        shown += [shown_text(page, tag) for tag in islice(tags, 8)]
    places = [" ".join(shown)]
    if len(page) <= _MAX_FAILURE_PAGE_BYTES:
        # The rate limit page of 2018 is written by a script.
        places.append(read_markup_text(" ".join(scripts.written_texts(_DOCUMENT_WRITE))))
        if not is_cut_off(page):
            text = read_markup_text(page)
            places.append(text if len(text) <= _MAX_MESSAGE_CHARACTERS else "")
    for place in places:
        text = "".join(place.split())
        for sentence, verdict, reason in FAILURE_SENTENCES:
            if sentence.replace(" ", "") in text:
                return Page(verdict, reason)
    if not is_cut_off(page) and b"secitptpage/verify" in page:
        return Page(Verdict.BLOCKED, "verification page")
    if not page.strip():
        return Page(Verdict.UNKNOWN, "empty answer")
    message = places[0][:80].strip() or None
    reason = "no article, and no failure page that is known"
    return Page(Verdict.UNKNOWN, f"{reason}: {message}" if message else reason, message=message)


def is_cut_off(page: bytes) -> bool:
    """Whether *page* has lost its end: half an article reads like a whole one, and may quote anything."""
    return b"<html" in page and b"</html" not in page[-2000:]
