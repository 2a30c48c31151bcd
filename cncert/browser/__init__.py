"""The optional browser: a Chromium for pages that plain HTTP cannot read, confined to WeChat's hosts."""
