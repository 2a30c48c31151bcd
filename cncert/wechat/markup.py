"""Finds elements in the bytes of a page without parsing the page.

Tags are read as browsers read them: nothing counts that stands in a comment, in a script, in an attribute or in text.
Everything else is skipped inside one regular expression, so that a page of any size and shape costs one pass.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from cncert.wechat.text import unescape_html

# Elements whose content is text up to their end tag, whatever it looks like.
_RAW = ("script", "style", "title", "textarea", "iframe", "xmp", "noembed", "noframes")
# The rest of a tag. A quote opens a value after an equals sign only: <p style="a" b"> ends where it seems to.
_REST = r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+>"""
_COMMENT = r"<!--(?:-?>|(?:[^-]++|-(?!-!?>))*+--!?>)"


def _raw_elements(*names: str) -> str:
    """Return a pattern of elements whose content is text."""
    return "|".join(rf"<{name}(?=[\s/>]){_REST}(?:[^<]++|<(?!/{name}))*+</{name}{_REST}" for name in names)


_RAW_ELEMENT = _raw_elements(*_RAW)
_OPAQUE = re.compile(f"{_COMMENT}|{_RAW_ELEMENT}".encode(), re.IGNORECASE)
_TAG = re.compile(rf"<(/?)([a-z][^\s/>]{{0,63}}+){_REST}".encode(), re.IGNORECASE)
# What browsers put into the head, or take no notice of there; anything else begins the body.
_HEAD_PART = re.compile(
    rf"\s++|{_COMMENT}|<!(?!--)[^>]*+>|<\?[^>]*+>|{_raw_elements('script', 'style', 'title', 'noscript', 'noframes')}"
    rf"|</(?!(?:html|body|br)[\s/>])[a-z]{_REST}|<(html|head|meta|link|base|basefont|bgsound)(?=[\s/>]){_REST}".encode(),
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(rb"""([^\s=/>][^\s=/>]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]++)))?+""")

# The most attributes of a tag that are read; WeChat writes a dozen.
MAX_ATTRIBUTES = 1000


class Tag(NamedTuple):
    """A start tag: the bytes ``start:end`` of the page."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int


@lru_cache(maxsize=32)
def _run(*stops: str) -> re.Pattern[bytes]:
    """Return a pattern of text, comments, raw elements and all tags but those with one of the names *stops*."""
    special = ["!--", *(rf"{name}[\s/>]" for name in _RAW), *(rf"/?{re.escape(name)}[\s/>]" for name in stops)]
    text = rf"[^<]++|<(?=[^a-z/!?])|<(?!{'|'.join(special)}){_REST}"
    return re.compile(rf"(?:{text}|{_COMMENT}|{_RAW_ELEMENT})*+".encode(), re.IGNORECASE)


def start_tags(page: bytes, needle: bytes, start: int = 0, end: int | None = None) -> Iterator[Tag]:
    """Yield the start tags of ``page[start:end]`` in whose source *needle* stands, in their order."""
    end = len(page) if end is None else end
    run, position, found = _run(), start, page.find(needle, start, end)
    while found >= 0:
        # With the needle as the end of the page, this stops before the tag, comment or script that holds it.
        position = run.match(page, position, found).end()  # type: ignore[union-attr]  # it matches nothing too
        tag = _TAG.match(page, position) if position < found else None
        opaque = _OPAQUE.match(page, position) if position < found else None
        if tag is not None and tag.end() > found and not tag[1]:
            yield Tag(tag[2].decode("latin-1").lower(), attributes(tag[0]), tag.start(), tag.end())
        if position == found:
            position += len(needle)
        elif opaque is not None:
            position = opaque.end()
        elif tag is not None and tag.end() > found:
            position = tag.end()
        else:
            return  # a comment, a script or a tag that never ends
        found = page.find(needle, position, end)


def head_tags(page: bytes) -> Iterator[Tag]:
    """Yield the start tags in the head of *page* as a browser sees it, but those of elements with text."""
    position = len(BOM_UTF8) if page.startswith(BOM_UTF8) else 0
    while part := _HEAD_PART.match(page, position):
        position = part.end()
        if part[1]:
            yield Tag(part[1].decode().lower(), attributes(part[0]), part.start(), position)


def attributes(tag: bytes) -> dict[str, str]:
    """Return the attributes of a start tag, names in lower case, entities decoded; the first of a name counts."""
    found: dict[str, str] = {}
    name = re.match(rb"<[^\s/>]*", tag)
    for match in islice(_ATTRIBUTE.finditer(tag, name.end() if name else 0), MAX_ATTRIBUTES):
        value = next((value for value in match.groups()[1:] if value is not None), b"")
        found.setdefault(match[1].decode("utf-8", "replace").lower(), unescape_html(value.decode("utf-8", "replace")))
    return found


def element_by_id(page: bytes, ident: str, start: int = 0, end: int | None = None) -> Tag | None:
    """Return the start tag of the element with that id."""
    found = start_tags(page, ident.encode(), start, end)
    return next((tag for tag in found if tag.attributes.get("id") == ident), None)


def inner_markup(page: bytes, tag: Tag, max_bytes: int) -> bytes:
    """Return what stands between *tag* and the end tag that balances it; at most *max_bytes*."""
    limit = min(len(page), tag.end + max_bytes)
    if tag.name in _RAW:
        closing = page.find(f"</{tag.name}".encode(), tag.end, limit)
        return page[tag.end : limit if closing < 0 else closing]
    run, position, depth = _run(tag.name), tag.end, 1
    while True:
        position = run.match(page, position, limit).end()  # type: ignore[union-attr]
        found = _TAG.match(page, position, limit)
        if found is None or found[2].decode("latin-1").lower() != tag.name:
            return page[tag.end : limit]  # it ends nowhere, or something in it does not
        if found[1]:
            depth -= 1
        elif not found[0].endswith(b"/>"):
            depth += 1
        if depth == 0:
            return page[tag.end : position]
        position = found.end()
