"""``scrapy archive stats``: what the files of an archive hold, in sums."""

import gzip
import io
import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from warcio.warcwriter import WARCWriter

from cncert.archive.print_statistics import group_by_period
from cncert.archive.statistics import ArchiveStats, Sizes
from cncert.commands.archive import ArchiveCommand
from tests import series
from tests.calls import call
from tests.site import pages
from tests.test_archive import LIMIT, SHORT, archive

PICTURE = "https://mmbiz.qpic.cn/mmbiz_png/abcdefghij/640?wx_fmt=png"
URL = series.published("2024-16").url


def read(*paths: Path) -> ArchiveStats:
    """The sums over *paths*, of which every byte was read as the bar counts it."""
    stats, counted = ArchiveStats(), []
    for path in paths:
        stats.read(path, LIMIT, counted.append)
    assert sum(counted) == stats.sizes.packed
    return stats


@pytest.mark.parametrize("name", ["plain.warc", "packed.warc.gz"])
def test_all_that_is_in_a_file_is_counted(tmp_path: Path, name: str) -> None:
    page = series.page_of("2024-16")
    path = archive(
        tmp_path / name,
        (URL, "200 OK", page, "2025-01-01T00:00:00Z"),
        (SHORT, "200 OK", pages.FAILURES["deleted_zh"].page, "2025-01-31T23:59:59Z"),
        (SHORT, "302 Found", b"", "2025-02-01T00:00:00Z"),
        (PICTURE, "200 OK", series.drawing(1), "2025-03-01T00:00:00Z"),
        (URL, "200 OK", page, "2025-03-02T00:00:00Z"),
    )
    stats = read(path)
    assert (stats.files, stats.size, stats.unreadable, stats.broken_off) == (1, path.stat().st_size, {}, [])
    assert stats.issues == {"2024-16"}
    assert stats.pages == {"article": 2, "gone": 1, "unavailable": 1}
    assert (stats.pictures, stats.kinds, stats.oversize) == (1, {"response": 5}, 0)
    assert stats.duplicates.records == 1
    assert stats.duplicates.unpacked > len(page)
    assert {month: sizes.records for month, sizes in stats.months.items()} == {"2025-01": 2, "2025-02": 1, "2025-03": 2}
    assert (str(stats.oldest), str(stats.newest)) == ("2025-01-01 00:00:00+00:00", "2025-03-02 00:00:00+00:00")
    assert (stats.sizes.packed > stats.sizes.unpacked) is (name == "plain.warc")  # only blocks count as content
    assert stats.size - stats.sizes.packed < 5 * 5  # nothing is left over but empty lines between records


def test_the_warc_files_of_a_wacz_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = series.page_of("2024-16")
    path = archive(tmp_path / "x.warc.gz", (URL, "200 OK", page, "2025-01-01T00:00:00Z"))
    with ZipFile(tmp_path / "x.wacz", "w") as file:
        file.write(path, "archive/whole.warc.gz")
        file.writestr("archive/cut.warc.gz", path.read_bytes()[:-9])
        file.writestr("archive/none.warc.gz", gzip.compress(b"WARC/1.0"))
    status = call(ArchiveCommand(), "stats", str(tmp_path / "x.wacz"), "--json", CNCERT_ARCHIVE="")
    output = capsys.readouterr()
    stats = json.loads(output.out)
    assert status == 1
    assert (stats["files"], stats["issues"], stats["pages"]) == (1, ["2024-16"], {"article": 2})
    assert stats["broken_off"] == [f"{tmp_path}/x.wacz/archive/cut.warc.gz"]
    assert list(stats["unreadable"]) == [f"{tmp_path}/x.wacz/archive/none.warc.gz"]
    assert output.err.count("\n") == 2


def test_records_that_are_no_answers_are_counted_by_kind(tmp_path: Path) -> None:
    with (tmp_path / "x.warc").open("wb") as file:
        writer = WARCWriter(file, gzip=False)
        writer.write_record(writer.create_revisit_record(URL, "sha1:AAAA", URL, "2025-01-01T00:00:00Z"))
        for kind in ("conversion", "\x1b[31m"):
            body = io.BytesIO(series.page_of("2024-16"))
            record = writer.create_warc_record(URL, kind, payload=body, warc_content_type="text/html")
            writer.write_record(record)
            record.raw_stream.close()
    stats = read(tmp_path / "x.warc")
    assert stats.kinds == {"revisit": 1, "conversion": 1, "other": 1}
    assert stats.pages == {"article": 1}  # what a browser was shown


def test_files_without_end_and_files_that_are_none_are_named(tmp_path: Path) -> None:
    whole = archive(tmp_path / "1.warc.gz", (URL, "200 OK", series.page_of("2024-16"), "2025-01-01T00:00:00Z"))
    answer = (PICTURE, "200 OK", bytes(range(256)) * 400, "not a date")
    cut = [archive(tmp_path / name, answer, answer) for name in ("2.warc", "3.warc.gz")]
    for path in cut:
        path.write_bytes(path.read_bytes()[:-300])
    others = [tmp_path / name for name in ("4.warc", "5.warc.gz", "6.warc")]
    for path, content in zip(others, (b"no archive", b"\x1f\x8b\x08\x00broken", b""), strict=True):
        path.write_bytes(content)
    stats = read(whole, *cut, *others, tmp_path / "7.warc")
    assert stats.broken_off == [str(path) for path in cut]
    assert list(stats.unreadable) == [*map(str, others), str(tmp_path / "7.warc")]
    assert all(stats.unreadable.values())
    assert list(stats.months) == ["2025-01"]
    assert (stats.issues, stats.duplicates.records) == ({"2024-16"}, 1)


def test_what_is_too_large_is_passed_over(tmp_path: Path) -> None:
    stats = read(archive(tmp_path / "a.warc.gz", (URL, "200 OK", b"0" * (LIMIT + 1), "2025-01-01T00:00:00Z")))
    assert (stats.oversize, stats.pages, stats.sizes.records) == (1, {}, 1)


def test_many_months_are_shown_as_years() -> None:
    months = {f"{year}-{month:02d}": Sizes(1, 10, 100) for year in (2024, 2025) for month in range(1, 13)}
    assert list(group_by_period(months)) == sorted(months)
    assert group_by_period(months | {"2026-01": Sizes(1, 1, 1)}) == {
        "2024": Sizes(12, 120, 1200),
        "2025": Sizes(12, 120, 1200),
        "2026": Sizes(1, 1, 1),
    }


@pytest.mark.parametrize("given", [("stats", "PATH"), ("stats",)])
def test_the_command_fails_if_a_file_gave_nothing(
    given: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(tmp_path / "1.warc.gz", (URL, "200 OK", series.page_of("2024-16"), "2025-01-01T00:00:00Z"))
    (tmp_path / "2.warc").write_bytes(b"nothing")
    words = [word.replace("PATH", str(tmp_path)) for word in given]
    assert call(ArchiveCommand(), *words, "--json", CNCERT_ARCHIVE=str(tmp_path)) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"cncert: {tmp_path}/2.warc cannot be read as a WARC file: ")
    document = json.loads(said.out)
    assert (document["issues"], document["records"], list(document["months"])) == (["2024-16"], 1, ["2025-01"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "archive needs a word: stats, verify, "),
        (("list",), "archive knows stats, verify, "),
        (("stats", "--at", "2025-01-01"), "archive stats takes no --at"),
        (("stats",), "no archive is named"),
        (("stats", "docs", "/no/such"), "/no/such: no such file or directory"),
        (("stats", "/no/such"), "/no/such: no such file or directory"),
        (("stats", "docs"), "docs holds no WARC file"),
    ],
)
def test_a_wrong_call_is_one_line(given: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(ArchiveCommand(), *given, CNCERT_ARCHIVE="") == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert said in line
