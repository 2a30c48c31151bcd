"""Reads issues from files that people saved: pages of WeChat and of other sites, MHTML, Markdown, text, PDF, WARC, ZIP.

Imports neither Scrapy nor a store. The content of a file says what it is, not its name.
"""
