"""The database: issues and their editions, pictures, the ledger, rejects, runs, and what persons corrected.

``store.py`` is the interface. A backend is a file and a line of :data:`BACKENDS`.
"""

from importlib import import_module

from cncert.exceptions import StoreError
from cncert.store.backend import redacted
from cncert.store.store import Store

__all__ = ["Store", "open_store", "redacted"]

BACKENDS = {
    "sqlite": ("cncert.store.sqlite", "SqliteStore"),
    "mongodb": ("cncert.store.mongo", "MongoStore"),
    "mongodb+srv": ("cncert.store.mongo", "MongoStore"),
}
"""Module and class by the scheme of the store's address. pymongo is imported only where it is used."""


def open_store(uri: str, *, read_only: bool = False, may_be_missing: bool = False) -> Store:
    """Return the store at *uri*, not yet opened: ``async with open_store(uri) as store``.

    With *read_only* nothing is written or created. A store that is not there can then not be opened, unless it
    *may_be_missing*: it is empty then.

    ``sqlite:///data/cncert.db`` is a relative path, ``sqlite:////var/lib/cncert.db`` an absolute one;
    ``mongodb://`` and ``mongodb+srv://`` are MongoDB's own addresses.

    Raises StoreError if *uri* is of none of these forms.
    """
    scheme, separator, rest = uri.partition(":")
    if scheme not in BACKENDS or not separator or (scheme != "sqlite" and not rest.startswith("//")):
        forms = "use sqlite:///path/to/file.db or mongodb://host/cncert"
        raise StoreError(f"no store is known for {redacted(uri)!r}: {forms}")
    module, name = BACKENDS[scheme]
    store: Store = getattr(import_module(module), name)(uri, read_only=read_only, may_be_missing=may_be_missing)
    return store
