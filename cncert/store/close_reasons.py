"""Why a run ended."""

from enum import StrEnum


class CloseReason(StrEnum):
    """Why a run ended, as Scrapy's log calls it."""

    FINISHED = "finished"
    LIMIT = "limit"
    IMPORTED = "imported"
    VERIFICATION_ASKED = "verification_asked"
    NETWORK_FAILED = "network_failed"
    STORE_UNREACHABLE = "store_unreachable"
    STORE_FAILED = "store_failed"
    FILES_FAILED = "files_failed"
    ARCHIVE_FAILED = "archive_failed"
    SHUTDOWN = "shutdown"
    CANCELLED = "cancelled"
    MEMUSAGE_EXCEEDED = "memusage_exceeded"
    START_ERROR = "start_error"
    DIED = "died"
    """It was killed, or lost its store, before it could say how it ended; the next run says so."""
    OTHER = "other"
    """Another extension ended it; the record keeps its own name for that."""


def read_reason(name: str) -> tuple[CloseReason, str | None]:
    """Return the reason that Scrapy calls *name*, and that name if it is none of the known ones."""
    try:
        return CloseReason(name), None
    except ValueError:
        return CloseReason.OTHER, name
