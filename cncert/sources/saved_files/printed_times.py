"""Reads the times that pages and texts print, with or without a zone."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

from cncert.items import CHINA

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month_name>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?![0-9])"
_YEAR = r"(?P<year>20[0-9]{2})"
_CLOCK = (
    r"(?:(?P<joint>\s{0,9}T|[\s,，]{0,9})(?:at\s|(?:星期|周|礼拜)[一二三四五六日天]\s{0,3})?(?P<half>上午|下午|晚上|中午|凌晨)?"
    r"(?P<hour>[0-9]{1,2})[:：时](?P<minute>[0-9]{2})(?:分|[:：](?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"(?:\s?(?P<am_pm>[ap])\.?m\b)?"
    r"(?:\s?(?P<zone>Z\b|(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>[0-9]{2}|[0-9](?![0-9]))(?::?(?P<minutes>[0-9]{2}))?(?![0-9])"
    r"|UTC\b|GMT\b))?)?"
)
_FORMS = tuple(
    re.compile(form + _CLOCK, re.IGNORECASE)
    for form in (
        rf"(?<![0-9]){_YEAR}[-/.年]\s?(?P<month>[0-9]{{1,2}})[-/.月]\s?{_DAY}日?",
        rf"(?<![0-9]){_DAY}[\s-]{_MONTH}[\s,-]{{1,2}}{_YEAR}",
        rf"\b{_MONTH}\s{_DAY},?\s{_YEAR}",
        rf"\b{_MONTH}\s(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th),?\s{_YEAR}",
    )
)
_EPOCH = re.compile(r"\s*([0-9]{10})(?:[0-9]{3})?\s*")
MAX_CHARACTERS = 2_000
"""Of a text in which times are looked for; a line that states one is short."""


class PrintedTime(NamedTuple):
    """A time that a text states."""

    moment: datetime | None
    """In Chinese time, which it also is where no zone is stated; None if only the day is stated."""
    day: date
    """In China."""


def read_times(text: str) -> Iterator[PrintedTime]:
    """Yield the times and days in *text*."""
    text = text[:MAX_CHARACTERS]
    if (epoch := _EPOCH.fullmatch(text)) is not None:
        moment = datetime.fromtimestamp(int(epoch[1]), CHINA)
        yield PrintedTime(moment, moment.date())
    found = (match for form in _FORMS for match in form.finditer(text))
    for match in sorted(found, key=lambda match: match.start()):
        try:
            moment = _moment(match.groupdict()).astimezone(CHINA)
        except (ValueError, OverflowError):
            continue
        yield PrintedTime(moment if match["hour"] else None, moment.date())


def _moment(parts: dict[str, str | None]) -> datetime:
    """Return the time that *parts* state. Raises ValueError if there is none."""
    name = parts.get("month_name")
    month = _MONTHS.index(name.lower()) + 1 if name else int(parts["month"] or 0)
    hour = int(parts["hour"] or 0)
    half = parts["half"] or parts["am_pm"] or ""
    if half in ("下午", "晚上", "中午", "p", "P") and (hour < 11 or half != "中午"):
        hour = hour % 12 + 12 if hour <= 12 else hour
    elif half in ("a", "A"):
        hour %= 12
    day, minute, second = (int(parts[part] or 0) for part in ("day", "minute", "second"))
    return datetime(int(parts["year"] or 0), month, day, hour, minute, second, tzinfo=_zone(parts))


def _zone(parts: dict[str, str | None]) -> timezone:
    if parts["zone"] is None:
        return CHINA
    if parts["sign"] is None:
        return UTC
    is_named = parts["zone"][:1].isalpha()
    is_clock = parts["second"] is not None or "T" in (parts["joint"] or "").upper()
    if parts["sign"] == "-" and not (is_named or is_clock):
        return CHINA  # 10:20-11:30 is from one hour to another
    offset = timedelta(hours=int(parts["hours"] or 0), minutes=int(parts["minutes"] or 0))
    return timezone(-offset if parts["sign"] == "-" else offset)
