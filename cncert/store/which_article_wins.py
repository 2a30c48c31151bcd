"""Which of two readings of a week is kept: the stored one, or the one that comes."""

from datetime import datetime

from cncert.items import Issue
from cncert.store.revisions import Outcome


def outcome_of(stored: Issue | None, issue: Issue) -> Outcome:
    """Return what storing *issue* does to a store that has *stored*."""
    if stored is None:
        return Outcome.NEW
    if stored.provenance.is_copy != issue.provenance.is_copy:
        # WeChat's page is better than a copy, and replacing a copy is no edit of CNCERT's.
        return Outcome.OLDER if issue.provenance.is_copy else Outcome.UPDATED
    # Another reading of the same page is no edit either: another parser read it.
    if stored.provenance.sha256 != issue.provenance.sha256:
        other_article = (stored.article.mid, stored.article.idx) != (issue.article.mid, issue.article.idx)
        if other_article and _is_later(stored.published_at, issue.published_at):
            return Outcome.OLDER
        if stored.content() != issue.content():
            return Outcome.CHANGED
    # Only the parser counts: when and from where the issue was read again is no change.
    kept = stored.provenance.model_copy(update={"parser": issue.provenance.parser})
    return Outcome.SAME if stored == issue.model_copy(update={"provenance": kept}) else Outcome.UPDATED


def _is_later(stored: datetime | None, new: datetime | None) -> bool:
    """Whether the stored article was published later; one without a time of publication was not."""
    return stored is not None and (new is None or stored > new)
