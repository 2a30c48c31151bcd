"""What ``scrapy ocr`` prints while it reads pictures."""
