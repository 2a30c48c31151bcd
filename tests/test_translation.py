"""Tables and summaries in Chinese: all that they say is in the table, and nothing of it is left over."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from cncert.commands.gaps import FROM_WAYBACK, IN_VAIN
from cncert.monitoring.exit_status import FAILURE_KINDS
from cncert.monitoring.issue_notes import RUN_NOTES, WARNING_GROUPS
from cncert.terminal.translation import translated
from tests.site.crawl import run_scrapy

CHINESE: dict[str, str] = tomllib.loads(Path("cncert/data/chinese.toml").read_text(encoding="utf-8"))
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path("cncert").rglob("*.py")))
LITERALS = {
    node.args[0].value
    for path in Path("cncert").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "translated"
    if isinstance(node.args[0], ast.Constant)
}
LISTED = {
    *(failure.text for failure in FAILURE_KINDS), *(group.text for group in WARNING_GROUPS), *RUN_NOTES.values(),
    FROM_WAYBACK, IN_VAIN,
}  # fmt: skip
ALLOWED = r"""
    scrapy\ (?:crawl\ (?:weekly|official)|gaps|warnings|import|verify|report|ocr) | -a\ retry=1 | start=@?(?:ADDRESS)?
    | sqlite:\S+ | CNCERT\w* | weekly | UTC | bytes | kB | MB | mobile_malware\.\w+ | DOWNLOAD_DELAY
    | figure_missing | period_differs | finished | crawl | search | copy | wait
"""
"""Names of commands, options, metrics and codes, and addresses."""


def test_all_that_is_said_is_there() -> None:
    assert sorted((LITERALS | LISTED) - CHINESE.keys()) == []


def test_nothing_is_there_that_nobody_says() -> None:
    joined = re.sub(r'"\s*\n\s*"', "", SOURCES)
    assert [text for text in CHINESE if text not in joined and text.replace(" ", "_") not in joined] == []


@pytest.mark.parametrize("text", CHINESE)
def test_both_have_the_same_facts(text: str) -> None:
    assert sorted(re.findall(r"\{\w*\}", text)) == sorted(re.findall(r"\{\w*\}", CHINESE[text]))
    assert re.search("[\u4e00-\u9fff]", CHINESE[text])


def test_what_is_not_there_stays_as_it_is() -> None:
    assert translated("page", "en") == "page"
    assert translated("page", "zh") == "原文"
    assert translated("a new kind", "zh") == "a new kind"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert run_scrapy("demo", str(folder)).returncode == 0
    return folder


@pytest.mark.parametrize("command", ["status", "runs", "gaps"])
def test_a_table_is_in_chinese_alone(demo: Path, command: str) -> None:
    env = {"CNCERT_STORE": f"sqlite:///{demo / 'cncert.db'}", "CNCERT_LANGUAGE": "zh", "CNCERT_ARCHIVE": ""}
    result = run_scrapy(command, env=env)
    text = " ".join(result.stdout.split())
    for reason in ("deleted by its author", "no list, no index names it", "no address is known"):
        text = text.replace(reason, "")  # as the ledger has it
    assert re.search("[\u4e00-\u9fff]{2}", text)
    assert re.findall("[A-Za-z_]{2,}", re.sub(ALLOWED, "", text, flags=re.VERBOSE)) == []
