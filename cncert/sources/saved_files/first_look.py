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

_ASCII = bytes(range(128))
# What the reader drops from between characters, or takes for a space, and is not ASCII.
_BETWEEN = rb"(?:\xc2[\x80-\xad]|\xd8\x9c|\xe1[\x9a\xa0].|\xe2[\x80\x81].|\xe3\x80\x80|\xef[\xb7\xbb\xbf].|(?!))*+"
_OTHER_FORMS = {form.encode(): character.encode() for form, character in ("⽹网", "\ufa72全", "\U0002f83f周")}
"""Code points that the reader takes for a character of the name; a test compares them with Unicode's tables."""
_AS_NUMBER = re.compile(rb"&#(?:[0-9]{5}|[xX]0{0,4}[4-9a-fA-F][0-9a-fA-F]{3})")
"""A Chinese character in HTML."""
_NO_TEXT = re.compile(rb"<[^<>]*+>|\]\([^()\n]*+\)")
"""What may stand between the characters of a text: a tag, the target of a link."""
_NO_ASCII_IN_IT = re.compile(rb"<[^<>\x80-\xff]*+[\x80-\xff]"), re.compile(rb"\]\([^()\n\x80-\xff]*+[\x80-\xff]")
_HEADERS = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:")
_CUT_BYTES = 3
"""Of a character that the end of the head cuts, at most."""


def _tokens(text: str) -> list[bytes]:
    """Return the pattern of each character: it may stand twice."""
    return [rb"(?:" + character.encode() + _BETWEEN + rb"){1,2}" for character in text]


def _forms_of_name() -> Iterator[bytes]:
    """Yield patterns of the series' name, with one character missing: its first, or any other."""
    # What begins with one literal character is found without trying the others at every byte.
    tokens = _tokens(SERIES)
    without = (b"".join(tokens[1:place] + tokens[place + 1 :]) for place in range(1, len(tokens)))
    yield SERIES[0].encode() + _BETWEEN + b"(?:" + b"|".join(without) + b")"
    yield SERIES[1].encode() + _BETWEEN + b"".join(tokens[2:])


_NAMES = tuple(re.compile(pattern, re.DOTALL) for pattern in _forms_of_name())
# At most one character is missing: the last two stand there, or the three before them. These are rare in other texts.
_PARTS = tuple(
    re.compile(part[0].encode() + _BETWEEN + b"".join(_tokens(part)).replace(b"{1,2}", b"{0,2}", 1), re.DOTALL)
    for part in (SERIES[-2:], SERIES[-5:-2])
)


def first_look(head: bytes, name: str, *, is_all: bool) -> NoIssue | None:
    """Return what a file that begins with *head* is if it is no issue and names none; None if it has to be read.

    *name* is that of the file without folders. *is_all*: whether *head* is all of it; else what follows may name one.
    """
    if head.startswith(tuple(OTHER_KINDS)):
        return NoIssue.OTHER_KIND
    if not _is_plain(head, is_all=is_all) or names_series(head) or names_series(name.encode("utf-8", "replace")):
        return None
    if b"js_article" in head:  # scripts of WeChat's pages write characters in more ways
        return None
    return NoIssue.OTHER_TEXT


def names_series(text: bytes) -> bool:
    """Return whether a title in *text*, in UTF-8, may name the series."""
    if _is_named_in(text) or (b"&#" in text and _AS_NUMBER.search(text)):
        return True
    is_between = any(
        mark in text and form.search(text) for mark, form in zip((b"<", b"]("), _NO_ASCII_IN_IT, strict=True)
    )
    return is_between and _is_named_in(_NO_TEXT.sub(b"", text))


def _is_named_in(text: bytes) -> bool:
    text = text.translate(None, _ASCII)
    for form, character in _OTHER_FORMS.items():
        if form in text:
            text = text.replace(form, character)
    return any(part.search(text) for part in _PARTS) and any(name.search(text) for name in _NAMES)


def _is_plain(head: bytes, *, is_all: bool) -> bool:
    """Return whether a file that begins with *head* is text in UTF-8, and no archive, PDF or mail."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if is_all or error.start < len(head) - _CUT_BYTES:
            return False
    if b"\0" in head or is_pdf(head) or head.startswith((b"PK", b"BZh", *BEGINNINGS)):
        return False
    # The head of a converter, Title:, looks like that of a mail.
    return not (_HEADERS.match(head) and re.search(rb"(?i)mime-version|multipart", head))
