"""Takes in what was read: the only way into the store, for crawl, feed, import, replay and browser."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from cncert.editions.make_edition import edition_of
from cncert.editions.remake_documents import Remade, remake
from cncert.exceptions import DocumentError
from cncert.items import Issue, Picture
from cncert.ledger.article_ledger import FoundAddress, Ledger, Result, earlier_issues, issue_row_id
from cncert.store import Store
from cncert.store.endings import Ending
from cncert.store.kept_pictures import KeptPicture
from cncert.store.ledger_rows import Attempt
from cncert.store.rejects import Reject
from cncert.wechat.address import ArticleKey, biz_number

FoundIn = Literal["page", "feed", "file"]
"""Where an issue was read: in a page fetched now, in a feed's copy, in a saved file."""


class Outcome(StrEnum):
    """What became of the document of an issue."""

    NEW = "new"
    CHANGED = "changed"
    """Another text counts: CNCERT has changed it, or another article is the issue."""
    UPDATED = "updated"
    """The same text counts, and something else is not the same: a picture was fetched, another parser read more, the
    page itself counts instead of a copy, another reprint instead of one."""
    SAME = "same"
    LOST = "lost"
    """No edition of the issue counts any more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking in an issue did."""

    document: Issue | None
    """The document that stands for the issue now; None if its editions are withdrawn."""
    is_chosen: bool
    """Whether it was made from what was taken in."""
    is_new: bool
    """Whether the store did not have what was taken in."""
    outcomes: dict[str, Outcome]
    """What became of the documents that could depend on it, by issue, without those that are the same."""


async def take(store: Store, issue: Issue, found_in: FoundIn) -> Taken:
    """Keep *issue*, which is valid, as an edition, make the documents anew, and record it in the ledger.

    Raises StoreError, also if the store holds sample data and *issue* is none, or the other way round.
    """
    edition = edition_of(issue)
    await store.claim(sample=issue.provenance.sample)
    former, kept = await store.put_edition(edition)
    document = await store.get_issue(kept.document) if kept.settled and kept.document is not None else None
    remade: dict[str, Remade] = {}
    if document is None and not (kept.settled and kept.is_withdrawn):
        remade = await remake(store, kept.weeks, [kept.article] if kept.article is not None else [])
        listing = (one.after for one in remade.values() if one.after is not None)
        document = next((one for one in listing if any(line.id == kept.id for line in one.editions)), None)
    taken = Taken(
        document,
        is_chosen=document is not None and any(line.chosen and line.id == kept.id for line in document.editions),
        is_new=former is None,
        outcomes={week: outcome for week, one in remade.items() if (outcome := outcome_of(one)) is not Outcome.SAME},
    )
    await _record(store, issue, document.id if document is not None else issue.id, found_in)
    return taken


def outcome_of(remade: Remade) -> Outcome:
    """Return what became of a document."""
    before, after = remade.before, remade.after
    if after is None:
        return Outcome.SAME if before is None else Outcome.LOST
    if before is None:
        return Outcome.NEW
    if _published(before) != _published(after):
        # That another source counts instead of a copy or a reprint is no change of CNCERT's.
        is_other_source = before.provenance.source != "page" and _read_from(before) != _read_from(after)
        return Outcome.UPDATED if is_other_source else Outcome.CHANGED
    return Outcome.SAME if _lasting(before) == _lasting(after) else Outcome.UPDATED


def _published(issue: Issue) -> tuple[object, ...]:
    """Return what CNCERT published, without what a parser derives from it or a crawl adds."""
    pictures = [(picture.role, picture.key) for picture in issue.images]
    return issue.title, issue.published_at, issue.article.mid, issue.article.idx, issue.text, pictures


def _read_from(issue: Issue) -> tuple[object, ...]:
    """Return from what *issue* was read: its source, and the article that reprinted it."""
    reprint = issue.provenance.reprint
    return issue.provenance.source, reprint and (reprint.biz, reprint.mid, reprint.idx)


def _lasting(issue: Issue) -> Issue:
    """Return *issue* without when its editions were seen."""
    unseen = {"first_seen": None, "last_seen": None}
    return issue.model_copy(update={"editions": [one.model_copy(update=unseen) for one in issue.editions]})


async def _record(store: Store, issue: Issue, stored_as: str, found_in: FoundIn) -> None:
    """Record in the ledger the article of *issue*, which is an edition of *stored_as*, and the issues that it lists.

    The article of a copy stays due, because the page itself is the better source.
    """
    ledger, ident, is_copy = Ledger(store), issue_row_id(issue), issue.provenance.is_copy
    found = [FoundAddress(url, found_in, stored_as) for url in (issue.article.url, *issue.article.aliases) if url]
    if is_copy and not found and found_in == "file":
        found = [FoundAddress(None, found_in, stored_as)]
    results, reprint = [], issue.provenance.reprint
    if not is_copy:
        ending, url = Attempt(at=datetime.now(UTC), ending=Ending.STORED), issue.provenance.address
        asked = url if found_in == "page" else None
        if reprint is not None and (biz := biz_number(reprint.biz)) is not None:
            key = str(ArticleKey(biz, reprint.mid, reprint.idx))
            found_at = [FoundAddress(address, found_in, stored_as) for address in (reprint.address,) if address]
            for row in await ledger.add(found_at, [Result(key, ending, asked, stored_as, original=ident)]):
                if row is not None:  # a short address does not say which article it is of
                    await ledger.merge_into(key, row.id)
            results = [Result(ident, ending, None, stored_as, look_again=True)]
        else:
            results = [Result(ident, ending, asked, stored_as)]
    rows = await ledger.add([*found, *earlier_issues(issue)], results)
    for row in rows[: len(found)] if not is_copy else ():
        if row is not None:
            await ledger.merge_into(ident, row.id)


async def take_pictures(store: Store, pictures: Iterable[Picture]) -> None:
    """Keep what became of *pictures*, which were requested now, and put it into the documents that show them.

    What cannot be read stays as it is. May raise StoreError.
    """
    now = datetime.now(UTC)
    new = [KeptPicture.of(picture, now) for picture in pictures]
    try:
        changed = await store.put_pictures(new)
    except DocumentError:
        changed = []
        for one in new:
            with suppress(DocumentError):
                changed += await store.put_pictures([one])
    shown = await store.issues_showing(changed)
    try:
        await remake(store, shown)
    except DocumentError:
        for issue in shown:
            with suppress(DocumentError):
                await remake(store, [issue])


async def show_pictures(store: Store, document: Issue) -> None:
    """Make *document* anew if it shows its pictures otherwise than they are kept: a run was killed in between.

    May raise StoreError.
    """
    kept = await store.get_pictures([one.key for one in document.images])
    if any(kept[one.key].put_into(one) != one for one in document.images if one.key in kept):
        await remake(store, [document.id])


async def reject(store: Store, issue: Issue, reason: str) -> None:
    """Store *issue*, which is not valid, as a reject with its *reason*, and record it. May raise StoreError."""
    ident = issue_row_id(issue)
    await store.put_reject(
        Reject(
            id=ident,
            issue=issue.id,
            reason=reason,
            address=issue.article.url,
            rejected_at=datetime.now(UTC),
            document=issue.model_dump(warnings="none"),
        )
    )
    await Ledger(store).record(ident, Ending.INVALID, reason, url=issue.provenance.address)
