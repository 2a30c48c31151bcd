"""The local page of ``scrapy ocr review``, on which a person judges what was read in pictures."""
