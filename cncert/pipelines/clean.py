"""Cleans the texts, addresses and times of an issue."""

from typing import Any

from cncert.items import Issue
from cncert.report.cleaning import clean_issue


class CleanPipeline:
    """Calls :func:`cncert.report.cleaning.clean_issue`; items of other kinds pass."""

    async def process_item(self, item: Any) -> Any:
        return clean_issue(item) if isinstance(item, Issue) else item
