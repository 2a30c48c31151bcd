"""What persons decide: an edition does not count, or counts again; a figure of a text is another one."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from pydantic import ValidationError

from cncert.editions.remake_documents import Remade, remake
from cncert.exceptions import ArgumentError
from cncert.items import Issue
from cncert.ledger.article_ledger import issue_row_id
from cncert.report.preferred_figures import preferred_numbers
from cncert.report.validation import first_problem
from cncert.store import Store
from cncert.store.editions import Edition, TextCorrection, Withdrawal
from cncert.store.endings import State
from cncert.store.ledger_rows import LedgerRow


async def editions_of_issue(store: Store, issue_id: str) -> list[Edition]:
    """Return the editions that the issue is made of or may be, ascending by id. May raise StoreError."""
    found = await store.editions_of([], [issue_id])
    return [loaded.document for _, loaded in sorted(found.items())]


async def withdraw(store: Store, edition: Edition, by: str, why: str, *, withdrawn: bool = True) -> dict[str, Remade]:
    """Withdraw *edition*, which stays and does not count, or bring it back; return what became of the documents.

    Where no edition of an article counts any more, it is due again. Raises ArgumentError for a wrong name or reason,
    StoreError.
    """
    try:
        decision = Withdrawal(withdrawn=withdrawn, by=by, at=_after(edition.withdrawal), why=why)
    except ValidationError as error:
        raise ArgumentError(first_problem(error)) from error
    _, kept = await store.put_edition(edition.model_copy(update={"withdrawal": decision}))
    remade = await remake(store, kept.weeks, [kept.article] if kept.article is not None else [])
    if kept.article is not None:
        others = await store.editions_of([kept.article], [])
        live = [one.document.issue for one in others.values() if not one.document.is_withdrawn]
        # The article of a copy stays due: the page itself is the better source.
        if not live or not all(issue.provenance.is_copy for issue in live):
            await store.change_rows([issue_row_id(kept.issue)], lambda row: _with_state(row, stored=bool(live)))
    return remade


def _after(former: Withdrawal | TextCorrection | None) -> datetime:
    """Return the time of a decision that replaces *former*: now, but not before that, whose clock may be ahead."""
    now = datetime.now(UTC)
    return now if former is None else max(now, former.at + timedelta(milliseconds=1))


def _with_state(row: LedgerRow, *, stored: bool) -> LedgerRow:
    """Return *row* as that of an article of which an edition counts (*stored*), or none."""
    if row.state is State.STORED and not stored:
        return row.model_copy(update={"state": State.KNOWN, "ending": None, "reason": None, "next_try": None})
    if row.state is not State.GONE and stored:
        return row.model_copy(update={"state": State.STORED, "next_try": None})
    return row


async def correct(
    store: Store, issue: Issue, metric: str, value: float, by: str, why: str, unit: str | None = None
) -> dict[str, Remade]:
    """Correct the figure of *metric* that the text of *issue* states; return what became of the documents.

    Raises ArgumentError if the text states none, or for what cannot be meant; StoreError.
    """
    stated = preferred_numbers(figure for figure in issue.figures if figure.source == "text" and not figure.edition)
    if metric not in stated:
        raise ArgumentError(f"the text of {issue.id} states no {metric}")
    figure, _ = stated[metric]
    article = _article_of(issue)
    ident = correction_id(article, metric, figure.evidence)
    former = next((one for one in await store.text_corrections([article]) if one.id == ident), None)
    try:
        correction = TextCorrection(
            id=ident,
            article=article,
            metric=metric,
            sentence=figure.evidence,
            value=value,
            unit=unit or figure.unit,
            by=by,
            at=_after(former),
            why=why,
        )
    except ValidationError as error:
        raise ArgumentError(first_problem(error)) from error
    await store.unsettle([one.id for one in issue.editions if one.chosen])
    await store.put_text_correction(correction)
    return await remake(store, [issue.id])


async def remove_corrections(store: Store, issue: Issue, metric: str) -> dict[str, Remade]:
    """Take back what persons said of *metric* in the text of *issue*.

    Raises ArgumentError if nobody said anything, StoreError.
    """
    found = [one for one in await store.text_corrections([_article_of(issue)]) if one.metric == metric]
    if not found:
        raise ArgumentError(f"nobody has corrected {metric} in the text of {issue.id}")
    await store.unsettle([one.id for one in issue.editions if one.chosen])
    for one in found:
        await store.remove_text_correction(one)
    return await remake(store, [issue.id])


def _article_of(issue: Issue) -> str:
    """Return what a correction of the text of *issue* belongs to."""
    ident = issue_row_id(issue)
    return next(one.id for one in issue.editions if one.chosen) if ident == f"issue-{issue.id}" else ident


def correction_id(article: str, metric: str, sentence: str) -> str:
    """Return the id of a correction."""
    return sha256(f"{article}\n{metric}\n{sentence}".encode()).hexdigest()[:32]
