"""Finds the addresses of issues in a text that is none: a stub, which has title and address only, or a list."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cncert.report.title import MAX_LINE_CHARACTERS, find_titles, read_title
from cncert.sources.listed_articles import ListedArticle
from cncert.wechat.body import Line
from cncert.wechat.text import dense

MAX_LISTED = 5_000
"""Addresses that are taken from one text: the series has some hundred issues."""
_MAX_LINES_BELOW = 12
"""Lines below a title in which the address of its article may stand."""
_ADDRESS = re.compile(r"(?:https?:)?//mp\.weixin\.qq\.com/[^\s<>()\[\]\"'，。）】|]{1,2048}")


def listed_articles(lines: Sequence[Line], titles: Iterable[str], addresses: Iterable[str]) -> list[ListedArticle]:
    """Return the issues that *lines* name, each with the addresses beside or below its title.

    *titles* may be those of the whole text, the first that is an issue's counts; *addresses* are what that has.
    """
    own = next((title for text in titles for title in _titles(text)), None)
    found = [ListedArticle(own, (address,)) for address in addresses if own is not None and address]
    return [*found, *_in_lines(lines, own)][:MAX_LISTED]


def _in_lines(lines: Iterable[Line], title: str | None) -> Iterator[ListedArticle]:
    """Yield what *lines* name; *title* is the issue before them."""
    below = 0
    for line in lines:
        named = list(_titles(line.text))
        if named:
            title, below = (named[0] if len(named) == 1 else None), 0
        if below > _MAX_LINES_BELOW:
            title = None
        below += 1
        for link in line.links:
            of_link = list(_titles(line.text[link.start : link.end]))
            if (of := of_link[0] if len(of_link) == 1 else title) is not None:
                yield ListedArticle(of, (link.url,))
        if title is not None:
            yield from (ListedArticle(title, (address,)) for address in _ADDRESS.findall(line.text))


def _titles(text: str) -> Iterator[str]:
    """Yield the titles of issues in *text*, each as :func:`read_title` takes it."""
    if len(text) <= MAX_LINE_CHARACTERS:
        squeezed = dense(text)
        yield from (
            title for _, start, end in find_titles(squeezed) if read_title(title := squeezed[start:end]) is not None
        )
