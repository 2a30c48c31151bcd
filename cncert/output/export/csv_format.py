"""CSV as RFC 4180 has it: UTF-8, commas, CRLF, quotes where needed; no cell acts as a formula."""

import csv
from collections.abc import Sequence

from cncert.output.export.base_format import ExportOptions, Format, as_text
from cncert.output.export.base_table import Row, Table
from cncert.output.export.harmless_text import escape_formula
from cncert.output.export.staged_files import StagedFiles


class Csv(Format):
    """A file a table."""

    suffix = ".csv"

    def __init__(self, options: ExportOptions, staged: StagedFiles) -> None:
        super().__init__(options, staged)
        self._files = {table.name: staged.open(f"{table.name}{self.suffix}") for table in options.tables}
        self._writers = {name: csv.writer(file) for name, file in self._files.items()}
        for table in options.tables:
            self._files[table.name].write("\ufeff" if options.bom else "")
            self._writers[table.name].writerow(
                f"{column.name} {column.zh}" if options.labels else column.name for column in table.columns
            )

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        self._writers[table.name].writerows(
            [escape_formula(cell) if isinstance(cell, str) else as_text(cell) for cell in row] for row in rows
        )
