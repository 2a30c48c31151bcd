"""Reads what WeChat states in a page that is a reprint: of which article of which account."""

import re
from dataclasses import dataclass

from cncert.wechat.address import ARTICLE_HOST, Address, ArticleKey, biz_number, biz_text
from cncert.wechat.literals import ObjectLiteral
from cncert.wechat.scripts import Scripts
from cncert.wechat.text import tidy, unescape_html

MAX_NAME_CHARACTERS = 200
"""Of an account's name or id; WeChat allows 30."""


@dataclass(frozen=True, slots=True)
class ReprintMark:
    """What WeChat states of the article of which a page is a reprint. The reprinting account cannot write it."""

    original: ArticleKey
    sn: str | None
    url: str
    """Address of the original."""
    account_name: str | None
    account_id: str | None
    kind: int
    """WeChat's ``reprint_type``: 2 a share card, which shows the original's text; 3 a reprint in full."""


def read_reprint_mark(scripts: Scripts, info: ObjectLiteral | None, address: Address | None) -> ReprintMark | None:
    """Return what WeChat states of the original at *address*, in the object *info* and in the variables of *scripts*.

    Return None if it states too little, or things that contradict each other.
    """

    def stated(name: str) -> list[str]:
        texts = (info.string(name) if info else None, scripts.variable(f"var {name}"))
        return [text for text in texts if text]

    key = address.key if address is not None else None
    numbers = {biz_number(text) for text in stated("source_encode_biz")}
    numbers |= {int(text) if re.fullmatch("[0-9]{1,18}", text) else None for text in stated("source_biz")}
    mids, idxs = set(stated("source_mid")), set(stated("source_idx"))
    if key is not None:
        numbers, mids, idxs = numbers | {key.biz}, mids | {str(key.mid)}, idxs | {str(key.idx)}
    biz, *contradicting = numbers or {None}
    if biz is None or contradicting or len(mids) != 1 or len(idxs) != 1:
        return None
    mid, idx = mids.pop(), idxs.pop()
    if not (re.fullmatch("[0-9]{1,12}", mid) and re.fullmatch("[0-9]{1,2}", idx)):
        return None
    original, sn = ArticleKey(biz, int(mid), int(idx)), address.sn if address is not None else None
    long = f"https://{ARTICLE_HOST}/s?__biz={biz_text(biz)}&mid={mid}&idx={idx}"
    kinds = stated("reprint_type")
    return ReprintMark(
        original=original,
        sn=sn,
        url=f"{long}&sn={sn}" if sn else long,
        account_name=_name(unescape_html(info.string("platform") or "") if info else ""),
        account_id=_name(next(iter(stated("source_username")), "")),
        kind=int(kinds[0]) if kinds and re.fullmatch("[0-9]{1,3}", kinds[0]) else 0,
    )


def _name(text: str) -> str | None:
    """Return *text* on one line, None if it is empty or too long for a name."""
    name = " ".join(tidy(text).split())
    return name if 0 < len(name) <= MAX_NAME_CHARACTERS else None
