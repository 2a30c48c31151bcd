"""Records of runs, and the alerts that the monitors raised when a run ended.

All of it is typed. The lines that people read are made where they are shown (``monitoring/run_lines.py``).
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cncert.exceptions import SourceFault
from cncert.items import Model, Moment
from cncert.store.close_reasons import CloseReason
from cncert.store.former_runs import upgraded_run

AlertLevel = Literal["attention", "warning"]
"""Whether somebody has to act, or should look when there is time."""


class AlertFacts(Model):
    """What the sentence of an alert needs beside the things that it is about."""

    days: int | None = None
    newest: str | None = None
    """The newest issue."""
    due: date | None = None
    """The day by which the next issue was due."""
    limit_mb: int | None = None
    states: list[str] = Field(default_factory=list)
    """The states of the weeks that it is about, in their order."""
    advice: list[str] = Field(default_factory=list)
    """What would help these weeks (``ledger/week_states.py``)."""
    error: str | None = None
    """What the store said."""


class Alert(Model):
    """What a monitor (``monitoring/monitors.py``) found at the end of a run, and whether a message was sent."""

    name: str
    """Name of the monitor."""
    level: AlertLevel
    about: list[str]
    """Ids of what it is about, such as issues: a new one is news. At most 200."""
    number: int
    """How many these are in all."""
    sentence: str = "text"
    """The name of its sentence in the monitor's table of ``alert_words.toml``."""
    facts: AlertFacts = Field(default_factory=AlertFacts)
    since: Moment
    """When it was found first; it has been found at every run since."""
    told_at: Moment | None = None
    """When a message about it was last sent."""
    news: bool = True
    """Whether it has begun, grown or ended since a message about it was sent."""
    over: bool = False
    """Whether it has ended; it is kept until a message says so."""


class IssueNote(Model):
    """What a person should look at in an issue that a run stored."""

    issue: str
    code: str
    """The code of the issue's warning."""
    message: str | None = None
    """What the code alone does not say."""


class FailedSource(Model):
    """A feed, an album or a web archive that could not be read, or not to its end."""

    kind: Literal["feed", "album", "web archive"]
    name: str
    """``host/path`` of a feed, the number of an album, the host of a web archive."""
    code: SourceFault
    detail: str
    """The same for a person."""


class FeedLook(Model):
    """What a run saw in a feed."""

    name: str
    """``host/path``."""
    at: Moment
    entries: int
    issues: int
    """How many entries are issues of the series by their title."""
    oldest: Moment | None
    """When its oldest entries were published, beside one in twenty that may be older; None if none says so."""
    before: Moment | None
    """When a run had read it before; None if none had."""


class ListProgress(Model):
    """How far a web archive's list of the account's captures was read."""

    began_at: Moment
    resume_key: str | None
    """Where it goes on, as the archive says it; None if it was read to its end."""


class RunRecord(Model):
    """One run of the spider, or one import."""

    id: Annotated[str, Field(alias="_id")]
    spider: str
    started_at: Moment
    heartbeat_at: Moment | None = None
    """When the run was last seen alive: renewed every minute."""
    ended_at: Moment | None = None
    arguments: dict[str, str]
    job: str | None = None
    """Scrapyd's id of the job."""
    host: str
    pid: int
    close_reason: CloseReason | None = None
    other_reason: str | None = None
    """What the extension that ended it calls the reason, if ``close_reason`` is ``other``."""
    error: str | None = None
    """What the first failure of store, files or archive said, for a person."""
    verdicts: dict[str, int] = Field(default_factory=dict)
    """Pages by verdict, and requests without an answer (``failed``)."""
    new: list[str] = Field(default_factory=list)
    changed: list[str] = Field(default_factory=list)
    rejected: list[str] = Field(default_factory=list)
    pictures: dict[str, int] = Field(default_factory=dict)
    gaps_before: int | None = None
    gaps_after: int | None = None
    faults: dict[str, int] = Field(default_factory=dict)
    """Failures by kind (``monitoring/exit_status.py``)."""
    notes: list[IssueNote] = Field(default_factory=list)
    """What a person should look at in the issues that it stored; the run may be clean all the same."""
    sources: list[FailedSource] = Field(default_factory=list)
    """Feeds and albums that could not be read to their end; the run may be clean all the same."""
    feeds: list[FeedLook] = Field(default_factory=list)
    """The feeds that were read."""
    unread_lists: list[str] = Field(default_factory=list)
    """Lists of pages that neither this run nor one before it could read: the next run requests them again."""
    wayback: dict[str, int] = Field(default_factory=dict)
    """What the Wayback Machine was asked for (``looked_up``, ``captures``) and gave (``issues``, ``pictures``)."""
    wayback_list: ListProgress | None = None
    """Where the next run goes on in its list; None if it was read to its end, or not begun."""
    former_lines: list[str] = Field(default_factory=list)
    """Lines for a person from a record of the first version."""
    alerts: list[Alert] | None = None
    """What the monitors found when it ended; None if they did not run."""
    clean: bool | None = None
    """None while it runs, and if it died."""

    @model_validator(mode="before")
    @classmethod
    def _read_first_version(cls, document: Any) -> Any:
        # A store that scrapy upgrade has not seen is still one whose runs are listed and watched.
        return upgraded_run(document) if isinstance(document, dict) else document

    @property
    def reason(self) -> str:
        """The name of its close reason: Scrapy's, or that of the extension which ended it; empty while it runs."""
        return self.other_reason or self.close_reason or ""

    @property
    def failed_sources(self) -> list[str]:
        """The names of the feeds and albums (``feed host/path``) that could not be read, or not to their end.

        A web archive is none of them: it may refuse for days, and the crawl does not depend on it.
        """
        failed = (source for source in self.sources if source.kind != "web archive")
        return list(dict.fromkeys(f"{source.kind} {source.name}" for source in failed))
