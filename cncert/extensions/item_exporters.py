"""Scrapy's item exporters for ``-O``, ``-o`` and FEEDS: an issue as its document, in CSV as one flat row.

Items of other kinds are exported as Scrapy does it.
"""

from functools import cached_property
from typing import Any

from scrapy.exporters import (
    BaseItemExporter,
    CsvItemExporter,
    JsonItemExporter,
    JsonLinesItemExporter,
    MarshalItemExporter,
    XmlItemExporter,
)

from cncert.items import Issue
from cncert.output.export.base_format import as_text
from cncert.output.export.base_table import SAMPLE, Table
from cncert.output.export.harmless_text import escape_formula, replace_unsafe
from cncert.output.export.tables_and_columns import ExportScope, tables


class DocumentExporter(BaseItemExporter):
    """Exports the document of an issue: what ``scrapy schema`` describes."""

    def export_item(self, item: Any) -> None:
        super().export_item(self.exported(item) if isinstance(item, Issue) else item)  # type: ignore[safe-super]  # a mixin

    def exported(self, issue: Issue) -> dict[str, Any]:
        """Return what is exported of *issue*."""
        return issue.model_dump(mode="json")


class JsonDocuments(DocumentExporter, JsonItemExporter):
    """``json``: one array of documents."""


class JsonLinesDocuments(DocumentExporter, JsonLinesItemExporter):
    """``jsonl``: a document a line."""


class MarshalDocuments(DocumentExporter, MarshalItemExporter):
    """``marshal``."""


class XmlDocuments(DocumentExporter, XmlItemExporter):
    """``xml``: an element a field; characters that XML cannot have become U+FFFD."""

    def exported(self, issue: Issue) -> dict[str, Any]:
        fields: dict[str, Any] = _xml_content(super().exported(issue))
        return fields


class CsvRows(DocumentExporter, CsvItemExporter):
    """``csv``: the row that ``scrapy export`` has in its table ``wide``."""

    @cached_property
    def _table(self) -> Table:
        return next(table for table in tables(ExportScope()) if table.name == "wide")

    def exported(self, issue: Issue) -> dict[str, Any]:
        (record,) = self._table.of_issue(issue)
        row = {
            column.name: issue.provenance.sample if column is SAMPLE else column.cell(record)
            for column in self._table.columns
        }
        return {name: escape_formula(cell) if isinstance(cell, str) else as_text(cell) for name, cell in row.items()}


def _xml_content(value: Any) -> Any:
    match value:
        case dict():
            return {name: _xml_content(part) for name, part in value.items()}
        case list():
            return [_xml_content(part) for part in value]
        case str():
            return replace_unsafe(value)
    return as_text(value)
