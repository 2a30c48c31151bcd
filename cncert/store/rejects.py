"""Items that are not valid, kept with the reason."""

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cncert.items import Model, Moment


def storable(value: Any) -> Any:
    """Return *value* as every store can keep it: a refused item may hold anything."""
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
    """An item that is not valid, kept with the reason so that a person can look at it."""

    id: Annotated[str, Field(alias="_id")]
    """The article's ledger id."""
    issue: str | None
    reason: str
    address: str | None
    rejected_at: Moment
    document: Annotated[dict[str, Any], BeforeValidator(storable)]
    """The item in JSON form; its keys are field names of the model."""
