"""Tests: unit tests beside a loopback WeChat (``tests/site``) for whole crawls."""
