"""What makes a run end with exit status 1: why it closed, and the kinds of failures that count.

A kind has a name for records and monitors, and a sentence for people. What is no kind here, such as a feed that was
down, leaves the status at 0.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cncert.store.close_reasons import CloseReason
from cncert.store.run_records import RunRecord
from cncert.terminal.translation import translated


@dataclass(frozen=True, slots=True)
class FailureKind:
    """Failures that are counted together."""

    kind: str
    """Its name in the run's record."""
    text: str
    """The sentence, with ``{}`` in place of the number."""
    counter: str | None = None
    """Scrapy's counter of it; None if it is how the attempts at an article ended, or files of an import."""


FAILURE_KINDS = (
    FailureKind("blocked", "pages answered with a verification: {}"),
    FailureKind("failed", "pages without an answer: {}"),
    FailureKind("unavailable", "pages not available: {}"),
    FailureKind("unknown", "answers that are no page that is known: {}"),
    FailureKind("expired", "addresses that led nowhere: {}"),
    FailureKind("rejected", "articles that are not the issue that was expected: {}"),
    FailureKind("empty", "pages with nothing under a right title: {}"),
    FailureKind("document", "PDFs that are not there or cannot be read: {}"),
    FailureKind("invalid", "issues rejected by validation: {}", "cncert/rejected/invalid"),
    FailureKind("unreadable", "documents of the store that cannot be read: {}"),
    FailureKind("not_stored", "issues that were not stored, because what the store holds of them cannot be read: {}"),
    FailureKind("pictures", "pictures that could not be had: {}", "cncert/pictures/failed"),
    FailureKind(
        "robots", "pages that robots.txt denied (ROBOTSTXT_OBEY decides whether that counts): {}", "cncert/robots"
    ),
    FailureKind("hosts", "requests to other hosts, refused: {}", "cncert/hosts/refused"),
    FailureKind("archive", "the archive could not be written", "cncert/archive/failed"),
    FailureKind("replay", "files of the replayed archive that cannot be read whole: {}", "cncert/archive/unread"),
    FailureKind("program", "errors in the program (see the log): {}", "spider_exceptions/count"),
    FailureKind("items", "items that failed in a pipeline (see the log): {}", "cncert/item_errors"),
    FailureKind("no_issue", "files, no issue: {}"),
    FailureKind("unread", "files, unread: {}"),
)


CLEAN_REASONS = (CloseReason.FINISHED, CloseReason.LIMIT, CloseReason.IMPORTED)
"""Close reasons of a run that came to its end."""


def count_failures(articles: Mapping[str, int], counter: Callable[[str], Any]) -> dict[str, int]:
    """Count the failures of a run by kind, without zeros.

    *articles* has the number of articles whose last attempt ended with each kind, *counter* reads one of Scrapy's.
    """
    numbers = {
        failure.kind: counter(failure.counter) if failure.counter else articles.get(failure.kind)
        for failure in FAILURE_KINDS
    }
    return {kind: number for kind, number in numbers.items() if number}


def is_clean(record: RunRecord) -> bool:
    """Whether the run of *record*, which says how it ended, is clean.

    It is if it closed for one of CLEAN_REASONS, nothing failed, and no week more is missing than before.
    """
    return (
        record.close_reason in CLEAN_REASONS and record.error is None and not record.faults and not _lost_weeks(record)
    )


def note_unreadable(record: RunRecord, number: int) -> None:
    """Note in *record* how many documents of the store could not be read, if any: then the run is not clean."""
    if number:
        record.faults["unreadable"] = number
        record.clean = False


def failure_lines(record: RunRecord, language: str = "en") -> Iterator[str]:
    """Yield a line in *language* for each failure that makes the run of *record* unclean, beside its close reason."""
    if record.error is not None:
        yield record.error
    known = {failure.kind: failure.text for failure in FAILURE_KINDS}
    for kind, number in sorted(record.faults.items(), key=lambda fault: [*known, fault[0]].index(fault[0])):
        yield translated(known[kind], language).format(number) if kind in known else f"{kind}: {number}"
    if _lost_weeks(record):
        text = translated("{after} weeks are missing, {before} were before", language)
        yield text.format(after=record.gaps_after, before=record.gaps_before)


def _lost_weeks(record: RunRecord) -> bool:
    """Whether more weeks are missing than before; not after an import: an old issue stretches the calendar."""
    more = (record.gaps_after or 0) > (record.gaps_before or 0)
    return more and record.close_reason is not CloseReason.IMPORTED
