"""The data model: an issue of the weekly report.

Spiders yield an :class:`Issue` that is not validated; pipelines do that, and its JSON form is what users see.
"""

from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION: Final = 2
CHINA = timezone(timedelta(hours=8))  # no daylight saving time since 1991: exact for every issue
ISSUE_ID = r"^[0-9]{4}-[0-9]{2}$"
Rating = Literal["优", "良", "中", "差", "危"]
PictureStatus = Literal["pending", "stored", "failed", "placeholder", "unsupported"]
Source = Literal["page", "reprint_card", "reprint", "site", "feed", "file"]
Via = Literal["http", "browser", "archive", "wayback", "file", "feed"]
UNFINISHED_STATUSES: Final[tuple[PictureStatus, ...]] = ("pending", "failed", "placeholder")  # tried in a later run


def china_time(moment: datetime) -> datetime:
    """Return *moment* in Chinese time, cut to milliseconds: MongoDB keeps no more, and all stores must agree."""
    return moment.astimezone(CHINA).replace(microsecond=moment.microsecond // 1000 * 1000)


Metric = Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$")]
Count = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0)]
Level = Literal["高", "中", "低"]
Qualifier = Literal["约", "近", "超", "以上"]
Offset = Annotated[int, Field(ge=0)]
Confidence = Annotated[float, Field(ge=0, le=1)]
Box = Annotated[list[Offset], Field(min_length=4, max_length=4)]  # left, top, width and height in pixels
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Moment = Annotated[AwareDatetime, AfterValidator(china_time)]


def day_in_china(moment: datetime) -> date:
    """Return the date in China at *moment*."""
    return moment.astimezone(CHINA).date()


class Model(BaseModel):
    """Base of all documents: unknown fields are errors, aliases (``_id``) are written. Texts describe fields."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True, serialize_by_alias=True,
                              allow_inf_nan=False, use_attribute_docstrings=True)  # fmt: skip


class Period(Model):
    """A reporting week: Monday to Sunday, both included."""

    start: date = Field(examples=["2025-01-13"])
    """The first day."""
    end: date = Field(examples=["2025-01-19"])
    """The last day."""


class Account(Model):
    """The WeChat account that published the article."""

    biz: str | None = Field(examples=["MzIwNDk0MDgxMw=="])
    """Base64 of the account's number, in its canonical padded form; the account's identity."""
    id: str | None = Field(examples=["gh_0123456789ab"])
    """The account's original id, ``gh_`` and 12 hexadecimal digits."""
    name: str | None = Field(examples=["国家互联网应急中心CNCERT"])
    """The account's name at the time; it can change."""


class ArticleRecord(Model):
    """Which WeChat article the issue was read from."""

    mid: int | None = Field(examples=[2247499624])
    """Number of the message that the account sent; with ``biz`` and ``idx`` the identity of the article."""
    idx: int | None = Field(examples=[1])
    """Place of the article in that message, from 1."""
    sn: str | None = Field(examples=["8064268553ca5916417015861fb3acd9"])
    """WeChat's check of the long address."""
    url: str | None = Field(examples=["https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"])
    """The best address known: signed long, else short, else unsigned long."""
    aliases: list[str] = Field(examples=[["https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247499624&idx=1"]])
    """The other addresses of the same article that were met."""
    kind: int | None = Field(examples=[0])
    """WeChat's ``item_show_type``: 0 article, 5 video, 8 pictures, 10 text; null for a text from elsewhere."""
    original: bool | None = Field(examples=[False])
    """Whether WeChat marks it as original (原创)."""
    modified_at: Moment | None = Field(examples=["2025-01-23T18:05:00+08:00"])
    """When the account last edited it, Chinese time; null if it never did."""


class Section(Model):
    """A part of the report under one printed heading."""

    heading: str = Field(examples=["本周网络安全基本态势"])
    """A known heading in its right spelling, an unknown one as printed."""
    text: str = Field(examples=["本周，互联网网络安全态势整体评价为良。"])
    """What stands under it, one line a paragraph."""


class Share(Model):
    """A part of a figure, as a share of it: 有约30.5%为境外注册."""

    name: str = Field(min_length=1, max_length=100, examples=["境外注册"])
    """What the part is, in the words of the report."""
    share_pct: float = Field(ge=0, le=100, examples=[30.5])
    """Its share in the figure, in percent."""


class Check(Model):
    """A person's check of a figure."""

    by: str = Field(min_length=1, max_length=100, examples=["zhang"])
    """Who looked at the picture or the text."""
    at: Moment = Field(examples=["2025-01-25T10:00:00+08:00"])
    """When, Chinese time."""
    verdict: Literal["confirmed", "corrected"] = Field(examples=["confirmed"])
    """Whether what was read was right."""


class Figure(Model):
    """A number that the report states, with the words it was read from."""

    metric: Metric = Field(examples=["incidents.handled"])
    """What the number counts: a name of the table of metrics."""
    value: Count | Level = Field(examples=[278000])
    """In plain units: 27.8万 is 278000. The word of ``vulnerabilities.rating``: 高, 中 or 低."""
    unit: str | None = Field(examples=["起"])
    """The unit of ``value``, as the report prints it."""
    qualifier: Qualifier | None = Field(default=None, examples=["约"])
    """How exact the report says the number is: 约, 近, 超 or 以上 (and what means the same)."""
    change_pct: float | None = Field(examples=[-3.5])
    """Against the week before, in percent; a fall is negative."""
    change: int | float | None = Field(default=None, examples=[-12])
    """Against the week before, in units of the figure, where the report says it so; a fall is negative."""
    share_pct: float | None = Field(examples=[0.1])
    """Share that the figure has in the whole that the report names beside it, in percent."""
    parts: list[Share] = []
    """Shares of the figure that the report names."""
    section: str | None = Field(examples=["本周事件处理情况"])
    """The heading that it stands under."""
    evidence: str = Field(min_length=1, examples=["本周各单位共处理网络安全事件657起。"])
    """The sentence, or the words in the picture, that it was read from; on a second line one that adds to it."""
    start: Offset | None = Field(default=None, examples=[412])
    """Where the number begins in ``text``, in characters from 0; null for a figure of a picture."""
    end: Offset | None = Field(default=None, examples=[415])
    """Where it ends: ``text[start:end]`` is the number as printed."""
    source: Literal["text", "picture"] = Field(examples=["text"])
    """Whether it was read from the text or from a picture."""
    confidence: Confidence = Field(examples=[1.0])
    """How sure the reading is, 0 to 1: below 1 for a misprint; for a picture the lower one of the next two."""
    words_confidence: Confidence | None = Field(default=None, examples=[0.981])
    """How sure the words in the picture are, 0 to 1; null for the text."""
    pairing_confidence: Confidence | None = Field(default=None, examples=[0.95])
    """How sure it is that the number in the picture belongs to its label, 0 to 1; null for the text."""
    picture: str | None = Field(examples=["mmbiz_png/Qx0aBcDeFgHiJk"])
    """Key of the picture that the figure was read from."""
    box: Box | None = Field(default=None, examples=[[96, 412, 188, 46]])
    """Where the number stands in that picture: left, top, width and height in pixels."""
    checked: Check | None = None
    """Who compared it with the picture or the sentence; null if nobody did."""
    edition: str | None = Field(default=None, examples=["5d41402abc4b2a76b9719d911017c592"])
    """Id of the edition that it was joined from; null for a figure of the chosen edition."""


class Ranked(Model):
    """A line of a ranking."""

    name: str = Field(min_length=1, max_length=50, examples=["广东省"])
    """What stands there: a province, a kind."""
    value: Count | None = Field(examples=[12000])
    """Its number, in plain units."""
    share_pct: float | None = Field(examples=[14.2])
    """Its share in the whole, in percent."""


class Ranking(Model):
    """A list that the report states, greatest first: provinces by infected hosts, kinds of vulnerabilities."""

    metric: Metric = Field(examples=["hosts.infected"])
    """What is counted: a name of the table of metrics."""
    by: Literal["province", "kind"] = Field(examples=["province"])
    """What the lines of the list are."""
    items: Annotated[list[Ranked], Field(min_length=1)]
    """The lines, in the order of the report."""
    section: str | None = Field(examples=["本周事件处理情况"])
    """The heading that it stands under."""
    evidence: str = Field(min_length=1, examples=["感染主机较多的省份为广东省、浙江省和江苏省。"])
    """The sentence that it was read from."""
    start: Offset | None = Field(examples=[530])
    """Where the list begins in ``text``, in characters from 0."""
    end: Offset | None = Field(examples=[541])
    """Where it ends: ``text[start:end]`` is the list as printed."""


class Picture(Model):
    """A picture of the article: what the page says of it, and what became of it."""

    role: Literal["cover", "body"] = Field(examples=["body"])
    """The article's cover, or a picture of its body."""
    url: str = Field(examples=["https://mmbiz.qpic.cn/mmbiz_png/Qx0aBcDeFgHiJk/640?wx_fmt=png"])
    """Its address as the page has it."""
    key: str = Field(min_length=1, examples=["mmbiz_png/Qx0aBcDeFgHiJk"])
    """``BUCKET/ID`` of the picture host: the same for every size and form of one picture."""
    width: int | None = Field(examples=[1080])
    """In pixels: of the file, until that is there as the page says."""
    height: int | None = Field(examples=[607])
    """In pixels, as the width."""
    path: str | None = Field(examples=["9f/9f86d081884c7d659a2feaa0c55ad015.png"])
    """Of the file, below ``CNCERT_FILES``."""
    checksum: str | None = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    """SHA-256 of the file."""
    status: PictureStatus = Field(examples=["stored"])
    """What became of it, see below."""


class DocumentFile(Model):
    """A PDF of CNCERT's site, which the text, or a figure joined to it, was read from."""

    url: str | None = Field(examples=["https://www.cert.org.cn/publish/main/upload/File/CNCERT%20weekly.pdf"])
    """Where it was fetched; null for a file that somebody kept."""
    path: str | None = Field(examples=["2018-14/9f86d081884c7d659a2feaa0c55ad015.pdf"])
    """Of the file, below ``CNCERT_FILES``; null if it is not kept there."""
    checksum: Digest = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    """SHA-256 of the file."""


class ReviewLink(Model):
    """A line of 近期回顾: an earlier issue, with its address where the line is a link."""

    year: int = Field(examples=[2025])
    """Year of the issue that the line names."""
    number: int = Field(examples=[2])
    """Its number."""
    title: str = Field(examples=["网络安全信息与动态周报2025年第2期（1月6日-1月12日）"])
    """As printed."""
    url: str | None = Field(examples=["https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"])
    """Null where the line is no link."""


class IssueWarning(Model):
    """Something unusual about the issue that does not make it wrong."""

    code: Annotated[str, Field(pattern=r"^[a-z_]+$", examples=["period_differs"])]
    """One of the table of warnings."""
    message: str = Field(examples=["hosts.infected: the text does not state it"])
    """What it is here, in one line for a person."""


class ReprintRecord(Model):
    """The article of another account from which the text of a reprint was read."""

    account: str | None = Field(examples=["某某安全"])
    """Name of the account that reprinted it."""
    biz: str = Field(examples=["MzA3MDAwMDAwMA=="])
    """Base64 of that account's number."""
    mid: int = Field(examples=[2650000001])
    """Number of the reprint's message."""
    idx: int = Field(examples=[1])
    """Place of the reprint in that message."""
    kind: int = Field(examples=[3])
    """WeChat's number for the way in which it was reprinted."""
    address: str | None = Field(examples=["https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"])
    """Address of the reprint."""
    published_at: Moment | None = Field(examples=["2025-01-25T09:00:00+08:00"])
    """When it was published: the original was published before."""


class StatedSource(Model):
    """Whom a copy names as its source (以下文章来源于…). Anybody can write that: it proves nothing."""

    name: str = Field(min_length=1, max_length=60, examples=["国家互联网应急中心CNCERT"])
    """Name of the account that the copy names."""
    published_at: Moment | None = Field(examples=["2025-01-25T09:00:00+08:00"])
    """When the copy says that it was published: the original was published before."""
    published_on: date | None = Field(default=None, examples=["2025-01-25"])
    """The day of that, where the copy states no time."""


class Provenance(Model):
    """Where the issue was read, when, and by which parser."""

    source: Source = Field(examples=["page"])
    """CNCERT's article, a reprint (whole, or the original in WeChat's card), CNCERT's site, a feed's copy, a file."""
    via: Via = Field(examples=["http"])
    """How it came: from a server (plain HTTP, browser), an archive of its answers, a web archive, a file, a feed."""
    fetched_at: Moment | None = Field(examples=["2025-01-24T09:02:03+08:00"])
    """When the server answered, by its own clock, Chinese time; the time of a kept file; null if none is believed."""
    address: str | None = Field(examples=["https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"])
    """Where the page was fetched."""
    sha256: Digest = Field(examples=["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"])
    """Of the raw page as it was served."""
    parser: str = Field(examples=["0.1.0+3f9a2c1b"])
    """Which parser read it: the version of cncert, and a digest of all that decides what is read."""
    reprint: ReprintRecord | None = None
    """The reprint that it was read from; null for anything else."""
    stated_source: StatedSource | None = None
    """Whom a copy names as its source; null where it names nobody, and for anything else."""
    sample: bool = Field(default=False, examples=[False])
    """Whether it is invented: a page of the sample series."""

    @property
    def is_copy(self) -> bool:
        """Whether it was read from a copy of an article, which proves neither its account nor which article it is."""
        return self.source in ("feed", "file")

    @property
    def seen_at(self) -> datetime | None:
        """When a server showed it, by the server's clock; None for a kept file."""
        return None if self.via == "file" else self.fetched_at


class EditionRecord(Model):
    """One of the editions of an issue: a reading of it from one source (``chosen``: the document was made from it)."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$", examples=["5d41402abc4b2a76b9719d911017c592"])
    """Digest of its source, its article and what was published."""
    source: Source = Field(examples=["page"])
    """As in the provenance."""
    via: Via = Field(examples=["http"])
    """As in the provenance."""
    address: str | None = Field(examples=["https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"])
    """Where it was read."""
    account: str | None = Field(examples=["国家互联网应急中心CNCERT"])
    """Name of the account that published it."""
    first_seen: Moment | None = Field(examples=["2025-01-24T09:02:03+08:00"])
    """Earliest time at which a server showed it; null for a kept file."""
    last_seen: Moment | None = Field(examples=["2025-01-31T09:02:03+08:00"])
    """Latest time at which a server showed it."""
    published_at: Moment | None = Field(examples=["2025-01-23T17:30:00+08:00"])
    """When it was published: the page, or the reprint or copy itself."""
    published_on: date | None = Field(default=None, examples=["2025-01-23"])
    """The day of that, where no time is stated."""
    chosen: bool = Field(examples=[True])
    """Whether the document was made from it."""


class Issue(Model):
    """One issue of 《网络安全信息与动态周报》."""

    id: str = Field(alias="_id", pattern=ISSUE_ID, examples=["2025-03"])
    """Year and number; sorts as the weeks do."""
    schema_version: Literal[2] = Field(default=SCHEMA_VERSION, examples=[2])
    """Version of this description; it rises only when a field changes its meaning or goes."""
    series: Literal["weekly"] = Field(default="weekly", examples=["weekly"])
    """Which series the issue belongs to."""
    year: int = Field(ge=2009, le=2100, examples=[2025])
    """Year of the week's Sunday."""
    number: int = Field(ge=1, le=53, examples=[3])
    """Number of the week in that year."""
    title: str = Field(min_length=1, max_length=200, examples=["网络安全信息与动态周报2025年第3期（1月13日-1月19日）"])
    """As printed."""
    period: Period
    """The week, by the calendar rule."""
    printed_period: Period | None
    """The week as the title prints it."""
    published_at: Moment | None = Field(examples=["2025-01-23T17:30:00+08:00"])
    """When WeChat published it, Chinese time (a UTC date in MongoDB); null where a reprint or a copy does not say."""
    published_on: date | None = Field(default=None, examples=["2025-01-23"])
    """The day, where no time is stated, as on CNCERT's site: then ``published_at`` is null."""
    account: Account
    """The WeChat account that published it."""
    article: ArticleRecord
    """The WeChat article that it was read from."""
    rating: Rating | None = Field(examples=["良"])
    """The week's overall rating, best to worst: 优, 良, 中, 差, 危."""
    sections: list[Section]
    """The parts of the text, each under its heading."""
    text: str = Field(examples=["本周网络安全基本态势\n本周，互联网网络安全态势整体评价为良。"])
    """The whole body, one line a paragraph."""
    figures: list[Figure]
    """The figures that it states, in the order of the text; then those of its pictures, in reading order."""
    rankings: list[Ranking] = []
    """The lists that it states, in the order of the text."""
    images: list[Picture]
    """Its pictures in reading order, the cover first."""
    documents: list[DocumentFile] = []
    """The PDFs that its text, or figures joined to it, were read from."""
    review: list[ReviewLink]
    """近期回顾 as printed, newest first."""
    warnings: list[IssueWarning]
    """What is unusual about it."""
    provenance: Provenance
    """Where, when and by which parser it was read."""
    editions: list[EditionRecord] = []
    """All that was read of this issue, from any source."""

    @model_validator(mode="after")
    def _id_names_the_week(self) -> Self:
        if self.id != issue_id(self.year, self.number):
            raise ValueError(f"_id {self.id} is not year {self.year}, number {self.number}")
        return self

    @property
    def unfinished_pictures(self) -> list[Picture]:
        """The pictures that a later run tries to fetch."""
        return [picture for picture in self.images if picture.status in UNFINISHED_STATUSES]


def issue_id(year: int, number: int) -> str:
    """Return the id of an issue: ``2025-03`` for the third of 2025. Ids sort as the weeks do."""
    return f"{year:04d}-{number:02d}"
