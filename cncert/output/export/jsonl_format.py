"""JSON Lines: an object a row, with the names of the columns."""

import json
from collections.abc import Sequence

from cncert.output.export.base_format import Format, Plan, in_words
from cncert.output.export.column_types import Row, Table, Value
from cncert.output.export.staged_files import Staging


class Jsonl(Format):
    """A file a table."""

    suffix = ".jsonl"

    def __init__(self, plan: Plan, staging: Staging) -> None:
        super().__init__(plan, staging)
        self._files = {table.name: staging.open(self._name(table)) for table in plan.tables}

    def _name(self, table: Table) -> str:
        return f"{table.name}{self.suffix}"

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        file, names = self._files[table.name], [column.name for column in table.columns]
        for row in rows:
            line = dict(zip(names, map(_in_json, row), strict=True))
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _in_json(value: Value) -> str | int | float | None:
    return value if value is None or isinstance(value, str | int | float) else in_words(value)
