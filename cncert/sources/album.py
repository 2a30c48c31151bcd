"""Reads WeChat's albums (合集), which list articles in pages of JSON, and the neighbours of an article in its album.

``https://mp.weixin.qq.com/mp/appmsgalbum?action=getalbum&album_id=…&f=json`` needs no login and has signed addresses.
"""

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cncert.exceptions import SourceError
from cncert.report.series import CNCERT_BIZ
from cncert.sources.listed_articles import ListedArticle
from cncert.wechat.address import ARTICLE_HOST, biz_text
from cncert.wechat.scripts import Scripts

PAGE_SIZE = 20
"""Articles of one answer, as many as WeChat's own page requests."""
_PATH = "/mp/appmsgalbum"
_INFO = re.compile(rb"appmsgalbuminfo\s*:\s*(?=\{)")
_NUMBER = re.compile(r"[0-9]{4,25}")


@dataclass(frozen=True, slots=True)
class AlbumPage:
    """A page of an album: its articles, and the address of the next page if there is one."""

    entries: list[ListedArticle]
    next: str | None


def album_id(text: str) -> str | None:
    """Return the number of the album of which *text* is the number or the address; None if it is neither."""
    if _NUMBER.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.netloc != ARTICLE_HOST or parts.path != _PATH:
        return None
    number = parse_qs(parts.query, max_num_fields=50).get("album_id", [""])[0]
    return number if _NUMBER.fullmatch(number) else None


def album_page(number: str, after: tuple[str, str] | None = None) -> str:
    """Return the address of the page of album *number* behind the article *after* (``msgid``, ``itemidx``)."""
    query = {
        "action": "getalbum",
        "__biz": biz_text(CNCERT_BIZ),
        "album_id": number,
        "count": f"{PAGE_SIZE}",
        "f": "json",
    }
    if after is not None:
        query |= {"begin_msgid": after[0], "begin_itemidx": after[1]}
    return f"https://{ARTICLE_HOST}{_PATH}?{urlencode(query)}"


def is_album_page(url: str) -> bool:
    """Whether :func:`album_page` returns such addresses as *url*."""
    return url.startswith(f"https://{ARTICLE_HOST}{_PATH}?action=getalbum&")


def read_album(data: bytes, number: str) -> AlbumPage:
    """Return the page of album *number* in *data*. Raises SourceError if it is none."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise SourceError(
            "unreadable", "the answer is no album: WeChat asks for a verification, or knows no such album"
        ) from None
    body = answer.get("getalbum_resp") if isinstance(answer, dict) else None
    if not isinstance(body, dict):
        raise SourceError("unreadable", "the answer holds no album")
    listed = body.get("article_list", [])
    # A page with one article has that article in place of a list.
    articles = [one for one in (listed if isinstance(listed, list) else [listed]) if isinstance(one, dict)]
    entries = [ListedArticle(_text(one.get("title")), (_text(one.get("url")),)) for one in articles]
    last = (_text(articles[-1].get("msgid")), _text(articles[-1].get("itemidx"))) if articles else ("", "")
    goes_on = _text(body.get("continue_flag")) == "1" and all(re.fullmatch("[0-9]{1,20}", part) for part in last)
    return AlbumPage(entries, album_page(number, last) if goes_on else None)


def read_neighbours(page: bytes) -> list[ListedArticle]:
    """Return the articles after and before that of *page* in its album, with signed addresses."""
    scripts = Scripts(page)
    found = (scripts.object_at(match.end()) for match in islice(scripts.matches(_INFO), 8))
    info = [data for data in found if data is not None]
    pairs = [(data.string(f"{which}_article_title"), data.string(f"{which}_article_link"))
             for data in info for which in ("next", "pre")]  # fmt: skip
    return [ListedArticle(title, (link,)) for title, link in pairs if title and link]


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""
