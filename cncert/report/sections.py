"""Splits the lines of a body into the parts of the report, each under its heading."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from cncert.items import Section
from cncert.report.typos import typos_in
from cncert.wechat.body import Line, Link
from cncert.wechat.text import dense

_DATA = tomllib.loads(files("cncert").joinpath("data", "headings.toml").read_text(encoding="utf-8"))
EARLIER_ISSUES_HEADING: str = _DATA["earlier_issues"]
"""The heading of the list of earlier issues."""
HEADINGS: tuple[str, ...] = (*_DATA["headings"], *_DATA["others"], EARLIER_ISSUES_HEADING)
NO_FIGURES: frozenset[str] = frozenset({*_DATA["others"], EARLIER_ISSUES_HEADING})
"""Headings of parts that state no figure of the week."""

_MAX_HEADING_CHARACTERS = 30
_NUMBERING = re.compile(r"^[\W_]*(?:(?:[一二三四五六七八九十]{1,3}[、.,)\]:]|[0-9]{1,2}[、.,)\]:]?)[\W_]*)?|[\W_]+$")
_UNKNOWN = re.compile(r"本周[\w“”]{2,18}(?:情况|态势|概况)")
# A heading that has lost its line end: what follows begins as a paragraph or a list does.
_SPACED = "|".join(r"\s*".join(map(re.escape, heading)) for heading in HEADINGS)
_GLUED = re.compile(
    rf"(?P<heading>(?:[\W_]|[一二三四五六七八九十0-9]{{1,2}}[、.．)）])*(?:{_SPACED}))[:：\s]*(?=本\s*周|●|网\s*络\s*安\s*全\s*信\s*息\s*与)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines under one heading; before the first heading there is none (None)."""

    heading: str | None
    lines: tuple[Line, ...]
    places: tuple[int, ...]
    """Where each line begins in the text of the issue, in which a line end follows every line of the body."""

    @property
    def text(self) -> str:
        """The lines, one a line, without the heading."""
        return "\n".join(line.text for line in self.lines)


def split_parts(lines: Iterable[Line]) -> list[Part]:
    """Return *lines* in parts: a new one begins at every heading. Only the first may have no heading."""
    parts: list[tuple[str | None, list[tuple[Line, int]]]] = [(None, [])]
    for line, place in _split_glued_headings(lines):
        heading = read_heading(line.text)
        if heading is None:
            parts[-1][1].append((line, place))
        else:
            parts.append((heading, []))
    return [
        Part(heading, tuple(line for line, _ in below), tuple(place for _, place in below))
        for heading, below in parts
        if heading is not None or below
    ]


def read_sections(parts: Iterable[Part]) -> list[Section]:
    """Return the parts that have a heading, as the document holds them."""
    return [Section.model_construct(heading=part.heading, text=part.text) for part in parts if part.heading is not None]


def read_heading(text: str) -> str | None:
    """Return the heading that a line is: a known one spelled right, an unknown one as printed; None if it is none.

    Numbering, brackets and marks around it do not matter, nor does one missing or additional character.
    """
    if len(text) > 2 * _MAX_HEADING_CHARACTERS:
        return None
    squeezed = _NUMBERING.sub("", dense(text))
    if not 3 <= len(squeezed) <= _MAX_HEADING_CHARACTERS:
        return None
    for known in HEADINGS:
        if typos_in(squeezed, known) < 2:
            return known
    return squeezed if _UNKNOWN.fullmatch(squeezed) else None


def _split_glued_headings(lines: Iterable[Line]) -> Iterator[tuple[Line, int]]:
    """Yield *lines*, a heading that shares its line with text on a line of its own, and where each line begins."""
    place = 0
    for line in lines:
        cut = 0
        while match := _GLUED.match(line.text, cut):
            yield Line(match["heading"]), place + cut
            cut = match.end()
        links = (Link(max(link.start - cut, 0), link.end - cut, link.url) for link in line.links if link.end > cut)
        yield Line(line.text[cut:], tuple(links)) if cut else line, place + cut
        place += len(line.text) + 1
