"""What a check of ``scrapy doctor`` found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "to do"]
SECONDS = 8.0
"""The most that a check may take: MongoDB is waited for 5 s."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table."""

    check: str
    state: State
    """``note`` is worth knowing; ``to do`` keeps something from working."""
    text: str
    advice: str = ""
    """What to do."""
