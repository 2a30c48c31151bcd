"""Reads the JavaScript literals of a page without running them.

WeChat writes an article's facts as ``var name = "" || "value";``, ``d.name = xml ? f('x') : 'value' || '';`` or as one
big ``window.cgiDataNew = { key: JsDecode('value'), key: '12' * 1, … };``. All functions work on the bytes of the whole
page, scan forward only, and never recurse: a page of any size and shape costs one pass.
"""

import re
from collections.abc import Iterator

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(\r\n|.))", re.DOTALL)
# What WeChat writes is nearly always one of these: replacing them first is ten times as fast.
_COMMON = {r"\x26": "&", r"\x3c": "<", r"\x3e": ">", r"\x22": '"', r"\x27": "'", r"\x0a": "\n", r"\x0d": "\r"}
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": "", "\r": ""}
# The longest value that is read: the text of an article of 20,000 characters takes about 500 kB.
MAX_STRING_BYTES = 4_000_000
# The most strings, brackets and comments of an object that are read; WeChat's has some thousand.
MAX_TOKENS = 200_000
# Everything that changes the depth, opens a string or hides text from the reader.
_STRUCTURE = re.compile(rb"[{}\[\]'\"`]|//|/\*")
_KEY = re.compile(rb"(?:^|[,{\s])([A-Za-z_$][\w$]{0,80})\s*:\s*(?:[A-Za-z_$][\w$.]*\(\s*)*$")
_COLON = re.compile(rb"""['"]?\s*+:""")
# '' || 'value', and what stands around a comment: the value is still that of the same key.
_GOES_ON = re.compile(rb"(?:[\s)]|\|\||\*\s*+1\b|\.html\(\s*+(?:false|true|(?!))?+\s*+\)|[A-Za-z_$][\w$.]*+\(|(?!))*+")
# What stands between the brackets of a nested object, strings and comments skipped.
_NESTED = re.compile(
    rb"""(?:[^{}\[\]'"`/]++|'(?:[^'\\]++|\\.|(?!))*+'|"(?:[^"\\]++|\\.|(?!))*+"|//[^\n]*+|/\*(?:[^*]++|\*(?!/)|(?!))*+\*/|/(?![/*])|(?!))*+""",
    re.DOTALL,
)
_CHAIN = re.compile(rb"[\s)]*+\|\|")
_BARE = re.compile(rb"(?:^|[,{\s])([A-Za-z_$][\w$]{0,80})\s*:\s*(-?\d{1,20})\s*(?=[,}\s*]|$)")
_WRAPPER = re.compile(rb"(?:(?:[A-Za-z_$][\w$.]*+|(?!))?+\(\s*+|(?!))*+")
_AFTER = re.compile(rb"(?:[\s)]|\.html\(\s*+(?:false|true|(?!))?+\s*+\)|\*\s*+1\b|(?!))*+")
_NUMBER = re.compile(rb"(\d{1,20})\b(?!\s*\.)")
_TERNARY = re.compile(rb"[\w.$!= ]{1,60}\?")
_LAST_BRANCH = re.compile(rb"""(?:[^'":;\n]++|'[^'\n]*+'|"[^"\n]*+"|(?!))*+:\s*+""")
_OPERAND = re.compile(rb"""\s*+(?:(['"])|[\w$.]++)""")
_PLUS = re.compile(rb"\s*+\+")
_NAME_START = re.compile(rb"(?<![\w$])")


def unescape_js(text: str) -> str:
    """Return the value of a JavaScript string literal whose source, without the quotes, is *text*."""
    if "\\" not in text:
        return text
    if r"\\" not in text:
        for escape, char in _COMMON.items():
            text = text.replace(escape, char)
    value = _ESCAPE.sub(_escaped, text)
    if re.search("[\ud800-\udfff]", value):
        # \\ud83d\\ude00 is one character written as two; a lone half becomes U+FFFD.
        value = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def _escaped(match: re.Match[str]) -> str:
    two, four, many, plain = match.groups()
    if plain is not None:
        return _SIMPLE.get(plain, plain)
    code = int(two or four or many, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


def string_end(page: bytes, start: int) -> int:
    """Return where the string literal that opens at *start* closes (the index of its closing quote), or -1."""
    quote, position = page[start : start + 1], start + 1
    while (position := page.find(quote, position, start + MAX_STRING_BYTES)) >= 0:
        backslashes = 1
        while page[position - backslashes] == 0x5C:
            backslashes += 1
        if backslashes % 2:
            return position
        position += 1
    return -1


def decode_literal(source: bytes) -> str:
    """Return the value of a string literal from its bytes in the page."""
    return unescape_js(source.decode("utf-8", "replace"))


def read_expression(page: bytes, start: int) -> str | None:
    """Return the value at *start*: the first non-empty string or number of an or-chain; of a ternary the last branch.

    None if no literal stands there (``var title = showTitle``), an empty string if all literals are empty.
    """
    value: str | None = None
    position = start
    for _ in range(12):
        position = _WRAPPER.match(page, position).end()  # type: ignore[union-attr]  # it matches nothing too
        if page[position : position + 1] in (b"'", b'"'):
            end = string_end(page, position)
            if end < 0:
                return value
            value = decode_literal(page[position + 1 : end])
            position = end + 1
        elif number := _NUMBER.match(page, position):
            value, position = number[1].decode(), number.end()
        elif value is None and (condition := _TERNARY.match(page, position)):
            branch = _LAST_BRANCH.match(page, condition.end(), condition.end() + 400)
            if branch is None:
                return None
            position = branch.end()
            continue
        else:
            return value
        position = _AFTER.match(page, position).end()  # type: ignore[union-attr]  # it matches nothing too
        if value or page[position : position + 2] != b"||":
            return value
        position += 2
        position += len(page[position : position + 40]) - len(page[position : position + 40].lstrip())
    return value


def read_concatenation(page: bytes, start: int) -> str:
    """Return the strings of ``'a' + name + 'b'`` at *start*, joined; what names stand for is not known."""
    parts: list[str] = []
    position = start
    while operand := _OPERAND.match(page, position):
        position = operand.end()
        if operand[1]:
            end = string_end(page, operand.start(1))
            if end < 0:
                break
            parts.append(decode_literal(page[operand.end() : end]))
            position = end + 1
        plus = _PLUS.match(page, position)
        if plus is None:
            break
        position = plus.end()
    return "".join(parts)


class ObjectLiteral:
    """The first level of an object literal: its keys, and where their values stand.

    It is read only up to the keys that are needed, and only their values are decoded: of the thousand values of
    WeChat's object a dozen are needed, most of them at its beginning. Of a key that stands twice the first non-empty
    value counts. An object that never closes is read as far as it goes.
    """

    def __init__(self, page: bytes, start: int, limit: int | None = None) -> None:
        """*start* is the index of the opening brace (or bracket: then :meth:`objects` lists the elements).

        Nothing behind *limit* is read, where its script ends.
        """
        self._page = page
        self._limit = len(page) if limit is None else limit
        self._strings: dict[str, range] = {}
        self._numbers: dict[str, str] = {}
        self._nested: dict[str, int] = {}
        # Where each element begins, and ends if it does.
        self._elements: dict[int, int] = {}
        self._position = start
        self._reader = self._read(start)

    def _read(self, start: int) -> Iterator[None]:
        """Read on, a value or a bracket a step."""
        page, depth, position, last, key, opened = self._page, 0, start, start, None, start
        for _ in range(MAX_TOKENS):
            if depth > 1 and (nested := _NESTED.match(page, position, self._limit)):
                position = nested.end()
            match = _STRUCTURE.search(page, position, self._limit)
            if match is None:
                break
            token, at = match.group(), match.start()
            position = match.end()
            if depth == 1 and at > last:
                key = self._read_gap(page[last:at], key)
            if token in (b"{", b"["):
                depth += 1
                if depth == 2:
                    opened = at
                    if key is None:
                        self._elements[at] = self._limit
                    else:
                        self._nested.setdefault(key, at)
                    key = None
            elif token in (b"}", b"]"):
                depth -= 1
                if depth <= 0:
                    return
                if depth == 1 and opened in self._elements:
                    self._elements[opened] = position
            elif token == b"//":
                position = _after(page, b"\n", position)
            elif token == b"/*":
                position = _after(page, b"*/", position)
            else:
                end = string_end(page, at)
                if not 0 <= end < self._limit:
                    break
                if depth == 1 and (colon := _COLON.match(page, end)) and b"?" not in page[last:at]:
                    key = page[at + 1 : end].decode("utf-8", "replace")
                    last = position = colon.end()
                    continue
                if depth == 1 and key is not None and not self._strings.get(key):
                    self._strings[key] = range(at + 1, end)
                position = end + 1
            last = self._position = position
            if token not in (b"//", b"/*"):
                yield

    def _seek(self, key: str) -> None:
        """Read on as long as a value of *key* may still come."""
        while not (self._strings.get(key) or key in self._numbers or key in self._nested):
            ahead = self._ahead(key.encode("utf-8", "replace"))
            if ahead < 0 and not _CHAIN.match(self._page, self._position):
                return
            for _ in self._reader:
                if self._position > ahead and not _CHAIN.match(self._page, self._position):
                    break
            else:
                return

    def _ahead(self, key: bytes) -> int:
        """Return where *key* stands next as a key, of this object or of any other; -1 if nowhere in the script."""
        place = self._position - 1
        while (place := self._page.find(key, place + 1, self._limit)) >= 0:
            if _NAME_START.match(self._page, place) and _COLON.match(self._page, place + len(key)):
                return place
        return -1

    def _read_gap(self, gap: bytes, key: str | None) -> str | None:
        """Return the key that the bytes between two values end with; numbers without quotes in them are noted."""
        for bare in _BARE.finditer(gap):
            self._numbers.setdefault(bare[1].decode(), bare[2].decode())
        if match := _KEY.search(gap[-200:]):
            return match[1].decode()
        return key if _GOES_ON.fullmatch(gap) else None

    def string(self, key: str) -> str | None:
        """Return the value of *key* if it is a string or a number, as text; None if absent or empty."""
        self._seek(key)
        if key in self._strings:
            place = self._strings[key]
            return decode_literal(self._page[place.start : place.stop]) or None
        return self._numbers.get(key)

    def __contains__(self, key: str) -> bool:
        """Whether *key* has a string or a number for a value, be it empty."""
        self._seek(key)
        return key in self._strings or key in self._numbers

    def nested(self, key: str) -> "ObjectLiteral | None":
        """Return the object (or array) that is the value of *key*."""
        self._seek(key)
        start = self._nested.get(key)
        return None if start is None else ObjectLiteral(self._page, start, self._limit)

    def objects(self) -> "Iterator[ObjectLiteral]":
        """Yield the elements of an array literal that are objects."""
        for _ in self._reader:
            pass
        for start, end in self._elements.items():
            yield ObjectLiteral(self._page, start, end)


def _after(page: bytes, needle: bytes, position: int) -> int:
    found = page.find(needle, position)
    return len(page) if found < 0 else found + len(needle)
