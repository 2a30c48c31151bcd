"""Scrapy extensions: the record of a run, the live panel, log lines, and settings derived from the options."""
