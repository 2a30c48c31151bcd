"""Cleans the text of WeChat pages: white space, invisible characters, entities, full-width characters."""

import html
import re
import unicodedata

_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# U+200D joins emoji: only a joiner that stands between two symbols is one.
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])")
# normalize() sorts a run of combining marks in time that is the square of its length: a text is read in pieces.
_PIECE = 256
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FULLWIDTH = {ord(char): chr(ord(char) - 0xFEE0) for char in "０１２３４５６７８９％．"}
_FULLWIDTH |= {ord(chr(code)): chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}


def tidy(text: str) -> str:
    """Return *text* with one kind of space and without what cannot be seen.

    NBSP and other spaces become one space, line ends stay, zero-width and control characters and lone surrogates go
    (a joiner inside an emoji stays), and every line loses the space around it.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _LONE_JOINER.sub("", _INVISIBLE.sub("", text))
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))


def unescape_html(text: str) -> str:
    """Return *text* with its character references decoded, once.

    Only those that end with a semicolon count: ``html.unescape`` makes ``×tamp=1`` of an address's ``&timestamp=1``.
    """
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def ascii_digits(text: str) -> str:
    """Return *text* with half-width digits, Latin letters, ％ and ．; other punctuation stays as printed."""
    return text.translate(_FULLWIDTH)


def dense(text: str) -> str:
    """Return *text* as it is compared with a label: half-width throughout (NFKC) and without any space."""
    text = tidy(text)
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return re.sub(r"\s+", "", "".join(unicodedata.normalize("NFKC", piece) for piece in pieces))
