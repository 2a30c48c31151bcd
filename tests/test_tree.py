"""The rules of the tree: which package may import which, how long the spider is, that no old Scrapy call is used."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
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
    ("wechat", "pdf", "cert_site"),
    ("items", "options", "exceptions", "terminal"),
)
"""The packages and modules of cncert, from the top down: each may import what stands below it (docs/develop.md)."""
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}


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


def arrows() -> set[tuple[str, str]]:
    """Every package that imports another one, with the one that it imports."""
    found = set()
    for path in FILES:
        for module in imported(path):
            parts = module.split(".")
            if parts[0] == "cncert" and parts[1] != package_of(path) and parts[1] in LEVELS:
                found.add((package_of(path), parts[1]))
    return found


def test_imports_run_down() -> None:
    """A package imports what stands below it; ``settings.py`` may import the lowest layer only, ``__init__.py`` any."""
    levels = LEVELS | {"settings": len(LAYERS) - 1, "__init__": 0}
    assert {(one, other) for one, other in arrows() if levels[one] > levels[other]} == set()


def test_no_packages_of_one_layer_import_each_other_in_a_circle() -> None:
    beside: dict[str, set[str]] = {name: set() for name in (*LEVELS, "settings", "__init__")}
    for one, other in arrows():
        beside[one].add(other)
    assert list(TopologicalSorter(beside).static_order())  # raises CycleError


def test_every_package_has_its_layer() -> None:
    assert {package_of(path) for path in FILES} - LEVELS.keys() - {"__init__", "settings"} == set()


def test_only_components_and_commands_know_scrapy() -> None:
    known = {path for path in FILES if any(re.match(r"(scrapy|twisted)\b", module) for module in imported(path))}
    allowed = {"spiders", "middlewares", "pipelines", "extensions", "browser", "commands"}
    assert {path for path in known if package_of(path) not in allowed} == set()


def test_no_module_needs_posix_to_be_imported() -> None:
    """Windows has none of these modules; a function may import one where it has seen to it that it is there."""
    posix = set("crypt fcntl grp posix pty pwd readline resource spwd syslog termios tty".split())
    found = []
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(path, name) for name in names if name in posix]
    assert found == []


def test_the_package_knows_neither_tools_nor_tests() -> None:
    assert [
        path for path in FILES if any(module.split(".")[0] in ("tools", "tests") for module in imported(path))
    ] == []


def test_a_publisher_is_known_to_its_own_files_and_four_others() -> None:
    """CNCERT's site is entered in the table of publishers and in the parser's version; archives may hold its PDFs."""
    named = {path for path in FILES if re.search("cert_site|site_issue", path.read_text(encoding="utf-8"))}
    own = {path for path in named if re.match("official|site_", path.name) or "cert_site" in path.parts}
    others = {"publishers.py", "parser_version.py", "known_records.py", "pages_in_warc.py"}
    assert {path.name for path in named - own} == others


def test_at_the_top_stand_five_files() -> None:
    names = {"__init__.py", "settings.py", "options.py", "items.py", "exceptions.py"}
    assert {path.name for path in PACKAGE.glob("*.py")} == names


def test_a_type_name_is_used_once() -> None:
    """Names with an underscore belong to their file."""
    named = Counter(
        node.name
        for path in FILES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name: number for name, number in named.items() if number > 1} == {}


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


def test_no_file_is_too_long_to_read() -> None:
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_possessive_groups_end_with_what_never_matches(path: Path) -> None:
    """Without it Python 3.11.2 (Debian 12) goes on behind what a round that failed had matched."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?<!\(\?!\))(?<!\()\)(?:[*+?]|\{[0-9,]+\})\+.*", text) == []


@pytest.mark.parametrize("path", sorted([*Path().glob("requirements*.txt"), Path("deploy/requirements.txt")]), ids=str)
def test_every_dependency_has_an_upper_bound(path: Path) -> None:
    """A new major version of somebody else's must not break a fresh clone."""
    lines = [line.partition("  #")[0].partition(";")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    named = [line for line in lines if line and not line.startswith(("#", "-r"))]
    assert [line for line in named if not re.search("<|==", line)] == []
