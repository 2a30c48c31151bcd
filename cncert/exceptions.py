"""The project's exceptions; each says from where it is raised."""


class CncertError(Exception):
    """Base of all: its text is one line that a user can act on."""


class ArgumentError(CncertError):
    """A wrong spider or command argument. Raised from a spider's ``from_crawler`` and from commands."""


class SettingError(CncertError):
    """An option that is wrong. Raised from ``options.py`` and ``sources/configured_sources.py``."""


class StoreError(CncertError):
    """The store cannot be reached or refuses a write. Raised from every method of a store."""


class DocumentError(StoreError):
    """A stored document cannot be read; the store itself can. Raised from ``store/``."""


class UpgradeError(CncertError):
    """A stored issue cannot be read again from its page. Raised from ``store/upgrade.py``."""


class ArchiveError(CncertError):
    """An archive file cannot be read or written. Raised from ``archive/``."""


class SavedFileError(CncertError):
    """A saved file cannot be read: too large, broken, or it takes too long. Raised from ``saved/``."""


class ExportError(CncertError):
    """What is in the store, or in the way, cannot be exported to. Raised from ``export/``."""


class SourceError(CncertError):
    """A feed or an album cannot be had or read. Raised from ``discovery/`` and ``middlewares/sources.py``."""


class BrowserError(CncertError):
    """The browser was asked for and cannot be used. Raised from ``browser.py`` and ``scrapy verify``."""


class OcrError(CncertError):
    """Pictures cannot be read here: no engine, or one that does not start, or files out of reach.

    Raised from ``infographics/words/ocr_engine.py``, ``infographics/figures/picture_files.py`` and ``commands/ocr.py``.
    """


class NotAnIssue(CncertError):
    """The article is no issue of the weekly report. Raised from ``report.issue.read_issue`` and ``saved/``.

    ``reason`` is a fixed word (``account``, ``title``, ``empty``, ``identity``; of a file also ``several``), the text
    says it to a person.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def error_reason(error: BaseException) -> str:
    """Return what went wrong, in a few words on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
