"""Tells when an issue was published: the time or the day, or by which day if no more is known."""

from datetime import date, datetime
from typing import NamedTuple

from cncert.items import Issue, day_in_china


class PublicationTime(NamedTuple):
    """When CNCERT's article was published."""

    moment: datetime | None
    """None where only the day is known."""
    day: date
    """In China."""
    is_bound: bool
    """Whether only that is known: a reprint or a copy of a reprint was published then, the original before."""


def publication_time(issue: Issue) -> PublicationTime | None:
    """Return when *issue* was published, or by when; None if neither is known."""
    if (day := stated_day(issue)) is not None:
        return PublicationTime(issue.published_at, day, is_bound=False)
    reprint, copied = issue.provenance.reprint, issue.provenance.stated_source
    if reprint is not None and reprint.published_at is not None:
        return PublicationTime(reprint.published_at, day_in_china(reprint.published_at), is_bound=True)
    if copied is not None and copied.published_at is not None:
        return PublicationTime(copied.published_at, day_in_china(copied.published_at), is_bound=True)
    if copied is not None and copied.published_on is not None:
        return PublicationTime(None, copied.published_on, is_bound=True)
    return None


def stated_day(issue: Issue) -> date | None:
    """Return the day in China on which *issue* says that it was published; None if it does not."""
    return day_in_china(issue.published_at) if issue.published_at is not None else issue.published_on
