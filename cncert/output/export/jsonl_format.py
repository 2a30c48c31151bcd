"""JSON Lines: an object a row, with the names of the columns."""

import json
from collections.abc import Sequence

from cncert.output.export.base_format import ExportOptions, Format, as_text
from cncert.output.export.base_table import Row, Table
from cncert.output.export.staged_files import StagedFiles


class Jsonl(Format):
    """A file a table."""

    suffix = ".jsonl"

    def __init__(self, options: ExportOptions, staged: StagedFiles) -> None:
        super().__init__(options, staged)
        self._files = {table.name: staged.open(self._name(table)) for table in options.tables}

    def _name(self, table: Table) -> str:
        return f"{table.name}{self.suffix}"

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        file, names = self._files[table.name], [column.name for column in table.columns]
        for row in rows:
            line = dict(zip(names, row, strict=True))
            file.write(json.dumps(line, ensure_ascii=False, default=as_text) + "\n")
