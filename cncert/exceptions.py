"""The exceptions of the project, and from where each is raised."""

from typing import Literal

SourceFault = Literal[
    "no_answer", "refused", "robots", "too_large", "status", "redirect", "verification", "empty", "unreadable",
    "incomplete", "other",
]  # fmt: skip
"""What is wrong with a feed or an album; ``incomplete``: it was read up to an error, ``other``: an old record."""


class CncertError(Exception):
    """Base of the exceptions whose text is one line that a user can act on."""


class ArgumentError(CncertError):
    """A wrong spider or command argument. Raised from a spider's ``from_crawler`` and from commands."""


class SettingError(CncertError):
    """An option has a wrong value. Raised from ``options.py`` and ``sources/configured_sources.py``."""


class StoreError(CncertError):
    """The store cannot be reached or refuses a write. Raised from every method of a store."""


class DocumentError(StoreError):
    """A stored document cannot be read; the store itself can. Raised from ``store/``."""


class UpgradeError(CncertError):
    """An edition cannot be brought up or read again. Raised from ``editions/upgrade_store.py``."""


class ArchiveError(CncertError):
    """An archive file cannot be read or written. Raised from ``archive/``."""


class SavedFileError(CncertError):
    """A saved file cannot be read: too large, broken, or it takes too long.

    Raised from ``sources/saved_files/``.
    """


class ReaderProcessError(SavedFileError):
    """The process that read a file died or took too long. Raised from ``terminal/worker_pool.py``."""

    def __init__(self, text: str, *, timed_out: bool) -> None:
        super().__init__(text)
        self.timed_out = timed_out


class ListError(CncertError):
    """A list of pages is not laid out as it was, or names pages at addresses that are not known.

    Raised from a spider; ``middlewares/ledger.py`` records it.
    """

    def __init__(self, kind: Literal["unavailable", "unknown"], text: str) -> None:
        super().__init__(text)
        self.kind = kind


class ExportError(CncertError):
    """The dataset cannot be exported. Raised from ``output/export/``."""


class SourceError(CncertError):
    """A feed or an album cannot be fetched or read. Raised from ``sources/`` and ``middlewares/sources.py``."""

    def __init__(self, code: SourceFault, text: str) -> None:
        super().__init__(text)
        self.code = code


class NetworkError(CncertError):
    """No server is reached, or none answers. Raised for a run by ``middlewares/failed_requests.py``."""


class BrowserError(CncertError):
    """The browser is switched on and cannot be used. Raised from ``browser/`` and ``commands/verify.py``."""


class OcrError(CncertError):
    """Pictures cannot be read: there is no OCR engine, it does not start, or the files are not on this disk.

    Raised from ``infographics/words/ocr_engine.py``, ``infographics/figures/picture_files.py`` and ``commands/ocr.py``.
    """


class NotAnIssue(CncertError):
    """The article is no issue of the weekly report. Raised from ``report/issue.py`` and ``sources/saved_files/``.

    ``reason`` is the value of an ``Ending`` of the ledger: ``account``, ``title``, ``empty`` or ``identity``, for a
    saved file also ``several``, for a PDF what became of it; the text is for a person.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class FileDenied(NotAnIssue):
    """robots.txt denies the file that a page has the issue in. Raised from ``spiders/series_spider.py``."""

    def __init__(self, url: str) -> None:
        super().__init__("unavailable", f"robots.txt denies {url}")


def error_reason(error: BaseException) -> str:
    """Return what went wrong, in a few words on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
