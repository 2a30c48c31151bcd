"""Finds elements in the bytes of a page without parsing the page.

Tags are read as browsers read them: nothing counts that stands in a comment, in a script, in an attribute, in a
template or in text. Everything else is skipped inside one regular expression, so that a page of any size and shape
costs one pass.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from cncert.wechat.text import unescape_html

# Elements whose content is text up to their end tag, whatever it looks like; noscript, because browsers run scripts.
_TEXT_ELEMENTS = ("style", "title", "textarea", "noscript", "iframe", "xmp", "noembed", "noframes")
_SPACE = r"\t\n\f\r "
_END_OF_NAME = rf"(?=[{_SPACE}/>])"
_ATTRIBUTE_NAME = rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
_EQUALS = rf"[{_SPACE}]*+=[{_SPACE}]*+"
_VALUE = rf"""(?:"[^"]*+"|'[^']*+'|(?!["'])[^{_SPACE}>]*+)"""
# Possessive groups end with (?!), which never matches: Python 3.11.2 otherwise keeps what a round that failed has read.
# The rest of a tag. A quote opens a value after an equals sign only: <p style="a" b"> ends where it seems to.
_REST = rf"(?:[{_SPACE}/]++|{_ATTRIBUTE_NAME}(?:{_EQUALS}{_VALUE}|(?![{_SPACE}]*+=))|(?!))*+>"
_COMMENT = r"<!--(?:-?>|(?:[^-]++|-(?!-!?>)|(?!))*+--!?>)"
# <!doctype …>, <?xml …>, </ …>: up to the first bracket, whatever quotes stand before it.
_DECLARATION = r"<(?:!(?!--)|\?|/(?![a-z]))[^>]*+>"
# A script may hold a comment, in which the end of a script that begins there does not end the whole.
_SCRIPT_IN_COMMENT = rf"<script{_END_OF_NAME}(?:[^<-]++|-(?!->)|<(?!/script{_END_OF_NAME})|(?!))*+(?:</script|(?!))?+"
_SCRIPT_COMMENT = rf"<!--(?!-?>)(?:[^<-]++|-(?!->)|<(?!/?script{_END_OF_NAME})|{_SCRIPT_IN_COMMENT}|(?!))*+"
_SCRIPT_TEXT = rf"(?:[^<]++|{_SCRIPT_COMMENT}|<(?!/script{_END_OF_NAME})|(?!))*+"
_TEXTS = {name: rf"(?:[^<]++|<(?!/{name}{_END_OF_NAME})|(?!))*+" for name in _TEXT_ELEMENTS} | {"script": _SCRIPT_TEXT}
_TEXT_ENDS = {name: re.compile(text.encode(), re.IGNORECASE) for name, text in _TEXTS.items()}
_ELEMENTS = {name: rf"<{name}{_END_OF_NAME}{_REST}{text}</{name}{_REST}" for name, text in _TEXTS.items()}
_OPAQUE = re.compile("|".join((_COMMENT, _DECLARATION, *_ELEMENTS.values())).encode(), re.IGNORECASE)
_TAG = re.compile(rf"<(/?)([a-z][^{_SPACE}/>]{{0,63}}+){_REST}".encode(), re.IGNORECASE)
_ATTRIBUTE_VALUE = rf"""{_EQUALS}(?:"([^"]*+)"|'([^']*+)'|([^{_SPACE}>]*+))"""
_ATTRIBUTE = re.compile(rf"({_ATTRIBUTE_NAME})(?:{_ATTRIBUTE_VALUE}|(?!))?+".encode())
# What browsers put into the head, or take no notice of there; anything else begins the body.
_HEAD_ELEMENTS = "|".join(_ELEMENTS[name] for name in ("script", "style", "title", "noscript", "noframes"))
_HEAD_PART = re.compile(
    rf"[{_SPACE}]++|{_COMMENT}|{_DECLARATION}|{_HEAD_ELEMENTS}"
    rf"|</(?!(?:html|body|br){_END_OF_NAME})[a-z]{_REST}"
    rf"|<(html|head|meta|link|base|basefont|bgsound){_END_OF_NAME}{_REST}".encode(),
    re.IGNORECASE,
)

# The most attributes of a tag that are read; WeChat writes a dozen.
MAX_ATTRIBUTES = 1000
MAX_SCRIPTS = 20_000
"""Of a page; WeChat's have some hundred."""


class Tag(NamedTuple):
    """A start tag: the bytes ``start:end`` of the page."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int


@lru_cache(maxsize=32)
def _run(*stops: str) -> re.Pattern[bytes]:
    """Return a pattern of text, comments, opaque elements and all tags but templates and those named in *stops*.

    A stop is the name of an element, or with a slash before it of its end tag; at ``script`` it stops as well.
    """
    opaque = [element for name, element in _ELEMENTS.items() if name not in stops]
    special = [rf"{name}{_END_OF_NAME}" for name in (*_ELEMENTS, "template", "plaintext", *map(re.escape, stops))]
    tag = rf"<(?=/?[a-z])(?!{'|'.join(special)})/?[^{_SPACE}/>]*+{_REST}"
    pattern = "|".join(("[^<]++", "<(?=[^a-z/!?])", tag, _COMMENT, _DECLARATION, *opaque))
    return re.compile(f"(?:{pattern}|(?!))*+".encode(), re.IGNORECASE)


def _skip(run: re.Pattern[bytes], page: bytes, position: int, end: int) -> int:
    """Return where the first thing stands that *run* does not match."""
    match = run.match(page, position, end)
    assert match is not None  # it matches nothing too
    return match.end()


def start_tags(page: bytes, needle: bytes, start: int = 0, end: int | None = None) -> Iterator[Tag]:
    """Yield the start tags of ``page[start:end]`` in whose source *needle* stands, in their order."""
    end = len(page) if end is None else end
    run, position, found = _run(), start, page.find(needle, start, end)
    while found >= 0:
        # With the needle as the end of the page, this stops before the tag, comment or script that holds it.
        position = _skip(run, page, position, found)
        opaque = _OPAQUE.match(page, position)
        tag = _TAG.match(page, position)
        if position == found:
            position += len(needle)
        elif opaque is None and (tag is None or tag[2].lower() == b"plaintext"):
            return  # a comment, a script or a tag that never ends
        else:
            if tag is not None and not tag[1] and found < tag.end():
                yield _read_tag(tag)
            if opaque is not None:
                position = opaque.end()
            elif tag is not None:
                is_template = tag[2].lower() == b"template" and not tag[1]
                position = _content_end(page, "template", tag.end(), len(page)) if is_template else tag.end()
        found = page.find(needle, position, end)


def head_tags(page: bytes) -> Iterator[Tag]:
    """Yield the start tags in the head of *page* as a browser sees it, but those of elements with text."""
    position = len(BOM_UTF8) if page.startswith(BOM_UTF8) else 0
    while part := _HEAD_PART.match(page, position):
        position = part.end()
        if part[1]:
            yield Tag(part[1].decode().lower(), attributes(part[0]), part.start(), position)


def _read_tag(tag: re.Match[bytes]) -> Tag:
    return Tag(tag[2].decode("latin-1").lower(), attributes(tag[0]), tag.start(), tag.end())


def scripts(page: bytes) -> Iterator[tuple[Tag, int]]:
    """Yield the scripts of *page* as browsers find them: the start tag of each, and where its text ends.

    What looks like one in a comment, an attribute, the text of an element or a template is none. The last one may have
    no end.
    """
    run, position = _run("script"), 0
    for _ in range(MAX_SCRIPTS):
        position = _skip(run, page, position, len(page))
        tag = _TAG.match(page, position)
        if tag is None:
            return
        name = tag[2].lower()
        if name == b"template":
            position = _content_end(page, "template", tag.end(), len(page))
        elif name == b"script":
            position = _text_end(page, "script", tag.end(), len(page))
            yield _read_tag(tag), position
        else:
            return


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
    find_end = _text_end if tag.name in _TEXTS else _content_end
    return page[tag.end : find_end(page, tag.name, tag.end, limit)]


def _text_end(page: bytes, name: str, start: int, limit: int) -> int:
    """Return where the text of a script, a style, … ends that begins at *start*."""
    return _skip(_TEXT_ENDS[name], page, start, limit)


def _content_end(page: bytes, name: str, start: int, limit: int) -> int:
    """Return where the end tag stands that balances the start tag before *start*; *limit* if there is none."""
    run, position, depth = _run(name, f"/{name}"), start, 1
    while True:
        position = _skip(run, page, position, limit)
        found = _TAG.match(page, position, limit)
        if found is None:
            return limit  # it ends nowhere, or something in it does not
        found_name = found[2].decode("latin-1").lower()
        if found_name == name:
            depth += -1 if found[1] else not found[0].endswith(b"/>")
            if depth == 0:
                return position
            position = found.end()
        elif found_name == "template":
            position = _content_end(page, "template", found.end(), limit)
        else:
            return limit
