"""Records of runs, and the alerts that the monitors raised when a run ended."""

from typing import Annotated, Literal

from pydantic import Field

from cncert.items import Model, Moment

AlertLevel = Literal["attention", "warning"]
"""Whether somebody has to act, or should look when there is time."""


class Alert(Model):
    """What a monitor found at the end of a run (``cncert/monitors/``), and what was told of it."""

    name: str
    """Of the monitor."""
    level: AlertLevel
    about: list[str]
    """What it is about, such as issues: what is added to it is news."""
    text: str
    """What is wrong, in one line."""
    advice: str
    """What to do, in one line."""
    text_zh: str
    advice_zh: str
    since: Moment
    """When it was found first, without a break until now."""
    told_at: Moment | None = None
    """When a message about it last reached somebody."""
    news: bool = True
    """It has begun, grown or ended, and no message about that has reached anybody."""
    over: bool = False
    """It has ended; kept only until that is told."""


class RunRecord(Model):
    """One run of the spider."""

    id: Annotated[str, Field(alias="_id")]
    spider: str
    started_at: Moment
    ended_at: Moment | None = None
    arguments: dict[str, str]
    job: str | None = None
    """Scrapyd's id of the job that it was."""
    host: str
    pid: int
    close_reason: str | None = None
    verdicts: dict[str, int] = Field(default_factory=dict)
    """Pages by verdict, and failures before a page came (``failed``)."""
    new: list[str] = Field(default_factory=list)
    changed: list[str] = Field(default_factory=list)
    rejected: list[str] = Field(default_factory=list)
    pictures: dict[str, int] = Field(default_factory=dict)
    gaps_before: int | None = None
    gaps_after: int | None = None
    faults: dict[str, int] = Field(default_factory=dict)
    """What went wrong in it, by the kinds of ``cncert/monitoring/exit_status.py``."""
    warnings: list[str] = Field(default_factory=list)
    """Why it is not clean."""
    notes: list[str] = Field(default_factory=list)
    """What a person should look at in the issues that it stored; that makes no run unclean."""
    sources: list[str] = Field(default_factory=list)
    """Feeds and albums that could not be read, or not all of them; that makes no run unclean either."""
    alerts: list[Alert] | None = None
    """What the monitors found when it ended; None if they did not look."""
    clean: bool | None = None
    """None while it runs, and for ever if it died."""

    @property
    def remarks(self) -> list[str]:
        """All that a person should read, what makes it unclean first."""
        return [*self.warnings, *self.notes, *self.sources]
