"""Finds all that archives have of an issue or an address, and prints it."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console

from cncert.archive.index import identity_of
from cncert.archive.readable_text import readable_text
from cncert.archive.warc_reader import AnswerPlace, ArchivedAnswer, ArchiveReader, read_answer
from cncert.items import ISSUE_ID
from cncert.report.series import CNCERT_BIZ
from cncert.terminal.console import escape_markup, make_table, print_message, print_note
from cncert.terminal.safe_text import safe
from cncert.wechat.address import read_address


class FoundAnswer(NamedTuple):
    """An archived answer, and where it is."""

    place: AnswerPlace
    answer: ArchivedAnswer | None
    """None if it has not been read."""

    @property
    def made_at(self) -> datetime:
        """When its record was made."""
        return _made_at(self.place)

    @property
    def what(self) -> str:
        """What it is: of a page the verdict, else the status of the answer."""
        verdict, kind = self.place.content.verdict, self.place.entry.kind
        shown = verdict.value if verdict is not None else f"status {self.place.status}"
        return f"{shown}, made by a browser" if kind == "conversion" else shown


def find_answers(
    reader: ArchiveReader, wanted: str, *, at: datetime | None = None, read_all: bool = False
) -> list[FoundAnswer]:
    """Return the answers of *wanted*, an issue's id or an address, the best first; with *at* the nearest to that time.

    What shows it comes before verification pages and the like. Of an issue: CNCERT's own article, then reprints, then
    the page of its site; of each the newest first. Only the first one is read, or *read_all*.
    """

    def find() -> list[FoundAnswer]:
        places = {(place.index.path, place.entry.offset): place for place in _places(reader, wanted)}
        best = sorted(places.values(), key=_worth, reverse=True)
        if at is not None:
            best.sort(key=lambda place: (not place.is_good, abs(_made_at(place) - at)))
        return [FoundAnswer(place, read_answer(place) if read_all or place is best[0] else None) for place in best]

    return reader.trusted(find, [])


def _places(reader: ArchiveReader, wanted: str) -> list[AnswerPlace]:
    """Return where the answers are. Raises WrongIndex."""
    if not re.fullmatch(ISSUE_ID, wanted):
        key = identity_of(wanted)
        places = reader.places(key)
        return [place for place in places if key in (place.content.key, place.content.article)]
    named = [entry for index in reader.indexes for entry in index.find(wanted) if entry.issue == wanted]
    keys = dict.fromkeys(key for entry in named for key in (entry.article, entry.key) if key)
    return [place for key in keys for place in reader.places(key) if place.content.issue in (wanted, None)]


def _worth(place: AnswerPlace) -> tuple[bool, bool, int, str]:
    is_own = (place.content.article or place.content.key).startswith(f"{CNCERT_BIZ}-")
    source = 2 if is_own else 1 if read_address(place.content.url) is not None else 0
    return place.is_good, place.entry.kind != "conversion", source, place.entry.date


def _made_at(place: AnswerPlace) -> datetime:
    return datetime.strptime(f"{place.entry.date}+0000", "%Y%m%d%H%M%S%z").astimezone(UTC)


def print_list(console: Console, found: Sequence[FoundAnswer]) -> None:
    """Print a line for each answer."""
    table = make_table(console)
    for title in ("fetched (UTC)", "what"):
        table.add_column(title, no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    for title in ("file", "address"):
        table.add_column(title, overflow="fold")
    for one in found:
        size = str(len(one.answer.body)) if one.answer is not None else "-"
        cells = one.what, size, escape_markup(one.place.index.path.name), escape_markup(one.place.entry.url)
        table.add_row(f"{one.made_at:%Y-%m-%d %H:%M:%S}", *cells)
    console.print(table)


def print_answer(found: FoundAnswer, others: int, *, as_text: bool) -> bool:
    """Print an answer to stdout, as it was served or *as_text*; say on stderr what it is, or why not."""
    entry, answer = found.place.entry, found.answer
    if answer is None:
        print_message(f"{entry.url} is too large to be read")
        return False
    text = readable_text(answer) if as_text else None
    if as_text and text is None:
        print_message(f"{entry.url} has no text that is read ({found.what}, {found.place.content.mime or 'no type'})")
        return False
    more = f"; {others} more: --list" if others else ""
    print_note(f"fetched {found.made_at:%Y-%m-%d %H:%M:%S} UTC ({found.what}) from {entry.url}{more}")
    if text is None:
        sys.stdout.buffer.write(answer.body)
        sys.stdout.buffer.flush()
    else:
        print("\n".join(map(safe, text.split("\n"))))
    return True
