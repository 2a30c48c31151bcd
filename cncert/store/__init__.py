"""What is kept: issues and their revisions, the ledger, rejects, runs, what was read in pictures. One interface, two
backends.
"""

from cncert.exceptions import StoreError
from cncert.store.backend import redacted
from cncert.store.store import Store

__all__ = ["Store", "open_store", "redacted"]


def open_store(uri: str) -> Store:
    """The store at *uri*, not yet opened: ``async with open_store(uri) as store``.

    ``sqlite:///data/cncert.db`` is a relative path, ``sqlite:////var/lib/cncert.db`` an absolute one;
    ``mongodb://`` and ``mongodb+srv://`` are MongoDB's own addresses.

    Raises StoreError if *uri* is of none of these forms.
    """
    if uri.startswith("sqlite:"):
        from cncert.store.sqlite import SqliteStore

        return SqliteStore(uri)
    if uri.startswith(("mongodb://", "mongodb+srv://")):
        from cncert.store.mongo import MongoStore  # pymongo is imported only by those who use it

        return MongoStore(uri)
    raise StoreError(f"no store is known for {redacted(uri)!r}: use sqlite:///path/to/file.db or mongodb://host/cncert")
