"""Scrapy pipelines for an issue, in this order: clean, pictures, validate, store."""
