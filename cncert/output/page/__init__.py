"""The page of ``scrapy report``: one HTML file that needs nothing beside it."""
