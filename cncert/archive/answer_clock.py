"""Reads the time at which a server answered, by its own clock."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
"""No answer about the series is older."""


def answered_at(date: str | None, otherwise: datetime) -> datetime:
    """Return the time in *date*, an answer's ``Date`` header; *otherwise* without one that can be true."""
    try:
        stated = parsedate_to_datetime(date or "")
    except ValueError:
        return otherwise
    if stated.tzinfo is None or not EARLIEST <= stated <= datetime.now(UTC) + timedelta(days=1):
        return otherwise
    return stated
