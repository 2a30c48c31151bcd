"""The examples in the documents are run, and what they name exists."""

import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cncert.options import Options, setting_name
from cncert.report.issue_warnings import WARNING_CODES
from cncert.sources import bundled_index
from tests import series
from tests.site.crawl import ROOT, project_env, run_scrapy
from tests.site.server import LoopbackWeChat

DOCUMENTS = [Path("README.md"), Path("README.zh-CN.md"), Path("SECURITY.md"), *sorted(Path("docs").glob("*.md"))]
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
def world() -> Iterator[LoopbackWeChat]:
    """WeChat with the whole series as the bundled index has it."""
    first, last = bundled_index()[0].issue, bundled_index()[-1].issue
    with LoopbackWeChat() as site:
        series.publish(site, first, last, linked=lambda issue: series.published(issue).url if issue >= first else None)
        yield site


@pytest.fixture(scope="module")
def kept(world: LoopbackWeChat, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user has who reads the documents: a crawl of some months, and a page."""
    place = tmp_path_factory.mktemp("kept")
    (place / "page.html").write_bytes(series.page_of("2025-03"))
    _run("scrapy crawl weekly -a from=2024-16 -a until=2025-12", place, world, "")
    return place


def _run(line: str, place: Path, world: LoopbackWeChat, mongod: str) -> None:
    """Run an example in *place*, as if that were the project's root; crawls are of *world*."""
    words = shlex.split(re.sub(r"(?<![\w./])(sqlite:///)?data/", rf"\1{place}/data/", line))
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    words = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    words = [str(place / word) if word.endswith(".html") and "/" not in word else word for word in words]
    if words[0] == "sqlite3":
        with closing(sqlite3.connect(words[1])) as db:
            assert db.execute(words[2]).fetchall()[0][0] >= "2025"
        return
    env = {"CNCERT_STORE": f"sqlite:///{place}/data/cncert.db", "CNCERT_FILES": f"{place}/data/pictures"}
    env |= {"CNCERT_ARCHIVE": f"{place}/data/archive"}
    if words == ["make", "demo"]:
        words = ["scrapy", "demo", f"{place}/data/demo"]
    else:
        env = project_env(world, place, CNCERT_REPRINTS="off", **env)
    if words[1] == "crawl" and (words[2] == "official" or given.get("CNCERT_BROWSER") == "on"):
        words += ["-a", f"replay={SAMPLE}"]
        env |= {"CNCERT_STORE": f"sqlite:///{place}/data/of_the_sample.db", "CNCERT_REPRINTS": "on"}
    if given.get("CNCERT_STORE", "").startswith("mongodb"):
        given["CNCERT_STORE"] = mongod.replace("/?", "/cncert_docs?")
    env |= given
    assert words[0] == "scrapy"
    result = run_scrapy(*words[1:], env=env, timeout=120)
    assert result.returncode == 0, f"{line}: {result.stderr[-2000:]}"


WITH_EXAMPLES = [path for path in DOCUMENTS if "scrapy" in " ".join(examples(path)) and path.name != "README.zh-CN.md"]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=str)
def test_the_examples_run_in_their_order(
    path: Path, kept: Path, tmp_path: Path, world: LoopbackWeChat, mongod: str
) -> None:
    """Those of the README in an empty place, where the first one crawls the whole series."""
    lines = [line.partition("  #")[0].strip() for line in examples(path)]
    if path.name.startswith("README"):
        lines = [line for line in lines if not line.startswith("make")]
        (tmp_path / "page.html").write_bytes(series.page_of("2025-03"))
    else:
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    for line in lines:
        _run(line, tmp_path, world, mongod)


def test_the_chinese_readme_names_the_same_commands() -> None:
    one, other = ([line.partition("  #")[0].strip() for line in examples(path)] for path in DOCUMENTS[:2])
    assert one == other


@pytest.mark.parametrize("path", DOCUMENTS[:2], ids=str)
def test_what_pip_installs_is_tried_elsewhere(path: Path) -> None:
    """By tests/test_wheel.py, with a wheel: these lines would download the dependencies."""
    (block,) = re.findall(r"```bash\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.partition("  #")[0].strip() for line in block.splitlines()]
    assert lines == ["pipx install .", "pipx install '.[tables,ocr]'", "cncert demo"]


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


def test_every_counter_is_in_the_table_and_is_counted() -> None:
    """By name where the program has the whole name, else by its beginning."""
    logs = Path("docs/logs.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(cncert/[a-z_/]+)", re.sub(r"`cncert/[a-z_/]*\.py`", "", logs)))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "cncert").rglob("*.py"))
    counted = set(re.findall(r'"(cncert/[a-z_]+(?:/[a-z_]+)*)"', sources))
    families = tuple(set(re.findall(r'f"(cncert/[a-z_]+/)\{', sources)))
    assert sorted(counted - listed) == []
    assert sorted(name for name in listed - counted if not name.startswith(families)) == []


def test_every_warning_is_known() -> None:
    """The codes that the program gives are those of the table from which the page is made."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "cncert").rglob("*.py")]
    doubts = (ROOT / "cncert" / "report" / "issue_warnings.py").read_text(encoding="utf-8")
    used = {code for text in sources for code in re.findall(r'IssueWarning\(code="([a-z_]+)"', text)}
    used |= set(re.findall(r'yield "([a-z_]+)"', doubts))
    assert used == WARNING_CODES.keys()
