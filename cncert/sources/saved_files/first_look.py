"""Tells by a file's first bytes and its name, in microseconds, that it is no issue and names none.

Of an archive of articles one in a thousand is an issue: the others need no parser. What is not plain text, Markdown or
HTML in UTF-8 goes to the parser, and so does what could name the series in a way that is not looked for here.
"""

import re
from collections.abc import Iterator

from cncert.archive.warc_records import BEGINNINGS
from cncert.pdf.read_document import is_pdf
from cncert.report.series import SERIES
from cncert.sources.saved_files.no_issue import NoIssue

HEAD_BYTES = 65_536
"""Bytes of a file that are looked at first."""
OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"RIFF": "a picture, sound or film",
    b"wOF": "a font",
    b"SQLite format 3": "a database",
}
"""Kinds of files that are not read, by their first bytes."""

# What may stand between two characters of a title: ASCII, and what the reader drops or takes for a space.
_BETWEEN = (
    r"[\x00-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufdd0-\ufdef"
    r"\ufeff\ufff9-\ufffb\ufffe\uffff]*+"
)
_OTHER_FORMS = {"⽹": "网", "\ufa72": "全", "\U0002f83f": "周"}
"""Code points that the reader takes for a character of the name; a test compares them with Unicode's tables."""
_AS_NUMBER = re.compile("&#(?:[0-9]{5}|[xX]0{0,4}[4-9a-fA-F][0-9a-fA-F]{3})")
"""A Chinese character in HTML."""
_NO_TEXT = re.compile(r"<[^<>]*+>|\]\([^()\n]*+\)")
"""What may stand between the characters of a text, too: a tag, the target of a link."""
_NO_ASCII_IN_IT = (
    re.compile(r"<[^<>\x80-\U0010ffff]*+[^\x00-\x7f]"),
    re.compile(r"\]\([^()\n\x80-\U0010ffff]*+[^\x00-\x7f]"),
)
_HEADERS = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:")
_CUT_BYTES = 3
"""Of a character that the end of the head cuts, at most."""


def _tokens(text: str) -> list[str]:
    """Return the pattern of each character: it may stand twice."""
    return [f"(?:{character}{_BETWEEN}){{1,2}}" for character in text]


def _forms_of_name() -> Iterator[str]:
    """Yield patterns of the series' name, with one character missing: its first, or any other."""
    # What begins with one literal character is found without trying the others at every place.
    tokens = _tokens(SERIES)
    without = ("".join(tokens[1:place] + tokens[place + 1 :]) for place in range(1, len(tokens)))
    yield f"{SERIES[0]}{_BETWEEN}(?:{'|'.join(without)})"
    yield f"{SERIES[1]}{_BETWEEN}{''.join(tokens[2:])}"


_NAMES = tuple(map(re.compile, _forms_of_name()))
# At most one character is missing: the last two stand there, or the three before them. These are rare in other texts.
_PARTS = tuple(
    re.compile(f"{part[0]}{_BETWEEN}(?:{part[0]}{_BETWEEN})?{''.join(_tokens(part[1:]))}")
    for part in (SERIES[-2:], SERIES[-5:-2])
)


def first_look(head: bytes, name: str, *, is_all: bool) -> NoIssue | None:
    """Return what a file that begins with *head* is if it is no issue and names none; None if it has to be read.

    *name* is that of the file without folders. *is_all*: whether *head* is all of it; else what follows may name one.
    """
    if head.startswith(tuple(OTHER_KINDS)):
        return NoIssue.OTHER_KIND
    text = _plain_text(head, is_all=is_all)
    # Scripts of WeChat's pages write characters in more ways.
    if text is None or "js_article" in text or names_series(text) or names_series(name):
        return None
    return NoIssue.OTHER_TEXT


def names_series(text: str) -> bool:
    """Return whether a title in *text* may name the series."""
    if _is_named_in(text) or ("&#" in text and _AS_NUMBER.search(text)):
        return True
    is_between = any(
        mark in text and form.search(text) for mark, form in zip(("<", "]("), _NO_ASCII_IN_IT, strict=True)
    )
    return is_between and _is_named_in(_NO_TEXT.sub("", text))


def _is_named_in(text: str) -> bool:
    for form, character in _OTHER_FORMS.items():
        if form in text:
            text = text.replace(form, character)
    return any(part.search(text) for part in _PARTS) and any(name.search(text) for name in _NAMES)


def _plain_text(head: bytes, *, is_all: bool) -> str | None:
    """Return *head*, with which a file begins, if that is text in UTF-8, and no archive, PDF or mail."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if is_all or error.start < len(head) - _CUT_BYTES:
            return None
        text = head[: error.start].decode()
    if b"\0" in head or is_pdf(head) or head.startswith((b"PK", b"BZh", *BEGINNINGS)):
        return None
    # The head of a converter, Title:, looks like that of a mail.
    is_mail = _HEADERS.match(head) and re.search(rb"(?i)mime-version|multipart", head)
    return None if is_mail else text
