"""Which times are believed: none that is in the future of the clock. A clock that was ahead once decides nothing."""

from datetime import datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far the clocks of two machines may differ: more makes trouble, with certificates too (``scrapy doctor``)."""


def believed(moment: datetime | None, now: datetime) -> datetime | None:
    """Return *moment*, or None if it is in the future."""
    return moment if moment is not None and moment <= now + CLOCK_TOLERANCE else None
