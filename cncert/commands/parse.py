"""``scrapy parse``: Scrapy's own command, which begins no run and stores nothing."""

from scrapy.commands import parse

from cncert.commands.inspecting_command import InspectingCommand


class ParseCommand(InspectingCommand, parse.Command):
    """Prints the issue on a page, and the requests for others."""
