"""The dataset in Python: ``cncert.open(store)`` reads a store, ``cncert.read(page, url)`` a page (docs/python.md).

Nothing here writes, and nothing needs Scrapy. It works in Jupyter too, where an event loop is running already: a store
is read in a thread of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar, overload

from pydantic import ValidationError

from cncert.exceptions import ArgumentError
from cncert.items import Issue, issue_id
from cncert.output.export.base_table import SAMPLE
from cncert.output.export.tables_and_columns import ExportScope, named_metrics, tables
from cncert.report.calendar import parse_week
from cncert.report.cleaning import clean_issue
from cncert.report.validation import first_problem, validate_issue
from cncert.sources.saved_files.saved_page import SavedPage, read_saved_page
from cncert.store import BACKENDS, open_store
from cncert.wechat.article import Article
from cncert.wechat.failure_pages import Verdict

if TYPE_CHECKING:
    import pandas
    import pyarrow

_BATCH = 100
T = TypeVar("T")


class FigureRow(NamedTuple):
    """A figure of an issue: the columns of the exported table ``figures`` (docs/export.md) under their names."""

    issue: str
    """``2025-03``."""
    sample: bool
    """Whether it is of the sample series, which is invented."""
    week_start: date
    week_end: date
    metric: str
    label: str | None
    """The metric in Chinese."""
    value: float | None
    """In plain units: 27.8万 is 278000. None for a figure that is a word."""
    word: str | None
    unit: str | None
    qualifier: str | None
    change: float | None
    change_pct: float | None
    share_pct: float | None
    source: str
    """``text`` or ``picture``."""
    confidence: float
    evidence: str
    """The words that it was read from."""


class FigureTable(Sequence[FigureRow]):
    """Rows of figures, oldest issue first."""

    def __init__(self, rows: Iterable[FigureRow]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> FigureRow: ...
    @overload
    def __getitem__(self, place: slice) -> list[FigureRow]: ...
    def __getitem__(self, place: int | slice) -> FigureRow | list[FigureRow]:
        return self._rows[place]

    def columns(self) -> dict[str, list[Any]]:
        """Return the values of each column."""
        return {name: [getattr(row, name) for row in self._rows] for name in FigureRow._fields}

    def to_pandas(self) -> "pandas.DataFrame":
        """Return a data frame; weeks are of type ``datetime64``. Raises ImportError without pandas."""
        import pandas

        frame = pandas.DataFrame(self.columns())
        for name in ("week_start", "week_end"):
            frame[name] = pandas.to_datetime(frame[name])
        return frame

    def to_arrow(self) -> "pyarrow.Table":
        """Return an Arrow table. Raises ImportError without pyarrow."""
        import pyarrow

        return pyarrow.table(self.columns())


class Dataset:
    """A store, open for reading. Its methods raise StoreError if it cannot be read."""

    def __init__(self, store: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cncert-dataset")
        self._runner, self._is_open = asyncio.Runner(), True
        self._store = open_store(store, read_only=True)
        try:
            self._run(self._store.open())
            self._is_sample = self._run(self._store.is_sample())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the store; may be called twice."""
        if self._is_open:
            self._is_open = False
            self._run(self._store.close())
            self._thread.submit(self._runner.close).result()
            self._thread.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.submit(self._runner.run, work).result()

    @property
    def is_sample(self) -> bool:
        """Whether it holds the sample series, which is mostly invented: do not cite it."""
        return self._is_sample

    def issues(self, first: str | None = None, last: str | None = None) -> Iterator[Issue]:
        """Yield the documents of the issues from *first* to *last*, oldest first. Raises ArgumentError for no issue."""
        found = self._store.issues(_week(first), _week(last))
        while batch := self._run(_next(found)):
            yield from batch

    def figures(
        self, metrics: str | Iterable[str] | None = None, first: str | None = None, last: str | None = None
    ) -> FigureTable:
        """Return the figures of the issues from *first* to *last*.

        *metrics*: names, or beginnings with a dot at their end (``incidents.``); None for all. Raises ArgumentError for
        what is no metric, or no issue.
        """
        text = metrics if isinstance(metrics, str) or metrics is None else ",".join(metrics)
        scope = ExportScope(_week(first), _week(last), None if text is None else named_metrics(text))
        table = next(one for one in tables(scope) if one.name == "figures")
        columns = [column for name in FigureRow._fields for column in table.columns if column.name == name]
        rows = list[FigureRow]()
        for issue in self.issues(first, last):
            for record in table.of_issue(issue):
                cells: list[Any] = [self._is_sample if one is SAMPLE else one.cell(record) for one in columns]
                rows.append(FigureRow(*cells))
        return FigureTable(rows)


async def _next(found: AsyncIterator[Issue]) -> list[Issue]:
    batch: list[Issue] = []
    async for issue in found:
        batch.append(issue)
        if len(batch) == _BATCH:
            break
    return batch


def _week(text: str | None) -> str | None:
    try:
        return None if text is None else issue_id(*parse_week(text))
    except ValueError as error:
        raise ArgumentError(str(error)) from error


def open_dataset(store: str | Path = "sqlite:///data/cncert.db") -> Dataset:
    """Open a store for reading: an address as in ``CNCERT_STORE``, or the path of an SQLite file.

    Raises StoreError if there is none.
    """
    text = str(store)
    return Dataset(text if text.partition(":")[0] in BACKENDS else f"sqlite:///{Path(text).absolute()}")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What a page is: the verdict, and why; its article; its issue, as ``scrapy crawl`` would store it."""

    verdict: Verdict
    reason: str
    article: Article | None
    issue: Issue | None


def read_page(page: bytes, url: str | None = None) -> ReadPage:
    """Return what *page* is, the bytes that WeChat answered at *url*, or that somebody saved."""
    content = read_saved_page(SavedPage(page, url, datetime.now(UTC), as_served=True))
    issue, reason = None, content.reason
    if content.issue is not None:
        try:
            issue = validate_issue(clean_issue(content.issue))
        except ValidationError as error:
            reason = f"no issue (invalid): {first_problem(error)}"
    return ReadPage(content.page.verdict, reason, content.page.article, issue)
