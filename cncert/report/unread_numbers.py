"""Finds the numbers that nothing read: a new metric, or a known one in words that are not known yet."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from cncert.report.label_context import compares_with_other_time, of_other_time
from cncert.report.numbers import read_number
from cncert.report.sentences import MAX_NUMBERS_IN_SENTENCE, Sentence, Span

MAX_UNREAD_SENTENCES = 20
"""Sentences that are reported; an issue with more has an unknown form."""

_NUMBER = re.compile(r"(?P<digits>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(?P<scale>[万亿])?")
_ASCII = r"[!$&'*+./0-:<-~-]"
# What is no figure: addresses and names with a Latin letter, dates, telephone numbers, numbers of pictures and issues,
# footnote marks behind a word.
_NOT_A_FIGURE = re.compile(
    # Each begins only where its run begins and takes all of it: no run is looked through twice.
    rf"(?<!{_ASCII})(?=[!$&'*+.0-:<-?\[-^`{{-~-]*+[a-z@/_]){_ASCII}++"
    r"|(?<![0-9])(?:[0-9]++[-.~/]|(?!))*+[0-9]++[年月日号时点期]"
    r"|(?<![0-9])[0-9]++(?:[-/:×][0-9]++|(?!))++"
    r"|(?:电话|热线|传真|邮编)[^0-9]{0,6}[0-9-]++"
    r"|\[[0-9]{1,2}\]"
    r"|[第图表注附前][0-9]++(?:[-.,、和~至][0-9]++|(?!))*+"
    r"|(?<=[^\W0-9a-z_])[0-9](?=[^\W0-9a-z万亿个起家次条台款种项类%])"
    r"|(?<=[^\W0-9a-z_])(?<![为约达了有共增加少升降长近超])[0-9](?=[,、;。!?)])"
    r"|(?<=\))[0-9](?![0-9%.])"
)
_LIST_MARK = re.compile(r"\(?[0-9]{1,2}[、.)]")


def find_unread_numbers(text: Iterable[Sentence], read: Iterable[Span], values: set[object]) -> list[str]:
    """Return the sentences of *text*, as printed, that hold a number outside of the places *read*.

    A number that is one of *values*, those of the figures, is repeated, not new.
    """
    read_places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for sentence, start, end in read:
        read_places[id(sentence)].append((start, end))
    unread: list[str] = []
    for sentence in text:
        found = list(_unread(sentence, read_places.get(id(sentence), ()), values))
        if found and len(unread) < MAX_UNREAD_SENTENCES:
            unread.append(sentence.printed(found[0], found[-1] + 1))
    return unread


def _unread(sentence: Sentence, spans: Sequence[tuple[int, int]], values: set[object]) -> Iterator[int]:
    left = [
        match
        for match in islice(_NUMBER.finditer(sentence.text), MAX_NUMBERS_IN_SENTENCE + 1)
        if not _within(match, spans)
    ]
    if not left:
        return
    others = [match.span() for match in _NOT_A_FIGURE.finditer(sentence.text)]
    begins = (0, *(piece.end for piece in sentence.pieces))
    others += [mark.span() for begin in begins if (mark := _LIST_MARK.match(sentence.text, begin))]
    for match in left:
        before = sentence.text[: match.start()]
        if (
            _within(match, others)
            or (len(match["digits"]) <= 16 and read_number(match["digits"], match["scale"]).value in values)
            or of_other_time(before)
            or compares_with_other_time(before)
        ):
            continue
        yield match.start()


def _within(match: re.Match[str], spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < match.end() and match.start() < end for start, end in spans)
