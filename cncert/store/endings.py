"""How attempts to fetch an article end: what each ending makes of the article, and as which failure a run counts it."""

from enum import StrEnum
from typing import Self


class State(StrEnum):
    """The state of an article of the series."""

    KNOWN = "known"
    STORED = "stored"
    BLOCKED = "blocked"
    GONE = "gone"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"


class Ending(StrEnum):
    """How an attempt to fetch an article ended.

    Each line has its name in the ledger, the ``state`` of the article after it, and the kind of ``failure`` that a run
    counts (``monitoring/exit_status.py``), None if it is none; only a name: the article is no issue, and rejected.
    """

    state: State
    failure: str | None

    def __new__(cls, name: str, state: State = State.REJECTED, failure: str | None = "rejected") -> Self:
        ending = str.__new__(cls, name)
        ending._value_ = name
        ending.state, ending.failure = state, failure
        return ending

    STORED = "stored", State.STORED, None
    BLOCKED = "blocked", State.BLOCKED, "blocked"
    """A verification page."""
    GONE = "gone", State.GONE, None
    EXPIRED = "expired", State.UNAVAILABLE, "expired"
    """The address will never work again; another one of the article may."""
    UNAVAILABLE = "unavailable", State.UNAVAILABLE, "unavailable"
    UNKNOWN = "unknown", State.UNAVAILABLE, "unknown"
    """An answer that is no page that is known."""
    UNANSWERED = "unanswered", State.UNAVAILABLE, "failed"
    NOT_ARCHIVED = "not_archived", State.UNAVAILABLE, None
    """The replayed archive has no answer. That is no attempt: WeChat was not asked."""
    EMPTY = "empty", State.UNAVAILABLE, "empty"
    """A page that shows nothing under a right title; it may show it later."""
    NO_DOCUMENT = "no_document", State.UNAVAILABLE, "document"
    """The file that a page names as its text is not there."""
    WRONG_DOCUMENT = "wrong_document", State.UNAVAILABLE, "document"
    """The file that a page names as its text is another issue."""
    NO_TEXT = "no_text", State.UNAVAILABLE, "document"
    """A PDF of pictures, or of characters that it does not name."""
    ENCRYPTED = "encrypted", State.UNAVAILABLE, "document"
    """A PDF that opens with a password only."""
    BROKEN = "broken", State.UNAVAILABLE, "document"
    """A file that cannot be read as a PDF, or not in bounded time and memory."""
    ACCOUNT = "account"
    """The article of another account."""
    REPRINT = "reprint"
    """A reprint, and none are wanted (``CNCERT_REPRINTS``)."""
    TITLE = "title"
    """An article that is none of the series."""
    IDENTITY = "identity"
    """A page that does not state which article it is."""
    SEVERAL = "several"
    """A text with several issues."""
    OTHER_ISSUE = "other_issue"
    """The article is another issue than the one that it was named for."""
    INVALID = "invalid"
    """An issue that validation rejected."""
    OTHER = "other", State.UNAVAILABLE, None
    """A result that an earlier version of cncert kept in words only."""
