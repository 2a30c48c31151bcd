"""Parquet, written by DuckDB from JSON Lines: columns have types, dates are dates, times are moments."""

import errno
import json
from typing import Final

from cncert.output.export.base_table import ColumnKind, Table
from cncert.output.export.jsonl_format import Jsonl

TYPES: Final[dict[ColumnKind, str]] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIMESTAMPTZ",
}
MAX_ROW_BYTES: Final = 64 * 1024 * 1024
# Nothing is fetched; one thread, so that the rows stay in their order and the bytes are the same every time.
SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "threads": 1,
}


class Parquet(Jsonl):
    """A file a table; its metadata ``columns`` hold unit and meaning of each."""

    is_text = False
    needs = "duckdb"

    def _name(self, table: Table) -> str:
        return f"{table.name}.parquet.jsonl"

    def finish(self) -> None:
        import duckdb

        with duckdb.connect(":memory:", config=SETTINGS) as db:
            for table in self.options.tables:
                self._files[table.name].close()
                lines = self.staged.path(self._name(table))
                try:
                    db.execute(_copy(table, str(lines), str(lines.with_suffix(""))))
                except duckdb.Error as error:
                    raise OSError(errno.EIO, str(error).splitlines()[0]) from error
                lines.unlink()


def _copy(table: Table, lines: str, target: str) -> str:
    columns = ", ".join(f"{_text(column.name)}: {_text(TYPES[column.kind])}" for column in table.columns)
    described = {
        column.name: {"zh": column.zh, "unit": column.unit, "meaning": column.meaning} for column in table.columns
    }
    options = f"format = 'newline_delimited', columns = {{{columns}}}, maximum_object_size = {MAX_ROW_BYTES}"
    metadata = f"{{columns: {_text(json.dumps(described, ensure_ascii=False))}}}"
    kind = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {metadata}"
    return f"COPY (FROM read_json({_text(lines)}, {options})) TO {_text(target)} ({kind})"


def _text(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
