"""An Excel workbook: a sheet a table, English and Chinese names above it, texts as texts and dates as dates."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final

from cncert.exceptions import ExportError
from cncert.output.export.base_format import ExportOptions, Format
from cncert.output.export.base_table import CellValue, Column, Row, Table
from cncert.output.export.harmless_text import escape_formula
from cncert.output.export.staged_files import StagedFiles

MOST_UNITS: Final = 32_767
"""UTF-16 units that a cell of Excel takes."""
MOST_ROWS: Final = 1_048_576
CUT: Final = " …[cut]"
CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # the date of every workbook: two exports are the same bytes
HEADERS: Final = 2
WIDTHS: Final = {"integer": 8, "number": 14, "boolean": 8, "date": 12, "time": 20, "text": 16}
LONG: Final = {
    **dict.fromkeys(("text", "evidence", "message", "note", "note_zh", "meaning"), 60),
    "title": 50,
    "url": 40,
}
NUMBERS: Final = {"integer": "0", "number": "#,##0.####", "whole": "#,##0", "percent": '0.0##"%"'}
DATES: Final = {"date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm:ss"}


class Xlsx(Format):
    """One workbook. Of the times it holds the Chinese wall clock: cells of Excel know no zone."""

    suffix = ".xlsx"
    is_text = False
    needs = "xlsxwriter"
    in_one_file = True

    def __init__(self, options: ExportOptions, staged: StagedFiles) -> None:
        super().__init__(options, staged)
        from xlsxwriter import Workbook

        # A row is written out as soon as the next one begins. Nothing is guessed from a text.
        self._book = Workbook(
            str(staged.path(f"cncert{self.suffix}")),
            {"constant_memory": True, "tmpdir": str(staged.directory), "strings_to_formulas": False,
             "strings_to_urls": False, "strings_to_numbers": False},
        )  # fmt: skip
        self._book.set_properties({"created": CREATED})
        self._head = self._book.add_format({"bold": True})
        self._quoted = self._book.add_format({"quote_prefix": True})  # stays a text when somebody edits it
        self._formats = {name: self._book.add_format({"num_format": code}) for name, code in (NUMBERS | DATES).items()}
        self._sheets = {table.name: self._begun(table) for table in options.tables}
        self._used = dict.fromkeys(self._sheets, HEADERS)
        staged.on_exit(self._close)

    def _close(self) -> None:
        """Close what the workbook leaves open when it is not finished."""
        for sheet in self._sheets.values():
            with suppress(OSError):
                sheet.row_data_fh.close()

    def _begun(self, table: Table) -> Any:
        sheet = self._book.add_worksheet(table.name)
        sheet.freeze_panes(HEADERS, 1)
        for place, column in enumerate(table.columns):
            narrowest = max(len(column.name), 2 * len(column.zh)) + 3
            sheet.set_column(place, place, max(narrowest, LONG.get(column.name, WIDTHS[column.kind])))
        for row, names in enumerate(zip(*((column.name, column.zh) for column in table.columns), strict=True)):
            for place, name in enumerate(names):
                sheet.write_string(row, place, name, self._head)
        return sheet

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        sheet, used = self._sheets[table.name], self._used[table.name]
        if used + len(rows) > MOST_ROWS:
            raise ExportError(
                f"{table.name} has more rows than a sheet of Excel: export fewer weeks, or csv or parquet"
            )
        for number, row in enumerate(rows, used):
            for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                self._write(sheet, number, place, column, value)
        self._used[table.name] = used + len(rows)

    def _write(self, sheet: Any, row: int, place: int, column: Column, value: CellValue) -> None:
        match value:
            case None | "":
                pass
            case bool():
                sheet.write_boolean(row, place, value)
            case str():
                self._write_text(sheet, row, place, value)
            case int() | float():
                sheet.write_number(row, place, value, self._formats[_number(column, value)])
            case date() if value.year < 1900:  # Excel has no date before
                sheet.write_string(row, place, value.isoformat())
            case datetime():
                sheet.write_datetime(row, place, value.replace(tzinfo=None), self._formats["time"])
            case date():
                sheet.write_datetime(row, place, value, self._formats["date"])

    def _write_text(self, sheet: Any, row: int, place: int, text: str) -> None:
        encoded = text.encode("utf-16-le")
        if len(encoded) > 2 * MOST_UNITS:
            text = encoded[: 2 * (MOST_UNITS - len(CUT))].decode("utf-16-le", "ignore") + CUT
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter takes such a text for markup of its own and would write it unescaped.
            sheet.write_rich_string(row, place, text[:1], text[1:2], text[2:])
        else:
            sheet.write_string(row, place, text, None if escape_formula(text) == text else self._quoted)

    def finish(self) -> None:
        from xlsxwriter.exceptions import FileCreateError

        for table in self.options.tables:
            last = max(self._used[table.name], HEADERS) - 1
            self._sheets[table.name].autofilter(HEADERS - 1, 0, last, len(table.columns) - 1)
        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] from error


def _number(column: Column, value: float) -> str:
    if column.kind == "integer":
        return "integer"
    if column.unit == "%":
        return "percent"
    return "whole" if float(value).is_integer() else "number"
