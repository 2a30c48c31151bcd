"""Computes all warnings of stored issues: those of their documents, and those that rest on other weeks and on pictures.

The second kind is never written: another issue, an edited figure or a picture that is read would change it. It is
computed in one ordered pass over the store wherever it is shown, so the same issues and pictures have the same
warnings, in whatever order they were stored.
"""

from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from cncert.items import Issue, IssueWarning, issue_id
from cncert.quality.outliers_between_weeks import NEIGHBOUR_WEEKS, neighbour_warnings, weeks_apart
from cncert.quality.text_against_pictures import picture_warnings
from cncert.report.calendar import parse_week, period, week_of
from cncert.store import Store

RELATIVE_WARNINGS: Final = frozenset({"change_disagrees", "figure_outlier", "picture_agrees", "picture_disagrees"})
"""Codes of the warnings that are computed here. Earlier versions stored them: these are not shown."""


async def issues_with_warnings(
    store: Store, first: str | None = None, last: str | None = None
) -> AsyncIterator[tuple[Issue, list[IssueWarning]]]:
    """Yield the issues from *first* to *last*, both included, ascending, each with all its warnings.

    Only an issue and its neighbours are held in memory. Nothing is written. May raise StoreError.
    """
    neighbours = store.issues(_weeks_from(first, -NEIGHBOUR_WEEKS), _weeks_from(last, NEIGHBOUR_WEEKS))
    async for issue, others in _surrounded(neighbours):
        if (first or issue.id) <= issue.id <= (last or issue.id):
            own = [warning for warning in issue.warnings if warning.code not in RELATIVE_WARNINGS]
            yield issue, own + neighbour_warnings(issue, others) + picture_warnings(issue)


async def issue_with_warnings(store: Store, issue: str) -> tuple[Issue, list[IssueWarning]] | None:
    """Return one issue with all its warnings, None if there is no such issue. May raise StoreError."""
    found = [one async for one in issues_with_warnings(store, issue, issue)]
    return found[0] if found else None


def _weeks_from(issue: str | None, weeks: int) -> str | None:
    """Return the id of the issue so many *weeks* from *issue*; None, no bound, where there is none."""
    if issue is None:
        return None
    try:
        return issue_id(*week_of(period(*parse_week(issue)).start + timedelta(weeks=weeks)))
    except (ValueError, OverflowError):  # a 53rd week that the year has not, or the end of the calendar
        return None


async def _surrounded(issues: AsyncIterator[Issue]) -> AsyncIterator[tuple[Issue, list[Issue]]]:
    """Yield each of *issues*, which ascend, with those at most NEIGHBOUR_WEEKS from it."""
    held: deque[Issue] = deque()
    waiting: deque[Issue] = deque()

    def surroundings() -> tuple[Issue, list[Issue]]:
        issue = waiting.popleft()
        while weeks_apart(held[0], issue) > NEIGHBOUR_WEEKS:
            held.popleft()
        return issue, [other for other in held if abs(weeks_apart(issue, other)) <= NEIGHBOUR_WEEKS]

    async for issue in issues:
        while waiting and weeks_apart(waiting[0], issue) > NEIGHBOUR_WEEKS:
            yield surroundings()
        held.append(issue)
        waiting.append(issue)
    while waiting:
        yield surroundings()
