"""``import cncert``: a store and a page for other programs, without Scrapy."""

import asyncio
import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import cncert
from cncert.exceptions import ArgumentError, StoreError
from cncert.store import open_store
from tests import series
from tests.factories import make_issue
from tests.site import pages
from tests.site.crawl import ROOT, run_scrapy
from tests.stores import with_database


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the sample."""
    directory = tmp_path_factory.mktemp("demo")
    assert run_scrapy("demo", directory).returncode == 0
    return directory / "cncert.db"


@pytest.fixture
def data(demo: Path) -> Iterator[cncert.Dataset]:
    with cncert.open(demo) as data:
        yield data


def test_the_issues_are_those_of_the_store(data: cncert.Dataset) -> None:
    ids = [issue.id for issue in data.issues()]
    assert len(ids) == 37
    assert ids == sorted(ids)
    assert [issue.id for issue in data.issues("2025-2", "2025-03")] == ["2025-02", "2025-03"]
    assert data.is_sample


def test_the_figures_are_those_that_are_exported(data: cncert.Dataset, demo: Path, tmp_path: Path) -> None:
    env = {"CNCERT_STORE": f"sqlite:///{demo}"}
    assert run_scrapy("export", "--format", "csv", "--table", "figures", "--out", tmp_path, env=env).returncode == 0
    with (tmp_path / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        exported = [(row["issue"], row["metric"], row["value"], row["evidence"]) for row in csv.DictReader(file)]
    found = data.figures()
    texts = [(row.issue, row.metric, "" if row.value is None else str(row.value), row.evidence) for row in found]
    assert texts == exported
    assert all(row.sample for row in found)
    assert isinstance(found[0].week_start, date)


@pytest.mark.parametrize("metrics", ["incidents.handled", ["incidents."], ("incidents.handled", "sites.")])
def test_some_figures(data: cncert.Dataset, metrics: str | list[str]) -> None:
    found = data.figures(metrics, first="2025-01", last="2025-03")
    assert {row.issue for row in found} == {"2025-01", "2025-02", "2025-03"}
    assert {row.metric.partition(".")[0] for row in found} <= {"incidents", "sites"}
    assert len(found[:2]) == 2


def test_pandas_and_arrow_have_the_same_numbers(data: cncert.Dataset) -> None:
    found = data.figures("incidents.handled")
    frame, table = found.to_pandas(), found.to_arrow()
    assert list(frame["value"]) == table["value"].to_pylist() == [row.value for row in found]
    assert str(frame["week_start"].dtype).startswith("datetime64")
    assert frame.columns.tolist() == table.column_names == list(cncert.FigureRow._fields)


async def _inside(demo: Path) -> int:
    with cncert.open(demo) as data:
        return len(data.figures())


def test_it_works_where_an_event_loop_runs(demo: Path) -> None:
    """As in Jupyter."""
    assert asyncio.run(_inside(demo)) > 100


def test_a_store_in_mongodb(mongo_uri: str) -> None:
    from tests.stores import put_document

    async def fill() -> None:
        async with open_store(mongo_uri) as store:
            await put_document(store, make_issue())

    asyncio.run(fill())
    with cncert.open(mongo_uri) as data:
        assert [row.value for row in data.figures("sites.tampered_gov")] == [4]
        assert not data.is_sample
    with pytest.raises(StoreError, match="holds no store"):
        cncert.open(with_database(mongo_uri, "of_nobody"))


@pytest.mark.parametrize("place", ["none.db", "sqlite:///none.db", "postgres://x"])
def test_what_is_no_store_is_said(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError):
        cncert.open(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asked", [{"metrics": "nothing"}, {"first": "2025"}, {"last": "2025-99"}])
def test_what_does_not_exist_is_said(data: cncert.Dataset, asked: dict[str, str]) -> None:
    with pytest.raises(ArgumentError):
        data.figures(**asked)


def test_the_examples_of_the_document_run(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the plot, for which matplotlib is needed."""
    (tmp_path / "data").mkdir()
    shutil.copy(demo, tmp_path / "data" / "cncert.db")
    (tmp_path / "page.html").write_bytes(series.page_of("2025-03"))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        if ".plot(" not in block:
            exec(block, names)
    assert len(blocks) == 3
    assert str(getattr(names["page"], "verdict", "")) == "article"


# --- pages


def test_a_page_of_an_issue_is_read() -> None:
    url = series.published("2025-03").url
    found = cncert.read(series.page_of("2025-03"), url)
    assert (found.verdict, found.issue and found.issue.id) == ("article", "2025-03")
    assert found.article is not None
    assert found.article.title == series.title_of("2025-03")


@pytest.mark.parametrize(
    ("page", "verdict"),
    [(pages.FAILURES["deleted_zh"].page, "gone"), (pages.FAILURES["verification"].page, "blocked"), (b"", "unknown")],
)
def test_what_is_no_issue_says_what_it_is(page: bytes, verdict: str) -> None:
    found = cncert.read(page, "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv")
    assert (found.verdict, found.issue) == (verdict, None)
    assert found.reason


# --- the package


def test_importing_it_costs_nothing_and_needs_no_scrapy() -> None:
    code = "import sys, cncert; few = len(sys.modules); cncert.open; print(few < 120, 'scrapy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_its_types_are_known_to_others(tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text(
        "import cncert\n"
        "with cncert.open('x.db') as data:\n"
        "    reveal_type(data.figures()[0].value)\n"
        "reveal_type(cncert.read(b'').issue)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "use.py")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 'Revealed type is "float | None"' in done.stdout, done.stdout
    assert 'Revealed type is "cncert.items.Issue | None"' in done.stdout
    assert done.returncode == 0


def test_a_name_that_it_has_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        getattr(cncert, "nothing")  # noqa: B009  # a type checker would find the other form
