"""Scrapy middlewares: which hosts are requested, what an answer is, which requests are sent, feeds and albums."""
