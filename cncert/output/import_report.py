"""Writes what became of each file of an import: CSV, or JSON Lines."""

import csv
import io
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from errno import EISDIR
from pathlib import Path
from typing import Any, Self

from cncert.exceptions import ArgumentError, error_reason
from cncert.output.export.harmless_text import escape_formula
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.terminal.atomic_write import written_whole


@dataclass(frozen=True, slots=True)
class FileLine:
    """What became of a file, or of a page in it."""

    file: str
    outcome: str
    issue: str | None
    no_issue: NoIssue | None
    reason: str | None
    """In words."""

    def text(self) -> str:
        """Return it as it is printed."""
        return f"{self.outcome:<10}{self.issue or '-':<9}{self.file}{f': {self.reason}' if self.reason else ''}"

    def document(self) -> dict[str, Any]:
        """Return it in JSON form."""
        return asdict(self)


class ImportReport:
    """A file with a line for each of those that were imported, which is there once all are. Raises ArgumentError."""

    def __init__(self, path: Path) -> None:
        self._path, self._stack = path, ExitStack()

    def __enter__(self) -> Self:
        try:
            if self._path.is_dir():  # which would show at the end only
                raise IsADirectoryError(EISDIR, "it is a directory")
            file = self._stack.enter_context(written_whole(self._path))
        except OSError as error:
            raise self._error(error) from error
        self._text = io.TextIOWrapper(file, "utf-8", newline="")
        self._csv = csv.writer(self._text) if self._path.suffix.lower() == ".csv" else None
        if self._csv is not None:
            self._csv.writerow([field.name for field in fields(FileLine)])
        return self

    def add(self, line: FileLine) -> None:
        """Write a line."""
        try:
            if self._csv is not None:
                self._csv.writerow([escape_formula(str(cell or "")) for cell in line.document().values()])
            else:
                self._text.write(json.dumps(line.document(), ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._error(error) from error

    def __exit__(self, *exception: object) -> None:
        try:
            self._text.flush()
            self._text.detach()
            self._stack.__exit__(*exception)  # type: ignore[arg-type]  # the same three
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> ArgumentError:
        return ArgumentError(f"--report {self._path} cannot be written: {error_reason(error)}")
