"""Tells when an issue was published: the time itself, or the one by which it was published if no more is known."""

from datetime import datetime
from typing import NamedTuple

from cncert.items import Issue


class PublicationTime(NamedTuple):
    """When CNCERT's article was published."""

    moment: datetime
    is_bound: bool
    """Whether only that is known: a reprint or a copy of a reprint was published then, the original before."""


def publication_time(issue: Issue) -> PublicationTime | None:
    """Return when *issue* was published, or by when; None if neither is known."""
    if issue.published_at is not None:
        return PublicationTime(issue.published_at, is_bound=False)
    copied = issue.provenance.reprint or issue.provenance.stated_source
    if copied is None or copied.published_at is None:
        return None
    return PublicationTime(copied.published_at, is_bound=True)
