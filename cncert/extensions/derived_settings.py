"""Scrapy add-on: derives Scrapy's settings from the options of the user."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

from cncert.exceptions import SettingError
from cncert.extensions.run_recorder import RunRecorder
from cncert.options import Options, as_folder
from cncert.sources.configured_sources import read_sources
from cncert.wechat.address import PICTURE_HOSTS
from cncert.wechat.wayback import CAPTURE_SLOT, INDEX_SLOT

ASYNCIO_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
_LIBRARIES = {"s3": ("botocore", "botocore"), "gs": ("google.cloud.storage", "google-cloud-storage")}
"""By scheme of a bucket: the module that Scrapy needs, and its package."""


class DerivedSettings:
    """Derives settings from the options, however they were set; what the user gave to Scrapy itself stays."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Update *settings*. Raises SettingError for an option that is wrong."""
        options = Options.of(settings)
        read_sources(options)
        _check_reactor(settings)
        # EXTENSIONS of a user, for Spidermon or statistics, stand beside the record of the run, not in its place.
        settings.setdefault_in_component_priority_dict("EXTENSIONS", RunRecorder, 0)
        _check_bucket_library(options.files)
        # Without any delay Scrapy 2.19 sends all waiting requests at once, whatever the concurrency.
        delay = max(0.001, options.download_delay)
        for name, value in {
            "DOWNLOAD_DELAY": delay,
            "ROBOTSTXT_OBEY": options.robotstxt_obey,
            "LOG_LEVEL": options.log_level.upper(),
        }.items():
            settings.set(name, value, priority=settings.getpriority(name) or 0)
        # The picture hosts have a delay of their own; a shorter DOWNLOAD_DELAY holds for them too.
        slot = {"concurrency": 3, "delay": min(0.5, delay), "jitter": 0.5}
        pace = max(0.001, options.wayback_delay)
        archive_slots = {
            INDEX_SLOT: {"concurrency": 1, "delay": pace, "jitter": 0},
            CAPTURE_SLOT: {"concurrency": 1, "delay": pace * 2 / 3, "jitter": 0},
        }
        settings.setdict(
            {
                "FILES_STORE": as_folder(options.files),
                "DOWNLOAD_SLOTS": dict.fromkeys(PICTURE_HOSTS, slot) | archive_slots,
            },
            priority="addon",
        )


def _check_reactor(settings: BaseSettings) -> None:
    """Raises SettingError for a reactor without asyncio, on which store, archive and pictures wait."""
    reactor = settings["TWISTED_REACTOR"]
    if settings.getbool("TWISTED_REACTOR_ENABLED") and reactor != ASYNCIO_REACTOR:
        raise SettingError(f"TWISTED_REACTOR={reactor}: this project needs {ASYNCIO_REACTOR}, Scrapy's default")


def _check_bucket_library(place: str) -> None:
    """Raises SettingError if Scrapy lacks the library for the bucket *place*."""
    module, package = _LIBRARIES.get(urlsplit(place).scheme, ("", ""))
    try:
        missing = bool(module) and find_spec(module) is None
    except ModuleNotFoundError:
        missing = True
    if missing:
        raise SettingError(f"CNCERT_FILES={place.rpartition('@')[2]} needs another library: pip install {package}")
