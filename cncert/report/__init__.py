"""Reads a WeChat article into an issue of the weekly report 《网络安全信息与动态周报》, with pure functions.

Imports neither Scrapy nor a store. :func:`cncert.report.issue.read_issue` is the public entry point; other packages
also use ``calendar`` and ``title``, to tell which issues exist and which titles name one.
"""
