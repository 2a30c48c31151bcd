"""A Frictionless Data Package: the CSV files, and a datapackage.json with type, unit and meaning of every column."""

import hashlib
import json
from typing import Any, Final

from cncert import __version__
from cncert.output.export.base_table import ColumnKind, Table
from cncert.output.export.csv_format import Csv
from cncert.output.export.figure_texts import SAMPLE_NOTE
from cncert.output.export.tables_and_columns import ISSUE
from cncert.report.series import SERIES

NAME: Final = "datapackage.json"
TYPES: Final[dict[ColumnKind, str]] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "datetime",
}


class Datapackage(Csv):
    """A directory of files."""

    def finish(self) -> None:
        for file in self._files.values():
            file.close()
        about = (
            "CNCERT/CC's weekly report on network security as tables. Texts and figures are CNCERT's. "
            "Drop an apostrophe with which a text begins, or that stands behind ; or a tab or line end in it: it keeps "
            "spreadsheets from taking what follows for a formula."
        )
        is_sample = self.options.is_sample
        package = {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "name": "cncert-weekly-sample" if is_sample else "cncert-weekly",
            "title": f"{SERIES}（示例数据 sample）" if is_sample else SERIES,
            "description": f"{SAMPLE_NOTE} {about}" if is_sample else about,
            "version": __version__,
            "sources": [{"title": "国家互联网应急中心（CNCERT/CC）", "path": "https://www.cert.org.cn"}],
            "resources": [self._resource(table) for table in self.options.tables],
        }
        self.staged.open(NAME).write(json.dumps(package, ensure_ascii=False, indent=2) + "\n")

    def _resource(self, table: Table) -> dict[str, Any]:
        path = self.staged.path(f"{table.name}{self.suffix}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        schema: dict[str, Any] = {
            "fields": [
                {"name": column.name, "title": column.zh, "type": TYPES[column.kind], "description": column.meaning}
                | ({"unit": column.unit} if column.unit else {})
                for column in table.columns
            ],
            "missingValues": [""],
            "primaryKey": list(table.key),
        }
        refers = table.name != "issues" and table.columns[0] is ISSUE
        if refers and any(other.name == "issues" for other in self.options.tables):
            reference = {"resource": "issues", "fields": ["issue"]}
            schema["foreignKeys"] = [{"fields": ["issue"], "reference": reference}]
        return {
            "name": table.name,
            "type": "table",
            "profile": "tabular-data-resource",  # what readers of version 1 go by
            "title": table.zh,
            "description": table.meaning,
            "path": path.name,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": path.stat().st_size,
            "hash": f"sha256:{digest}",
            "schema": schema,
        }
