"""What follows from the settings: worked out when the environment, the command line and Scrapyd have had their say."""

import math
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

from cncert.exceptions import SettingError
from cncert.sources.configured_sources import read_sources
from cncert.wechat.address import PICTURE_HOSTS

LONGEST = 86_400
"""The most seconds that a setting may ask for."""
MOST_DAYS = 90
LANGUAGES = ("en", "zh")
LEVELS = ("debug", "info", "warning", "error", "critical")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_BUCKETS = {"s3": ("botocore", "botocore"), "gs": ("google.cloud.storage", "google-cloud-storage")}


class DerivedSettings:
    """Add-on: gives Scrapy the settings that follow from those of a user. One that the user gave himself stays."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Raises SettingError for a setting that cannot be meant."""
        for name, value in checked(settings).items():
            settings.set(name, value, priority=settings.getpriority(name) or 0)
        settings.setdict(derived(settings), priority="addon")


def checked(settings: BaseSettings) -> dict[str, object]:
    """What a user gives as text, as what it means. Raises SettingError, in one line, for the first that is wrong."""
    for check in _CHECKS:
        check(settings)
    return {name: read(settings) for name, read in _READERS.items()}


def problems(settings: BaseSettings) -> list[str]:
    """Every setting that cannot be meant, one line each."""
    found = []
    for check in (*_CHECKS, *_READERS.values()):
        try:
            check(settings)
        except SettingError as error:
            found.append(str(error))
    return found


def derived(settings: BaseSettings) -> dict[str, object]:
    """The settings of Scrapy that follow."""
    # The picture hosts have a pace of their own; who sets a shorter DOWNLOAD_DELAY means them too.
    slot = {"concurrency": 3, "delay": min(0.5, settings.getfloat("DOWNLOAD_DELAY")), "jitter": 0.5}
    return {
        "FILES_STORE": folder(str(settings["CNCERT_FILES"])),
        "HTTPCACHE_ENABLED": bool(settings["CNCERT_ARCHIVE"]),
        "HTTPCACHE_DIR": settings["CNCERT_ARCHIVE"],
        "DOWNLOAD_SLOTS": dict.fromkeys(PICTURE_HOSTS, slot),
    }


def folder(place: str) -> str:
    """*place* as Scrapy takes it for a folder: in a bucket only with a slash at its end."""
    return f"{place.rstrip('/')}/" if urlsplit(place).scheme in _BUCKETS else place


def _number(name: str, settings: BaseSettings, unit: str, least: float, most: float) -> float:
    try:
        number = float(settings[name])
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        given = str(settings[name])[:40]
        raise SettingError(f"{name} must be a number of {unit} from {least} to {most}, not {given!r}")
    return number


def _word(name: str, settings: BaseSettings, known: tuple[str, ...]) -> str:
    word = str(settings[name]).strip().lower()
    if word not in known:
        raise SettingError(f"{name} must be one of {', '.join(known)}, not {word[:40]!r}")
    return word


def _check_files(settings: BaseSettings) -> None:
    """Scrapy leaves out a pipeline that has nowhere to write to, in silence."""
    place = str(settings["CNCERT_FILES"])
    if not place:
        raise SettingError("CNCERT_FILES names no place for the pictures")
    module, package = _BUCKETS.get(urlsplit(place).scheme, ("", ""))
    if module and not _is_there(module):
        raise SettingError(f"CNCERT_FILES={place.rpartition('@')[2]} needs another library: pip install {package}")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


_CHECKS: tuple[Callable[[BaseSettings], object], ...] = (_check_files, read_sources)
_READERS: dict[str, Callable[[BaseSettings], object]] = {
    # Scrapy 2.19 sends everything that waits at once when there is no delay at all, whatever the concurrency.
    "DOWNLOAD_DELAY": lambda settings: max(0.001, _number("DOWNLOAD_DELAY", settings, "seconds", 0, LONGEST)),
    "CNCERT_PAUSE": lambda settings: _number("CNCERT_PAUSE", settings, "seconds", 0, LONGEST),
    "CNCERT_FRESH_DAYS": lambda settings: _number("CNCERT_FRESH_DAYS", settings, "days", 1, MOST_DAYS),
    **{
        name: partial(_number, name, unit="parts of 1", least=0, most=1)
        for name in ("CNCERT_OCR_WORD", "CNCERT_OCR_PAIRING", "CNCERT_OCR_DROP")
    },
    "CNCERT_LANGUAGE": lambda settings: _word("CNCERT_LANGUAGE", settings, LANGUAGES),
    "CNCERT_PANEL": lambda settings: _word("CNCERT_PANEL", settings, (*_TRUE, *_FALSE)) in _TRUE,
    "ROBOTSTXT_OBEY": lambda settings: _word("ROBOTSTXT_OBEY", settings, (*_TRUE, *_FALSE)) in _TRUE,
    "LOG_LEVEL": lambda settings: _word("LOG_LEVEL", settings, LEVELS).upper(),
}
"""How each setting is read of which a user gives the text."""
