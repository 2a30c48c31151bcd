"""Reads the pages of WeChat articles. Imports neither Scrapy nor a store, and knows nothing of the weekly report."""
