"""Warnings that rest on more than the page of an issue: on those around it, on what was read in its pictures.

Renewed as these come, so that the same issues and pictures always have the same ones.
"""

from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import timedelta

from cncert.exceptions import DocumentError
from cncert.items import Issue, issue_id
from cncert.quality.between_weeks import REACH, neighbour_doubts, weeks_apart
from cncert.quality.text_against_pictures import agreement_doubts
from cncert.report.calendar import parse_week, period, week_of
from cncert.store import Store

ROUNDS = 5
"""How often it is looked again after something was written. Only another process that writes all the time needs more;
the next run sees to what is left."""


async def renew(store: Store, around: str | None = None) -> None:
    """Look again at the stored issues, or only at those for which the issue *around* matters. May raise StoreError.

    Only warnings are written: no revision, for CNCERT has changed nothing. What another process stores meanwhile is
    seen when it is looked again after the last write, by this process or by the other. A document that cannot be read
    is left alone, as if it were not there.
    """
    for _ in range(ROUNDS):
        ids = await store.issue_ids()
        touched = ids if around is None else _within(ids, around, REACH)
        needed = ids if around is None else _within(ids, around, 2 * REACH)
        if not await _renew(store, needed, set(touched)):
            return


async def _renew(store: Store, needed: Iterable[str], touched: Collection[str]) -> bool:
    """Renew the warnings of *touched* among *needed*, once; whether anything was to be written."""
    written = False
    async for issue, others in _surrounded(_readable(store, needed)):
        if issue.id not in touched:
            continue
        doubts = neighbour_doubts(issue, others) + agreement_doubts(issue)
        if doubts != issue.relative_warnings:
            written = True
            # If it is another by now, it is looked at again.
            await store.replace_issue(issue, issue.with_relative_warnings(doubts))
    return written


def _within(ids: Iterable[str], around: str, weeks: int) -> list[str]:
    """Those of *ids* that are at most so many *weeks* from the issue *around*."""
    start = period(*parse_week(around)).start
    first, last = (issue_id(*week_of(start + timedelta(weeks=distance))) for distance in (-weeks, weeks))
    return [one for one in ids if first <= one <= last]


async def _readable(store: Store, ids: Iterable[str]) -> AsyncIterator[Issue]:
    for one in ids:
        try:
            issue = await store.get_issue(one)
        except DocumentError:
            continue  # whoever needs this very document says so
        if issue is not None:
            yield issue


async def _surrounded(issues: AsyncIterator[Issue]) -> AsyncIterator[tuple[Issue, list[Issue]]]:
    """Each of *issues*, which ascend, with those around it that can matter to it; only these are held."""
    held: deque[Issue] = deque()
    waiting: deque[Issue] = deque()

    def surroundings() -> tuple[Issue, list[Issue]]:
        issue = waiting.popleft()
        while weeks_apart(held[0], issue) > REACH:
            held.popleft()
        return issue, [other for other in held if abs(weeks_apart(issue, other)) <= REACH]

    async for issue in issues:
        while waiting and weeks_apart(waiting[0], issue) > REACH:
            yield surroundings()
        held.append(issue)
        waiting.append(issue)
    while waiting:
        yield surroundings()
