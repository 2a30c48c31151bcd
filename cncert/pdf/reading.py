"""What became of a PDF: its state, and its lines where it has text."""

from dataclasses import dataclass
from enum import StrEnum

from cncert.wechat.body import Line


class PdfState(StrEnum):
    """What a PDF is to a reader of text."""

    TEXT = "text"
    NO_TEXT = "no_text"
    """Its pages are pictures, or it does not say which characters its glyphs are: only its look can be read."""
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    """It opens with a password only."""
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    """It has more bytes, pages or characters than are read, or needs more memory."""
    TOO_SLOW = "too_slow"
    CRASHED = "crashed"
    """The process that read it died."""


@dataclass(frozen=True, slots=True)
class PdfReading:
    """What a PDF says."""

    state: PdfState
    reason: str
    """The state in a sentence, for a person."""
    lines: tuple[Line, ...] = ()
    """Paragraphs, headings and rows of tables in reading order; empty unless the state is ``text``."""
    pages: int = 0
    pictures: int = 0
    attachments: int = 0
    """Files inside of it, which are not read."""
