"""CNCERT's weekly report 《网络安全信息与动态周报》 as a dataset: a Scrapy project.

``cncert.open(store)`` and ``cncert.read(page, url)`` are for other programs (docs/python.md).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cncert.output.dataset import Dataset, FigureRow, FigureTable, ReadPage
    from cncert.output.dataset import open_dataset as open  # noqa: A004  # as in gzip.open
    from cncert.output.dataset import read_page as read

__all__ = ["Dataset", "FigureRow", "FigureTable", "ReadPage", "__version__", "open", "read"]
__version__ = "0.1.0"

_OTHERWISE_NAMED = {"open": "open_dataset", "read": "read_page"}


def __getattr__(name: str) -> object:
    """Import what is asked for only then: commands need none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cncert.output import dataset

    return getattr(dataset, _OTHERWISE_NAMED.get(name, name))
