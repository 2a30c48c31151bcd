"""Cleans the texts, addresses and times of an issue."""

from cncert.items import Issue
from cncert.report.cleaning import clean_issue


class CleanPipeline:
    """Calls :func:`cncert.report.cleaning.clean_issue`."""

    async def process_item(self, item: Issue) -> Issue:
        return clean_issue(item)
