"""What a WeChat article page is. Knows nothing of CNCERT, of Scrapy or of a store."""
