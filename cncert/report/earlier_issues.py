"""近期回顾: the list of earlier issues at the end of the report, which the crawl follows backwards."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from cncert.items import ReviewLink
from cncert.report.calendar import Week
from cncert.report.sections import REVIEW, Part
from cncert.report.title import LONGEST, find_titles
from cncert.wechat.address import read_address
from cncert.wechat.body import Line, Link
from cncert.wechat.text import dense, tidy

_half = lru_cache(maxsize=4096)(dense)

_ODD_LINES = 3
"""So many lines without a title in a row end the list."""
_OTHER_WORDS = 12
"""So many letters beside its titles make a line a sentence that mentions an issue."""


def read_review(parts: Sequence[Part], this: Week) -> list[ReviewLink]:
    """The issues listed, as printed from newest to oldest, without *this* issue and without doubles.

    Without the heading, the lines that link to an issue are the list.
    """
    found: list[ReviewLink] = []
    for part in parts:
        if part.heading == REVIEW:
            found += _list(part.lines)
    if not found:
        found = [entry for part in parts for line in part.lines if line.links for entry in _entries(line) if entry.url]
    return _without_doubles(found, this)


def _without_doubles(entries: Iterable[ReviewLink], this: Week) -> list[ReviewLink]:
    """*entries*, each issue once: at its first place, with the first address that any of its lines has."""
    unique: dict[Week, ReviewLink] = {}
    for entry in entries:
        known = unique.setdefault((entry.year, entry.number), entry)
        known.url = known.url or entry.url
    unique.pop(this, None)
    return list(unique.values())


def _list(lines: Sequence[Line]) -> Iterator[ReviewLink]:
    """The issues of the list that *lines* begin with. Two lines that are a title only together count as one."""
    entries = [_entries(line) for line in lines]
    n = odd = 0
    while n < len(lines) and odd < _ODD_LINES:
        found = entries[n]
        if not found and n + 1 < len(lines) and not entries[n + 1]:
            found = _entries(_join(lines[n], lines[n + 1]))
            n += bool(found)
        odd = 0 if found else odd + 1
        yield from found
        n += 1


def _join(first: Line, second: Line) -> Line:
    shift = len(first.text)
    moved = (Link(link.start + shift, link.end + shift, link.url) for link in second.links)
    return Line(first.text + second.text, (*first.links, *moved))


def _entries(line: Line) -> list[ReviewLink]:
    """The issues that *line* lists; none if it is a sentence that only mentions some."""
    if len(line.text) > LONGEST or not any(character.isdigit() for character in line.text):
        return []
    squeezed, places = _squeezed(line.text)
    entries, other = [], sum(character.isalnum() for character in squeezed)
    for title, first, last in find_titles(squeezed):
        start, end = places[first], places[last - 1] + 1
        other -= sum(character.isalnum() for character in squeezed[first:last])
        printed = tidy(line.text[start:end])
        url = _address(line.links, start, end)
        entries.append(ReviewLink.model_construct(year=title.year, number=title.number, title=printed, url=url))
    return entries if other <= _OTHER_WORDS else []


def _squeezed(text: str) -> tuple[str, list[int]]:
    """The dense form of *text*, and for each of its characters its place in *text*."""
    squeezed, places = [], []
    for place, character in enumerate(text):
        half = _half(character)
        squeezed.append(half)
        places += [place] * len(half)
    return "".join(squeezed), places


def _address(links: Iterable[Link], start: int, end: int) -> str | None:
    """The article's address under the characters ``start:end``: of several links that which covers most of them."""
    best, most = None, 0
    for link in links:
        covered = min(link.end, end) - max(link.start, start)
        if covered > most and (address := read_address(link.url)) is not None:
            best, most = address.url, covered
    return best
