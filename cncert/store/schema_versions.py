"""Versions of the issue document, and the upgrade from each to the next.

``SCHEMA_VERSION`` rises when a field changes its meaning or is removed; then an upgrade is added here. A new field with
a default needs none: a document without it can be read, and has it once it is written again.
"""

from collections.abc import Callable
from typing import Any, Final

from cncert.items import SCHEMA_VERSION

Document = dict[str, Any]
"""A document as its store keeps it: moments are dates in MongoDB and text in SQLite."""

UPGRADES: Final[dict[int, Callable[[Document], Document]]] = {}
"""By version: makes a document of the next version, whose ``schema_version`` is set by :func:`upgraded`."""


def upgraded(document: Document) -> Document:
    """Return *document* in the present version, not validated. Raises ValueError if there is no upgrade."""
    while (version := document.get("schema_version")) != SCHEMA_VERSION:
        if type(version) is not int or version not in UPGRADES:
            raise ValueError(other_version(version))
        try:
            document = {**UPGRADES[version](document), "schema_version": version + 1}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"is no issue of schema_version {version}: {error!r:.200}") from error
    return document


def other_version(version: object) -> str:
    """Return what to do about a document of a *version* that is not the present one, on one line."""
    if type(version) is int and version > SCHEMA_VERSION:
        return f"has schema_version {version}, this cncert knows {SCHEMA_VERSION}: update cncert"
    if type(version) is int and version in UPGRADES:
        return f"has schema_version {version}, this cncert reads {SCHEMA_VERSION}: run scrapy upgrade"
    return f"has schema_version {version!r:.50}, which never was one"
