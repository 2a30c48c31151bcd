"""What a column and a table are: the classes; ``tables_and_columns.py`` says which there are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, Final, Literal

from cncert.exceptions import ExportError
from cncert.items import Issue, Model
from cncert.ledger.calendar_gaps import Week
from cncert.output.export.harmless_text import replace_unsafe

ColumnKind = Literal["text", "integer", "number", "boolean", "date", "time"]
CellValue = str | int | float | date | None
"""Times are aware datetimes of Chinese time, truth is a bool: subclasses of date and int."""
Row = tuple[CellValue, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, and where a record has its value."""

    name: str
    zh: str
    kind: ColumnKind
    meaning: str
    value: Callable[[Any], Any]
    unit: str | None = None

    def cell(self, record: Any) -> CellValue:
        """Return the value that *record* has here. Raises ExportError for a number that not every format can hold."""
        value = self.value(record)
        if isinstance(value, list):
            value = " ".join(map(str, value))
        if isinstance(value, str):
            return replace_unsafe(value)
        if isinstance(value, int) and abs(value) >= 2**63:  # not every format has a type for it
            raise ExportError(f"the store has a number of {value.bit_length()} bits as {self.name}: no table holds it")
        cell: CellValue = value
        return cell


SAMPLE: Final = Column(
    "sample", "示例数据", "boolean", "Whether the export is of the sample series, which is invented.", lambda _: None
)
"""The second column of every table, so that whoever has one file alone meets it. It is the same in all rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and where its rows come from: from one issue after the other, or from all weeks."""

    name: str
    zh: str
    meaning: str
    key: tuple[str, ...]
    """The columns that tell its rows apart."""
    own_columns: tuple[Column, ...]
    """Those that it does not have in common with all tables."""
    of_issue: Callable[[Issue], Iterable[Any]] = lambda _: ()
    """The records that an issue has."""
    of_weeks: Callable[[Sequence[Week]], Iterable[Any]] = lambda _: ()
    """The records that stand in no issue, from all weeks with their states."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns."""
        first, *others = self.own_columns
        return first, SAMPLE, *others


def field_meaning(model: type[Model], *names: str) -> str:
    """Return what the model says of its fields *names*, in Markdown."""
    texts = [(model.model_fields[name].description or "").replace("``", "`") for name in names]
    return " ".join(" ".join(texts).split())


def field_column(
    model: type[Model],
    name: str,
    zh: str,
    kind: ColumnKind = "text",
    *,
    at: str,
    called: str = "",
    unit: str | None = None,
) -> Column:
    """Return the column of a field of *model*; *at* is where a record has the model, such as ``issue.article``."""
    place = attrgetter(at)

    def value(record: Any) -> Any:
        part = place(record)
        return None if part is None else getattr(part, name)

    return Column(called or name, zh, kind, field_meaning(model, name), value, unit)
