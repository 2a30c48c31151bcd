"""Spiders: inputs only. What is done with pages and items stands in middlewares and pipelines."""
