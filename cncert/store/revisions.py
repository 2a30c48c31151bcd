"""Former states of issues, refused ones, and what putting an issue into a store did."""

import math
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cncert.items import Issue, Model, Moment


class Outcome(StrEnum):
    """What putting an issue into the store did."""

    NEW = "new"
    CHANGED = "changed"
    """CNCERT's text differs: the former document became a revision."""
    UPDATED = "updated"
    """Same text, other circumstances (a picture came, a better parser read more, the page of what was known from a
    copy): no revision."""
    SAME = "same"
    """Nothing was written."""
    OLDER = "older"
    """The store holds the same issue from an article published later, or from WeChat while this is from a copy:
    nothing was written."""


class Revision(Model):
    """A former state of an issue."""

    id: Annotated[str, Field(alias="_id")]
    issue: str
    replaced_at: Moment
    document: Issue


def storable(value: Any) -> Any:
    """*value* as every store can keep it: a refused item may hold anything."""
    if isinstance(value, dict):
        return {str(key): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [storable(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate pair is in no encoding


class Reject(Model):
    """An item that was refused by validation, kept with the reason so that a person can look at it."""

    id: Annotated[str, Field(alias="_id")]
    """The article's ledger id."""
    issue: str | None
    reason: str
    address: str | None
    rejected_at: Moment
    document: Annotated[dict[str, Any], BeforeValidator(storable)]
    """The item as it was, in JSON form; keys are field names of the model only."""
