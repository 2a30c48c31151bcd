"""Which of two readings of a week is kept: the stored one, or the one that comes."""

from datetime import datetime

from cncert.items import Issue
from cncert.store.revisions import Outcome


def compared(stored: Issue | None, issue: Issue) -> Outcome:
    """What *issue* is to a store that holds *stored*."""
    if stored is None:
        return Outcome.NEW
    if stored.provenance.is_copy != issue.provenance.is_copy:
        # What WeChat shows counts more than what somebody kept of it, and replacing that is no edit of CNCERT's.
        return Outcome.OLDER if issue.provenance.is_copy else Outcome.UPDATED
    # Another reading of the same page is no edit either: the parser differs.
    if stored.provenance.sha256 != issue.provenance.sha256:
        other_article = (stored.article.mid, stored.article.idx) != (issue.article.mid, issue.article.idx)
        if other_article and _later(stored.published_at, issue.published_at):
            return Outcome.OLDER
        if stored.content() != issue.content():
            return Outcome.CHANGED
    # When and where from it was read again is no news; that another parser read it is.
    kept = stored.provenance.model_copy(update={"parser": issue.provenance.parser})
    return Outcome.SAME if stored == issue.model_copy(update={"provenance": kept}) else Outcome.UPDATED


def _later(stored: datetime | None, new: datetime | None) -> bool:
    """Whether the stored article is the later one; one without a time of publication is never later."""
    return stored is not None and (new is None or stored > new)
