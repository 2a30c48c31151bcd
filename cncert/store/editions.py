"""Editions as they are kept: a reading of an issue from one source, and what persons decided about it.

Two editions with one id are merged, not overwritten: the result is the same in whatever order and how often they come.
"""

import json
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from cncert.items import Count, EditionRecord, Issue, Metric, Model, Moment
from cncert.report.parser_version import PARSER
from cncert.report.publication_time import publication_time

EditionId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=2000)]


class Answer(Model):
    """A page in which the edition was seen: the digest of its bytes, and the time by the clock of who sent it."""

    seen_at: Moment | None
    """None for a kept file."""
    sha256: str


class Withdrawal(Model):
    """A person's decision that an edition does not count, or counts again."""

    withdrawn: bool
    by: Name
    at: Moment
    why: Reason


class Edition(Model):
    """One reading of one issue from one source."""

    id: Annotated[EditionId, Field(alias="_id")]
    """Digest of source, article (or address) and what was published (``editions/make_edition.py``)."""
    article: str | None
    """Key of the article, or of a page of CNCERT's site; None if the edition does not say which it is."""
    weeks: list[str]
    """Ids of all issues that it may be (``report/which_week.py``)."""
    issue: Issue
    """What was read."""
    first: Answer
    """The answer that was seen first."""
    last: Answer
    """The answer that was seen last."""
    withdrawal: Withdrawal | None = None
    """What a person decided last."""
    document: str | None = None
    """Id of the issue whose document lists it, or did before it changed."""
    settled: bool = False
    """Whether that document shows it as it is now."""

    @property
    def is_withdrawn(self) -> bool:
        """Whether a person has decided that it does not count."""
        return self.withdrawal is not None and self.withdrawal.withdrawn

    @property
    def states_something(self) -> bool:
        """Whether it states a rating or a figure."""
        return self.issue.rating is not None or any(figure.source == "text" for figure in self.issue.figures)

    def merged_with(self, other: Self) -> Self:
        """Return what both hold of the edition. The order, and merging twice, make no difference."""
        answers = (self.first, self.last, other.first, other.last)
        decisions = [one for one in (self.withdrawal, other.withdrawal) if one is not None]
        reading = max(self, other, key=_reading_rank)
        return reading.model_copy(
            update={
                "first": min(answers, key=lambda one: (one.seen_at is None, _seconds(one.seen_at), one.sha256)),
                "last": max(answers, key=lambda one: (one.seen_at is not None, _seconds(one.seen_at), one.sha256)),
                "withdrawal": max(decisions, key=lambda one: (one.at, one.model_dump_json()), default=None),
                "document": self.document or other.document,
                "settled": False,
            }
        )

    def record(self, *, chosen: bool) -> EditionRecord:
        """Return the line of the issue's document about it."""
        issue, origin, published = self.issue, self.issue.provenance, publication_time(self.issue)
        return EditionRecord(
            id=self.id,
            source=origin.source,
            via=origin.via,
            address=origin.address,
            account=origin.reprint.account if origin.reprint else issue.account.name,
            first_seen=self.first.seen_at,
            last_seen=self.last.seen_at,
            published_at=published.moment if published else None,
            published_on=published.day if published and not published.moment else None,
            chosen=chosen,
        )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _reading_rank(edition: Edition) -> tuple[bool, str, bool, float, str]:
    """Rank what was read: the running parser's reading, then the one of the answer that was seen last."""
    origin = edition.issue.provenance
    rest = json.dumps(edition.issue.model_dump(mode="json"), sort_keys=True)
    return origin.parser == PARSER, origin.parser, origin.seen_at is not None, _seconds(origin.seen_at), rest


class TextCorrection(Model):
    """A person's correction of a figure of the text. It belongs to the article and the sentence, not to a reading."""

    id: Annotated[str, Field(alias="_id", pattern=r"^[0-9a-f]{32}$")]
    """Digest of the next three (``editions/decisions.py``)."""
    article: str
    """Key of the article, or id of the edition if that does not say which article it is of."""
    metric: Metric
    sentence: Annotated[str, Field(min_length=1, max_length=5000)]
    """The sentence that states the figure, as the text has it."""
    value: Count
    """What the sentence states, in plain units."""
    unit: str | None
    by: Name
    at: Moment
    why: Reason
