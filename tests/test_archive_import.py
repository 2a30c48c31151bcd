"""``scrapy archive import``: pages of issues that others kept go into the archive, each once; no store is asked."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path

import pytest

from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import ArchiveWriter
from cncert.commands.archive import ArchiveCommand
from tests import series
from tests.calls import call
from tests.site.crawl import ROOT
from tests.test_archive import LIMIT, archive

WEEK = "2025-03"
ISSUE = series.published(WEEK)
DAY = "2025-02-01T00:00:00Z"
SAMPLE = ROOT / "cncert" / "data" / "sample" / "weekly.warc.gz"


@pytest.fixture(autouse=True)
def _other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call has a file of its own; they are of one process, and of one second."""
    numbers = count()
    monkeypatch.setattr("cncert.archive.warc_writer.new_name", lambda _: f"import-{next(numbers)}.warc.gz")


def mhtml(page: bytes) -> bytes:
    """*page* as Chromium saves it."""
    mail = EmailMessage()
    mail["Snapshot-Content-Location"], mail["Date"], mail["MIME-Version"] = (
        ISSUE.url,
        "Fri, 7 Feb 2025 08:00:00 +0800",
        "1.0",
    )
    mail.make_mixed()
    part = EmailMessage()
    part.set_content(page.decode(), "html", cte="quoted-printable")
    mail.attach(part)
    return mail.as_bytes(policy=SMTP)


def single_file(page: bytes) -> bytes:
    note = f"<!--\n Page saved with SingleFile\n url: {ISSUE.url}\n saved date: Fri Feb 07 2025 08:00:00 GMT+0800\n-->"
    return page.replace(b"<head>", f"<head>{note}".encode(), 1)


def add(place: Path, *names: Path, **given: str) -> int:
    return call(ArchiveCommand(), "import", *map(str, names), CNCERT_ARCHIVE=str(place), CNCERT_STORE="x://", **given)


def foreign(path: Path) -> Path:
    """An archive of another program: an issue with its pictures, and what else a browser asked for."""
    return archive(
        path,
        ("https://example.org/", "200 OK", b"<p>something else</p>", DAY),
        (ISSUE.url, "200 OK", series.page_of(WEEK), DAY),
        *((url, "200 OK", series.drawing(number), DAY) for number, url in enumerate(ISSUE.pictures)),
        ("https://mmbiz.qpic.cn/mmbiz_png/SomethingElse/640", "200 OK", series.drawing(99), DAY),
    )


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_an_issue_comes_with_its_pictures(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, place = foreign(tmp_path / name), tmp_path / "archive"
    assert add(place, path) == 0
    said = capsys.readouterr()
    assert said.out == f"{path}: 3 added, 2 left out (no page of an issue, and not shown by one)\n"
    assert said.err == "cncert: 3 added, 0 known, 2 left out\n"
    reader = ArchiveReader(place, LIMIT)
    found = reader.get(ISSUE.url)
    assert found is not None
    assert (found.body, found.date, found.url) == (series.page_of(WEEK), datetime(2025, 2, 1, tzinfo=UTC), ISSUE.url)
    for number, url in enumerate(ISSUE.pictures):
        picture = reader.get(url)
        assert picture is not None
        assert picture.body == series.drawing(number)
    assert len(reader) == 3


def test_nothing_is_added_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither from the same file nor from another one with the same records, or from the archive itself."""
    place = tmp_path / "archive"
    page = tmp_path / "page.html"
    page.write_bytes(series.page_of("2025-02"))
    assert add(place, foreign(tmp_path / "a.warc.gz"), page) == 0
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    assert add(place, tmp_path / "a.warc.gz", foreign(tmp_path / "b.warc"), page, place) == 0
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    assert capsys.readouterr().err.splitlines()[-1] == "cncert: 0 added, 11 known, 4 left out"


def test_the_same_page_at_another_time_is_a_line_more(tmp_path: Path) -> None:
    """It was seen then, too; its content is not kept again."""
    place = tmp_path / "archive"
    first, second = (
        archive(tmp_path / f"{day}.warc.gz", (ISSUE.url, "200 OK", series.page_of(WEEK), f"2025-02-0{day}T00:00:00Z"))
        for day in (1, 2)
    )
    assert add(place, first) == add(place, second) == add(place, second) == 0
    reader = ArchiveReader(place, LIMIT)
    assert [(one.kind, one.date[:8]) for index in reader.indexes for one in index.entries()] == [
        ("response", "20250201"),
        ("revisit", "20250202"),
    ]


@pytest.mark.parametrize(
    ("name", "wrap", "kind"),
    [
        ("page.html", lambda page: page, "response"),
        ("page.mhtml", mhtml, "conversion"),
        ("single.html", single_file, "conversion"),
    ],
)
def test_a_saved_page_is_archived_as_what_it_is(name: str, wrap: object, kind: str, tmp_path: Path) -> None:
    assert callable(wrap)
    (tmp_path / name).write_bytes(wrap(series.page_of(WEEK)))
    assert add(tmp_path / "archive", tmp_path / name) == 0
    (index,) = ArchiveReader(tmp_path / "archive", LIMIT).indexes
    (entry,) = index.entries()
    assert (entry.kind, entry.issue) == (kind, WEEK)


def test_what_a_browser_made_and_what_repeats_come_too(tmp_path: Path) -> None:
    other = ArchiveWriter(tmp_path / "other")
    for day in (1, 2):
        other.add(
            ISSUE.url, 200, [("Content-Type", "text/html")], series.page_of(WEEK), datetime(2025, 3, day, tzinfo=UTC)
        )
    other.add_rendered(ISSUE.url, series.page_of(WEEK), datetime(2025, 3, 3, tzinfo=UTC))
    other.close()
    assert add(tmp_path / "archive", tmp_path / "other") == 0
    (index,) = ArchiveReader(tmp_path / "archive", LIMIT).indexes
    assert sorted(one.kind for one in index.entries()) == ["conversion", "response", "revisit"]


def spoilt(path: Path) -> Path:
    path.write_bytes(foreign(path).read_bytes()[:-50])
    return path


LEFT_OUT = {
    "text": (lambda path: path.write_text("本周网络安全"), 2, "1 left out ("),
    "nothing": (Path.exists, 2, "1 left out (No such file or directory)"),
    "half a page": (lambda path: path.write_bytes(series.page_of(WEEK)[:-2000]), 2, "1 left out (the page breaks off)"),
    "half an archive": (
        spoilt,
        1,
        "3 added, 1 left out (no page of an issue, and not shown by one; the file breaks off)",
    ),
    "no issue": (
        lambda path: archive(path, ("https://example.org/", "200 OK", b"x", DAY)),
        2,
        "1 left out (no page of an issue, and not shown by one)",
    ),
    "a broken archive": (lambda path: path.write_bytes(b"WARC/1.0\r\n"), 2, "cannot be read as a WARC file"),
    "the sample": (lambda path: path.write_bytes(SAMPLE.read_bytes()), 2, "left out (of the sample series)"),
}


@pytest.mark.parametrize(("make", "status", "said"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_said_with_the_reason(
    make: object, status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(make)
    make(tmp_path / "file")
    assert add(tmp_path / "archive", tmp_path / "file") == status
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{tmp_path}/file: ")
    assert said in line
    assert any((tmp_path / "archive").iterdir()) is (status == 1)


@pytest.mark.parametrize(
    ("args", "place", "said"),
    [
        ((), "x", "no file is named"),
        (("docs",), "", "there is no archive to add to: set CNCERT_ARCHIVE"),
        (("docs", "--jobs", "0"), "x", "--jobs 0 is below 1"),
    ],
)
def test_a_wrong_call_is_one_line(
    args: tuple[str, ...], place: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(ArchiveCommand(), "import", *args, CNCERT_ARCHIVE=str(tmp_path / place) if place else "") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
