"""The laws of the house: which room may know which, how long the spider is, that no old Scrapy call is used."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from cncert import settings

PACKAGE = Path("cncert")
FILES = sorted(PACKAGE.rglob("*.py"))
BELOW = {
    "cncert/wechat": ("cncert.wechat", "lxml"),
    "cncert/report": ("cncert.report", "cncert.wechat", "cncert.items", "cncert.exceptions"),
    "cncert/saved": (
        *("cncert.saved", "cncert.report", "cncert.wechat", "cncert.items", "cncert.exceptions", "cncert.parser"),
        *("cncert.warc", "lxml", "warcio", "backports", "compression"),
    ),
    "cncert/ocr": (
        *("cncert.ocr", "cncert.report", "cncert.items", "cncert.exceptions", "cncert.cli", "cncert.saved"),
        *("numpy", "cv2", "PIL", "rapidocr"),
    ),
    "cncert/store": ("cncert.store", "cncert.items", "cncert.exceptions", "pydantic", "pymongo", "bson"),
}


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports at run time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if path.name == "exceptions.py" else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("room", BELOW)
def test_a_room_knows_only_what_stands_below_it(room: str) -> None:
    for path in Path(room).rglob("*.py"):
        for module in imported(path):
            outside = module.split(".")[0] not in sys.stdlib_module_names
            assert not outside or module.startswith(BELOW[room]), f"{path} imports {module}"


def test_wechat_and_report_load_neither_scrapy_nor_a_store() -> None:
    for room in ("cncert/wechat", "cncert/report"):
        for path in Path(room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(from|import) (scrapy|twisted|pymongo|sqlite3)", text, re.MULTILINE)


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
