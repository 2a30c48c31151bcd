"""Versions of the issue document, and the steps from one to the next.

``SCHEMA_VERSION`` rises when a field changes its meaning or goes; then a step is added here. A field that is added
with a default raises nothing: a document without it can be read, and has it once it is written again.
"""

from collections.abc import Callable
from typing import Any, Final

from cncert.items import SCHEMA_VERSION

Document = dict[str, Any]
"""A document as its store keeps it: moments are dates in MongoDB and text in SQLite."""

STEPS: Final[dict[int, Callable[[Document], Document]]] = {}
"""By version: what makes a document of that version one of the next. ``schema_version`` itself is seen to."""


def upgraded(document: Document) -> Document:
    """*document* in the present version, unchecked. Raises ValueError if no way leads there."""
    while (version := document.get("schema_version")) != SCHEMA_VERSION:
        if type(version) is not int or version not in STEPS:
            raise ValueError(other_version(version))
        try:
            document = {**STEPS[version](document), "schema_version": version + 1}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"is no issue of schema_version {version}: {error!r:.200}") from error
    return document


def other_version(version: object) -> str:
    """What to do about a document of a *version* that is not the present one, in one line."""
    if type(version) is int and version > SCHEMA_VERSION:
        return f"has schema_version {version}, this cncert knows {SCHEMA_VERSION}: update cncert"
    if type(version) is int and version in STEPS:
        return f"has schema_version {version}, this cncert reads {SCHEMA_VERSION}: run scrapy upgrade"
    return f"has schema_version {version!r:.50}, which never was one"
