"""Reads the article of a page: every fact from the places in which it may stand, the most reliable first.

A page of today has 3 MB, of which 2% matter: everything is found by searching bytes, and only small fragments are
decoded or parsed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import chain, islice

from cncert.items import CHINA
from cncert.wechat.address import Address, ArticleKey, biz_number, read_address, read_sn
from cncert.wechat.body import MAX_IMAGES, Body, Image, image, read_html, read_markup_text, read_plain
from cncert.wechat.literals import ObjectLiteral, unescape_js
from cncert.wechat.markup import Tag, element_by_id, inner_markup, start_tags
from cncert.wechat.reprint_mark import ReprintMark, read_reprint_mark
from cncert.wechat.sample_mark import is_sample_page
from cncert.wechat.scripts import Scripts
from cncert.wechat.text import tidy, unescape_html

MAX_BODY_BYTES = 2_000_000
"""Of a body that has no end. WeChat's own limit is 1 MB."""
MAX_NAME_CHARACTERS = 200
"""Of an account's name or id, and of an author's name; WeChat allows 30."""

# The object of facts of today's pages, and the one that some hold in its place.
_OBJECTS = ("window.cgiDataNew", "window.cgiData")
_PICTURE_LIST = re.compile(rb"""(?<![\w$])picture_page_info_list["']?\s*[:=]\s*(?=\[)""")
_MAX_PICTURE_LISTS = 8
# The elements of a picture share, of 2018 and of pages that a browser has filled in.
_PICTURE_ELEMENTS = ("img_list", "img_swiper_content", "js_share_content_page_hd")
_PRINTED_TIME = re.compile(
    r"\s*(20[0-9]{2})[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})(?![0-9])日?(?:\s+([0-9]{1,2}):([0-9]{2}))?"
)
_EPOCH_OF_DATE = re.compile(rb"""\bn\s*=\s*["']([0-9]{10})["']""")
_BLOCK_END = re.compile("</(?:p|section|div|h[1-6])>", re.IGNORECASE)
_WRITING = re.compile(rb"document\.write\(|\.innerHTML\s*=(?!=)")
# What stands behind the body: where an element of the body is never closed, these end it.
_BEHIND_BODY = ("js_tags_preview_toast", "content_bottom_area", "js_toobar3", "js_pc_qr_code")
# Kinds whose elements are a shell in pages of today: what they show stands only in the object.
_SHARE_KINDS = frozenset({5, 6, 7, 8, 10})


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as its page states it. What the page does not state is None."""

    title: str
    account_name: str | None = None
    account_id: str | None = None
    biz: int | None = None
    mid: int | None = None
    idx: int | None = None
    sn: str | None = None
    kind: int | None = None
    """``item_show_type``: 0 article, 5 video, 8 pictures, 10 text; None for a text that stood elsewhere."""
    published_at: datetime | None = None
    """Aware, Chinese time."""
    published_on: date | None = None
    """The day in China, where no time is stated."""
    modified_at: datetime | None = None
    link: str | None = None
    """The page's own address; the pages of temporary addresses have none."""
    original: bool | None = None
    """True: marked 原创; False: not, or a reprint; None: not stated."""
    reprint_of: str | None = None
    """Address of the original of a reprint."""
    reprint: ReprintMark | None = None
    """What WeChat states of the original, if all that it states agrees."""
    stated_source: str | None = None
    """Name of the account that a text from elsewhere names as its source."""
    author: str | None = None
    cover: Image | None = None
    body: Body
    sample: bool = False
    """Whether it is invented: a page of the sample series."""

    @property
    def key(self) -> ArticleKey | None:
        """The article's identity, if the page states all of it."""
        if self.biz is None or self.mid is None or self.idx is None:
            return None
        return ArticleKey(self.biz, self.mid, self.idx)


def shown_text(page: bytes, tag: Tag, max_bytes: int = 4000) -> str:
    """Return the text that the element shows."""
    return read_markup_text(inner_markup(page, tag, max_bytes))


class _Source:
    """The places of a page in which a fact may stand."""

    def __init__(self, page: bytes, article: Tag) -> None:
        self.page = page
        self.article = article
        self.scripts = Scripts(page)
        self.data: ObjectLiteral | None = None
        self.near: tuple[int, int | None] = (0, None)
        found = chain.from_iterable(map(self._assigned, _OBJECTS))
        for position in islice(found, 8):
            data = self.scripts.object_at(position)
            if data is not None and any(name in data for name in ("nick_name", "user_name", "title")):
                self.data = data
                # The scripts before it belong to the article; the other 2 MB of the page are libraries.
                self.near = max(0, position - 50_000), position
                break

    def _assigned(self, name: str) -> Iterator[int]:
        """Yield where an object of facts may stand: before the article, or in one of the last scripts."""
        yield from self.scripts.assignments(name, 0, self.article.start)
        yield from self.scripts.assigned_last(name, self.article.start)

    def fact(self, key: str | None, *names: str) -> str | None:
        """Return the value of the modern object's *key*; without object or key, of one of the variables *names*.

        To search for a name that the page does not have costs a pass over its 3 MB, so an empty key is final.
        """
        if key is not None and self.data is not None and key in self.data:
            return self.data.string(key)
        return self.scripts.variable(*names) if names else None

    def meta(self, name: str) -> str | None:
        """Return the content of ``<meta property="og:…">`` or ``<meta name="…">`` in the page's head."""
        for tag in start_tags(self.page, name.encode(), 0, self.article.start):
            if tag.name == "meta" and name in (tag.attributes.get("property"), tag.attributes.get("name")):
                # Line ends and entities may be written out as for a script: \x0a, \x26nbsp;.
                return unescape_html(unescape_js(tag.attributes.get("content", ""))) or None
        return None

    def shown(self, *idents: str) -> str | None:
        """Return the text of the first of these elements before the body that shows any."""
        start, end = self.article.start, self.article.end + 20_000
        content = element_by_id(self.page, "js_content", start, end)
        for ident in idents:
            tag = element_by_id(self.page, ident, start, content.start if content else end)
            if tag is not None and (text := shown_text(self.page, tag)):
                return text
        return None


def read_article(page: bytes, tag: Tag, asked: Address | None) -> Article:
    """Return what *page* states of the article whose element is *tag*; *asked* is the address that it came from."""
    source = _Source(page, tag)
    kind = _kind(source)
    own = source.fact("link", "var msg_link", "d.msg_link")
    link = (read_address(own) if own else None) or read_address(source.meta("og:url") or "")
    biz, mid, idx, sn = _identity(source, link, asked)
    body, plain = _body(source, kind)
    info = source.data.nested("copyright_info") if source.data else None
    copyright_stat = info.string("copyright_stat") if info else None
    if not copyright_stat:
        copyright_stat = source.fact(None, "var copyright_stat", "var _copyright_stat", "d.copyright_stat")
    reprint = read_address(info.string("reprint_url") or "") if info else None
    published_at = _published(source)
    stats = {copyright_stat, source.fact(None, "var copyright_stat") or copyright_stat}
    cover = source.fact("cdn_url", "var msg_cdn_url", "d.cdn_url", "d.msg_cdn_url") or source.meta("og:image")
    return Article(
        title=(
            _unescaped(source.fact("title", "var msg_title", "d.title", "window.msg_title"))
            or _clean(plain)
            or _clean(source.meta("og:title"))
            or _clean(source.shown("activity-name"))
            or ""
        ),
        account_name=_name(
            _unescaped(source.fact("nick_name", "var nickname", "d.nick_name"))
            or _clean(source.shown("js_name", "post-user"))
        ),
        account_id=_name(source.fact("user_name", "var user_name", "d.user_name")),
        biz=biz,
        mid=mid,
        idx=idx,
        sn=sn,
        kind=kind,
        published_at=published_at,
        published_on=next(filter(None, map(_day, _printed_times(source))), None) if published_at is None else None,
        modified_at=_modified(source),
        link=link.url if link else None,
        original=None if copyright_stat is None else copyright_stat == "1",
        reprint_of=reprint.url if reprint else None,
        reprint=read_reprint_mark(source.scripts, info, reprint) if stats == {"2"} else None,
        author=_name(
            _unescaped(source.fact("author", "d.author"))
            or _clean(source.meta("author"))
            or _clean(source.shown("js_author_name"))
        ),
        cover=image(cover) if cover else None,
        body=body,
        sample=is_sample_page(page, tag.start),
    )


def _clean(text: str | None) -> str | None:
    """Return *text* on one line, or None if nothing is left."""
    return " ".join(tidy(text).split()) or None if text else None


def _name(text: str | None) -> str | None:
    """Return *text*, unless it is too long for a name."""
    return text if text and len(text) <= MAX_NAME_CHARACTERS else None


def _unescaped(text: str | None) -> str | None:
    """Return the text of a script's literal, in which HTML is escaped."""
    return _clean(unescape_html(text)) if text else None


def _kind(source: _Source) -> int:
    names = ("var item_show_type", "d.item_show_type", "window.item_show_type")
    text = source.fact("item_show_type", *names)
    if text is not None and re.fullmatch("[0-9]{1,3}", text):
        return int(text)
    # Pages of 2018-19 say their type only in the class of their body.
    body = next((tag for tag in start_tags(source.page, b"body", 0, source.article.start) if tag.name == "body"), None)
    classes = body.attributes.get("class", "").split() if body else []
    if "page_share_img" in classes:
        return 8
    if "share_content_page" in source.article.attributes.get("class", "").split() and any(_picture_lists(source)):
        return 8
    return 5 if "video" in classes else 0


def _identity(
    source: _Source, link: Address | None, asked: Address | None
) -> tuple[int | None, int | None, int | None, str | None]:
    """Return biz, mid, idx and sn: from the page's variables, else from its own address, else from the *asked* one."""
    addresses = [address for address in (link, asked) if address is not None]
    keys = [address.key for address in addresses if address.key is not None]
    biz = biz_number(source.fact("bizuin", "var biz", "d.biz", "window.biz") or "")
    if biz is None and keys:
        biz = keys[0].biz
    # mid and idx belong together and to one account.
    mid = source.fact("mid", "var mid", "d.mid", "window.mid") or source.fact(None, "var appmsgid", "d.appmsgid")
    idx = source.fact("idx", "var idx", "d.idx", "window.idx") or source.fact(None, "var itemidx", "d.itemidx")
    key = next((key for key in keys if key.biz == biz and (mid is None or str(key.mid) == mid)), None)
    mid_number = int(mid) if mid and re.fullmatch("[0-9]{1,12}", mid) else key.mid if key else None
    idx_number = int(idx) if idx and re.fullmatch("[0-9]{1,2}", idx) else key.idx if key else None
    sn = read_sn(source.fact("sn", "var sn", "d.sn", "window.sn") or "")
    if sn is None:
        own = (biz, mid_number, idx_number)
        sn = next((a.sn for a in addresses if a.sn and a.key and (a.key.biz, a.key.mid, a.key.idx) == own), None)
    return biz, mid_number, idx_number, sn


def _published(source: _Source) -> datetime | None:
    for key in ("ori_create_time", "create_timestamp"):
        if source.data is not None and (moment := _moment(source.data.string(key))):
            return moment
    for value in source.scripts.variables("var ct", "d.ct", "oriCreateTime", "window.ct"):
        if moment := _moment(value):
            return moment
    # Pages of 2019 hand the epoch to the script that writes the date; older ones print the date.
    for written in (b'getElementById("publish_time")', b"getElementById('publish_time')"):
        position = next(source.scripts.places(written), 0)
        epochs = source.scripts.matches(_EPOCH_OF_DATE, max(0, position - 400), position)
        if (epoch := next(epochs, None)) and (moment := _moment(epoch[1].decode())):
            return moment
    return next(filter(None, map(_moment, _printed_times(source))), None)


def _printed_times(source: _Source) -> Iterator[str | None]:
    yield source.fact("create_time", "d.create_time", "var publish_time")
    yield source.shown("publish_time", "post-date")


def _modified(source: _Source) -> datetime | None:
    # The script beside the object states it too; if it says "never", the object need not be read to its end.
    start, end = source.near
    values = list(source.scripts.variables("modify_time", start=start, end=end))
    if not values and source.data is not None:
        values = [source.data.string("modify_time") or ""]
    return next((moment for value in values if (moment := _moment(value))), None)


def _moment(text: str | None) -> datetime | None:
    """Return the time that *text* states: seconds since the epoch, or a date and time in China."""
    if text is None:
        return None
    if re.fullmatch("[0-9]{9,10}", text):
        moment = datetime.fromtimestamp(int(text), UTC).astimezone(CHINA)
        return moment if moment.year >= 2011 else None
    day, clock = _day(text), _PRINTED_TIME.match(text)
    try:
        return datetime.combine(day, time(int(clock[4]), int(clock[5])), CHINA) if day and clock and clock[4] else None
    except ValueError:
        return None


def _day(text: str | None) -> date | None:
    """Return the day that *text* begins with; None if it begins with none."""
    printed = _PRINTED_TIME.match(text or "")
    try:
        return date(*(int(part) for part in printed.groups()[:3])) if printed else None
    except ValueError:
        return None


def _body(source: _Source, kind: int) -> tuple[Body, str | None]:
    """Return the body, and for a text share its plain text, which is its title if it has no other."""
    data = source.data
    if data is not None and kind in _SHARE_KINDS:
        text = data.string("content_noencode")
        info = data.nested("text_page_info")
        if not text and info is not None:
            text = info.string("content_noencode") or info.string("content")
        body = read_plain(text or data.string("desc") or _description(source))
        return _with_shared_pictures(body, source, kind), body.text if kind == 10 else None
    if data is not None and kind != 0 and (text := data.string("content_noencode")):
        # A kind that nobody has seen: its elements may be a shell.
        return read_html(text) if _BLOCK_END.search(text) else read_plain(text), None
    start, end = _body_place(source)
    body = read_html(source.page[start:end])
    if kind != 0 and (written := next(source.scripts.written_texts(_WRITING, start, end), None)):
        description = read_plain(written)
        body = replace(body, lines=description.lines + body.lines)
    if not body.lines and not body.images:
        # A share card keeps the body for its scripts.
        if data is not None and (text := data.string("content_noencode")):
            body = read_html(text)
        elif tpl := element_by_id(source.page, "content_tpl"):
            body = read_html(inner_markup(source.page, tpl, MAX_BODY_BYTES))
    if kind != 0 and not body.lines:
        body = replace(body, lines=read_plain(_description(source)).lines)
    if kind == 8 and not body.images:
        body = _with_shared_pictures(body, source, kind)
    return body, None


def _description(source: _Source) -> str:
    """Return the text of a share whose object does not hold it."""
    names = ("window.content_noencode", "d.content_noencode", "window.desc")
    return source.scripts.variable(*names) or source.meta("description") or ""


def _with_shared_pictures(body: Body, source: _Source, kind: int) -> Body:
    """Return *body* with the pictures of a picture share: from a list in the scripts, else from its elements."""
    if kind == 8:
        shared = next(_picture_lists(source), [])
        if not shared:
            tags = (element_by_id(source.page, ident, source.article.start) for ident in _PICTURE_ELEMENTS)
            shown = (read_html(inner_markup(source.page, tag, MAX_BODY_BYTES)) for tag in tags if tag is not None)
            return next((replace(body, images=part.images) for part in shown if part.images), body)
    else:
        own = source.data.nested("picture_page_info_list") if source.data else None
        shared = _listed_pictures(own) if own is not None else []
    pictures = [picture for picture in shared if picture is not None]
    return replace(body, images=body.images + tuple(pictures), left_out=len(shared) - len(pictures))


def _picture_lists(source: _Source) -> Iterator[list[Image | None]]:
    """Yield the lists of pictures that are not empty: the one of the object of facts first, then any in the scripts.

    The object's own may be empty while another holds the pictures.
    """
    own = source.data.nested("picture_page_info_list") if source.data else None
    others = (source.scripts.object_at(match.end()) for match in source.scripts.matches(_PICTURE_LIST))
    for found in islice(chain((own,), others), _MAX_PICTURE_LISTS):
        if found is not None and (pictures := _listed_pictures(found)):
            yield pictures


def _listed_pictures(listed: ObjectLiteral) -> list[Image | None]:
    """Return the pictures of a list; None for one at an address that is none of WeChat's pictures."""
    entries = ((entry, entry.string("cdn_url")) for entry in islice(listed.objects(), MAX_IMAGES))
    return [image(url, entry.string("width"), entry.string("height")) for entry, url in entries if url]


def _body_place(source: _Source) -> tuple[int, int]:
    """Return where the inside of ``#js_content`` begins and ends."""
    content = element_by_id(source.page, "js_content", source.article.start)
    if content is None:
        return 0, 0
    fragment = inner_markup(source.page, content, MAX_BODY_BYTES)
    ends = [tag.start for tag in (element_by_id(fragment, ident) for ident in _BEHIND_BODY) if tag is not None]
    return content.end, content.end + min(ends, default=len(fragment))
