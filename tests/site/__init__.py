"""A WeChat of our own: the pages it answers with, and the loopback site that serves them."""
