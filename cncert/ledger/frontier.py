"""The frontier of a run: which address of which article is requested next, and what follows from its answer."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from cncert.exceptions import NotAnIssue
from cncert.items import Issue
from cncert.ledger.article_ledger import AddressReader, Ledger, is_unresolved
from cncert.ledger.next_address import next_address
from cncert.ledger.retry_times import is_due
from cncert.store import Store
from cncert.store.ledger_rows import AddressForm, LedgerAddress, LedgerRow, State
from cncert.wechat.failure_pages import Page, Verdict

logger = logging.getLogger(__name__)

MAX_CHALLENGES = 3
"""Verification pages in a row, for addresses that are usually answered, after which a run ends."""
MAX_UNANSWERED = 10
"""Pages in a row without an answer after which the network is down; each was requested three times."""
MAX_MOVES = 3
"""How many times an article is followed to another address in one run."""

_STATES = {
    Verdict.BLOCKED: State.BLOCKED,
    Verdict.GONE: State.GONE,
    Verdict.EXPIRED: State.UNAVAILABLE,
    Verdict.UNAVAILABLE: State.UNAVAILABLE,
    Verdict.UNKNOWN: State.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """An address that is to be requested now."""

    row: str
    """The ledger row of its article."""
    url: str
    form: AddressForm
    issue: str | None
    """The issue that the article is or should be."""
    moves: int = 0
    """How many times WeChat has named another address of the article in this run."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no article, and what follows from it."""

    verdict: Verdict
    challenges: int = 0
    """How many verification pages in a row came for addresses that are usually answered; 0 if this is none."""
    then: PlannedRequest | None = None
    """Another address of the article, to be requested next."""


class RunScope(Protocol):
    """Which articles a run requests."""

    @property
    def refresh(self) -> bool:
        """Whether stored issues are requested again."""

    @property
    def retry(self) -> bool:
        """Whether blocked and unavailable articles are requested at once."""

    @property
    def replaying(self) -> bool:
        """Whether an archive answers instead of the network."""

    def wants(self, issue: str) -> bool:
        """Whether *issue* is in the range of the run."""


class Frontier:
    """Plans the requests of one run, and records their results. All methods may raise StoreError.

    *count* counts an event by its name, *note_failure* takes why a row failed (None: it did not).
    """

    def __init__(
        self,
        store: Store,
        scope: RunScope,
        *,
        reader: AddressReader,
        count: Callable[[str], object],
        note_failure: Callable[[str, str | None], None],
    ) -> None:
        self.ledger = Ledger(store, reader)
        self._store, self._scope, self._read_address = store, scope, reader
        self._count, self._note_failure = count, note_failure
        self._asked: dict[str, set[str]] = {}
        self._challenges = 0
        self._unanswered = 0

    # --- planning

    async def plan(self, url: str, *, source: str | None, issue: str | None) -> PlannedRequest | None:
        """Add *url* of *issue*, found in *source*; return the request for its article, None if none is needed.

        Without a *source* a person named the address: it is requested whatever its week and earlier results.
        """
        row = await self.ledger.add_address(url, source or "start", issue)
        return await self._plan_row(row, asked_for=source is None) if row else None

    async def due(self) -> AsyncIterator[PlannedRequest]:
        """Yield a request for each article that is in the ledger and not stored, the newest issue first.

        Articles whose addresses cannot be read belong to another spider.
        """
        rows = [row for row in await self._store.rows() if self._readable(row)]
        for row in sorted(rows, key=lambda row: row.issue or "", reverse=True):
            if (planned := await self._plan_row(row)) is not None:
                yield planned

    async def _plan_row(self, row: LedgerRow, *, asked_for: bool = False) -> PlannedRequest | None:
        scope = self._scope
        wanted = asked_for or row.issue is None or scope.wants(row.issue)
        if row.state is State.STORED:
            due = scope.refresh
        else:
            due = asked_for or is_due(row, now=datetime.now(UTC), retry=scope.retry or scope.replaying)
        if not wanted or not due or (not asked_for and await self._is_stored(row)):
            self._count(f"cncert/ledger/{'skipped' if wanted else 'out_of_range'}")
            return None
        return None if row.id in self._asked else self._next(row)

    def _readable(self, row: LedgerRow) -> list[LedgerAddress]:
        return [address for address in row.addresses if self._read_address(address.url) is not None]

    async def _is_stored(self, row: LedgerRow) -> bool:
        """Whether the issue that *row* claims to be, by short addresses as a rule, is stored from WeChat's page."""
        if row.state is State.STORED or row.issue is None or not is_unresolved(row):
            return False
        issue = await self._store.get_issue(row.issue)
        return issue is not None and not issue.provenance.is_copy

    def _next(self, row: LedgerRow, moves: int = 0) -> PlannedRequest | None:
        """Return a request to the best address of *row* that this run has not requested yet."""
        asked = self._asked.setdefault(row.id, set())
        address = next_address(self._readable(row), without=asked)
        if address is None:
            return None
        asked.add(address.url)
        self._count("cncert/ledger/asked")
        return PlannedRequest(row.id, address.url, address.form, row.issue, moves)

    # --- results

    async def record_article(self, row: str, key: str) -> None:
        """Record that the page of *row* is the article *key*."""
        self._challenges = self._unanswered = 0
        self._note_failure(row, None)
        await self.ledger.merge_into(key, row)
        self._asked.setdefault(key, set())

    async def record_issue(self, issue: Issue, claimed: str | None) -> None:
        """Record the earlier issues that *issue* lists, and the issue *claimed*, if another, as still missing."""
        if claimed not in (None, issue.id) and await self._is_missing(claimed, f"issue-{claimed}"):
            reason = f"the address that was given for it leads to {issue.id}"
            logger.warning("%s: %s %s", claimed, reason, issue.provenance.address)
            await self.ledger.record_result(f"issue-{claimed}", State.REJECTED, reason, issue=claimed)
        await self.ledger.add_earlier_issues(issue)

    async def _is_missing(self, claimed: str | None, row: str) -> bool:
        """Whether the issue *claimed* is not stored from another article; note a failure of *row* then."""
        if claimed is not None and await self._store.get_issue(claimed) is not None:
            return False
        self._note_failure(f"issue-{claimed}" if claimed else row, State.REJECTED)
        return True

    async def record_no_issue(self, request: PlannedRequest, error: NotAnIssue) -> None:
        """Record an article that is no issue."""
        self._count(f"cncert/rejected/{error.reason}")
        logger.info("No issue (%s): %s %s", error.reason, error, request.url)
        # A page that shows nothing yet may show it later: it stays due.
        state = State.UNAVAILABLE if error.reason == "empty" else State.REJECTED
        row = await self.ledger.record_result(request.row, state, f"{error.reason}: {error}", url=request.url)
        if state is State.REJECTED and row.state is not State.STORED:
            await self._is_missing(request.issue, row.id)
        else:
            self._note_failure(row.id, error.reason if error.reason == "empty" else State.REJECTED)

    async def record_refusal(self, request: PlannedRequest, page: Page, *, browsed: bool) -> Refusal:
        """Record an answer that is no article, to the browser if *browsed*; return what follows from it."""
        self._unanswered = 0
        if page.verdict is Verdict.MOVED and page.moved_to is not None:
            if (then := await self._follow(request, page.moved_to)) is not None:
                return Refusal(page.verdict, then=then)
            why = (
                f"it moved {request.moves + 1} times"
                if request.moves == MAX_MOVES
                else "it moved to where it came from"
            )
            page = Page(Verdict.UNAVAILABLE, why)
        is_unsigned = request.form == "unsigned"
        reason = page.reason
        if page.verdict is Verdict.BLOCKED and is_unsigned:
            reason += " (address without signature)"
        if browsed:
            reason += " (in the browser too)"
        logger.info("%s (%s): %s", page.verdict.capitalize(), page.reason, request.url)
        self._note_failure(request.row, page.verdict)
        row = await self.ledger.record_result(
            request.row,
            _STATES[page.verdict],
            reason,
            url=request.url,
            leads_nowhere=page.verdict is Verdict.EXPIRED,
        )
        challenges = 0
        if page.verdict is Verdict.BLOCKED and not is_unsigned and not browsed and not self._scope.replaying:
            self._challenges += 1
            challenges = self._challenges
        # Some failures belong to the address: another address of the article may do.
        of_address = (page.verdict is Verdict.EXPIRED or is_unsigned) and page.verdict is not Verdict.GONE
        given_up = challenges >= MAX_CHALLENGES
        return Refusal(page.verdict, challenges, self._next(row) if of_address and not given_up else None)

    async def _follow(self, request: PlannedRequest, url: str) -> PlannedRequest | None:
        """Return a request to *url*, the new address of the article; None if it was requested, or moved too often."""
        target = self._read_address(url)
        if target is None or url in self._asked[request.row] or request.moves >= MAX_MOVES:
            return None

        def with_target(row: LedgerRow | None) -> LedgerRow:
            assert row is not None
            return row.with_address(target.url, target.form, "moved", datetime.now(UTC))

        row = await self._store.change_row(request.row, with_target)
        logger.info("Moved: %s to %s", request.url, target.url)
        self._asked[row.id] |= {address.url for address in row.addresses if address.url != target.url}
        return self._next(row, request.moves + 1)

    async def record_no_answer(self, request: PlannedRequest, reason: str, *, unreached: bool) -> bool:
        """Record that no answer came; return whether the network is down.

        *unreached*: no server was reached, so the article is due again at once.
        """
        self._count("cncert/verdict/failed")
        logger.warning("No answer (%s): %s", reason, request.url)
        self._note_failure(request.row, "failed")
        await self.ledger.record_result(request.row, State.UNAVAILABLE, reason, url=request.url, at_once=unreached)
        self._unanswered += 1
        return self._unanswered >= MAX_UNANSWERED

    async def record_replay_miss(self, request: PlannedRequest) -> None:
        """Record that the replayed archive lacks the article."""
        self._count("cncert/verdict/not_archived")
        await self.ledger.record_replay_miss(request.row)
