"""Spiders. They read pages; middlewares decide what is requested, and pipelines what is done with issues."""
