"""What all formats share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from cncert.exceptions import ExportError
from cncert.items import Issue
from cncert.output.export.column_types import Row, Table, Value
from cncert.output.export.staged_files import Staging
from cncert.output.export.tables_and_columns import Selection

STDOUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Plan:
    """An export that can be meant: what is to be written, how, and where to."""

    formats: tuple[str, ...]
    selection: Selection
    tables: tuple[Table, ...]
    out: str
    """A directory, a file, or STDOUT."""
    in_one: bool
    """Whether it is one file, or stdout."""
    files: str
    """Where the pictures are: ``CNCERT_FILES``."""
    bom: bool
    """CSV: with a byte order mark, by which Excel knows UTF-8."""
    labels: bool
    """CSV: with the Chinese name behind that of a column."""
    entries: int
    """Atom: at most so many, the newest."""

    @property
    def to_stdout(self) -> bool:
        """Whether it is printed."""
        return self.out == STDOUT

    @property
    def place(self) -> str:
        """Where it goes, in words."""
        return "stdout" if self.to_stdout else self.out

    @property
    def target(self) -> Path:
        """The directory or the file; of a link, what it leads to."""
        return Path(self.out).resolve()

    @property
    def home(self) -> Path:
        """The directory of its files; for stdout the working directory."""
        return Path() if self.to_stdout else self.target.parent if self.in_one else self.target


class Format:
    """Takes the tables, row by row, or the issues, oldest first, and writes files."""

    suffix: ClassVar[str]
    is_text: ClassVar[bool] = True
    needs: ClassVar[str | None] = None
    """An optional package."""
    has_tables: ClassVar[bool] = True
    in_one_file: ClassVar[bool] = False
    """Whether all goes into one file anyway."""

    def __init__(self, plan: Plan, staging: Staging) -> None:
        """Begin. This and all methods raise OSError if a file cannot be written."""
        self.plan, self.staging = plan, staging

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        """Write *rows* of *table*, one of the plan; the rows of several tables come by turns."""

    def add_issue(self, issue: Issue) -> None:
        """Write *issue*, with the figures that are exported."""

    def finish(self) -> None:
        """Write what can only be written at the end."""


def check_package(format_name: str, package: str | None) -> None:
    """Raises ExportError if *package* is needed and not there."""
    if package and find_spec(package) is None:
        raise ExportError(f"{format_name} needs {package}: pip install -r requirements-tables.txt")


def in_words(value: Value) -> str:
    """*value* in a text file: dates and times as ISO 8601, nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case date() | datetime():
            return value.isoformat()
    return str(value)
