"""The project's exceptions; each says from where it is raised."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cncert.wechat.page import Page


class CncertError(Exception):
    """Base of all: its text is one line that a user can act on."""


class ArgumentError(CncertError):
    """A wrong spider or command argument. Raised from a spider's ``from_crawler`` and from commands."""


class StoreError(CncertError):
    """The store cannot be reached or refuses a write. Raised from every method of a store."""


class ArchiveError(CncertError):
    """An archive file cannot be read or written. Raised from ``archive.py``."""


class BrowserError(CncertError):
    """The browser was asked for and cannot be used. Raised from ``browser.py`` and ``scrapy verify``."""


class NotAnIssue(CncertError):
    """The article is no issue of the weekly report. Raised from ``report.issue.read_issue``.

    ``reason`` is a fixed word (``account``, ``title``, ``empty``, ``identity``), the text says it to a person.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class PageRefused(CncertError):
    """WeChat answered with something else than an article. Raised from ``middlewares/verdict.py``."""

    def __init__(self, page: "Page") -> None:
        super().__init__(page.reason)
        self.page = page
