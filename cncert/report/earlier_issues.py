"""Reads the list of earlier issues (近期回顾) at the end of the report, which the crawl follows backwards."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from cncert.items import ReviewLink
from cncert.report.calendar import Week
from cncert.report.sections import EARLIER_ISSUES_HEADING, Part
from cncert.report.title import MAX_LINE_CHARACTERS, find_titles
from cncert.wechat.address import read_address
from cncert.wechat.body import Line, Link
from cncert.wechat.text import dense, tidy

_dense_character = lru_cache(maxsize=4096)(dense)

_MAX_LINES_WITHOUT_TITLE = 3
"""So many in a row end the list."""
_MAX_OTHER_LETTERS = 12
"""A line with more letters beside its titles is a sentence that mentions an issue."""


def read_earlier_issues(parts: Sequence[Part]) -> list[ReviewLink]:
    """Return the issues listed, as printed from newest to oldest, without duplicates.

    Without the heading, the lines that link to an issue are the list. A line that has the number of the issue itself
    stays: it may be the title that is wrong.
    """
    found: list[ReviewLink] = []
    for part in parts:
        if part.heading == EARLIER_ISSUES_HEADING:
            found += _listed_issues(part.lines)
    if not found:
        found = [entry for part in parts for line in part.lines if line.links for entry in _entries(line) if entry.url]
    # Each issue once, at its first place and with the first address that any of its lines has.
    unique: dict[Week, ReviewLink] = {}
    for entry in found:
        known = unique.setdefault((entry.year, entry.number), entry)
        known.url = known.url or entry.url
    return list(unique.values())


def _listed_issues(lines: Sequence[Line]) -> Iterator[ReviewLink]:
    """Yield the issues of the list that *lines* begin with. A title that two lines share counts as one line."""
    entries = [_entries(line) for line in lines]
    n = untitled = 0
    while n < len(lines) and untitled < _MAX_LINES_WITHOUT_TITLE:
        found = entries[n]
        if not found and n + 1 < len(lines) and not entries[n + 1]:
            found = _entries(_join(lines[n], lines[n + 1]))
            n += bool(found)
        untitled = 0 if found else untitled + 1
        yield from found
        n += 1


def _join(first: Line, second: Line) -> Line:
    shift = len(first.text)
    moved = (Link(link.start + shift, link.end + shift, link.url) for link in second.links)
    return Line(first.text + second.text, (*first.links, *moved))


def _entries(line: Line) -> list[ReviewLink]:
    """Return the issues that *line* lists; none if it is a sentence that only mentions some."""
    if len(line.text) > MAX_LINE_CHARACTERS or not any(character.isdigit() for character in line.text):
        return []
    squeezed, places = _squeezed(line.text)
    entries, other = [], sum(character.isalnum() for character in squeezed)
    for title, first, last in find_titles(squeezed):
        start, end = places[first], places[last - 1] + 1
        other -= sum(character.isalnum() for character in squeezed[first:last])
        printed = tidy(line.text[start:end])
        url = _address(line.links, start, end)
        entries.append(ReviewLink.model_construct(year=title.year, number=title.number, title=printed, url=url))
    return entries if other <= _MAX_OTHER_LETTERS else []


def _squeezed(text: str) -> tuple[str, list[int]]:
    """Return the dense form of *text*, and for each of its characters its place in *text*."""
    squeezed, places = [], []
    for place, character in enumerate(text):
        dense_form = _dense_character(character)
        squeezed.append(dense_form)
        places += [place] * len(dense_form)
    return "".join(squeezed), places


def _address(links: Iterable[Link], start: int, end: int) -> str | None:
    """Return the address that is linked under the characters ``start:end``: of several links the longest one there."""
    url, most = None, 0
    for link in links:
        covered = min(link.end, end) - max(link.start, start)
        if covered > most and (address := read_address(link.url)) is not None:
            url, most = address.url, covered
    return url
