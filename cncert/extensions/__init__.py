"""Scrapy extensions: the record of a run, the live panel, the form of log lines."""
