"""``scrapy ocr`` on the pictures of the store, and on picture files that are named."""
