"""What the weekly report 《网络安全信息与动态周报》 is: pure functions from a WeChat article to an issue.

Knows no Scrapy and no store. The one door is :func:`cncert.report.issue.read_issue`; ``calendar`` and ``title`` also
serve whoever has to tell which issues exist and which addresses lead to one.
"""
