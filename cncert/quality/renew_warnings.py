"""Recomputes the stored warnings that depend on other issues and on pictures, when these change.

So the same issues and pictures always have the same warnings, in whatever order they were stored.
"""

from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import timedelta

from cncert.exceptions import DocumentError
from cncert.items import Issue, issue_id
from cncert.quality.outliers_between_weeks import NEIGHBOUR_WEEKS, neighbour_warnings, weeks_apart
from cncert.quality.text_against_pictures import picture_warnings
from cncert.report.calendar import parse_week, period, week_of
from cncert.store import Store

MAX_PASSES = 5
"""How often the warnings are computed again after a write. Only a process that writes all the time would need more; the
next run does the rest."""


async def renew(store: Store, around: str | None = None) -> None:
    """Recompute the warnings of the stored issues, or only of those around the issue *around*. May raise StoreError.

    Only warnings are written, and no revision, because CNCERT has changed nothing. What another process stores
    meanwhile is seen by the pass after the last write, of this process or of the other. A document that cannot be
    read is ignored.
    """
    for _ in range(MAX_PASSES):
        ids = await store.issue_ids()
        touched = ids if around is None else _within(ids, around, NEIGHBOUR_WEEKS)
        needed = ids if around is None else _within(ids, around, 2 * NEIGHBOUR_WEEKS)
        if not await _renew(store, needed, set(touched)):
            return


async def _renew(store: Store, needed: Iterable[str], touched: Collection[str]) -> bool:
    """Renew the warnings of *touched* among *needed*, once; return whether any of them changed."""
    written = False
    async for issue, others in _surrounded(_readable(store, needed)):
        if issue.id not in touched:
            continue
        warnings = neighbour_warnings(issue, others) + picture_warnings(issue)
        if warnings != issue.relative_warnings:
            written = True
            # If the stored issue has changed by now, the next pass sees it.
            await store.replace_issue(issue, issue.with_relative_warnings(warnings))
    return written


def _within(ids: Iterable[str], around: str, weeks: int) -> list[str]:
    """Return those of *ids* that are at most so many *weeks* from the issue *around*."""
    start = period(*parse_week(around)).start
    first, last = (issue_id(*week_of(start + timedelta(weeks=distance))) for distance in (-weeks, weeks))
    return [one for one in ids if first <= one <= last]


async def _readable(store: Store, ids: Iterable[str]) -> AsyncIterator[Issue]:
    for one in ids:
        try:
            issue = await store.get_issue(one)
        except DocumentError:
            continue  # what needs this very document reports it
        if issue is not None:
            yield issue


async def _surrounded(issues: AsyncIterator[Issue]) -> AsyncIterator[tuple[Issue, list[Issue]]]:
    """Yield each of *issues*, which ascend, with those around it; only these are held in memory."""
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
