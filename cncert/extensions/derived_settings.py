"""Add-on: gives Scrapy the settings that follow from the options of a user."""

from scrapy.settings import BaseSettings

from cncert.options import Options, as_folder
from cncert.sources.configured_sources import read_sources
from cncert.wechat.address import PICTURE_HOSTS


class DerivedSettings:
    """Works once the environment, the command line and Scrapyd had their say. What the user gave to Scrapy stays."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Raises SettingError for an option that is wrong."""
        options = Options.of(settings)
        read_sources(options)
        # Scrapy 2.19 sends everything that waits at once when there is no delay at all, whatever the concurrency.
        delay = max(0.001, options.download_delay)
        for name, value in {
            "DOWNLOAD_DELAY": delay,
            "ROBOTSTXT_OBEY": options.robotstxt_obey,
            "LOG_LEVEL": options.log_level.upper(),
        }.items():
            settings.set(name, value, priority=settings.getpriority(name) or 0)
        # The picture hosts have a pace of their own; who sets a shorter DOWNLOAD_DELAY means them too.
        slot = {"concurrency": 3, "delay": min(0.5, delay), "jitter": 0.5}
        settings.setdict(
            {
                "FILES_STORE": as_folder(options.files),
                "HTTPCACHE_ENABLED": bool(options.archive),
                "HTTPCACHE_DIR": options.archive,
                "DOWNLOAD_SLOTS": dict.fromkeys(PICTURE_HOSTS, slot),
            },
            priority="addon",
        )
