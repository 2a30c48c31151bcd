"""``scrapy archive export --wacz``: a file that players of web archives open, with all that an archive has."""

import gzip
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from warcio.archiveiterator import ArchiveIterator

from cncert.archive.choose_records import choose_records
from cncert.archive.index import index_path
from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import ArchiveWriter
from cncert.commands.archive import ArchiveCommand
from tests import series
from tests.calls import call
from tests.site import cert_site, pages
from tests.test_archive import LIMIT, SHORT, archive

DELETED = pages.FAILURES["deleted_zh"].page
HTML = [("Content-Type", "text/html; charset=UTF-8")]
WEEKS = ("2025-01", "2025-02", "2025-03")
LIST = "https://www.cert.org.cn/publish/main/44/index.html"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An archive of two runs: three issues with their pictures, one of them deleted later, and a list."""
    for month, name in enumerate(("first", "second"), 1):
        date = datetime(2025, month, 28, 12, tzinfo=UTC)
        writer = ArchiveWriter(tmp_path / "archive", name)
        for week in WEEKS:
            one, is_gone = series.published(week), month == 2 and week == "2025-02"
            writer.add(one.url, 200, HTML, DELETED if is_gone else series.page_of(week), date)
            for number, url in enumerate(one.pictures):
                writer.add(url, 200, [("Content-Type", "image/png")], series.drawing(number), date)
        writer.add(LIST, 200, HTML, b"a list", date)
        writer.add_rendered(SHORT, series.page_of("2025-03"), date)
        writer.close()
    return tmp_path / "archive"


def export(place: Path, *args: str) -> int:
    """The status; the file is ``x.wacz`` beside the archive."""
    return call(ArchiveCommand(), "export", "--wacz", f"{place.parent}/x.wacz", *args, CNCERT_ARCHIVE=str(place))


def members(place: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(place.parent / "x.wacz") as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


def listed(place: Path) -> list[dict[str, str]]:
    """The list of pages, without its head."""
    rows = [json.loads(row) for row in members(place)["pages/pages.jsonl"].splitlines()]
    assert rows[0]["format"] == "json-pages-1.0"
    return rows[1:]


def lines_of(place: Path) -> list[dict[str, str]]:
    """The lines of the index."""
    lines = gzip.decompress(members(place)["indexes/index.cdx.gz"]).decode().splitlines()
    assert lines == sorted(lines)
    return [{"ts": line.split(" ")[1], **json.loads(line.split(" ", 2)[2])} for line in lines]


def test_other_tools_find_it_right(place: Path) -> None:
    assert export(place) == 0
    run = subprocess.run(
        [sys.executable, "-m", "wacz", "validate", "-f", place.parent / "x.wacz"],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the passed WACZ is valid" in run.stdout, run.stdout + run.stderr
    (place.parent / "data.warc.gz").write_bytes(members(place)["archive/data.warc.gz"])
    command = Path(sys.executable).with_name("warcio")
    assert subprocess.run([command, "check", place.parent / "data.warc.gz"], check=False).returncode == 0


def test_its_members_are_stored_as_they_must_be_and_named_with_their_digests(place: Path) -> None:
    assert export(place) == 0
    found = members(place)
    with zipfile.ZipFile(place.parent / "x.wacz") as file:
        stored = {info.filename for info in file.infolist() if info.compress_type == zipfile.ZIP_STORED}
    assert stored == {"archive/data.warc.gz", "indexes/index.cdx.gz"}
    package = json.loads(found["datapackage.json"])
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    assert package["title"] == "网络安全信息与动态周报 2025-01 – 2025-03"
    assert {one["path"] for one in package["resources"]} | {"datapackage.json", "datapackage-digest.json"} == set(found)
    for one in package["resources"]:
        data = found[one["path"]]
        assert (one["hash"], one["bytes"]) == (f"sha256:{sha256(data).hexdigest()}", len(data))
    digest = f"sha256:{sha256(found['datapackage.json']).hexdigest()}"
    assert json.loads(found["datapackage-digest.json"]) == {"path": "datapackage.json", "hash": digest}


def test_every_line_of_the_index_leads_to_its_record(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cncert.archive.write_wacz.LINES_IN_BLOCK", 4)
    assert export(place) == 0
    data = members(place)["archive/data.warc.gz"]
    (place.parent / "data.warc.gz").write_bytes(data)
    for line in lines_of(place):
        with (place.parent / "data.warc.gz").open("rb") as file:
            file.seek(int(line["offset"]))
            record = next(iter(ArchiveIterator(file)))
        headers = record.rec_headers
        assert headers.get_header("WARC-Target-URI") == line["url"]
        assert headers.get_header("WARC-Payload-Digest") == line["digest"]
        assert headers.get_header("WARC-Type") == ("revisit" if line["mime"] == "warc/revisit" else "response")
    head, *blocks = members(place)["indexes/index.idx"].decode().splitlines()
    assert head == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    packed, places = members(place)["indexes/index.cdx.gz"], [json.loads(block[block.index("{") :]) for block in blocks]
    assert len(blocks) > 2
    for block, one in zip(blocks, places, strict=True):
        part = packed[one["offset"] : one["offset"] + one["length"]]
        assert one["digest"] == f"sha256:{sha256(part).hexdigest()}"
        assert gzip.decompress(part).decode().startswith(block[: block.index(" {")] + " {")
    assert sum(one["length"] for one in places) == len(packed)


def test_all_of_the_archive_is_in_it(place: Path) -> None:
    assert export(place) == 0
    (place.parent / "x").mkdir()
    (place.parent / "x" / "data.warc.gz").write_bytes(members(place)["archive/data.warc.gz"])
    there, here = (
        [replace(one.entry, offset=0, length=0) for one in choose_records(ArchiveReader(one, LIMIT).indexes, None)[0]]
        for one in (place, place.parent / "x")
    )
    assert there == here
    assert len(here) == 2 * (3 * 3 + 2)


def test_the_newest_page_of_each_issue_is_listed_with_title_and_text(place: Path) -> None:
    """Not the deletion page, and nothing that a browser made."""
    assert export(place) == 0
    rows = listed(place)
    assert [row["title"] for row in rows] == [series.title_of(week) for week in WEEKS]
    assert [row["url"] for row in rows] == [series.published(week).url for week in WEEKS]
    assert [row["ts"] for row in rows] == ["2025-01-28T12:00:00Z"] * 3
    assert "本周网络安全基本态势" in rows[0]["text"]
    assert len({row["id"] for row in rows}) == 3
    played = {(line["url"], line["ts"]) for line in lines_of(place)}
    assert {(row["url"], row["ts"].translate(str.maketrans("", "", "-:TZ"))) for row in rows} <= played


def test_what_a_browser_made_is_in_the_file_and_not_in_the_index(place: Path) -> None:
    """A player would take it for what was served."""
    assert export(place) == 0
    assert SHORT not in {line["url"] for line in lines_of(place)}
    assert gzip.decompress(members(place)["archive/data.warc.gz"]).count(b"WARC-Type: conversion") == 2


@pytest.mark.parametrize(
    ("chosen", "weeks"),
    [
        ("2025-02..2025-03", WEEKS[1:]),
        ("2025-02", WEEKS[1:2]),
        ("..2025-2", WEEKS[:2]),
        ("2025-03..", WEEKS[2:]),
        ("2020-01..2025-01", WEEKS[:1]),
    ],
)
def test_some_issues_with_all_that_they_show(chosen: str, weeks: tuple[str, ...], place: Path) -> None:
    assert export(place, "--issues", chosen) == 0
    assert [row["title"] for row in listed(place)] == [series.title_of(week) for week in weeks]
    expected = {url for week in weeks for url in (series.published(week).url, *series.published(week).pictures)}
    assert {line["url"] for line in lines_of(place)} == expected
    assert {line["ts"][:6] for line in lines_of(place)} == {"202501", "202502"}  # the deletion page, too


def test_the_pdf_of_a_page_of_the_site_goes_with_it(place: Path) -> None:
    week = (2025, 2)
    url, target = f"{cert_site.ROOT}{cert_site.path(week)}", f"{cert_site.ROOT}{quote(cert_site.file_path(week))}"
    link = cert_site.link(cert_site.file_path(week), "weekly.pdf")
    page = cert_site.page(cert_site.title(week), cert_site.published(week), link)
    archive(
        place / "site.warc.gz",
        (url, "200 OK", page, "2025-02-01T00:00:00Z"),
        (target, "200 OK", b"%PDF-1.4", "2025-02-01T00:00:00Z"),
        (f"{target}x", "200 OK", b"%PDF-1.4", "2025-02-01T00:00:00Z"),
    )
    assert export(place, "--issues", "2025-02") == 0
    pages_of_week = {series.published("2025-02").url, url}
    assert {row["url"] for row in listed(place)} == pages_of_week
    assert {line["url"] for line in lines_of(place)} == {*pages_of_week, *series.published("2025-02").pictures, target}


def test_the_sample_says_that_it_is_one(place: Path) -> None:
    assert export(place) == 0
    assert "do not cite" not in members(place)["datapackage.json"].decode()
    assert export(place, "cncert/data/sample/weekly.warc.gz") == 0
    assert "Sample data, mostly invented: do not cite." in members(place)["datapackage.json"].decode()


def test_the_same_archive_gives_the_same_bytes(place: Path) -> None:
    export(place)
    first = (place.parent / "x.wacz").read_bytes()
    for path in place.iterdir():  # other names, another order
        path.rename(path.with_name(path.name.replace("first", "z-first")))
    export(place)
    assert (place.parent / "x.wacz").read_bytes() == first


def test_what_repeats_nothing_is_left_out_and_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = place.glob("first*.warc.gz")
    first.unlink()
    index_path(first).unlink()
    assert export(place) == 1
    assert "left out: 9 records that repeat an answer which is not there" in capsys.readouterr().err
    assert [line["url"] for line in lines_of(place)] == [series.published("2025-02").url]


def test_records_that_are_not_packed_are_packed(tmp_path: Path) -> None:
    url = series.published("2025-03").url
    (tmp_path / "archive").mkdir()
    archive(tmp_path / "archive" / "a.warc", (url, "200 OK", series.page_of("2025-03"), "2025-01-01T00:00:00Z"))
    assert export(tmp_path / "archive") == 0
    (line,) = lines_of(tmp_path / "archive")
    data = members(tmp_path / "archive")["archive/data.warc.gz"][int(line["offset"]) :]
    assert len(data) == int(line["length"])
    assert series.page_of("2025-03") in gzip.decompress(data)


def test_an_index_that_lies_puts_nothing_wrong_into_it(place: Path) -> None:
    export(place)
    right = (place.parent / "x.wacz").read_bytes()
    (index,) = place.glob("first*.cdxj")
    index.write_text(index.read_text().replace('"verdict": "article"', '"verdict": "gone"').replace("202501", "202401"))
    assert export(place) == 0
    assert (place.parent / "x.wacz").read_bytes() == right


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "archive export needs --wacz FILE, with a name that ends with .wacz"),
        (("--wacz", "x.zip"), "archive export needs --wacz FILE, with a name that ends with .wacz"),
        (("--wacz", "x.wacz", "docs", "docs"), "archive export takes one path, not 2"),
        (("--wacz", "x.wacz", "--issues", "x"), "--issues 'x': 'x' is no issue"),
        (("--wacz", "x.wacz", "--issues", "2025-03..2025-02"), "2025-03 is later than 2025-02"),
        (("--wacz", "x.wacz", "--issues", "2019-01"), "nothing is archived of these issues"),
        (("--wacz", "/proc/no/x.wacz"), "/proc/no/x.wacz cannot be written: "),
        (("--wacz", "x.wacz", "--list"), "archive export takes no --list"),
    ],
)
def test_a_wrong_call_is_one_line_and_writes_nothing(
    args: tuple[str, ...], said: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path.cwd()
    monkeypatch.chdir(place.parent)
    given = [str(root / word) if word == "docs" else word for word in args]
    assert call(ArchiveCommand(), "export", *given, CNCERT_ARCHIVE=str(place)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert [path.name for path in place.parent.iterdir()] == ["archive"]
