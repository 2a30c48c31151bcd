"""The formats of an export."""

from pkgutil import resolve_name
from typing import Final

from cncert.output.export.base_format import Format

_CLASSES: Final = {
    "jsonl": "jsonl_format:Jsonl",
    "csv": "csv_format:Csv",
    "parquet": "parquet_format:Parquet",
    "xlsx": "xlsx_format:Xlsx",
    "datapackage": "datapackage_format:Datapackage",
    "markdown": "markdown_format:Markdown",
    "atom": "atom_format:Atom",
}
"""Where the class of each is, by the name that ``--format`` has for it: a new format needs its file and a line here."""

FORMATS: Final[dict[str, type[Format]]] = {
    name: resolve_name(f"{__package__}.{place}") for name, place in _CLASSES.items()
}
