"""CNCERT's weekly report 《网络安全信息与动态周报》 as a dataset: a Scrapy project."""

__version__ = "0.1.0"
