"""The commands of the project beside Scrapy's own, one a file. What they share: ``terminal_options.py``,
``project_command.py`` for those that do not crawl, ``inspecting_command.py`` for those that look at a page.

Scrapy takes every command class of this package for a command, so no base class may stand here.
"""
