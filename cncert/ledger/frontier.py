"""The frontier of a run: which address of which article is requested next, and what follows from its answer."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from cncert.exceptions import NotAnIssue
from cncert.items import Issue
from cncert.ledger.article_ledger import AddressReader, FoundAddress, Ledger, row_id
from cncert.ledger.next_address import next_address
from cncert.ledger.retry_times import ANSWERED_FORMS, is_due, is_looked_for
from cncert.ledger.week_order import is_reprint, may_be_reprint, needs_page, place_in_week
from cncert.store import Store
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import AddressForm, LedgerAddress, LedgerRow
from cncert.wechat.failure_pages import Page, Verdict

logger = logging.getLogger(__name__)

MAX_CHALLENGES = 3
"""Verification pages in a row, for addresses that are usually answered, after which a run ends."""
MAX_UNANSWERED = 10
"""Pages in a row without an answer after which the network is down; each was requested three times."""
MAX_UNREACHED = 3
"""Requests in a row that reached no server, after which the network is down."""
MAX_MOVES = 3
"""How many times an article is followed to another address in one run."""

MAX_ARTICLES_A_WEEK = 3
"""How many articles of one week are followed that only the pages of issues name: a page may name any number.

Of those that feeds name, as many are followed in one run.
"""
MAX_ARTICLES_A_RUN = 60
"""How many articles are followed in one run that only the pages of issues name, and how many that only feeds name.

The next run goes on.
"""
_VOUCHED = {"start", "index", "file", "page", "archive"}
"""Sources of addresses that are followed without a limit: persons, the bundled index, an archive that is replayed."""


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
    place: int = 0
    """Its place among the requests of its week, the first is 0."""
    is_spare: bool = False
    """Whether a page of its week that comes before it makes it superfluous."""

    @property
    def priority(self) -> int:
        """The larger one is requested first: newer weeks, and articles of which no week is known."""
        return 10 * int(self.issue.replace("-", "")) - self.place if self.issue else 10_000_000


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
        """Whether an archive answers instead of the network: then it is asked for all that it may hold."""

    def wants(self, issue: str) -> bool:
        """Whether *issue* is in the range of the run."""


class Frontier:
    """Plans the requests of one run, and records their results. All methods may raise StoreError.

    *reprints*: whether reprints are requested. *count* counts an event by its name, *note_failure* takes why a row
    failed (None: it did not), *note* what a person should know of an issue, by a code.
    """

    def __init__(
        self,
        store: Store,
        scope: RunScope,
        *,
        reader: AddressReader,
        reprints: bool,
        count: Callable[[str], object],
        note_failure: Callable[[str, str | None], None],
        note: Callable[[str, str], None],
    ) -> None:
        self.ledger = Ledger(store, reader)
        self._store, self._scope, self._read_address, self._reprints = store, scope, reader, reprints
        self._count, self._note_failure, self._note = count, note_failure, note
        self._asked: dict[str, set[str]] = {}
        self._challenges = 0
        self._unanswered = self._unreached = 0
        self._followed: Counter[str | None] | None = None
        self._followed_now = 0
        self._from_feeds: Counter[str | None] = Counter()
        self._listed, self._passed_over = set[str](), set[str]()

    # --- planning

    async def plan(self, found: Sequence[FoundAddress], *, asked_for: bool = False) -> list[PlannedRequest | None]:
        """Add the addresses *found*; return the request for the article of each, None if none is needed.

        *asked_for*: a person named them, so these very addresses are requested, whatever came before.
        """
        rows = await self.ledger.add(found)
        if asked_for:
            return [
                self._next(row, asked_for=one.text) if row and row.id not in self._asked else None
                for one, row in zip(found, rows, strict=True)
            ]
        stored = await self._stored([row for row in rows if row is not None])
        return [await self._plan_row(row, stored) if row else None for row in rows]

    async def due(self) -> AsyncIterator[PlannedRequest]:
        """Yield a request for each article that is in the ledger and not stored, the newest issue first.

        Of a week, what is requested first comes first: of what feeds name, the others may wait for another run.
        Articles whose addresses cannot be read belong to another spider.
        """
        rows = [row for row in await self._store.rows() if self._readable(row)]
        stored = await self._stored(rows)
        rows.sort(key=self._place)
        for row in sorted(rows, key=lambda row: row.issue or "", reverse=True):
            if (planned := await self._plan_row(row, stored)) is not None:
                yield planned

    async def goes_on(self, listed: Sequence[str]) -> bool:
        """Whether a list is read on behind a page that names the addresses *listed*; no addresses say nothing.

        It is if one of these that the run wants was never requested, or another one that no list page of this run has
        named: an earlier run ended before it had read or requested all. It is too if no list has ever named an issue
        that the run wants: lists begin with the newest.
        """
        if not listed or self._scope.refresh:
            return True
        here = {row_id(address) for url in listed if (address := self._read_address(url)) is not None}
        self._listed |= here
        rows = [row for row in await self._store.rows() if any("list" in one.sources for one in self._readable(row))]
        wanted = [row for row in rows if row.issue is not None and self._scope.wants(row.issue)]
        waiting = {row.id for row in wanted if row.state is State.KNOWN} - (self._listed - here)
        untitled = any(row.id in here and row.issue is None and row.state is State.KNOWN for row in rows)
        return not wanted or bool(waiting) or untitled

    async def _stored(self, rows: Iterable[LedgerRow]) -> Mapping[str, Issue]:
        """Return what is stored of the weeks of those *rows* that may be reprints."""
        claimed = {row.issue for row in rows if row.issue and row.state is not State.STORED and may_be_reprint(row)}
        return await self._store.get_issues(claimed)

    async def _plan_row(self, row: LedgerRow, stored: Mapping[str, Issue]) -> PlannedRequest | None:
        wanted = row.issue is None or self._scope.wants(row.issue)
        if not wanted or not self._is_due(row, stored):
            if row.id not in self._asked and row.id not in self._passed_over:
                self._passed_over.add(row.id)
                self._count(f"cncert/ledger/{'skipped' if wanted else 'out_of_range'}")
            return None
        if row.id in self._asked or not await self._may_follow(row):
            return None
        if row.state is State.STORED and not self._scope.refresh:
            row = row.model_copy(update={"addresses": [one for one in row.addresses if one.form in ANSWERED_FORMS]})
        return self._next(row)

    def _is_due(self, row: LedgerRow, stored: Mapping[str, Issue]) -> bool:
        """Whether *row* is to be requested; *stored*: as :meth:`_stored` returns it."""
        scope, now = self._scope, datetime.now(UTC)
        if row.state is State.STORED:
            return scope.refresh or is_looked_for(row, now)
        if not self._reprints and is_reprint(row):
            return False
        if not is_due(row, now=now, retry=scope.retry or scope.replaying, reprints=self._reprints):
            return False
        return scope.replaying or not may_be_reprint(row) or needs_page(row, stored.get(row.issue or ""), now)

    async def is_superfluous(self, request: PlannedRequest) -> bool:
        """Whether a page that came since *request* was planned makes it superfluous."""
        known = await self._store.load_rows([request.row], [request.url])
        loaded = known.get(request.row) or next(iter(known.values()), None)
        if loaded is None:
            return False
        row = loaded.document
        if row.state is State.STORED:
            return True
        stored = (await self._stored([row])).get(row.issue or "")
        return may_be_reprint(row) and not needs_page(row, stored, datetime.now(UTC))

    async def _may_follow(self, row: LedgerRow) -> bool:
        """Whether *row* may be requested though only pages or feeds name it; count it then."""
        if row.state is State.STORED or any(_VOUCHED.intersection(address.sources) for address in row.addresses):
            return True
        if not row.is_named_by_pages_only:
            if self._from_feeds[row.issue] >= MAX_ARTICLES_A_WEEK or (
                row.is_named_by_feeds_only and self._from_feeds.total() >= MAX_ARTICLES_A_RUN
            ):
                self._count("cncert/ledger/not_followed")
                return False
            self._from_feeds[row.issue] += 1
            return True
        if self._followed is None:
            tried = [one for one in await self._store.rows() if one.attempts and one.is_named_by_pages_only]
            self._followed = Counter(one.issue for one in tried)
        is_new = not row.attempts
        too_many = is_new and self._followed[row.issue] >= MAX_ARTICLES_A_WEEK
        if too_many or self._followed_now >= MAX_ARTICLES_A_RUN:
            self._count("cncert/ledger/not_followed")
            self._note(row.issue or row.id, "not_followed")
            logger.info("Not followed, because only pages name so many articles: %s %s", row.issue, row.id)
            return False
        self._followed[row.issue] += is_new
        self._followed_now += 1
        return True

    def _readable(self, row: LedgerRow) -> list[LedgerAddress]:
        return [address for address in row.addresses if self._read_address(address.url) is not None]

    def _place(self, row: LedgerRow) -> int:
        """Return the place of a request for *row* among those of its week."""
        address = next_address(self._readable(row))
        return place_in_week(row, address) if address is not None else 0

    def _next(self, row: LedgerRow, moves: int = 0, asked_for: str | None = None) -> PlannedRequest | None:
        """Return a request to the address *asked_for*, else the best one of *row* that this run has not requested."""
        asked = self._asked.setdefault(row.id, set())
        readable = self._readable(row)
        address = next((one for one in readable if one.url == asked_for), None) or next_address(readable, asked)
        if address is None:
            return None
        asked.add(address.url)
        self._count("cncert/ledger/asked")
        place = place_in_week(row, address) if asked_for is None else 0
        is_spare = (place > 0 or may_be_reprint(row)) and row.state is not State.STORED and not self._scope.replaying
        return PlannedRequest(row.id, address.url, address.form, row.issue, moves, place, is_spare)

    # --- results

    async def record_article(self, row: str, key: str) -> str:
        """Record that the page of *row* is the article *key*; return the row that the result belongs to.

        An address that names an article of one account, and shows another's, makes the two no one article.
        """
        self._challenges = self._unanswered = self._unreached = 0
        self._note_failure(row, None)
        accounts = {ident.partition("-")[0] for ident in (row, key)}
        if len(accounts) == 2 and all(account.isdigit() for account in accounts):
            return row
        await self.ledger.merge_into(key, row)
        self._asked.setdefault(key, set())
        return key

    async def record_other_issue(self, issue: Issue, claimed: str | None) -> None:
        """Record that the issue *claimed*, for which an address was given, is still missing if that led to *issue*."""
        if claimed not in (None, issue.id) and await self._is_missing(claimed, f"issue-{claimed}"):
            detail = f"the address that was given for it leads to {issue.id}"
            logger.warning("%s: %s %s", claimed, detail, issue.provenance.address)
            await self.ledger.record(f"issue-{claimed}", Ending.OTHER_ISSUE, detail, issue=claimed)

    async def _is_missing(self, claimed: str | None, row: str) -> bool:
        """Whether the issue *claimed* is not stored from another article; note a failure of *row* then."""
        if claimed is not None and await self._store.get_issue(claimed) is not None:
            return False
        self._note_failure(f"issue-{claimed}" if claimed else row, Ending.OTHER_ISSUE.failure)
        return True

    async def record_no_issue(self, request: PlannedRequest, error: NotAnIssue) -> None:
        """Record an article that is no issue."""
        self._count(f"cncert/rejected/{error.reason}")
        logger.info("No issue (%s): %s %s", error.reason, error, request.url)
        ending = Ending(error.reason)
        row = await self.ledger.record(request.row, ending, f"{error.reason}: {error}", url=request.url)
        if request.form == "capture":  # the run did not expect more of it
            return
        if ending.state is State.REJECTED and row.state is not State.STORED:
            await self._is_missing(request.issue, row.id)
        else:
            self._note_failure(row.id, ending.failure)

    async def record_refusal(self, request: PlannedRequest, page: Page, *, browsed: bool) -> Refusal:
        """Record an answer that is no article, to the browser if *browsed*; return what follows from it."""
        self._unanswered = self._unreached = 0
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
        ending = Ending(page.verdict)
        self._note_failure(request.row, ending.failure)
        row = await self.ledger.record(request.row, ending, reason, url=request.url)
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
            now = datetime.now(UTC)  # another process may have merged the row into that of the article
            row = row or LedgerRow(id=request.row, issue=request.issue, first_seen=now, updated_at=now)
            return row.with_address(target.url, target.form, "moved", now)

        row = await self._store.change_row(request.row, with_target)
        if row is None:  # it cannot be read any more
            return None
        logger.info("Moved: %s to %s", request.url, target.url)
        self._asked[row.id] |= {address.url for address in row.addresses if address.url != target.url}
        return self._next(row, request.moves + 1)

    def count_unreached(self, attempts: int) -> bool:
        """Count attempts that reached no server, 0 if one did; return whether the network is down."""
        self._unreached = self._unreached + attempts if attempts else 0
        return self._unreached >= MAX_UNREACHED

    async def record_no_answer(self, request: PlannedRequest, reason: str, *, unreached: bool) -> bool:
        """Record that no answer came; return whether the network is down.

        *unreached*: no server was reached, so the article is due again at once.
        """
        self._count("cncert/verdict/failed")
        logger.warning("No answer (%s): %s", reason, request.url)
        self._note_failure(request.row, Ending.UNANSWERED.failure)
        await self.ledger.record(request.row, Ending.UNANSWERED, reason, url=request.url, at_once=unreached)
        self._unanswered += 1
        return self._unanswered >= MAX_UNANSWERED

    async def record_replay_miss(self, request: PlannedRequest) -> None:
        """Record that the replayed archive lacks the article."""
        self._count("cncert/verdict/not_archived")
        await self.ledger.record_replay_miss(request.row)
