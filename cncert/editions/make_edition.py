"""Makes an edition of what was read: its identity, when it was seen, and no time of the future."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cncert.items import Issue, IssueWarning, day_in_china
from cncert.ledger.article_ledger import issue_row_id
from cncert.report.which_week import claims_of, dated
from cncert.store.editions import Answer, Edition

CLOCK_TOLERANCE = timedelta(days=1)
"""How far a time may be ahead of the clock that it is compared with."""


def edition_of(issue: Issue, now: datetime | None = None) -> Edition:
    """Return the edition that *issue*, which is valid, was read from.

    A time of publication or of an edit that lies in the future of the answer's own clock (of *now*, where that has
    none) is left out, with a warning; so is the answer's clock itself if it is ahead of *now*.
    """
    issue = without_future(issue, now or datetime.now(UTC))
    origin = issue.provenance
    answer = Answer(seen_at=origin.seen_at, sha256=origin.sha256)
    return Edition(
        id=edition_id(issue),
        article=article_of(issue),
        weeks=claims_of(issue).weeks,
        issue=issue,
        first=answer,
        last=answer,
    )


def article_of(issue: Issue) -> str | None:
    """Return the key of the article, or of the page of CNCERT's site, that *issue* was read from or copied from."""
    ident = issue_row_id(issue)
    return None if ident == f"issue-{issue.id}" else ident


def edition_id(issue: Issue) -> str:
    """Return the id of the edition that *issue* was read from: a digest of what identifies it.

    The bytes of a page differ at every fetch; source, article and what was published do not.
    """
    modified = issue.article.modified_at
    origin = issue.provenance
    reprint = origin.reprint
    content = (
        origin.source,
        article_of(issue) or origin.address,
        (reprint.biz, reprint.mid, reprint.idx) if reprint else None,
        issue.title,
        issue.text,
        [(picture.role, picture.key) for picture in issue.images],
        modified.astimezone(UTC).isoformat() if modified else None,
    )
    return sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()[:32]


def without_future(issue: Issue, now: datetime) -> Issue:
    """Return *issue* without the times that lie in the future, a warning in place of each."""
    origin, latest = issue.provenance, now + CLOCK_TOLERANCE
    dropped = []
    if origin.fetched_at is not None and origin.fetched_at > latest:
        dropped.append(f"the answer's clock said {origin.fetched_at.isoformat()}")
        issue = issue.model_copy(update={"provenance": origin.model_copy(update={"fetched_at": None})})
    seen_at = issue.provenance.seen_at
    latest = min(latest, seen_at + CLOCK_TOLERANCE) if seen_at else latest
    if issue.published_at is not None and issue.published_at > latest:
        dropped.append(f"published at {issue.published_at.isoformat()}")
        issue = issue.model_copy(update={"published_at": None})
    if issue.published_on is not None and issue.published_on > day_in_china(latest):
        dropped.append(f"published on {issue.published_on}")
        issue = issue.model_copy(update={"published_on": None})
    for name in ("reprint", "stated_source"):
        copied = getattr(issue.provenance, name)
        if copied is not None and copied.published_at is not None and copied.published_at > latest:
            dropped.append(f"reprinted or copied at {copied.published_at.isoformat()}")
            without = {name: copied.model_copy(update={"published_at": None})}
            issue = issue.model_copy(update={"provenance": issue.provenance.model_copy(update=without)})
    stated = issue.provenance.stated_source
    if stated is not None and stated.published_on is not None and stated.published_on > day_in_china(latest):
        dropped.append(f"copied on {stated.published_on}")
        without = {"stated_source": stated.model_copy(update={"published_on": None})}
        issue = issue.model_copy(update={"provenance": issue.provenance.model_copy(update=without)})
    modified_at = issue.article.modified_at
    if modified_at is not None and modified_at > latest:
        dropped.append(f"modified at {modified_at.isoformat()}")
        issue = issue.model_copy(update={"article": issue.article.model_copy(update={"modified_at": None})})
    if not dropped:
        return issue
    warnings = [IssueWarning(code="time_in_future", message=f"{text}: left out") for text in dropped]
    issue = issue.model_copy(update={"warnings": [*issue.warnings, *warnings]})
    return dated(issue, claims_of(issue).alone)
