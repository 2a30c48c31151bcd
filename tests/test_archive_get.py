"""``scrapy archive get``: the page as it was fetched, the best one unless a time is named."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from cncert.archive.warc_writer import ArchiveWriter
from cncert.commands.archive import ArchiveCommand
from tests import series
from tests.calls import call
from tests.site import cert_site, pages
from tests.site.crawl import run_scrapy
from tests.test_archive import SHORT, archive
from tests.test_archive_index import PAGE, PICTURE

URL = series.published("2025-03").url
DELETED = pages.FAILURES["deleted_zh"].page
CHANGED = PAGE.replace("网络安全".encode(), "信息安全".encode())
DRAWING = series.drawing(1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An issue that was changed and deleted, another one, and a picture."""
    archive(
        tmp_path / "a.warc.gz",
        (URL, "200 OK", PAGE, "2025-01-21T00:00:00Z"),
        (URL, "200 OK", CHANGED, "2025-02-01T00:00:00Z"),
        (URL, "200 OK", PAGE, "2025-02-02T00:00:00Z"),
        (URL, "200 OK", DELETED, "2025-03-01T00:00:00Z"),
        (series.published("2025-02").url, "200 OK", series.page_of("2025-02"), "2025-03-02T00:00:00Z"),
        (PICTURE, "200 OK", DRAWING, "2025-03-03T00:00:00Z"),
        ("https://example.org/", "404 Not Found", b"none", "2025-03-04T00:00:00Z"),
    )
    return tmp_path


def get(capfdbinary: pytest.CaptureFixture[bytes], place: Path, *args: str) -> tuple[int, bytes, str]:
    """The status, what was printed, and what was said."""
    status = call(ArchiveCommand(), "get", *args, CNCERT_ARCHIVE=str(place))
    said = capfdbinary.readouterr()
    return status, said.out, said.err.decode()


@pytest.mark.parametrize(
    ("args", "content", "when", "others"),
    [
        (("2025-03",), PAGE, "2025-02-02 00:00:00", 3),
        (("2025-3",), PAGE, "2025-02-02 00:00:00", 3),
        ((URL,), PAGE, "2025-02-02 00:00:00", 3),
        (("2025-03", "--at", "2025-02-01"), CHANGED, "2025-02-01 00:00:00", 3),
        (("2025-03", "--at", "2024-01-01"), PAGE, "2025-01-21 00:00:00", 3),
        (("2025-03", "--at", "2025-03-01"), PAGE, "2025-02-02 00:00:00", 3),
        (("2025-02",), series.page_of("2025-02"), "2025-03-02 00:00:00", 0),
        ((PICTURE,), DRAWING, "2025-03-03 00:00:00", 0),
        (("https://example.org/",), b"none", "2025-03-04 00:00:00", 0),
    ],
)
def test_what_was_fetched_is_printed_as_it_came(
    args: tuple[str, ...],
    content: bytes,
    when: str,
    others: int,
    place: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    status, printed, said = get(capfdbinary, place, *args)
    assert (status, printed) == (0, content)
    assert said.startswith(f"cncert: fetched {when} UTC (")
    assert said.rstrip().endswith(f"; {others} more: --list") is bool(others)


def test_its_text_can_be_read(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    status, printed, _ = get(capfdbinary, place, "2025-03", "--text")
    lines = printed.decode().splitlines()
    assert status == 0
    assert lines[0] == series.title_of("2025-03")
    assert lines[1] == "国家互联网应急中心CNCERT"
    assert any("漏洞" in line for line in lines)
    assert not any("<" in line for line in lines)


def test_all_of_them_can_be_listed(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    status, printed, _ = get(capfdbinary, place, "2025-03", "--list")
    title, *rows = printed.decode().splitlines()
    assert (status, title.split()[:2]) == (0, ["fetched", "(UTC)"])
    assert [row.split()[0] for row in rows] == ["2025-02-02", "2025-02-01", "2025-01-21", "2025-03-01"]
    assert [row.split()[2] for row in rows] == ["article", "article", "article", "gone"]


def test_of_several_editions_that_of_cncert_comes_first(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What a browser made of a page comes last, although it is newer."""
    writer = ArchiveWriter(tmp_path)
    writer.add(SHORT, 200, [("Content-Type", "text/html")], PAGE)
    writer.add_rendered(SHORT, CHANGED)
    writer.close()
    assert get(capfdbinary, tmp_path, "2025-03")[1] == PAGE
    assert b"article, made by a browser" in get(capfdbinary, tmp_path, "2025-03", "--list")[1]


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("2025-04",), 1, "nothing is archived of 2025-04"),
        (("https://example.org/x",), 1, "nothing is archived of https://example.org/x"),
        ((PICTURE, "--text"), 1, "has no text that is read"),
        ((), 2, "takes an issue, such as 2025-03, or an address"),
        (("x",), 2, "'x' is no issue: write year and number, as in 2025-03, or an address"),
        (("2025-54",), 2, "2025 has no issue 54"),
        (("2025-03", "--at", "now"), 2, "'now' is no time"),
        (("2025-03", "--json"), 2, "archive get takes no --json"),
        (("2025-03", "/no/such"), 2, "/no/such: no such file or directory"),
    ],
)
def test_what_is_not_there_is_one_line(
    args: tuple[str, ...], status: int, said: str, place: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    found, printed, line = get(capfdbinary, place, *args)
    assert (found, printed) == (status, b"")
    assert said in line
    assert line.count("\n") == 1


def test_an_index_that_lies_makes_no_other_page(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    get(capfdbinary, place, "2025-03")
    (index,) = place.glob("*.cdxj")
    index.write_text(index.read_text().replace('"issue": "2025-02"', '"issue": "2025-03"'))
    os.utime(index)
    assert get(capfdbinary, place, "2025-03")[1] == PAGE
    assert get(capfdbinary, place, "2025-02")[1] == series.page_of("2025-02")


def test_a_page_of_the_site_and_its_pdf_can_be_read(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    week = (2025, 3)
    url, target = f"{cert_site.ROOT}{cert_site.path(week)}", f"{cert_site.ROOT}{quote(cert_site.file_path(week))}"
    link = cert_site.link(cert_site.file_path(week), "weekly.pdf")
    page = cert_site.page(cert_site.title(week), cert_site.published(week), link)
    archive(
        tmp_path / "a.warc.gz",
        (URL, "200 OK", PAGE, "2025-01-21T00:00:00Z"),
        (url, "200 OK", page, "2025-02-01T00:00:00Z"),
        (target, "200 OK", cert_site.weekly_pdf(week), "2025-02-01T00:00:00Z"),
    )
    assert get(capfdbinary, tmp_path, "2025-03")[1] == PAGE  # the article is worth more
    assert get(capfdbinary, tmp_path, "2025-03", "--at", "2025-02-02")[1] == page
    title, day, *lines = get(capfdbinary, tmp_path, url, "--text")[1].decode().splitlines()
    assert (title, day) == (cert_site.title(week), str(cert_site.published(week)))
    assert any("点击下载" in line for line in lines)
    assert "本周" in get(capfdbinary, tmp_path, target, "--text")[1].decode()
    assert get(capfdbinary, tmp_path, target)[1].startswith(b"%PDF-")


def test_a_file_that_breaks_off_is_said(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Perhaps a newer answer was behind its end."""
    (place / "b.warc.gz").write_bytes((place / "a.warc.gz").read_bytes()[:-9])
    line = f"cncert: {place}/b.warc.gz is damaged or breaks off: what can be read of it is"
    status, out, err = get(capfdbinary, place, "2025-02")
    assert (status, out, err.splitlines()[0]) == (1, series.page_of("2025-02"), line)
    assert call(ArchiveCommand(), "export", "--wacz", f"{place}/x.wacz", str(place), CNCERT_ARCHIVE="") == 1
    assert capfdbinary.readouterr().err.decode().splitlines()[0] == line
    assert (place / "x.wacz").exists()


def test_a_page_goes_through_a_pipe(place: Path) -> None:
    result = run_scrapy("archive", "get", "2025-03", place, "--text", env={"CNCERT_ARCHIVE": ""})
    assert result.returncode == 0
    assert result.stdout.startswith(series.title_of("2025-03"))
