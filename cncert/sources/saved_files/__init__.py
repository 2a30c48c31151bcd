"""What people keep of the report: saved pages of WeChat and of other sites, MHTML, Markdown, text, WARC.

Knows no Scrapy and no store. What a file is, its content says, not its name.
"""
