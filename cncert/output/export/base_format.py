"""What all formats share: the options of an export, and the base class of what writes files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar, Final

from cncert.items import Issue
from cncert.output.export.base_table import CellValue, Row, Table
from cncert.output.export.staged_files import StagedFiles
from cncert.output.export.tables_and_columns import ExportScope

STDOUT: Final = "-"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """An export that can be done: what is to be written, how, and where to."""

    formats: tuple[str, ...]
    missing: tuple[str, ...]
    """Why others that were asked for are not among them, a line for each."""
    scope: ExportScope
    tables: tuple[Table, ...]
    out: str
    """A directory, a file, or STDOUT."""
    one_file: bool
    """Whether one file is written, or stdout."""
    picture_store: str
    """Where the pictures are, a directory or a bucket: ``CNCERT_FILES``."""
    bom: bool
    """CSV: with a byte order mark, by which Excel knows UTF-8."""
    labels: bool
    """CSV: with the Chinese name behind that of a column."""
    entries: int
    """Atom: at most so many, the newest."""
    is_sample: bool = False
    """Whether the store holds the sample series: every file says so."""

    @property
    def to_stdout(self) -> bool:
        """Whether it is printed."""
        return self.out == STDOUT

    @property
    def destination(self) -> str:
        """Where it goes, as a person is told."""
        return "stdout" if self.to_stdout else self.out

    @property
    def target(self) -> Path:
        """The directory or the file; of a link, what it leads to."""
        return Path(self.out).resolve()

    @property
    def folder(self) -> Path:
        """The directory of its files; for stdout the working directory."""
        return Path() if self.to_stdout else self.target.parent if self.one_file else self.target


class Format:
    """Base of the formats: takes the tables, row by row, or the issues, oldest first, and writes files.

    A format is a subclass in a file of its own, and a line in ``formats.py``.
    """

    suffix: ClassVar[str]
    """The ending of its files."""
    is_text: ClassVar[bool] = True
    """Whether it may be printed."""
    needs: ClassVar[str | None] = None
    """An optional package without which it cannot be written."""
    has_tables: ClassVar[bool] = True
    """Whether it is made of tables; of issues else."""
    in_one_file: ClassVar[bool] = False
    """Whether all goes into one file anyway."""

    def __init__(self, options: ExportOptions, staged: StagedFiles) -> None:
        """Begin. This and all methods raise OSError if a file cannot be written."""
        self.options, self.staged = options, staged

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        """Write *rows* of *table*, one of those to export; the rows of several tables come by turns."""

    def add_issue(self, issue: Issue) -> None:
        """Write *issue*, with the figures that are exported."""

    def finish(self) -> None:
        """Write what can only be written at the end."""


def as_text(value: CellValue) -> str:
    """*value* in a text file: dates and times as ISO 8601, nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case date() | datetime():
            return value.isoformat()
    return str(value)
