"""The tables and their columns, in CSV and in every other format: the one definition, also of docs/export.md.

To add or change a column: a line in its table below, then ``make docs``. What a field means stands in the model
(``items.py``), what a metric counts in ``data/metric_labels.toml``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

from cncert.exceptions import ArgumentError
from cncert.items import (
    Account,
    ArticleRecord,
    Check,
    DocumentFile,
    EditionRecord,
    Figure,
    Issue,
    IssueWarning,
    Period,
    Picture,
    Provenance,
    Ranked,
    Ranking,
    ReprintRecord,
    Share,
    StatedSource,
    issue_id,
)
from cncert.ledger.calendar_gaps import Week
from cncert.output.export.base_table import Column, ColumnKind, Table, field_column, field_meaning
from cncert.quality.series_breaks import Break, all_breaks
from cncert.report.metrics import Metric, metrics
from cncert.report.preferred_figures import preferred_numbers, preferred_words
from cncert.report.publication_time import publication_time


class IssuePart(NamedTuple):
    """A part of an issue, the *place*-th of its kind; *line* is the *rank*-th line of it, where it has lines."""

    issue: Issue
    place: int
    item: Any
    line: Any = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class ExportScope:
    """Which weeks and metrics are exported."""

    first: str | None = None
    last: str | None = None
    names: frozenset[str] | None = None
    """The metrics; None for all, with those of former versions."""

    def includes(self, name: str) -> bool:
        """Return whether figures of the metric *name* are exported."""
        return self.names is None or name in self.names

    def apply(self, issue: Issue) -> Issue:
        """Return *issue* with no other figures than these."""
        return issue.model_copy(
            update={"figures": [figure for figure in issue.figures if self.includes(figure.metric)]}
        )

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that have a column."""
        return [metric for metric in metrics() if self.includes(metric.name)]


def named_metrics(text: str) -> frozenset[str]:
    """Return the metrics that ``a,b,sites.`` names: names, and beginnings that end with a dot.

    Raises ArgumentError for what names none.
    """
    found: set[str] = set()
    for part in text.split(","):
        name = part.strip()
        named = {one.name for one in metrics() if one.name == name or (name[-1:] == "." and one.name.startswith(name))}
        if not named:
            raise ArgumentError(f"--metrics: {name[:80]!r} is no metric, and no beginning of one up to a dot")
        found |= named
    return frozenset(found)


# Columns

_ZH: Final = {metric.name: metric.zh for metric in metrics()}


def _week(day: str, zh: str) -> Column:
    text = f"{field_meaning(Issue, 'period')} {field_meaning(Period, day)}"
    return Column(f"week_{day}", zh, "date", text, attrgetter(f"issue.period.{day}"))


ISSUE: Final = field_column(Issue, "id", "期号", at="issue", called="issue")
_WEEK: Final = (ISSUE, _week("start", "周一"), _week("end", "周日"))
_PLACE: Final = Column("place", "序号", "integer", "Its place among those of the issue, from 1.", attrgetter("place"))

_issue = partial(field_column, Issue, at="issue")
_article = partial(field_column, ArticleRecord, at="issue.article")
_provenance = partial(field_column, Provenance, at="issue.provenance")
_printed = partial(field_column, Period, kind="date", at="issue.printed_period")


def _published_by(issue: Issue) -> date | None:
    published = publication_time(issue)
    return published.day if published and published.is_bound else None


ISSUES: Final = (
    *_WEEK,
    _issue("year", "年", "integer"),
    _issue("number", "期", "integer"),
    _issue("title", "标题"),
    _issue("published_at", "发布时间", "time"),
    _issue("published_on", "发布日期", "date"),
    Column("published_by", "不晚于", "date", "Where both are null: the day on which the reprint or copy was published "
           "that it was read from. The original was published before.", lambda part: _published_by(part.issue)),
    _issue("rating", "总体评级"),
    _printed("start", "标题所印首日", called="printed_start"),
    _printed("end", "标题所印末日", called="printed_end"),
    field_column(Account, "name", "公众号", at="issue.account", called="account"),
    _article("url", "文章地址"),
    _article("mid", "消息号", "integer"),
    _article("idx", "消息内位置", "integer"),
    _article("original", "原创", "boolean"),
    _article("modified_at", "修改时间", "time"),
    _provenance("fetched_at", "抓取时间", "time"),
    _provenance("source", "来源", called="read_from"),
    _provenance("via", "抓取方式"),
    field_column(ReprintRecord, "account", "转载公众号", at="issue.provenance.reprint", called="reprinted_by"),
    field_column(StatedSource, "name", "自述来源", at="issue.provenance.stated_source", called="stated_source"),
    _provenance("sha256", "网页校验值"),
    _provenance("parser", "解析器"),
    _issue("text", "正文"),
)  # fmt: skip

_figure = partial(field_column, Figure, at="item")

FIGURES: Final = (
    *_WEEK,
    _PLACE,
    _figure("metric", "指标"),
    Column("label", "指标名称", "text", "The metric in Chinese.", lambda part: _ZH.get(part.item.metric)),
    Column("value", "数值", "number", "The figure in plain units: 27.8万 is 278000. Null for a figure that is a word.",
           lambda part: None if isinstance(part.item.value, str) else part.item.value),
    Column("word", "评级", "text", "The figure of a metric that is a word (`vulnerabilities.rating`): 高, 中 or 低.",
           lambda part: part.item.value if isinstance(part.item.value, str) else None),
    _figure("unit", "单位"),
    _figure("qualifier", "约数"),
    _figure("change", "较上周增减", "number"),
    _figure("change_pct", "环比", "number", unit="%"),
    _figure("share_pct", "占比", "number", unit="%"),
    _figure("source", "来源"),
    _figure("confidence", "可信度", "number"),
    _figure("words_confidence", "文字可信度", "number"),
    _figure("pairing_confidence", "配对可信度", "number"),
    _figure("picture", "图片"),
    _figure("box", "图中位置"),
    field_column(Check, "verdict", "核对结果", at="item.checked", called="checked"),
    _figure("section", "栏目"),
    _figure("evidence", "原文"),
    _figure("start", "起始位置", "integer", called="text_start"),
    _figure("end", "结束位置", "integer", called="text_end"),
    _figure("edition", "版本标识"),
)  # fmt: skip

SHARES: Final = (
    *_WEEK,
    Column("place", "数据序号", "integer", "`place` of the figure in `figures`.", attrgetter("place")),
    _figure("metric", "指标"),
    Column("part", "占比序号", "integer", "Place of the part among those of the figure, from 1.", attrgetter("rank")),
    field_column(Share, "name", "名称", at="line"),
    field_column(Share, "share_pct", "占比", "number", at="line", unit="%"),
)

_ranking = partial(field_column, Ranking, at="item")

RANKINGS: Final = (
    *_WEEK,
    _PLACE,
    _ranking("metric", "指标"),
    _ranking("by", "分类"),
    Column("rank", "名次", "integer", "Place of the line in the ranking, from 1.", attrgetter("rank")),
    field_column(Ranked, "name", "名称", at="line"),
    field_column(Ranked, "value", "数值", "number", at="line"),
    field_column(Ranked, "share_pct", "占比", "number", at="line", unit="%"),
    _ranking("section", "栏目"),
    _ranking("evidence", "原文"),
    _ranking("start", "起始位置", "integer", called="text_start"),
    _ranking("end", "结束位置", "integer", called="text_end"),
)

_picture = partial(field_column, Picture, at="item")

PICTURES: Final = (
    *_WEEK,
    _PLACE,
    _picture("role", "位置"),
    _picture("key", "图片标识"),
    _picture("url", "地址"),
    _picture("width", "宽", "integer", unit="px"),
    _picture("height", "高", "integer", unit="px"),
    _picture("path", "文件"),
    _picture("checksum", "校验值"),
    _picture("status", "状态"),
)

_document = partial(field_column, DocumentFile, at="item")
DOCUMENTS: Final = (
    *_WEEK,
    _PLACE,
    _document("url", "地址"),
    _document("path", "文件"),
    _document("checksum", "校验值"),
)

WARNINGS: Final = (
    *_WEEK,
    _PLACE,
    field_column(IssueWarning, "code", "代码", at="item"),
    field_column(IssueWarning, "message", "说明", at="item"),
)

_edition = partial(field_column, EditionRecord, at="item")

EDITIONS: Final = (
    ISSUE,
    _edition("id", "版本标识"),
    _edition("source", "来源"),
    _edition("via", "抓取方式"),
    _edition("address", "地址"),
    _edition("account", "公众号"),
    _edition("first_seen", "首次见到", "time"),
    _edition("last_seen", "最近见到", "time"),
    _edition("published_at", "发布时间", "time"),
    _edition("published_on", "发布日期", "date"),
    _edition("chosen", "采用", "boolean"),
)

GAPS: Final = (
    Column("issue", "期号", "text", "Id that the week's issue has, or would have.", attrgetter("issue")),
    Column("week_start", "周一", "date", "Monday of the week.", attrgetter("period.start")),
    Column("week_end", "周日", "date", "Sunday of the week.", attrgetter("period.end")),
    Column("state", "状态", "text", "What became of its issue: `stored`, or why it is not.", attrgetter("state")),
    Column("source", "来源", "text", "What the stored issue was read from.", attrgetter("source")),
    Column("reason", "原因", "text", "The reason in words.", attrgetter("reason")),
    Column("advice", "建议", "text", "What would help, in a word (`scrapy gaps` explains it).", attrgetter("advice")),
    Column("addresses", "地址数", "integer", "How many addresses may be asked for.", lambda week: len(week.addresses)),
    Column("attempts", "尝试次数", "integer", "How often one of them was asked for.", attrgetter("attempts")),
    Column("next_try", "下次尝试", "time", "When the crawl asks again, Chinese time.", attrgetter("next_try")),
)

BREAKS: Final = (
    Column("metric", "指标", "text", "A name of the table of metrics, or `rating`.", itemgetter(0)),
    Column("kind", "类型", "text", "What happened, in a word or two.", lambda pair: pair[1].kind),
    Column("last_before", "此前最后一期", "text", "The last issue of which it is known that it is before the break.",
           lambda pair: issue_id(*pair[1].old)),
    Column("first_after", "此后第一期", "text", "The first issue of which it is known that it is after it. "
           "What lies between belongs to neither side.", lambda pair: issue_id(*pair[1].new)),
    Column("inferred", "推断", "boolean", "Whether nobody stated it and the texts only let conclude it.",
           lambda pair: pair[1].inferred),
    Column("note", "说明（英文）", "text", "What changed.", lambda pair: pair[1].note),
    Column("note_zh", "说明", "text", "The same in Chinese.", lambda pair: pair[1].note_zh),
    Column("source", "依据", "text", "What that rests on.", lambda pair: pair[1].source),
)  # fmt: skip

METRICS: Final = (
    Column("metric", "指标", "text", "Its name, which never changes.", attrgetter("name")),
    Column("label", "指标名称", "text", "Its name in Chinese.", attrgetter("zh")),
    Column("unit", "单位", "text", "Unit of its figures; null for the one that is a word.", attrgetter("unit")),
    Column("meaning", "含义", "text", "What it counts.", attrgetter("meaning")),
    Column("part_of", "所属指标", "text", "The metric that counts the same and more.", attrgetter("part_of")),
)

COLUMNS: Final = (
    Column("table", "表", "text", "The table.", lambda pair: pair[0].name),
    Column("column", "列", "text", "The column.", lambda pair: pair[1].name),
    Column("label", "列名", "text", "Its name in Chinese.", lambda pair: pair[1].zh),
    Column("type", "类型", "text", "`text`, `integer`, `number`, `boolean`, `date` or `time`.",
           lambda pair: pair[1].kind),
    Column("unit", "单位", "text", "Unit of its values, where it is one for all.", lambda pair: pair[1].unit),
    Column("meaning", "含义", "text", "What it is.", lambda pair: pair[1].meaning),
)  # fmt: skip


# Tables


def tables(scope: ExportScope) -> tuple[Table, ...]:
    """Return all tables of *scope*."""
    found = [*_of_issues(scope), *_of_the_whole(scope)]
    dictionary = Table(
        *("columns", "数据字典", "What every column is.", ("table", "column"), COLUMNS),
        of_weeks=lambda _: [(table, column) for table in [*found, dictionary] for column in table.columns],
    )
    return *found, dictionary


def _of_issues(scope: ExportScope) -> Iterator[Table]:
    def figures(issue: Issue) -> Iterator[IssuePart]:
        for place, figure in enumerate(issue.figures, 1):
            if scope.includes(figure.metric):
                yield IssuePart(issue, place, figure)

    def shares(issue: Issue) -> Iterator[IssuePart]:
        for part in figures(issue):
            yield from (part._replace(line=share, rank=rank) for rank, share in enumerate(part.item.parts, 1))

    def rankings(issue: Issue) -> Iterator[IssuePart]:
        for place, ranking in enumerate(issue.rankings, 1):
            if scope.includes(ranking.metric):
                yield from (IssuePart(issue, place, ranking, line, rank) for rank, line in enumerate(ranking.items, 1))

    def week(issue: Issue) -> list[IssuePart]:
        numbers, words = preferred_numbers(issue.figures), preferred_words(issue.figures)
        # By metric the figure that counts, a word where it has no unit, with its value.
        figures = {one.name: (numbers.get(one.name) if one.unit else words.get(one.name)) for one in scope.metrics}
        return [IssuePart(issue, 1, figures)]

    def value(metric: Metric, part: IssuePart) -> Any:
        return found[1] if (found := part.item[metric.name]) else None

    def source(metric: Metric, part: IssuePart) -> Any:
        return found[0].source if (found := part.item[metric.name]) else None

    def each(name: str) -> Callable[[Issue], Iterator[IssuePart]]:
        return lambda issue: (IssuePart(issue, place, part) for place, part in enumerate(getattr(issue, name), 1))

    wide = [*_WEEK, field_column(Issue, "rating", "总体评级", at="issue")]
    sources = [ISSUE]
    for one in scope.metrics:
        kind: ColumnKind = "number" if one.unit else "text"
        wide.append(Column(one.name, one.zh, kind, one.meaning, partial(value, one), one.unit))
        sources.append(Column(one.name, one.zh, "text", f"Where it was read: {one.meaning}", partial(source, one)))
    once, numbered = ("issue",), ("issue", "place")
    yield Table("issues", "各期", "A row for each issue.", once, ISSUES, lambda issue: [IssuePart(issue, 1, issue)])
    yield Table("figures", "数据", "A row for each figure of an issue.", numbered, FIGURES, figures)
    yield Table("wide", "数据宽表", "A row for each issue, a column for each metric.", once, tuple(wide), week)
    text = "Where each value of `wide` was read: `text` or `picture`."
    yield Table("wide_sources", "宽表来源", text, once, tuple(sources), week)
    yield Table("shares", "占比", "A row for each named part of a figure.", (*numbered, "part"), SHARES, shares)
    yield Table("rankings", "排名", "A row for each line of a ranking.", (*numbered, "rank"), RANKINGS, rankings)
    yield Table("pictures", "图片", "A row for each picture of an issue.", numbered, PICTURES, each("images"))
    yield Table("documents", "文件", "A row for each PDF of an issue.", numbered, DOCUMENTS, each("documents"))
    yield Table("warnings", "疑点", "A row for each warning about an issue.", numbered, WARNINGS, each("warnings"))
    text = "A row for each edition of an issue: what was read of it from one source."
    yield Table("editions", "版本", text, ("issue", "id"), EDITIONS, each("editions"))


def _of_the_whole(scope: ExportScope) -> Iterator[Table]:
    def breaks(_: Sequence[Week]) -> list[tuple[str, Break]]:
        return [(name, one) for one in all_breaks() for name in one.metrics if name == "rating" or scope.includes(name)]

    text = "A row for each week from the first known issue to the last one due, with what became of its issue."
    yield Table("gaps", "各周", text, ("issue",), GAPS, of_weeks=iter)
    text = "Where the figures of a metric are not one series: draw no line across, compute no change."
    yield Table("breaks", "断点", text, ("metric", "last_before"), BREAKS, of_weeks=breaks)
    yield Table("metrics", "指标", "What is counted.", ("metric",), METRICS, of_weeks=lambda _: scope.metrics)
