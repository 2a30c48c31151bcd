"""Reads the pages of CNCERT's site: lists of pages, pages with a text or with files to download, and all others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lxml import etree

from cncert.cert_site.addresses import read_file_address, read_page_address
from cncert.wechat.body import Line, read_html
from cncert.wechat.failure_pages import Page, Verdict
from cncert.wechat.text import tidy

MAX_PAGE_BYTES = 4_000_000
"""Of a page: a list or a page has some ten thousand."""
MAX_ENTRIES = 500
"""Entries of a list page that are read; it has some fifteen."""
MAX_FILES = 6
"""Files of a page that are read."""
MAX_TITLE_CHARACTERS = 300
_DATE = re.compile(r"(20[0-9]{2})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})(?![0-9])")
_CALL = re.compile(r"\(\s{0,9}(?:'([^']{1,600})'|\"([^\"]{1,600})\"|([^'\",)]{1,600}))")
"""The first argument of a script's call, in quotes of either kind or in none."""
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_-]{3,20})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page that a list names."""

    title: str
    url: str | None
    """None if its address is none that a page of the site has."""


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page: its title, its text, and the files that it links to."""

    title: str
    published_on: date | None
    """The day that it states, at its beginning: it states no time."""
    lines: tuple[Line, ...]
    files: tuple[str, ...]


def read_list_page(data: bytes, address: str) -> list[ListedPage] | None:
    """Return what the list page *data*, fetched from *address*, names, in its order; None if no list is in it."""
    root = _tree(data)
    if root is None:
        return None
    lists = list(_with_class(root, "ul", "waring_con"))
    links = [link for found in lists for item in found.iterchildren("li") for link in item.iter("a")]
    links += _with_class(root, "a", "newslist_style")
    if not lists and not links:
        return None
    return [ListedPage(_title(link), _page_address(link, address)) for link in links[:MAX_ENTRIES]]


def read_texts(data: bytes) -> list[str]:
    """Return what the page *data* shows, whatever its layout: its lines, and the whole titles of its links."""
    root = _tree(data)
    if root is None:
        return []
    markup = etree.tostring(root, encoding="unicode", method="html")
    return [line.text for line in read_html(markup).lines] + [text for text in map(_title, root.iter("a")) if text]


def read_site_page(data: bytes, address: str) -> SitePage | None:
    """Return the page *data*, fetched from *address*; None if it is not laid out as one."""
    root = _tree(data)
    heading = next(_with_class(root, "h2", "artil_tit"), None) if root is not None else None
    content = next(_with_class(root, "div", "artil_content"), None) if root is not None else None
    if root is None or heading is None or content is None or not (title := _text(heading)):
        return None
    stated = next(_with_class(root, "div", "artil_art"), None)
    links = (
        url
        for link in content.iter("a")
        for text in (link.get("href"), _argument(link.get("onclick")))
        if text and (url := read_file_address(str(text), address)) is not None
    )
    markup = etree.tostring(content, encoding="unicode", method="html", with_tail=False)
    return SitePage(
        title=title[:MAX_TITLE_CHARACTERS],
        published_on=_day(_text(stated)) if stated is not None else None,
        lines=read_html(markup).lines,
        files=tuple(dict.fromkeys(links))[:MAX_FILES],
    )


def judge_page(address: str, status: int, data: bytes) -> Page:
    """Return whether the answer to a request for the page at *address* is one."""
    if status != 200:
        return Page(Verdict.GONE if status == 410 else Verdict.UNAVAILABLE, f"status {status}")
    if read_site_page(data, address) is None:
        return Page(Verdict.UNKNOWN, "not laid out as a page of CNCERT's site")
    return Page(Verdict.ARTICLE, "a page of CNCERT's site")


def _tree(data: bytes) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(_decoded(data[:MAX_PAGE_BYTES]).encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    if root is not None:
        etree.strip_elements(root, "script", "style", "noscript", "template", with_tail=False)
    return root


def _decoded(data: bytes) -> str:
    """Return the text of *data*: in UTF-8 if it is that, whatever it says, else in the charset that it states."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        stated = _CHARSET.search(data, 0, 4096)
        name = stated[1].decode().lower() if stated else "gb18030"
        return data.decode("gb18030" if name.startswith("gb") else "utf-8", "replace")


def _with_class(root: etree._Element, tag: str, name: str) -> Iterator[etree._Element]:
    """Yield the elements *tag* of the class *name*."""
    return (element for element in root.iter(tag) if name in str(element.get("class", "")).split())


def _text(element: etree._Element) -> str:
    return " ".join(tidy("".join(map(str, element.itertext()))).split())


def _title(link: etree._Element) -> str:
    """Return the title of the page behind *link*: what it shows may be cut, its ``title`` is whole."""
    return max(_text(link), " ".join(tidy(str(link.get("title", ""))).split()), key=len)[:MAX_TITLE_CHARACTERS]


def _page_address(link: etree._Element, base: str) -> str | None:
    texts = (_argument(link.get("onclick")), link.get("href"))
    return next((url for text in texts if text and (url := read_page_address(str(text), base)) is not None), None)


def _argument(script: object) -> str | None:
    """Return the first argument of the call in *script*: ``window.open("/publish/main/44/…")``."""
    match = _CALL.search(str(script)[:2000]) if script else None
    return next(filter(None, match.groups()), None) if match else None


def _day(text: str) -> date | None:
    """Return the first possible day in *text*."""
    for match in _DATE.finditer(text[:2000]):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None
