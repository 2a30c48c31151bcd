"""A spider of another site than WeChat, with a pipeline step of its own: all that a second spider needs."""
