"""Writes the JSON Schema of an issue, Datasette's metadata, and the tables of docs/data.md and docs/export.md.

A test asks for ``python -m tools.write_docs`` (``make docs``) after a change of ``items.py``,
``data/metric_labels.toml`` or ``output/export/tables_and_columns.py``.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from cncert.items import Issue
from cncert.output.export.base_table import SAMPLE, Table
from cncert.output.export.tables_and_columns import ExportScope, tables
from cncert.quality.all_warnings import RELATIVE_WARNINGS
from cncert.quality.series_breaks import all_breaks
from cncert.report.issue_warnings import WARNING_CODES
from cncert.report.metrics import definitions
from cncert.report.series import SERIES
from cncert.store.sqlite import TABLES
from cncert.store.views import EXPORTED_AS, WEEK_COLUMNS, WEEKS

Node = dict[str, Any]

SCHEMA: Final = Path(__file__).parents[1] / "cncert" / "data" / "schema" / "issue.schema.json"
PAGE: Final = Path(__file__).parents[1] / "docs" / "data.md"
EXPORT_PAGE: Final = PAGE.with_name("export.md")
DATASETTE: Final = SCHEMA.parents[1] / "datasette.json"

_MARKS = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_MAX_EXAMPLE_LENGTH = 64
"""Characters of an example in a table."""


class _Untitled(GenerateJsonSchema):
    """A schema in which fields have no titles: they would only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def issue_schema() -> Node:
    """Return the JSON Schema (draft 2020-12) of an issue as it is written."""
    schema = Issue.model_json_schema(mode="serialization", schema_generator=_Untitled)
    models = schema.pop("$defs")
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **schema, "$defs": models}
    described: Node = _in_markdown(schema)
    return described


def schema_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(issue_schema(), ensure_ascii=False, indent=2) + "\n"


def datasette_metadata() -> str:
    """Return what Datasette shows beside the views of a store, as the text of its file."""
    known = {table.name: table for table in tables(ExportScope())}
    views = {view: _described(known[name]) for view, name in EXPORTED_AS.items()}
    stored = f"Those that rest on other weeks are missing ({', '.join(sorted(RELATIVE_WARNINGS))}): scrapy warnings."
    views["warning_list"]["description"] += f" {stored}"
    views[WEEKS]["description"] = (
        "A row for each week from the first to the last that the store knows, with what became of its issue; "
        "scrapy gaps knows the weeks that are due as well."
    )
    views[WEEKS]["columns"] = {name: views[WEEKS]["columns"][name] for name in ("issue", "sample", *WEEK_COLUMNS)}
    metadata = {
        "title": SERIES,
        "description": "CNCERT/CC's weekly report on network security. Texts and figures are CNCERT's.",
        "source": "国家互联网应急中心（CNCERT/CC）",
        "source_url": "https://www.cert.org.cn",
        "databases": {"cncert": {"tables": {**views, **{name: {"hidden": True} for name in sorted(TABLES)}}}},
    }
    return json.dumps(metadata, ensure_ascii=False, indent=2) + "\n"


def _described(table: Table) -> Node:
    columns = {}
    for column in table.columns:
        unit = f" Unit: {column.unit}." if column.unit else ""
        meaning = "Whether it is of the sample series, which is invented." if column is SAMPLE else column.meaning
        columns[column.name] = f"{column.zh}. {meaning}{unit}".replace("`", "")
    return {"title": table.zh, "description": table.meaning.replace("`", ""), "columns": columns}


def filled(page: str) -> str:
    """Return *page* with its tables filled in. Raises KeyError for an unknown table."""
    return _MARKS.sub(lambda match: f"{match[1]}\n{_tables()[match[2]]()}\n{match[3]}", page)


def _in_markdown(value: Any) -> Any:
    """Return *value* with texts in Markdown: docstrings are written for Sphinx."""
    if isinstance(value, dict):
        return {name: _in_markdown(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_in_markdown(part) for part in value]
    return value.replace("``", "`") if isinstance(value, str) else value


def _tables() -> dict[str, Callable[[], str]]:
    schema = issue_schema()
    models = {"Issue": schema, **schema["$defs"]}
    return {
        "exported tables": _exported,
        "views": _views,
        **{f"columns of {table.name}": partial(_columns, table) for table in tables(ExportScope())},
        **{f"fields of {name}": partial(_fields, model) for name, model in models.items()},
        "eras": _eras,
        "metrics": _metrics,
        "rankings": _rankings,
        "breaks": _breaks,
        "warnings": lambda: _table(("code", "meaning"), ((f"`{code}`", text) for code, text in WARNING_CODES.items())),
    }


def _fields(model: Node) -> str:
    rows = []
    for name, node in model["properties"].items():
        meaning = " ".join(node.get("description", "").split())
        rows.append((f"`{name}`", _type(node), meaning, _example(node)))
    return _table(("field", "type", "meaning", "example"), rows)


def _type(node: Node) -> str:
    """Return the type of *node* in words."""
    match node:
        case {"anyOf": options}:
            kinds = [option.get("type") for option in options]
            shown = [option for option in options if option.get("type") != "integer" or "number" not in kinds]
            return " or ".join(map(_type, shown))
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"enum": words}:
            return ", ".join(f"`{word}`" for word in words)
        case {"const": value}:
            return f"always `{value}`"
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "string", "format": word}:
            return "time" if word == "date-time" else str(word)
        case {"type": "integer" | "number" as word}:
            return f"{word}{_range(node)}"
        case {"type": "string"}:
            return "text"
    return str(node["type"])


def _range(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if high is not None:
        return f" {low:g} to {high:g}"
    return "" if low is None else f" from {low:g}"


def _example(node: Node) -> str:
    if "examples" not in node:
        return ""
    example = node["examples"][0]
    text = json.dumps(example, ensure_ascii=False)
    text = text[1:-1] if isinstance(example, str) else text
    return f"`{text if len(text) <= _MAX_EXAMPLE_LENGTH else text[:_MAX_EXAMPLE_LENGTH] + '…'}`"


def _eras() -> str:
    rows = ((f"`{era['name']}`", f"{era['from']} to {era.get('until', 'now')}", era["text"]) for era in _defined("era"))
    return _table(("era", "weeks", "what the text states"), rows)


def _metrics() -> str:
    rows = []
    for metric in _defined("metric"):
        stating = {name for form in metric["forms"] for name in form["eras"]}
        eras = [f"**{name}**" if name in metric.get("always", ()) else name for name in sorted(stating)]
        part_of = f" (part of `{metric['part_of']}`)" if "part_of" in metric else ""
        unit = metric.get("unit") or ", ".join(metric["words"])
        example = max(metric["forms"], key=lambda form: max(form["eras"]))
        rows.append(
            (f"`{metric['name']}`", metric["zh"], unit, metric["meaning"] + part_of, ", ".join(eras),
             f"{example['example']} → `{example['value']}`")
        )  # fmt: skip
    return _table(("metric", "", "unit", "meaning", "stated in", "example"), rows)


def _rankings() -> str:
    rows = (
        (f"`{entry['by']}`", ", ".join(f"`{metric['name']}`" for metric in entry["metrics"]), entry["example"])
        for entry in _defined("ranking")
    )
    return _table(("by", "of", "example"), rows)


def _breaks() -> str:
    rows = []
    for one in all_breaks():
        kind = f"{one.kind} (inferred)" if one.inferred else one.kind
        rows.append((", ".join(f"`{metric}`" for metric in one.metrics), one.when, kind, one.note, one.source))
    return _table(("metric", "when", "what", "note", "source"), rows)


def _exported() -> str:
    rows = (
        (f"`{table.name}`", table.zh, table.meaning, ", ".join(f"`{name}`" for name in table.key))
        for table in tables(ExportScope())
    )
    return _table(("table", "", "what stands in it", "key"), rows)


def _views() -> str:
    described = json.loads(datasette_metadata())["databases"]["cncert"]["tables"]
    rows = (
        (f"`{view}`", f"`{table}`", described[view]["title"], described[view]["description"])
        for view, table in EXPORTED_AS.items()
    )
    return _table(("view", "exported as", "", "what stands in it"), rows)


def _columns(table: Table) -> str:
    rows = ((f"`{one.name}`", one.zh, one.kind, one.unit or "", one.meaning) for one in table.columns)
    return _table(("column", "", "type", "unit", "meaning"), rows)


def _defined(kind: str) -> list[Node]:
    entries: list[Node] = definitions()[kind]
    return entries


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def main() -> None:
    """Write all files."""
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    DATASETTE.write_text(datasette_metadata(), encoding="utf-8")
    for page in (PAGE, EXPORT_PAGE):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
