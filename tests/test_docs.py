"""The examples in the documents are run, and what they name exists."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from cncert.options import Options, setting_name
from cncert.report.issue_warnings import WARNING_CODES
from tests import series
from tests.site.crawl import ROOT, run_scrapy

DOCUMENTS = [Path("README.md"), Path("README.zh-CN.md"), *sorted(Path("docs").glob("*.md"))]
CHECKED = [*DOCUMENTS, Path("cncert/data/sample/README.md"), Path("tools/sample/README.md")]
TOPS = ("cncert", "tools", "tests", "benchmarks", "deploy", "docs")
SETTINGS = [setting_name(field) for field in Options.model_fields]
SAMPLE = ROOT / "cncert" / "data" / "sample" / "weekly.warc.gz"


def examples(path: Path) -> list[str]:
    """The command lines of a document's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


COMMANDS = sorted({line.partition("  #")[0].strip() for path in DOCUMENTS for line in examples(path)})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the demo has been run, with a saved page and an archive."""
    directory = tmp_path_factory.mktemp("docs")
    (directory / "page.html").write_bytes(series.page_of("2025-03"))
    assert run_scrapy("demo", directory / "data").returncode == 0
    return directory


@pytest.mark.parametrize("line", [line for line in COMMANDS if "scrapy" in line])
def test_an_example_runs(line: str, place: Path, mongod: str) -> None:
    """Crawls are answered from the sample; files are looked for in the place of the examples."""
    words = shlex.split(line)
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    words = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    assert words[0] == "scrapy"
    if words[1] == "crawl":
        words = [word for word in words if not word.startswith("replay=")]
        words += ["-a"] * (words[-1] != "-a") + [f"replay={SAMPLE}"]
    words = [str(place / word) if word.endswith(".html") or word.startswith("data/") else word for word in words]
    env = {"CNCERT_STORE": f"sqlite:///{place}/data/cncert.db", "CNCERT_FILES": f"{place}/data/pictures"}
    env["CNCERT_ARCHIVE"] = f"{place}/data/archive"
    if words[1] == "import":  # a real page, which no store of the sample takes in
        env["CNCERT_STORE"] = f"sqlite:///{place}/data/real.db"
    if given.get("CNCERT_STORE", "").startswith("mongodb"):
        env["CNCERT_STORE"] = mongod.replace("/?", "/cncert_docs?")
    result = run_scrapy(*words[1:], env=env)
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("sqlite3")])
def test_a_query_runs(line: str, place: Path) -> None:
    import sqlite3

    statement = shlex.split(line)[2]
    with sqlite3.connect(place / "data" / "cncert.db") as db:
        rows = db.execute(statement).fetchall()
    assert rows[0][0] == "2025-03"


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("make")])
def test_a_make_target_exists(line: str) -> None:
    result = subprocess.run(["make", "-n", line.split()[1]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_no_example_is_left_out() -> None:
    assert [line for line in COMMANDS if not line.startswith(("scrapy", "make", "sqlite3", "CNCERT_"))] == []


def test_no_example_mixes_the_sample_with_real_data() -> None:
    assert [line for line in COMMANDS if "crawl" in line and "sample" in line] == []
    places = {line: re.findall(r"(?<![\w/])data/\S+", line.replace("///", " ")) for line in COMMANDS}
    of_demo = {line: {place.startswith("data/demo") for place in found} for line, found in places.items()}
    assert [line for line, found in of_demo.items() if len(found) > 1] == []


@pytest.mark.parametrize("path", CHECKED, ids=str)
def test_a_link_to_a_file_leads_to_one(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", CHECKED, ids=str)
def test_a_link_to_a_heading_leads_to_one(path: Path) -> None:
    missing = []
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", path.read_text(encoding="utf-8")):
        text = (path.parent / target if target else path).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)", text, re.MULTILINE)
        if anchor not in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}:
            missing.append(f"{target}#{anchor}")
    assert missing == []


@pytest.mark.parametrize("path", CHECKED, ids=str)
def test_a_file_of_the_project_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(rf"(?<![\w/.-])(?:{'|'.join(TOPS)})/[\w/.-]*[\w/](?!…)", text))
    named = {name for name in named if not re.fullmatch(r"cncert/[a-z_/]*[a-z_]", name)}  # counters (docs/logs.md)
    named |= {f"{name.replace('.', '/')}.py" for name in re.findall(r"python -m (\w[\w.]+)", text)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    alone = set(re.findall(r"`([\w-]+\.(?:py|toml|mjs))`", text))
    assert [name for name in sorted(alone) if not any(next(ROOT.glob(f"{top}/**/{name}"), None) for top in TOPS)] == []


def test_every_option_is_described_with_its_default() -> None:
    rows = {}
    for path in Path("docs").glob("*.md"):
        rows |= dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", path.read_text(encoding="utf-8"), re.MULTILINE))
    written = {name: rows[name].partition(";")[0].strip("`").lower() for name in SETTINGS}
    assert written.pop("CNCERT_FEEDS") == "two feeds"
    defaults = {name: Options.default(name) for name in written}
    assert {name: "" if default.startswith("empty") else default for name, default in written.items()} == defaults


@pytest.mark.parametrize("path", CHECKED, ids=str)
def test_an_option_that_is_named_exists(path: Path) -> None:
    names = set(re.findall(r"\bCNCERT_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert sorted(names - set(SETTINGS)) == []


def test_every_warning_is_known() -> None:
    """The codes that the program gives are those of the table from which the page is made."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "cncert").rglob("*.py")]
    doubts = (ROOT / "cncert" / "report" / "issue_warnings.py").read_text(encoding="utf-8")
    used = {code for text in sources for code in re.findall(r'IssueWarning\(code="([a-z_]+)"', text)}
    used |= set(re.findall(r'yield "([a-z_]+)"', doubts))
    assert used == WARNING_CODES.keys()
