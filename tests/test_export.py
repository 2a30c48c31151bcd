"""``scrapy export``: each format is read back by programs of its own world, and holds what the store holds."""

import asyncio
import csv
import json
import math
import os
import re
import resource
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from frictionless import Package, system

from cncert.commands.export import ExportCommand
from cncert.items import Issue, day_in_china
from cncert.ledger.calendar_gaps import weeks
from cncert.report.metrics import metrics
from cncert.store import open_store
from tests.calls import call
from tests.factories import BIZ, NOW, make_figure, make_issue, make_picture, make_reprint, make_row
from tests.stores import make_empty, put_document
from tools import write_docs

Rows = list[dict[str, Any]]

LABELS = {metric.name: metric.zh for metric in metrics()}
RANKING = {
    "metric": "hosts.infected", "by": "province", "section": None, "evidence": "广东省约1.2万个", "start": 3,
    "end": 7,
    "items": [
        {"name": "广东省", "value": 12000, "share_pct": 15.5},
        {"name": "江苏省", "value": None, "share_pct": None},
    ],
}  # fmt: skip
PICTURE = {
    "source": "picture", "picture": "mmbiz_png/chart", "box": [9, 40, 18, 4],
    "confidence": 0.95, "words_confidence": 0.97, "pairing_confidence": 0.95,
    "checked": {"by": "zhang", "at": NOW, "verdict": "confirmed"},
}  # fmt: skip
EDITION = {
    "address": "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv", "account": "国家互联网应急中心CNCERT",
    "first_seen": NOW, "last_seen": None, "published_at": None, "chosen": False,
}  # fmt: skip
LONG = "很长的一段文字。" * 6_000
ISSUES = [
    make_issue(
        2013, 9, published_at=None, rating=None, printed_period=None, images=[], warnings=[], text="",
        provenance={
            "source": "file", "via": "file",
            "stated_source": {"name": "某号", "published_at": None, "published_on": "2013-03-07"},
        },
    ),
    make_issue(
        2018, 6,
        figures=[
            make_figure("hosts.infected", 278000, unit="个", qualifier="约", change=-12, change_pct=-3.5, start=0,
                        end=6, parts=[{"name": "境外注册", "share_pct": 30.5}, {"name": ".com", "share_pct": 50.25}]),
            make_figure("sites.tampered", 1234, unit="个", source="text", confidence=0.9),
            make_figure("vulnerabilities.rating", "中", section="本周重要漏洞情况"),
            make_figure("forgotten.metric", 5),
            make_figure("sites.tampered", 1235, unit="个", **PICTURE),
            make_figure("sites.backdoored", 77, unit="个", **PICTURE | {"confidence": 0.93, "checked": None}),
            make_figure("sites.backdoored", 78, unit="个", **PICTURE),
        ],
        rankings=[RANKING],
    ),
    make_issue(
        2018, 9, text=LONG, published_at=None,
        provenance={"source": "reprint", "reprint": make_reprint(published_at=NOW)},
    ),
    make_issue(
        2024, 52, published_at=None, published_on="2025-01-02", article={"modified_at": NOW, "original": True}
    ),
    make_issue(
        2025, 3,
        images=[make_picture("mmbiz_png/a", "stored", path="2025-03/01-ab.png"), make_picture("mmbiz_jpg/b")],
        editions=[
            EDITION | {"id": "1" * 32, "source": "page", "via": "http", "last_seen": NOW, "chosen": True},
            EDITION | {"id": "2" * 32, "source": "file", "via": "file", "account": None, "first_seen": None},
        ],
    ),
]  # fmt: skip
GAP = make_row(f"{BIZ}-1-1", issue="2025-05", state="gone", reason="deleted by its author")
TABLES = (
    "issues figures wide wide_sources shares rankings pictures documents warnings editions gaps breaks metrics columns"
).split()
ALL = "csv,jsonl,parquet,xlsx,datapackage,markdown,atom"
ROOM = 36_864
"""Bytes that the largest file may have on a full disk: SQLite needs 32,768 to open the store."""


async def fill(uri: str) -> None:
    async with open_store(uri) as store:
        for issue in ISSUES:
            await put_document(store, issue)
        await store.change_row(GAP.id, lambda _: GAP)


def export(uri: str, *args: object, status: int = 0) -> None:
    """``scrapy export *args`` from the store at *uri*."""
    assert call(ExportCommand(), *map(str, args), CNCERT_STORE=uri, CNCERT_FILES="data/pictures") == status


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    uri = f"sqlite:///{tmp_path_factory.mktemp('store')}/cncert.db"
    asyncio.run(fill(uri))
    return uri


@pytest.fixture(scope="module")
def out(uri: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All formats of everything."""
    directory = tmp_path_factory.mktemp("export")
    export(uri, "--format", ALL, "--out", directory)
    return directory


# What the store holds, written down without the tables of the program


def week_of(issue: Issue) -> dict[str, Any]:
    return {"issue": issue.id, "week_start": issue.period.start, "week_end": issue.period.end}


def issue_rows() -> Iterator[dict[str, Any]]:
    for issue in ISSUES:
        printed, article, provenance = issue.printed_period, issue.article, issue.provenance
        reprint, stated = provenance.reprint, provenance.stated_source
        yield {
            **week_of(issue), "year": issue.year, "number": issue.number, "title": issue.title,
            "published_at": issue.published_at, "published_on": issue.published_on,
            "published_by": day_in_china(reprint.published_at) if reprint else stated and stated.published_on,
            "rating": issue.rating,
            "printed_start": printed and printed.start, "printed_end": printed and printed.end,
            "account": issue.account.name, "url": article.url, "mid": article.mid, "idx": article.idx,
            "original": article.original, "modified_at": article.modified_at, "fetched_at": provenance.fetched_at,
            "read_from": provenance.source, "via": provenance.via, "reprinted_by": reprint and reprint.account,
            "stated_source": stated and stated.name, "sha256": provenance.sha256, "parser": provenance.parser,
            "text": issue.text,
        }  # fmt: skip


def figure_rows() -> Iterator[dict[str, Any]]:
    for issue in ISSUES:
        for place, figure in enumerate(issue.figures, 1):
            is_word = isinstance(figure.value, str)
            same = ("metric unit qualifier change change_pct share_pct source confidence words_confidence "
                    "pairing_confidence picture section evidence edition").split()  # fmt: skip
            yield {
                **week_of(issue), "place": place, "label": LABELS.get(figure.metric),
                "value": None if is_word else figure.value, "word": figure.value if is_word else None,
                "box": figure.box and " ".join(map(str, figure.box)),
                "checked": figure.checked and figure.checked.verdict,
                "text_start": figure.start, "text_end": figure.end, **{name: getattr(figure, name) for name in same},
            }  # fmt: skip


def wide_rows(what: str) -> Iterator[dict[str, Any]]:
    best = {
        "2018-06": {"hosts.infected": 0, "sites.tampered": 1, "sites.backdoored": 6, "vulnerabilities.rating": 2},
    }
    for issue in ISSUES:
        places = best.get(issue.id, {figure.metric: place for place, figure in enumerate(issue.figures)})
        head = {"issue": issue.id} if what == "source" else {**week_of(issue), "rating": issue.rating}
        yield head | dict.fromkeys(LABELS) | {name: getattr(issue.figures[at], what) for name, at in places.items()}


def share_rows() -> Iterator[dict[str, Any]]:
    issue = ISSUES[1]
    for part, share in enumerate(issue.figures[0].parts, 1):
        yield week_of(issue) | {"place": 1, "metric": "hosts.infected", "part": part} | share.model_dump()


def ranking_rows() -> Iterator[dict[str, Any]]:
    issue = ISSUES[1]
    same = {name: RANKING[name] for name in ("metric", "by", "section", "evidence")}
    for rank, line in enumerate(RANKING["items"], 1):  # type: ignore[arg-type, var-annotated]
        yield week_of(issue) | same | {"place": 1, "text_start": 3, "text_end": 7, "rank": rank} | line


def picture_rows() -> Iterator[dict[str, Any]]:
    for issue in ISSUES:
        for place, picture in enumerate(issue.images, 1):
            yield week_of(issue) | {"place": place} | picture.model_dump()


def edition_rows() -> Iterator[dict[str, Any]]:
    for issue in ISSUES:
        yield from ({"issue": issue.id} | edition.model_dump() for edition in issue.editions)


def gap_rows() -> Iterator[dict[str, Any]]:
    for week in weeks([GAP], {issue.id: issue.provenance.source for issue in ISSUES}, today=date(2025, 1, 24)):
        days = {"week_start": week.period.start, "week_end": week.period.end}
        numbers = {"addresses": len(week.addresses), "attempts": 0, "next_try": None}
        words = {name: getattr(week, name) for name in ("issue", "state", "source", "reason", "advice")}
        yield words | days | numbers


EXPECTED: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "issues": issue_rows,
    "figures": figure_rows,
    "wide": lambda: wide_rows("value"),
    "wide_sources": lambda: wide_rows("source"),
    "shares": share_rows,
    "rankings": ranking_rows,
    "pictures": picture_rows,
    "editions": edition_rows,
    "gaps": gap_rows,
}


# How its own world reads each format


def read_csv(out: Path, table: str) -> Rows:
    rows: Rows = pd.read_csv(out / f"{table}.csv", dtype=str, keep_default_na=False).to_dict("records")
    return rows


def read_jsonl(out: Path, table: str) -> Rows:
    with (out / f"{table}.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_parquet(out: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(out / f"{table}.parquet").to_pylist()
    return rows


def read_parquet_with_pandas(out: Path, table: str) -> Rows:
    rows: Rows = pd.read_parquet(out / f"{table}.parquet").to_dict("records")
    return rows


def read_with_duckdb(out: Path, table: str) -> Rows:
    rows: Rows = duckdb.sql(f"FROM '{out}/{table}.parquet'").to_arrow_table().to_pylist()
    return rows


def read_xlsx(out: Path, table: str) -> Rows:
    # Not once for all tables: openpyxl keeps every sheet of a workbook that it has read in memory.
    book = openpyxl.load_workbook(out / "cncert.xlsx", read_only=True)
    names, _, *rows = book[table].iter_rows(values_only=True)
    book.close()
    return [dict(zip(names, row, strict=True)) for row in rows]


def read_datapackage(out: Path, table: str) -> Rows:
    with system.use_context(trusted=True):
        return [row.to_dict() for row in Package(out / "datapackage.json").get_resource(table).read_rows()]


READERS = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "pandas": read_parquet_with_pandas,
    "duckdb": read_with_duckdb,
    "xlsx": read_xlsx,
    "datapackage": read_datapackage,
}


def agrees(cell: Any, expected: Any, reader: str) -> bool:
    """Whether *cell*, as *reader* gave it, is what the store has."""
    if expected is None or (expected == "" and reader in ("csv", "xlsx", "datapackage")):
        return cell is None or cell == "" or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))
    if isinstance(expected, bool):
        return cell is expected or cell == str(expected).lower()
    if isinstance(expected, int | float):
        return float(cell) == expected
    if isinstance(expected, datetime):
        if reader == "xlsx":
            return abs((cell - expected.replace(tzinfo=None)).total_seconds()) < 0.001
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) else pd.Timestamp(cell).to_pydatetime()
        return moment.utcoffset() is not None and moment == expected
    if isinstance(expected, date):
        if reader in ("csv", "jsonl"):
            return cell == expected.isoformat()
        return (cell.date() if isinstance(cell, datetime) else cell) == expected
    if reader == "xlsx" and expected == LONG:
        return len(cell) == 32_767 and cell.endswith("…[cut]") and LONG.startswith(cell[:-7])
    return cell == expected


@pytest.mark.parametrize("table", EXPECTED)
@pytest.mark.parametrize("reader", READERS)
def test_a_table_read_back_is_what_the_store_holds(out: Path, reader: str, table: str) -> None:
    rows, expected = READERS[reader](out, table), [row | {"sample": False} for row in EXPECTED[table]()]
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert row.keys() == wanted.keys() | ({"kind"} & row.keys())
        wrong = [(name, row[name], value) for name, value in wanted.items() if not agrees(row[name], value, reader)]
        assert not wrong


def test_columns_have_the_types_of_their_values(out: Path) -> None:
    schema = pq.read_schema(out / "issues.parquet")
    types = {name: str(schema.field(name).type) for name in ("issue", "year", "week_start", "published_at", "original")}
    assert types == {
        "issue": "string", "year": "int64", "week_start": "date32[day]", "published_at": "timestamp[us, tz=UTC]",
        "original": "bool",
    }  # fmt: skip
    assert str(pq.read_schema(out / "wide.parquet").field("sites.tampered").type) == "double"
    meanings = json.loads(schema.metadata[b"columns"])
    assert meanings["year"] == {"zh": "年", "unit": None, "meaning": "Year of the week's Sunday."}


def test_a_workbook_is_made_for_people(out: Path) -> None:
    book = openpyxl.load_workbook(out / "cncert.xlsx")
    assert book.sheetnames == TABLES
    assert book.properties.created == datetime(2000, 1, 1)
    sheet = book["figures"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B3", "A2:Z21")
    names = [cell.value for cell in sheet[1]]
    first = dict(zip(names, sheet[6], strict=True))
    assert sheet.cell(2, names.index("evidence") + 1).value == "原文"
    assert (first["value"].value, first["value"].number_format) == (278000, "#,##0")
    assert (first["change_pct"].value, first["change_pct"].number_format) == (-3.5, '0.0##"%"')
    assert (first["week_start"].is_date, first["week_start"].number_format) == (True, "yyyy-mm-dd")


def test_a_datapackage_is_valid_and_says_what_everything_is(out: Path) -> None:
    with system.use_context(trusted=True):
        report = Package(out / "datapackage.json").validate()  # types, keys, references, bytes, hashes
    assert report.valid, report.flatten(["title", "fieldName", "message"])
    resources = {one["name"]: one for one in json.loads((out / "datapackage.json").read_text("utf-8"))["resources"]}
    assert list(resources) == TABLES
    (tampered,) = (one for one in resources["wide"]["schema"]["fields"] if one["name"] == "sites.tampered")
    assert tampered == {
        "name": "sites.tampered", "title": "被篡改网站", "type": "number", "unit": "个",
        "description": "defaced sites in mainland China",
    }  # fmt: skip


def test_the_dictionary_and_the_breaks_are_tables(out: Path) -> None:
    columns = {(row["table"], row["column"]): row for row in read_jsonl(out, "columns")}
    assert columns["figures", "change_pct"]["unit"] == "%"
    assert columns["figures", "unit"]["meaning"] == "The unit of `value`, as the report prints it."
    assert all(row["meaning"].endswith(".") or row["table"].startswith("wide") for row in columns.values())
    assert {name for table, name in columns if table == "gaps"} == set(read_jsonl(out, "gaps")[0])
    (one,) = (row for row in read_jsonl(out, "breaks") if row["metric"] == "sites.tampered")
    assert (one["last_before"], one["first_after"], one["inferred"]) == ("2018-14", "2022-27", False)
    assert [row["metric"] for row in read_jsonl(out, "metrics")] == list(LABELS)


def test_the_page_has_the_tables_of_the_program() -> None:
    """After a change of the tables: make docs."""
    page = write_docs.EXPORT_PAGE.read_text(encoding="utf-8")
    assert page == write_docs.filled(page)


def test_the_examples_of_the_page_run(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "export").symlink_to(out)
    monkeypatch.chdir(tmp_path)
    printed: list[str] = []
    names: dict[str, Any] = {"print": lambda text: printed.append(str(text))}
    blocks = re.findall(r"```python\n(.*?)```", write_docs.EXPORT_PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        exec(block, names)
    assert len(blocks) == 3
    assert "until 2018-14: 0 weeks, then unknown gap" in printed


# The same bytes


def contents(directory: Path) -> dict[str, bytes]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def test_the_same_store_gives_the_same_bytes(uri: str, out: Path, tmp_path: Path) -> None:
    export(uri, "--format", ALL, "--out", tmp_path)
    assert contents(tmp_path) == contents(out)
    assert len(contents(out)) == 3 * len(TABLES) + len(["xlsx", "atom", "datapackage.json"]) + len(ISSUES)


def test_both_stores_give_the_same_bytes(mongo_uri: str, out: Path, tmp_path: Path) -> None:
    asyncio.run(fill(mongo_uri))
    export(mongo_uri, "--format", "csv,jsonl,markdown,atom", "--out", tmp_path)
    expected = contents(out)
    assert {name: expected[name] for name in contents(tmp_path)} == contents(tmp_path)


# Options


def test_weeks_and_metrics_are_chosen(uri: str, tmp_path: Path) -> None:
    options = ("--from", "2018-05", "--until", "2018-08", "--metrics", "sites.,hosts.infected")
    export(uri, "--format", "jsonl,markdown,atom", *options, "--out", tmp_path)
    metrics_of = [row["metric"] for row in read_jsonl(tmp_path, "figures")]
    assert metrics_of == ["hosts.infected", *["sites.tampered"] * 2, *["sites.backdoored"] * 2]
    assert [row["place"] for row in read_jsonl(tmp_path, "figures")] == [1, 2, 5, 6, 7]  # as without the choice
    (wide,) = read_jsonl(tmp_path, "wide")
    assert list(wide)[5:] == [name for name in LABELS if name.startswith("sites.") or name == "hosts.infected"]
    assert [row["issue"] for row in read_jsonl(tmp_path, "gaps")] == ["2018-05", "2018-06", "2018-07", "2018-08"]
    assert "rating" in {row["metric"] for row in read_jsonl(tmp_path, "breaks")}
    assert [path.name for path in (tmp_path / "markdown").iterdir()] == ["2018-06.md"]
    assert "vulnerabilities" not in (tmp_path / "cncert.atom").read_text(encoding="utf-8")


def test_weeks_without_an_issue_give_tables_without_rows(uri: str, tmp_path: Path) -> None:
    export(
        uri,
        "--format",
        "csv,xlsx,parquet,datapackage,atom",
        "--from",
        "2020-01",
        "--until",
        "2020-02",
        "--out",
        tmp_path,
    )
    assert (tmp_path / "figures.csv").read_text(encoding="utf-8").startswith("issue,sample,week_start")
    assert [read(tmp_path, "figures") for read in (read_csv, read_xlsx, read_parquet, read_datapackage)] == [[]] * 4
    assert [row["state"] for row in read_csv(tmp_path, "gaps")] == ["never named"] * 2
    assert not feedparser.parse(tmp_path / "cncert.atom").bozo


@pytest.mark.parametrize(
    ("name", "ending", "table"),
    [("csv", "csv", "wide"), ("jsonl", "jsonl", "issues"), ("markdown", "md", None), ("atom", "atom", None)],
)
def test_a_text_goes_to_a_file_or_to_stdout(
    uri: str, name: str, ending: str, table: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)  # Markdown shows pictures by their way from its place
    options = ("--table", table) if table else ()
    export(uri, *options, "--out", f"x.{ending}")
    rows = f"; rows: {table} 5" if table else ""
    assert capsysbinary.readouterr().err.decode() == f"x.{ending}: {name}; issues: 5{rows}\n"
    assert [path.name for path in tmp_path.iterdir()] == [f"x.{ending}"]
    export(uri, *options, "--format", name, "--out", "-")
    assert capsysbinary.readouterr().out == Path(f"x.{ending}").read_bytes() != b""


def test_excel_is_told_that_a_csv_is_utf_8(uri: str, tmp_path: Path) -> None:
    export(uri, "--table", "figures", "--bom", "--labels", "--out", tmp_path / "x.csv")
    data = (tmp_path / "x.csv").read_bytes()
    assert data.startswith("\ufeffissue 期号,sample 示例数据,week_start 周一,".encode())
    assert data.count(b"\r\n") == len([*figure_rows()]) + 1
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["value 数值"] == "4"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["x"], "export takes no argument 'x'"),
        (["--format", "csv,pdf"], "--format 'pdf' is none of jsonl, csv, parquet"),
        (["--table", "figure"], "--table 'figure' is none of issues, figures"),
        (["--table", "figures", "--format", "markdown,atom"], "--table is for tables: markdown and atom has none"),
        (["--metrics", "sites"], "--metrics: 'sites' is no metric"),
        (["--metrics", "sites.tampered,,"], "--metrics: '' is no metric"),
        (["--from", "2024-60"], "--from '2024-60'"),
        (["--from", "2024-02", "--until", "2024-01"], "--from 2024-02 is later than --until 2024-01"),
        (["--bom", "--format", "xlsx"], "--bom is for --format csv"),
        (["--entries", "5"], "--entries is for --format atom"),
        (["--entries", "0", "--format", "atom"], "--entries 0 is below 1"),
        (["--labels", "--format", "csv,datapackage"], "a datapackage has its own CSV files"),
        (["--out", "-", "--format", "xlsx"], "xlsx is no text for stdout"),
        (["--out", "-", "--format", "csv,atom"], "csv, atom needs a directory"),
        (["--out", "x.csv", "--format", "datapackage"], "datapackage needs a directory"),
        (["--out", "-"], "one file of csv is one table: name it with --table (issues, figures"),
        (["--out", "x.md", "--format", "atom"], "a file of atom ends with .atom"),
        (["--out", "x.txt"], ".txt is no ending of a format"),
        (["--out", ""], "--out is empty"),
        (["--out", "README"], "README is in the way: it is no directory"),
        (["--out", "device.csv", "--table", "wide"], "device.csv is in the way: it is no file"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_writes_nothing(
    uri: str, options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "README").touch()
    (tmp_path / "device.csv").symlink_to("/dev/null")
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    export(uri, *options, status=2)
    streams = capsys.readouterr()
    (line,) = streams.err.splitlines()
    assert line.startswith("cncert: ") and said in line
    assert (streams.out, sorted(tmp_path.iterdir())) == ("", before)


@pytest.mark.parametrize(("name", "package"), [("xlsx", "xlsxwriter"), ("parquet", "duckdb")])
def test_a_missing_package_is_named_with_what_brings_it(
    uri: str,
    name: str,
    package: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    export(uri, "--format", name, "--out", tmp_path, status=2)
    line = f"cncert: {name} needs {package}, of the extra tables: pip install -r requirements-tables.txt\n"
    assert (capsys.readouterr().err, list(tmp_path.iterdir())) == (line, [])


@pytest.mark.parametrize(("other", "written"), [("csv", "figures.csv"), ("markdown", "2025-03.md")])
def test_a_missing_package_stops_no_other_format(
    uri: str,
    other: str,
    written: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    export(uri, "--format", f"xlsx,{other}", "--out", tmp_path, status=1)
    missing, summary = capsys.readouterr().err.splitlines()
    assert missing.startswith("cncert: xlsx needs xlsxwriter, of the extra tables: ")
    assert summary.startswith(f"{tmp_path}: {other}; issues: ")
    names = {path.name for path in tmp_path.rglob("*.*")}
    assert written in names and "cncert.xlsx" not in names


# Nothing is lost


def test_an_empty_store_empties_no_files(sqlite_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "figures.csv").write_text("of yesterday", encoding="utf-8")
    export(make_empty(sqlite_uri), "--out", tmp_path, status=1)
    assert "has no issue yet, and nothing was written" in capsys.readouterr().err
    assert (tmp_path / "figures.csv").read_text(encoding="utf-8") == "of yesterday"


@pytest.mark.parametrize("name", ["csv", "jsonl", "parquet", "xlsx", "datapackage", "markdown"])
def test_a_full_disk_leaves_the_former_files(
    uri: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "out"
    export(uri, "--format", name, "--out", files, "--from", "2024-01")
    before = contents(files)
    capsys.readouterr()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        export(uri, "--format", name, "--out", files, status=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("File too large; what was there is as it was")
    assert contents(files) == before
    assert not [path for path in files.iterdir() if path.name.startswith(".")]


def test_of_a_link_what_it_leads_to_is_replaced(uri: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "x.csv").symlink_to("there/wide.csv")
    export(uri, "--table", "wide", "--out", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").is_symlink()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["wide.csv"]


def test_what_a_killed_export_left_is_removed(uri: str, tmp_path: Path) -> None:
    dead = tmp_path / f".export-abc.999999999@{socket.gethostname()}.part"
    alive = tmp_path / f".export-abc.{os.getpid()}@{socket.gethostname()}.part"
    for path in (dead, alive):
        path.mkdir()
        (path / "figures.csv").touch()
    export(uri, "--table", "wide", "--out", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [alive.name, "wide.csv"]


def test_a_directory_in_the_way_stops_all_files(uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wide.csv").mkdir()
    export(uri, "--out", tmp_path, status=2)
    assert capsys.readouterr().err == f"cncert: {tmp_path}/wide.csv is in the way: it is no file\n"
    assert [path.name for path in tmp_path.iterdir()] == ["wide.csv"]
