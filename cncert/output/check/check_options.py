"""The options of ``scrapy ocr review``."""

from argparse import ArgumentParser, Namespace

from cncert.exceptions import ArgumentError
from cncert.options import LANGUAGES

_GIVEN = ("all", "metric", "by", "port", "open", "language")


def add_review_options(parser: ArgumentParser) -> None:
    """The options of the review."""
    group = parser.add_argument_group("review")
    group.add_argument("--all", action="store_true", help="show the figures of pictures too that nothing contradicts")
    group.add_argument("--metric", metavar="NAME", help="only this one")
    group.add_argument("--by", metavar="NAME", help="who judges (default: who is logged in)")
    group.add_argument("--language", choices=LANGUAGES, help="of the page when it opens (default CNCERT_LANGUAGE)")
    group.add_argument("--port", type=int, metavar="N", help="of the page (default: a free one)")
    group.add_argument("--open", action="store_true", help="show the page in the browser")


def check_review_options(opts: Namespace) -> None:
    """Raises ArgumentError if one of them was given to something else."""
    for name in _GIVEN:
        if getattr(opts, name):
            raise ArgumentError(f"--{name} is an option of scrapy ocr review")
