"""The local page of ``scrapy ocr review``, on which a person checks what was read in pictures."""
