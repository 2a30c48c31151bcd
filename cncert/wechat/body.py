"""Reads the body of an article: HTML into lines, pictures and links in reading order.

The fragment is read as a stream of events; no tree is built. Blocks and ``<br>`` end a line; wrappers end it once.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from lxml import etree

from cncert.wechat.address import read_picture, read_proxied_picture
from cncert.wechat.text import tidy

_BLOCKS = frozenset(
    "p section div h1 h2 h3 h4 h5 h6 li ul ol dl dt dd blockquote pre figure figcaption tr table article header footer "
    "hr".split()
)
_SILENT = frozenset(
    "script style noscript template title desc iframe noembed noframes video audio mp-style-type".split()
)
_ADDRESS_ATTRIBUTES = ("data-src", "data-original", "data-original-src", "data-lazy-src", "data-actualsrc", "src")
_MAX_SET = 20
# Emoji, avatars and blanks of WeChat's own, and what lazy loaders show until the picture is there.
_DECORATION = re.compile(
    r"\s*(?:(?:https?:)?//[a-z0-9.-]{1,60}\.(?:qq\.com|gtimg\.cn|qlogo\.cn|qpic\.cn)(?![a-z0-9.-])"
    r"|data:image/gif;base64,R0lGODlhAQABA|data:image/svg.{0,600}$|about:blank)",
    re.IGNORECASE | re.DOTALL,
)
_PAINTED = re.compile(r"""url\(\s*["']?\s*(?:https?:)?//mm(?:biz|ecoa)\.""", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_PIECE = 1 << 15
MAX_TEXT_CHARACTERS = 100_000
"""Of a body; WeChat allows 50,000."""
MAX_LINES = 20_000
MAX_IMAGES = 1_000
# Elements inside of each other, as deep as a body is read; real ones have 40. The parser looks through all of them at
# each end tag.
MAX_DEPTH = 1_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link inside a line: it covers the characters ``start:end`` of the line's text."""

    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, or a part of one between line breaks; tidied, never empty."""

    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: its address (https, else as found), its identity, and its size in pixels where the page says it."""

    url: str
    key: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What a reader sees of an article."""

    lines: tuple[Line, ...] = ()
    images: tuple[Image, ...] = ()
    is_cut: bool = False
    """Whether the body was longer or deeper than is read."""
    left_out: int = 0
    """Pictures at addresses that are none of WeChat's, or embedded in the page: nobody could fetch them again."""
    painted: int = 0
    """Pictures of style sheets and drawings, which are decoration where there are others."""

    @property
    def text(self) -> str:
        """All lines, one a line."""
        return "\n".join(line.text for line in self.lines)


def read_html(fragment: str | bytes) -> Body:
    """Return the body that an HTML fragment shows. Reads broken markup as far as it makes sense; raises nothing."""
    reader = _BodyTarget()
    # lxml hands text and names over as str; its stubs say str or bytes.
    parser = etree.HTMLParser(target=reader, encoding="utf-8", huge_tree=True)  # type: ignore[arg-type]
    data = _SURROGATES.sub("\ufffd", fragment).encode() if isinstance(fragment, str) else fragment
    # Of an empty or broken fragment, what was read counts.
    with suppress(etree.ParserError, etree.XMLSyntaxError, _BodyTooLong):
        parser.feed(b"<html><body>")
        # In pieces: the parser looks at the whole of what it has, also after it has been told to stop.
        for start in range(0, len(data), _PIECE):
            parser.feed(data[start : start + _PIECE].replace(b"\0", b""))
        parser.close()
    return reader.body()


def read_plain(text: str) -> Body:
    """Return the body of a picture or text share: plain text with line ends, in which only links are markup."""
    return read_html(f"<pre>{text}")


def image(url: str, width: str | int | None = None, height: str | int | None = None) -> Image | None:
    """Return the picture at *url*, or None if it is no picture of WeChat's."""
    address = read_picture(url) or read_proxied_picture(url)
    return None if address is None else Image(address.url, address.key, _pixels(width), _pixels(height))


def picture_addresses(attributes: Mapping[str, str]) -> list[str]:
    """Return the addresses of an ``img`` element, those of lazy loaders first."""
    found = [attributes.get(name, "") for name in _ADDRESS_ATTRIBUTES]
    sets = (attributes.get(name, "").split() for name in ("data-srcset", "srcset"))
    found += [url.rstrip(",") for listed in sets for url in listed[:_MAX_SET] if "/" in url]
    return [url for url in found if url.strip()]


def is_lost_picture(urls: Sequence[str]) -> bool:
    """Whether an ``img`` at *urls*, none of which is a picture of WeChat's, shows more than an emoji or a blank."""
    return bool(urls) and not any(map(_DECORATION.match, urls))


def _pixels(size: str | int | float | None) -> int | None:
    try:
        pixels = round(float(size)) if size is not None else 0
    except (ValueError, OverflowError):
        return None
    return pixels if 0 < pixels <= 100_000 else None


class _BodyTooLong(Exception):
    """The body is longer or deeper than is read. Raised from :class:`_BodyTarget`, ends the reading."""


class _BodyTarget:
    """Collects lines and pictures, as the target of lxml's parser."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._images: list[Image] = []
        self._text: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._left = MAX_TEXT_CHARACTERS
        self._links: list[Link] = []
        self._open: tuple[int, str] | None = None
        self._silent = 0
        self._pre = 0
        self._depth = 0
        self._is_cut = False
        self._left_out = 0
        self._painted = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._stop()
        if self._text:
            self._end_text()
        if not self._silent and "url(" in (style := attributes.get("style", "")):
            self._painted += _PAINTED.search(style) is not None
        if tag in _SILENT:
            self._silent += 1
        elif self._silent:
            return
        elif tag == "img":
            if len(self._images) < MAX_IMAGES:
                self._picture(attributes)
        elif tag == "image":  # of a drawing
            self._painted += any("//mm" in attributes.get(name, "") for name in ("href", "xlink:href"))
        elif tag == "a":
            # Links do not nest: the second ends the first.
            self._end_link()
            self._open = (self._length, attributes.get("href", ""))
        elif tag in ("td", "th"):
            self._append(" ")
        elif tag == "br" or tag in _BLOCKS:
            self._break()
            self._pre += tag == "pre"

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._text:
            self._end_text()
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._silent:
            return
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self._break()
            self._pre = max(0, self._pre - (tag == "pre"))

    def data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def _end_text(self) -> None:
        """Add the text up to a tag. It comes in pieces, which entities may split inside of an emoji."""
        data = "".join(self._text)
        self._text = []
        if self._pre and "\n" in data:
            first, *rest = data.split("\n")
            self._append(first)
            for line in rest:
                self._break()
                self._append(line)
        else:
            self._append(data)

    def _stop(self) -> NoReturn:
        self._is_cut = True
        raise _BodyTooLong

    def close(self) -> None:
        """Do nothing: the parser calls it, and :meth:`body` takes what is left."""

    def _append(self, data: str) -> None:
        """Add visible text: one space for any white space, none at the start of a line or after another."""
        text = _SPACES.sub(" ", data)
        if not (text.isascii() and text.isprintable()):
            # tidy() strips the spaces at the ends, which may stand between two words here.
            text = tidy(f"|{text}|")[1:-1]
        if text.startswith(" ") and (not self._pieces or self._pieces[-1].endswith(" ")):
            text = text[1:]
        text = text[: self._left]
        if text:
            self._pieces.append(text)
            self._length += len(text)
            self._left -= len(text)
        if not self._left:
            self._stop()

    def _end_link(self) -> None:
        if self._open is not None:
            start, url = self._open
            if url and self._length > start:
                self._links.append(Link(start, self._length, url))
            self._open = None

    def _break(self) -> None:
        """End the line; a link that is still open goes on in the next one."""
        link = self._open
        self._end_link()
        self._open = link and (0, link[1])
        if self._pieces:
            text = "".join(self._pieces).rstrip()
            if text:
                if len(self._lines) >= MAX_LINES:
                    self._stop()
                links = (Link(link.start, min(link.end, len(text)), link.url) for link in self._links)
                self._lines.append(Line(text, tuple(link for link in links if link.start < link.end)))
        self._pieces, self._length, self._links = [], 0, []

    def _picture(self, attributes: Mapping[str, str]) -> None:
        width = attributes.get("data-w")
        height = None
        try:
            height = round(float(width or "") * float(attributes.get("data-ratio", "")))
        except (ValueError, OverflowError):
            pass
        urls = picture_addresses(attributes)
        found = next((picture for url in urls if (picture := image(url, width, height)) is not None), None)
        if found is not None:
            self._images.append(found)
        else:
            self._left_out += is_lost_picture(urls)

    def body(self) -> Body:
        with suppress(_BodyTooLong):
            self._end_text()
        with suppress(_BodyTooLong):
            self._break()
        return Body(tuple(self._lines), tuple(self._images), self._is_cut, self._left_out, self._painted)


def read_markup_text(markup: str | bytes) -> str:
    """Return the text of a short piece of markup on one line."""
    return read_html(markup).text.replace("\n", " ")
