"""Reads addresses of CNCERT's site: lists of pages, pages, and the files that pages link to. Others are none of its."""

import re
from urllib.parse import quote, unquote, urljoin, urlsplit

HOST = "www.cert.org.cn"
NEWEST_LIST = f"https://{HOST}/publish/main/44/index.html"
OLDER_LIST = f"https://{HOST}/publish/main/17/index.html"
"""The overview of an earlier form of the site."""
MAX_LIST_PAGES = 200
"""Pages of one list that are read; fifteen years of issues fill some fifty."""
_MAX_CHARACTERS = 600

_LIST = re.compile(r"/publish/main/(?:44|17)/index(?:_([2-9]|[1-9][0-9]{1,2}))?\.html")
_PAGE = re.compile(r"/publish/main/[0-9]{1,4}/20[0-9]{2}/([0-9]{15,30})/\1_\.html")
_FILE = re.compile(r"/publish/main/upload/File/[^?#\\\x00-\x1f\x7f]{1,400}", re.IGNORECASE)


def read_list_address(text: str) -> str | None:
    """Return the address of a list page that *text* is, None for any other text."""
    path = _path(text)
    return f"https://{HOST}{path}" if path and _LIST.fullmatch(path) else None


def read_page_address(text: str, base: str = NEWEST_LIST) -> str | None:
    """Return the address of a page that *text* is, relative to *base*; None for any other text."""
    path = _path(text, base)
    return f"https://{HOST}{path}" if path and _PAGE.fullmatch(path) else None


def read_file_address(text: str, base: str = NEWEST_LIST) -> str | None:
    """Return the address of an uploaded file that *text* is, relative to *base*; None for any other text.

    Names are free text: what is in a file its content says.
    """
    path = _path(text, base)
    if path is None or not _FILE.fullmatch(path):
        return None
    if any(segment in ("", ".", "..") for segment in unquote(path)[1:].split("/")):
        return None
    escaped = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path)
    return f"https://{HOST}{quote(escaped, safe='/%-_.~')}"


def next_list_page(url: str) -> str | None:
    """Return the address of the list page behind the one at *url*; None behind the last one that is read."""
    match = _LIST.fullmatch(urlsplit(url).path)
    number = int(match[1] or 1) + 1 if match else MAX_LIST_PAGES
    return urljoin(url, f"index_{number}.html") if number < MAX_LIST_PAGES else None


def list_behind(url: str) -> str | None:
    """Return the first page of the list that goes on where the list of *url* ends; None behind the older one."""
    return OLDER_LIST if urljoin(url, "index.html") == NEWEST_LIST else None


def _path(text: str, base: str = NEWEST_LIST) -> str | None:
    """Return the path of the address *text* if it is one of the site; http is upgraded, a query is dropped."""
    if len(text) > _MAX_CHARACTERS:
        return None
    try:
        parts = urlsplit(urljoin(base, text.strip()))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != HOST:
        return None
    return parts.path
