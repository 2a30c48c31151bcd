"""The commands of the project beside Scrapy's own, one a file. What they share stands in ``cncert/terminal/output.py``.

Scrapy takes every command class of this package for a command, so no base class may stand here.
"""
