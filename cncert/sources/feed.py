"""Reads RSS and Atom feeds of any version.

Services that make feeds of WeChat accounts (Wechat2RSS, RSSHub, we-mp-rss, WeWe RSS, …) fill the same few fields in
different ways, and not all write well-formed XML: common mistakes are repaired, then a feed is read up to its first
error. Nothing is fetched, no entity is expanded, and a feed is read up to a limit that no real one reaches. feedparser
takes seconds for a megabyte of small elements and raises exceptions on some feeds of 60 bytes.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from cncert.exceptions import SourceError
from cncert.items import CHINA
from cncert.sources.listed_articles import ListedArticle
from cncert.sources.saved_files.charset import decode
from cncert.wechat.body import read_markup_text

MAX_ENTRIES = 2_000
"""Articles that are read. Feeds of an account list 10 to 50, those of all accounts of a field hundreds a day."""
MAX_ELEMENTS = 200_000
"""XML elements that are read."""
MAX_HTML_LENGTH = 2_000_000
"""Characters of an article that are read."""

_CHUNK_BYTES = 1 << 16
_ROOTS, _ENTRIES = ("rss", "rdf", "feed"), ("item", "entry")
_LINKS = ("link", "guid", "id", "origlink")
_CONTENTS = ("encoded", "content", "description", "summary")
_AUTHORS = ("author", "creator", "source")
_DATES = ("pubdate", "published", "issued", "date", "updated", "modified")
_MARK, _END = "<![CDATA[", "]]>"
_MARKED = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
# All but the five entities and the character references of XML: those of HTML, and what is no reference at all.
_LOOSE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_feed(data: bytes) -> tuple[list[ListedArticle], str | None]:
    """Return the entries of the feed in *data*, and what is wrong with its XML, if anything.

    Raises SourceError if it has no entry.
    """
    if not data.strip():
        raise SourceError("empty", "the answer is empty")
    parser = etree.XMLPullParser(
        ("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    text = _repaired(decode(data)).encode()
    entries: list[ListedArticle] = []
    elements, root, feed_title = 0, "", ""
    for event, element in _events(parser, text):
        name = _name(element)
        if event == "start":
            root = root or name
            elements += 1
        elif name in _ENTRIES:
            entries.append(_entry(element, feed_title))
            element.clear()
        elif (
            name == "title"
            and not feed_title
            and not any(_name(above) in _ENTRIES for above in element.iterancestors())
        ):
            feed_title = _text(element)
        if elements > MAX_ELEMENTS or len(entries) >= MAX_ENTRIES:
            break
    errors = parser.feed_error_log
    fault = f"its XML is broken (line {errors[0].line}: {errors[0].message[:100]})" if errors else None
    if entries:
        return entries, fault
    if root in _ROOTS:
        raise SourceError("unreadable" if fault else "empty", fault or "the feed holds no entry")
    raise SourceError("unreadable", f"the answer is no feed{f' but <{root[:20]}>' if root else ''}")


def _repaired(text: str) -> str:
    """Return *text* without characters that XML forbids, and with ampersands escaped that begin no entity."""
    parts = _MARKED.split(_NO_CHARACTER.sub("", text).lstrip())
    parts[::2] = [_LOOSE_AMPERSAND.sub("&amp;", part) for part in parts[::2]]
    return "".join(parts)


def _events(parser: etree.XMLPullParser, data: bytes) -> Iterator[tuple[str, etree._Element]]:
    """Yield the parser's events up to the first error."""
    for start in range(0, len(data) + _CHUNK_BYTES, _CHUNK_BYTES):
        broken = False
        try:
            if start < len(data):
                parser.feed(data[start : start + _CHUNK_BYTES])
            else:
                parser.close()
        except etree.XMLSyntaxError:
            broken = True
        for event, element in parser.read_events():
            if isinstance(element, etree._Element) and isinstance(element.tag, str):
                yield str(event), element
        if broken:
            return


def _name(element: etree._Element) -> str:
    """Return the name without namespace: ``encoded`` for ``content:encoded``, even if the prefix is not declared."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _entry(element: etree._Element, feed_title: str) -> ListedArticle:
    fields: dict[str, list[str]] = {}
    for child in element.iterchildren(tag=etree.Element):
        name = _name(child)
        text = _target(child) if name == "link" else _content(child) if name in _CONTENTS else _text(child)
        fields.setdefault(name, []).append(text)
    stated = next((text for name in _DATES for text in fields.get(name, ()) if _date(text) is not None), "")
    return ListedArticle(
        title=read_markup_text(next(iter(fields.get("title", [])), "")[:2_000]),
        links=tuple(text for name in _LINKS for text in fields.get(name, ()) if text),
        author=next((text for name in _AUTHORS for text in fields.get(name, ()) if text), feed_title)[:200],
        html=max((text for name in _CONTENTS for text in fields.get(name, ())), key=len, default=""),
        published=_date(stated),
        has_time=":" in stated,
    )


def _text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext())).strip()


def _target(link: etree._Element) -> str:
    """Return the address of a link to the article: RSS writes it as text, Atom as an attribute."""
    if (link.get("rel") or "alternate") != "alternate":
        return ""
    return str(link.get("href") or _text(link)).strip()


def _content(element: etree._Element) -> str:
    """Return the HTML of an article: escaped, in a CDATA section (which some escape as well), or, in Atom, elements."""
    if len(element) and element.get("type") == "xhtml":
        return etree.tostring(element[0], encoding="unicode", method="html", with_tail=False)[:MAX_HTML_LENGTH]
    text = _text(element)
    if text.startswith(_MARK):
        text = text.removeprefix(_MARK).removesuffix(_END)
    return text[:MAX_HTML_LENGTH]


def _date(text: str) -> datetime | None:
    """Return the time in *text*, in either of two formats; without a time zone it is Chinese time."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text[:60])
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
        return moment if 2009 <= moment.year <= 2100 else None
    return None
