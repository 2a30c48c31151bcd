"""The kinds of failures of a run: each has a name for records and monitors, and a sentence for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FailureKind:
    """Failures that are counted together."""

    kind: str
    """Its name in the run's record."""
    text: str
    """The sentence, with ``{}`` in place of the number."""
    counter: str | None = None
    """Scrapy's counter of it; None if it is how the attempts at an article ended (:meth:`RunRecorder.note`)."""


FAILURE_KINDS = (
    FailureKind("blocked", "pages answered with a verification: {}"),
    FailureKind("failed", "pages without an answer: {}"),
    FailureKind("unavailable", "pages not available: {}"),
    FailureKind("unknown", "answers that are no page that is known: {}"),
    FailureKind("expired", "addresses that led nowhere: {}"),
    FailureKind("rejected", "articles that are not the issue that was expected: {}"),
    FailureKind("empty", "pages with nothing under a right title: {}"),
    FailureKind("invalid", "issues rejected by validation: {}", "cncert/rejected/invalid"),
    FailureKind("pictures", "pictures that could not be had: {}", "cncert/pictures/failed"),
    FailureKind(
        "robots", "pages that robots.txt denied (ROBOTSTXT_OBEY decides whether that counts): {}", "cncert/robots"
    ),
    FailureKind("hosts", "requests to other hosts, refused: {}", "cncert/hosts/refused"),
    FailureKind("archive", "the archive could not be written", "cncert/archive/failed"),
    FailureKind("program", "errors in the program (see the log): {}", "spider_exceptions/count"),
    FailureKind("items", "items that failed in a pipeline (see the log): {}", "cncert/item_errors"),
)


def count(articles: Mapping[str, int], counter: Callable[[str], Any]) -> dict[str, int]:
    """Count the failures of a run by kind, without zeros.

    *articles* has the number of articles whose last attempt ended with each kind, *counter* reads one of Scrapy's.
    """
    numbers = {
        failure.kind: counter(failure.counter) if failure.counter else articles.get(failure.kind)
        for failure in FAILURE_KINDS
    }
    return {kind: number for kind, number in numbers.items() if number}


def sentences(failures: Mapping[str, int]) -> list[str]:
    """Return a line for each kind of *failures*."""
    return [failure.text.format(failures[failure.kind]) for failure in FAILURE_KINDS if failure.kind in failures]
