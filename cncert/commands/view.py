"""``scrapy view``: Scrapy's own command, which begins no run and stores nothing."""

from scrapy.commands import view

from cncert.commands.inspecting_command import InspectingCommand


class ViewCommand(InspectingCommand, view.Command):
    """Opens a page in a browser, as it comes with the project's settings."""
