"""The reasons why a file gives no issue that is stored."""

from enum import StrEnum
from typing import Self


class NoIssue(StrEnum):
    """Why a file, or a page in it, gives no issue that is stored.

    Each line has its name in reports, what it ``means``, and whether an issue ``may_be_lost``: a person should look.
    """

    means: str
    may_be_lost: bool

    def __new__(cls, name: str, means: str, may_be_lost: bool = False) -> Self:
        reason = str.__new__(cls, name)
        reason._value_ = name
        reason.means, reason.may_be_lost = means, may_be_lost
        return reason

    OTHER_TEXT = "other_text", "another text"
    OTHER_KIND = "other_kind", "a picture, a font, a document of an office program"
    TOO_LONG = "too_long", "longer than any page, and no text"
    SETTLED = "settled", "read by an earlier import"
    STUB = "stub", "the title of an issue without its text"
    LIST = "list", "a list of issues"
    ACCOUNT = "account", "published by another account"
    REPRINT = "reprint", "a reprint, and CNCERT_REPRINTS is off"
    BLOCKED = "blocked", "a verification page"
    GONE = "gone", "a page that says that the article was deleted"
    MOVED = "moved", "a page that says that the account has moved"
    EXPIRED = "expired", "a page that says that the address has expired"
    UNAVAILABLE = "unavailable", "a page that says that the article is not available"
    NO_FILE = "no_file", "a link or a device in an archive, or a part of a repository that is elsewhere"
    UNSAFE_NAME = "unsafe_name", "a name that leads out of its archive", True
    SPARSE = "sparse", "a file of an archive that is kept without its empty parts", True
    SEVERAL = "several", "several issues in one text", True
    IDENTITY = "identity", "a page that does not state which article it is", True
    INVALID = "invalid", "an issue that validation rejects", True
    CUT = "cut", "the page breaks off", True
    DOCUMENT = "document", "a PDF without a text that can be read", True
    TOO_LARGE = "too_large", "larger than any page", True
    UNREAD = "unread", "could not be read", True
    NOT_STORED = "not_stored", "what the store holds of the issue cannot be read", True
