"""``scrapy fetch``: Scrapy's own command, which begins no run and stores nothing."""

from scrapy.commands import fetch

from cncert.commands.inspecting_command import InspectingCommand


class FetchCommand(InspectingCommand, fetch.Command):
    """Fetches a page with the project's settings."""
