"""Finds what the scripts of a page assign. A script is what a browser would run; nothing else of a page assigns.

A name that the page does not have costs a pass over its 3 MB, at the speed of ``bytes.find``.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

from cncert.wechat.literals import ObjectLiteral, read_concatenation, read_expression
from cncert.wechat.markup import Tag, scripts

MAX_ASSIGNMENTS = 1000
MAX_WRITTEN = 8

_ASSIGN = re.compile(rb"\s*=(?!=)\s*")
_NAME_START = re.compile(rb"(?<![\w$])")
# With any other type, a script is data: text/html, application/json, …
_SCRIPT_TYPES = re.compile(
    r"\s*(?:|module|(?:text|application)/(?:x-)?(?:java|ecma|j|live)script[0-9.]*)\s*", re.IGNORECASE
)


class Scripts:
    """The scripts of a page: where they stand, and what they assign."""

    def __init__(self, page: bytes) -> None:
        self.page = page
        places = [range(tag.end, end) for tag, end in scripts(page) if _is_run(tag)]
        self._starts = [place.start for place in places]
        self._ends = [place.stop for place in places]

    def end_of(self, position: int) -> int | None:
        """Return where the script ends in which *position* stands; None if it stands in none."""
        place = bisect_right(self._starts, position) - 1
        return self._ends[place] if place >= 0 and position < self._ends[place] else None

    def places(self, needle: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield where *needle* stands in the scripts in ``page[start:end]``."""
        position = start - 1
        while (position := self.page.find(needle, position + 1, end)) >= 0:
            if self.end_of(position) is not None:
                yield position
                continue
            following = bisect_right(self._starts, position)
            if following == len(self._starts):
                return
            position = self._starts[following] - 1

    def matches(self, pattern: re.Pattern[bytes], start: int = 0, end: int | None = None) -> Iterator[re.Match[bytes]]:
        """Yield the matches of *pattern* that begin in the scripts in ``page[start:end]``."""
        found = pattern.finditer(self.page, start, len(self.page) if end is None else end)
        return (match for match in found if self.end_of(match.start()) is not None)

    def assignments(self, name: str, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield where something is assigned to *name* (``var ct``): the index of what is assigned.

        Only names that stand in ``page[start:end]`` are looked at.
        """
        needle = name.encode()
        for position in self.places(needle, start, end):
            assign = _ASSIGN.match(self.page, position + len(needle))
            if assign is not None and _NAME_START.match(self.page, position):
                yield assign.end()

    def assigned_last(self, name: str, start: int) -> Iterator[int]:
        """Yield as :meth:`assignments` the places in ``page[start:]``, the last script first.

        Within a script the first comes first: what stands behind it may be text in a string.
        """
        for begin, end in zip(reversed(self._starts), reversed(self._ends), strict=True):
            if begin < start:
                return
            yield from self.assignments(name, begin, end)

    def object_at(self, position: int) -> ObjectLiteral | None:
        """Return the object or array literal at *position*, if one begins there."""
        end = self.end_of(position)
        if end is None or self.page[position : position + 1] not in (b"{", b"["):
            return None
        return ObjectLiteral(self.page, position, end)

    def variables(self, *prefixed: str, start: int = 0, end: int | None = None) -> Iterator[str]:
        """Yield every literal value that is assigned to one of the names (``var ct``, ``d.ct``), name by name."""
        for name in prefixed:
            for position in islice(self.assignments(name, start, end), MAX_ASSIGNMENTS):
                if (value := read_expression(self.page, position)) is not None:
                    yield value

    def variable(self, *prefixed: str) -> str | None:
        """Return the first non-empty literal assigned to one of the names, or None."""
        return next((value for value in self.variables(*prefixed) if value), None)

    def written_texts(self, writing: re.Pattern[bytes], start: int = 0, end: int | None = None) -> Iterator[str]:
        """Yield the strings behind the first few matches of *writing*, code that writes them into the page."""
        for match in islice(self.matches(writing, start, end), MAX_WRITTEN):
            if text := read_concatenation(self.page, match.end()):
                yield text


def _is_run(tag: Tag) -> bool:
    """Whether a browser runs the text of the script *tag*."""
    return "src" not in tag.attributes and _SCRIPT_TYPES.fullmatch(tag.attributes.get("type", "")) is not None
