"""What a check of ``scrapy doctor`` found."""

from dataclasses import dataclass
from typing import Literal

CheckState = Literal["ok", "note", "to do"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the table."""

    check: str
    state: CheckState
    """``note`` is worth knowing; ``to do`` keeps something from working."""
    text: str
    advice: str = ""
    """What to do."""
