"""What can go wrong in a run: a kind each, so that monitors need not read sentences, and the sentence for a person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault."""

    kind: str
    """In the run's record."""
    text: str
    """With the number in place of ``{}``."""
    counter: str | None = None
    """Scrapy's counter that counts it; None if the ledger knows (:meth:`RunRecorder.note`)."""


FAULTS = (
    Fault("blocked", "pages answered with a verification: {}"),
    Fault("failed", "pages without an answer: {}"),
    Fault("unavailable", "pages not available: {}"),
    Fault("unknown", "answers that are no page that is known: {}"),
    Fault("expired", "addresses that led nowhere: {}"),
    Fault("rejected", "articles that are not the issue that was expected: {}"),
    Fault("empty", "pages with nothing under a right title: {}"),
    Fault("invalid", "issues rejected by validation: {}", "cncert/rejected/invalid"),
    Fault("pictures", "pictures that could not be had: {}", "cncert/pictures/failed"),
    Fault("robots", "pages that robots.txt denied (ROBOTSTXT_OBEY decides whether that counts): {}", "cncert/robots"),
    Fault("hosts", "requests to other hosts, refused: {}", "cncert/hosts/refused"),
    Fault("archive", "the archive could not be written", "cncert/archive/failed"),
    Fault("program", "errors in the program (see the log): {}", "spider_exceptions/count"),
    Fault("items", "items that failed in a pipeline (see the log): {}", "cncert/item_errors"),
)


def count(articles: Mapping[str, int], counter: Callable[[str], Any]) -> dict[str, int]:
    """The faults of a run by kind, without those that did not happen.

    *articles* says for how many articles each kind was the last word, *counter* gives the number of a counter.
    """
    numbers = {fault.kind: counter(fault.counter) if fault.counter else articles.get(fault.kind) for fault in FAULTS}
    return {kind: number for kind, number in numbers.items() if number}


def sentences(faults: Mapping[str, int]) -> list[str]:
    """A line for each of *faults*."""
    return [fault.text.format(faults[fault.kind]) for fault in FAULTS if fault.kind in faults]
