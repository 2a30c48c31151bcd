"""The rules of the tree: which package may import which, how long the spider is, that no old Scrapy call is used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from cncert import settings

PACKAGE = Path("cncert")
FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (
    ("commands",),
    ("extensions", "middlewares", "pipelines", "spiders", "browser"),
    ("output", "monitoring"),
    ("quality",),
    ("editions",),
    ("infographics", "ledger", "sources", "archive"),
    ("store",),
    ("report",),
    ("wechat",),
    ("items", "options", "exceptions", "terminal"),
)
"""The packages and modules of cncert, from the top down: each may import what stands below it (docs/develop.md)."""
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}
UPWARD = {
    "terminal -> report",
}  # fmt: skip
"""Imports that still run the wrong way."""


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, for its types too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def package_of(path: Path) -> str:
    """The package of cncert, or its module, that *path* belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_imports_run_down() -> None:
    found = set()
    for path in FILES:
        package = package_of(path)
        for module in imported(path):
            parts = module.split(".")
            if parts[0] != "cncert" or parts[1] == package or parts[1] not in LEVELS:
                continue
            if LEVELS[parts[1]] < LEVELS.get(package, len(LAYERS) - 1):
                found.add(f"{package} -> {parts[1]}")
    assert found == UPWARD


def test_every_package_has_its_layer() -> None:
    assert {package_of(path) for path in FILES} - LEVELS.keys() - {"__init__", "settings"} == set()


def test_the_spider_is_short_and_knows_no_store() -> None:
    spider = PACKAGE / "spiders" / "weekly.py"
    assert len(spider.read_text(encoding="utf-8").splitlines()) < 100
    assert not [module for module in imported(spider) if module.startswith("cncert.store")]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_call_of_an_older_scrapy_is_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"start_requests|def process_item\(self, item[^)]*spider|Deferred\b|from_settings", text)


def test_every_setting_of_scrapy_that_is_set_exists_and_is_explained() -> None:
    """A misspelt setting does nothing and says nothing."""
    lines = (PACKAGE / "settings.py").read_text(encoding="utf-8").splitlines()
    named = [name for name in vars(settings) if name.isupper()]
    unknown = [name for name in named if not hasattr(default_settings, name) and not name.startswith("CNCERT_")]
    assert set(unknown) <= {"BOT_NAME", "FILES_STORE"}
    assert sum("# default" in line for line in lines) >= 12


def test_no_file_is_about_two_things() -> None:
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > 450} == {}
