"""CSV as RFC 4180 has it: UTF-8, commas, CRLF, quotes where needed; no cell acts as a formula."""

import csv
from collections.abc import Sequence

from cncert.output.export.base_format import Format, Plan, in_words
from cncert.output.export.column_types import Column, Row, Table
from cncert.output.export.harmless_cells import guarded
from cncert.output.export.staged_files import Staging


class Csv(Format):
    """A file a table."""

    suffix = ".csv"

    def __init__(self, plan: Plan, staging: Staging) -> None:
        super().__init__(plan, staging)
        self._files = {table.name: staging.open(f"{table.name}{self.suffix}") for table in plan.tables}
        self._writers = {name: csv.writer(file) for name, file in self._files.items()}
        for table in plan.tables:
            self._files[table.name].write("\ufeff" if plan.bom else "")
            self._writers[table.name].writerow([self._title(column) for column in table.columns])

    def _title(self, column: Column) -> str:
        return f"{column.name} {column.zh}" if self.plan.labels else column.name

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        self._writers[table.name].writerows(
            [guarded(cell) if isinstance(cell, str) else in_words(cell) for cell in row] for row in rows
        )
