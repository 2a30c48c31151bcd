"""The optional browser: a download handler over scrapy-playwright, and what it may reach."""
