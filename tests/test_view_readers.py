"""Programs that read the views of a store: Datasette, pandas, DuckDB, pymongo."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import duckdb
import pandas as pd
import pytest

from cncert.store.sqlite_views import STATEMENTS
from tests.site.crawl import run_scrapy
from tests.stores import raw
from tests.test_views import database, fill, rows_of
from tools import write_docs


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert run_scrapy("demo", folder).returncode == 0
    return folder / "cncert.db"


@pytest.mark.parametrize("view", STATEMENTS)
def test_duckdb_can_hand_a_view_to_sqlite(demo: Path, view: str) -> None:
    """Its extension for SQLite, which is no package, parses a view's SQL, and has SQLite run what it writes of it."""
    select = STATEMENTS[view].split("\n", 1)[1]
    with duckdb.connect() as memory:
        found = memory.execute("SELECT json_deserialize_sql(json_serialize_sql(?::VARCHAR))", [select]).fetchall()
    written = found[0][0]
    with database(f"sqlite:///{demo}") as db:
        rows = db.execute(written).fetchall()
    assert rows == [tuple(row.values()) for row in rows_of(f"sqlite:///{demo}", view)]


async def test_pandas_duckdb_and_pymongo_read_the_same_numbers(sqlite_uri: str, mongo_uri: str) -> None:
    for uri in (sqlite_uri, mongo_uri):
        await fill(uri)
    with database(sqlite_uri) as db:
        figures = pd.read_sql("SELECT * FROM figures", db)
        wide = pd.read_sql("SELECT * FROM figures_wide", db)
    with raw(mongo_uri) as client:
        mongo = client.get_default_database()
        of_mongo = pd.DataFrame(mongo["figures"].find())
        wide_of_mongo = pd.DataFrame(mongo["figures_wide"].find())
    assert figures["value"].tolist() == pytest.approx(of_mongo["value"].tolist(), nan_ok=True)
    assert list(wide) == list(wide_of_mongo)
    sums = wide.select_dtypes("number").drop(columns="sample").sum()
    assert sums.to_dict() == wide_of_mongo[sums.index].apply(pd.to_numeric).sum().to_dict()
    found = duckdb.sql(
        "SELECT metric, sum(value) FROM figures WHERE value IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert found == list(figures.dropna(subset="value").groupby("metric")["value"].sum().items())


def test_the_metadata_of_datasette_is_written() -> None:
    assert write_docs.DATASETTE.read_text(encoding="utf-8") == write_docs.datasette_metadata(), "run: make docs"


def test_datasette_serves_the_demo(demo: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "datasette",
        "serve",
        demo,
        "--metadata",
        write_docs.DATASETTE,
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            tables = json.loads(fetch(server, f"http://127.0.0.1:{port}/cncert.json"))
            query = "figures.json?_shape=array&metric=incidents.handled&issue=2025-03"
            (row,) = json.loads(fetch(server, f"http://127.0.0.1:{port}/cncert/{query}"))
            page = fetch(server, f"http://127.0.0.1:{port}/cncert/figures_wide")
        finally:
            server.terminate()
    assert {one["name"] for one in tables["views"]} == set(STATEMENTS)
    assert [one["name"] for one in tables["tables"] if not one["hidden"]] == []
    (known,) = (
        one
        for one in rows_of(f"sqlite:///{demo}", "figures")
        if row["place"] == one["place"] and one["issue"] == "2025-03"
    )
    assert row == known
    assert "数据宽表" in page and "Unit: 起." in page
    described = json.loads(write_docs.datasette_metadata())["databases"]["cncert"]["tables"]
    for view in STATEMENTS:
        assert list(described[view]["columns"]) == list(rows_of(f"sqlite:///{demo}", view)[0])


def fetch(server: subprocess.Popen[bytes], url: str) -> str:
    """What *url* answers, as soon as *server* is up."""
    for _ in range(300):
        assert server.poll() is None, server.stderr and server.stderr.read().decode()
        try:
            with build_opener(ProxyHandler({})).open(url, timeout=30) as answer:
                return str(answer.read().decode())
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
        time.sleep(0.1)
    raise AssertionError(f"{url}: no answer")
