"""For scrapyd-client, which without this file writes one of its own that forgets the package data; the rest stands in
pyproject.toml. The sample of ``scrapy demo`` and the scripts of the pages (``scrapy report``, ``scrapy ocr review``)
stay out of an egg: 3.6 MB of 3.9, and no job reads them."""

import sys

from setuptools import setup

_LEFT_OUT = ["data/sample/*", "output/page/static/*", "output/check/static/*"]
setup(exclude_package_data={"cncert": _LEFT_OUT} if "bdist_egg" in sys.argv else {})
