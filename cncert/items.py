"""The data model: what an issue of the weekly report is once it is read.

One model serves all: spiders yield an :class:`Issue`, pipelines clean, complete and validate it, stores keep it,
and its JSON form is the document that users see (docs/data.md).

An item is built unchecked while it is read (``Issue.model_construct``), so that a strange page gives an item that can
be looked at, and is checked once, by ``pipelines/validate.py``.
"""

from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION: Final = 1

CHINA = timezone(timedelta(hours=8))
"""Asia/Shanghai has had no daylight saving time since 1991: a fixed offset is exact for every issue."""

ISSUE_ID = r"^[0-9]{4}-[0-9]{2}$"

Rating = Literal["优", "良", "中", "差", "危"]
PictureStatus = Literal["pending", "stored", "failed", "placeholder", "unsupported"]


def china_time(moment: datetime) -> datetime:
    """*moment* as Chinese time, cut to milliseconds: the finest that MongoDB keeps, so that all stores agree."""
    return moment.astimezone(CHINA).replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[AwareDatetime, AfterValidator(china_time)]


class Model(BaseModel):
    """Base of all documents: unknown fields are errors, aliases (``_id``) are what is written."""

    model_config = ConfigDict(
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
    )


class Period(Model):
    """A reporting week: Monday to Sunday, both included."""

    start: date
    end: date


class Account(Model):
    """The WeChat account that published the article."""

    biz: str | None
    """Base64 of the account's number, in its canonical padded form; the account's identity."""
    id: str | None
    """The account's original id, ``gh_`` and 12 hexadecimal digits."""
    name: str | None


class ArticleRecord(Model):
    """Which WeChat article the issue was read from."""

    mid: int | None
    idx: int | None
    sn: str | None
    url: str | None
    """The best address known: signed long, else short, else unsigned long."""
    aliases: list[str]
    """The other addresses of the same article that were met."""
    kind: int
    """WeChat's ``item_show_type``: 0 article, 5 video, 8 pictures, 10 text."""
    original: bool | None
    modified_at: Moment | None


class Section(Model):
    """A part of the report under one printed heading."""

    heading: str
    text: str


class Figure(Model):
    """A number that the report states, with the words it was read from."""

    metric: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$")]
    value: Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0)]
    """In plain units: 27.8万 is 278000."""
    unit: str | None
    change_pct: float | None
    """Against the week before, in percent; a fall is negative."""
    share_pct: float | None
    section: str | None
    evidence: Annotated[str, Field(min_length=1)]
    source: Literal["text", "picture"]
    confidence: Annotated[float, Field(ge=0, le=1)]
    picture: str | None
    """Key of the picture the figure was read from."""


class Picture(Model):
    """A picture of the article: what the page says of it, and what became of it."""

    role: Literal["cover", "body"]
    url: str
    key: Annotated[str, Field(min_length=1)]
    """``BUCKET/ID`` of the picture host: the same for every size and form of one picture."""
    width: int | None
    height: int | None
    path: str | None
    """Below ``CNCERT_FILES``."""
    checksum: str | None
    """SHA-256 of the file."""
    status: PictureStatus


class ReviewLink(Model):
    """A line of 近期回顾: an earlier issue, with its address where the line is a link."""

    year: int
    number: int
    title: str
    url: str | None


class Doubt(Model):
    """A doubt about the issue that does not make it wrong."""

    code: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    message: str


class Provenance(Model):
    """Where the issue was read, when, and by which parser."""

    fetched_at: Moment
    via: Literal["http", "browser", "archive"]
    address: str | None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the raw page as it was served."""
    parser: str


class Issue(Model):
    """One issue of 《网络安全信息与动态周报》."""

    id: Annotated[str, Field(alias="_id", pattern=ISSUE_ID)]
    schema_version: Literal[1] = SCHEMA_VERSION
    series: Literal["weekly"] = "weekly"
    year: Annotated[int, Field(ge=2009, le=2100)]
    number: Annotated[int, Field(ge=1, le=53)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    period: Period
    """From the number, by the calendar rule."""
    printed_period: Period | None
    """As the title prints it."""
    published_at: Moment
    account: Account
    article: ArticleRecord
    rating: Rating | None
    sections: list[Section]
    text: str
    """The whole body, one line a paragraph."""
    figures: list[Figure]
    images: list[Picture]
    review: list[ReviewLink]
    warnings: list[Doubt]
    provenance: Provenance

    @model_validator(mode="after")
    def _id_names_the_week(self) -> Self:
        if self.id != issue_id(self.year, self.number):
            raise ValueError(f"_id {self.id} is not year {self.year}, number {self.number}")
        return self

    @model_validator(mode="after")
    def _published_after_the_week_began(self) -> Self:
        if self.published_at.date() < self.period.start:
            raise ValueError(f"published on {self.published_at.date()}, before the week of the issue began")
        return self

    def content(self) -> dict[str, Any]:
        """What CNCERT published, without what the crawl adds: two readings of an unedited article are equal here."""
        return self.model_dump(
            mode="json",
            exclude={
                "provenance": True,
                "warnings": True,
                "schema_version": True,
                "article": {"url", "aliases", "sn", "modified_at"},
                "images": {"__all__": {"url", "width", "height", "path", "checksum", "status"}},
                "review": {"__all__": {"url"}},
            },
        )


def issue_id(year: int, number: int) -> str:
    """``2025-03`` for the third issue of 2025: sorts as the weeks do."""
    return f"{year:04d}-{number:02d}"
