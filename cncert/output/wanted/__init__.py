"""The page of ``scrapy gaps --html``: links to the missing issues, for a person who opens and saves them."""
