"""Records of runs, and the alerts that the monitors raised when a run ended."""

from typing import Annotated, Literal

from pydantic import Field

from cncert.items import Model, Moment

AlertLevel = Literal["attention", "warning"]
"""Whether somebody has to act, or should look when there is time."""


class Alert(Model):
    """What a monitor (``monitoring/monitors.py``) found at the end of a run, and whether a message was sent."""

    name: str
    """Name of the monitor."""
    level: AlertLevel
    about: list[str]
    """Ids of what it is about, such as issues: a new one is news."""
    text: str
    """What is wrong, on one line."""
    advice: str
    """What to do, on one line."""
    text_zh: str
    advice_zh: str
    since: Moment
    """When it was found first; it has been found at every run since."""
    told_at: Moment | None = None
    """When a message about it was last sent."""
    news: bool = True
    """Whether it has begun, grown or ended since a message about it was sent."""
    over: bool = False
    """Whether it has ended; it is kept until a message says so."""


class RunRecord(Model):
    """One run of the spider."""

    id: Annotated[str, Field(alias="_id")]
    spider: str
    started_at: Moment
    ended_at: Moment | None = None
    arguments: dict[str, str]
    job: str | None = None
    """Scrapyd's id of the job."""
    host: str
    pid: int
    close_reason: str | None = None
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
    warnings: list[str] = Field(default_factory=list)
    """Why the run is not clean."""
    notes: list[str] = Field(default_factory=list)
    """What a person should look at in the issues that it stored; the run may be clean all the same."""
    sources: list[str] = Field(default_factory=list)
    """Feeds and albums that could not be read to their end; the run may be clean all the same."""
    alerts: list[Alert] | None = None
    """What the monitors found when it ended; None if they did not run."""
    clean: bool | None = None
    """None while it runs, and if it died."""

    @property
    def failed_sources(self) -> list[str]:
        """The feeds and albums (``feed host/path``) that could not be read, or not to their end."""
        named = (line.partition(": ")[0] for line in self.sources if line.startswith(("feed ", "album ")))
        return list(dict.fromkeys(named))

    @property
    def remarks(self) -> list[str]:
        """All lines for a person, those that make the run unclean first."""
        return [*self.warnings, *self.notes, *self.sources]
