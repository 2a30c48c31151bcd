"""``scrapy archive verify``: what is damaged, cut or wrongly indexed is named, a line for each; nothing else is."""

import gzip
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from warcio.warcwriter import WARCWriter

from cncert.archive.index import index_path
from cncert.archive.warc_writer import ArchiveWriter
from cncert.commands.archive import ArchiveCommand
from tests.calls import call
from tests.site.crawl import run_scrapy
from tests.test_archive import SHORT, archive
from tests.test_archive_index import OTHER, PAGE, spoil, written
from tests.warcs import INFO, OTHER_ADDRESS, OTHER_PAGE, http, record

DATE = "2025-01-01T00:00:00Z"
BOUND_BY_MODES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Runs a command to which the modes of files apply, whoever runs it."""
HEADER = b"WARC/1.0\r\nWARC-Type: response\r\nConte"


def verify(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, list[str], str]:
    """The status, the faults and the sums."""
    status = call(ArchiveCommand(), "verify", *map(str, paths), CNCERT_ARCHIVE="")
    *faults, sums = capsys.readouterr().out.splitlines()
    return status, faults, sums


def kept(directory: Path) -> Path:
    """An archive that nobody writes any more."""
    path = written(directory)
    text = index_path(path).read_text()
    other = path.rename(path.with_name(path.name.replace(f"-{os.getpid()}.", "-4194305.")))
    index_path(path).unlink()
    index_path(other).write_text(text.replace(path.name, other.name))
    return other


def test_an_archive_of_ours_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(tmp_path)
    status, faults, sums = verify(capsys, tmp_path)
    assert (status, faults) == (0, [])
    assert sums.startswith("no fault: 1 files (1 with an index), ")
    assert sums.endswith("6 records, 6 digests compared")


def test_the_archive_of_a_running_crawl_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its last record may be unfinished, and not indexed yet."""
    writer = ArchiveWriter(tmp_path)
    writer.add(SHORT, 200, [("Content-Type", "text/html")], PAGE)
    with writer.path.open("ab") as file:
        file.write(b"\x1f\x8b\x08\x00")
    status, faults, _ = verify(capsys, tmp_path)
    writer.close()
    assert (status, faults) == (0, [])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index("网络安全".encode())] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped bit": (flip, "block digest failed"),
    "a cut record": (lambda path: path.write_bytes(path.read_bytes()[:-900]), "cannot be read: a record has no end"),
    "a cut header": (
        lambda path: path.write_bytes(path.read_bytes() + HEADER),
        "the file ends in the headers of a record",
    ),
    "something else": (lambda path: path.write_bytes(b"no archive"), "cannot be read as a WARC file: "),
    "nothing": (lambda path: path.write_bytes(b""), "cannot be read as a WARC file: no record is in it"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named(
    damage: Callable[[Path], object], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = archive(tmp_path / "a.warc", (SHORT, "200 OK", OTHER, DATE), (SHORT, "200 OK", PAGE, DATE))
    damage(path)
    status, faults, sums = verify(capsys, path)
    assert status == 1
    (fault,) = faults
    assert fault.startswith(f"{path}: ")
    assert said in fault
    assert sums.startswith("1 fault: 1 files")


def packed_one_by_one(*records: bytes) -> bytes:
    return b"".join(gzip.compress(record) for record in records)


LIES = {
    "a length without end": (record(http(), length=10**15), f"Content-Length is '{10**15}' and not"),
    "a length below zero": (record(http(), length=-5), "Content-Length is '-5' and not"),
    "no length": (record(http(), length=None), "Content-Length is '' and not"),
    "a day that no month has": (
        record(http()).replace(b"2025-02-01T", b"2025-02-31T"),
        "its date '2025-02-31T00:00:00Z'",
    ),
    "a year that nobody lives in": (record(http()).replace(b"2025-02-01T", b"9999-02-01T"), "its date '9999-02-01T"),
}


@pytest.mark.parametrize(("lie", "said"), LIES.values(), ids=LIES)
def test_headers_that_lie_are_named(lie: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(packed_one_by_one(INFO, lie, record(http(OTHER_PAGE), OTHER_ADDRESS)))
    status, (fault,), _ = verify(capsys, path)
    assert status == 1
    assert said in fault


def test_a_directory_that_cannot_be_listed_is_one_line(tmp_path: Path) -> None:
    kept(tmp_path)
    (tmp_path / "closed").mkdir(mode=0)
    result = run_scrapy("archive", "verify", tmp_path, prefix=BOUND_BY_MODES)
    assert result.returncode == 2
    assert result.stderr == f"cncert: {tmp_path}/closed cannot be listed: Permission denied\n"


# --- of a WACZ


@pytest.fixture
def wacz(tmp_path: Path) -> Path:
    """A WACZ with an article, its copy, and a picture."""
    written(tmp_path / "archive")
    path = tmp_path / "x.wacz"
    assert call(ArchiveCommand(), "export", "--wacz", str(path), str(tmp_path / "archive"), CNCERT_ARCHIVE="") == 0
    return path


def repacked(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Write the WACZ anew, with another content of the member *name*; without it if that is empty."""
    with zipfile.ZipFile(path) as file:
        contents = {one: file.read(one) for one in file.namelist()}
    contents[name] = change(contents[name])
    with zipfile.ZipFile(path, "w") as file:
        for one, content in contents.items():
            if content:
                file.writestr(one, content)


def test_a_wacz_of_ours_has_no_fault(wacz: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, faults, sums = verify(capsys, wacz)
    assert (status, faults) == (0, [])
    assert sums.startswith("no fault: 1 files (0 with an index), ")


def flipped(data: bytes) -> bytes:
    """A copy in which a bit of the last record is another one."""
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


SPOILT: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "a flipped bit": ("archive/data.warc.gz", flipped, "archive/data.warc.gz: "),
    "a cut file": ("archive/data.warc.gz", lambda data: data[:-40], "archive/data.warc.gz: "),
    "another list of pages": (
        "pages/pages.jsonl",
        lambda data: data + b"{}\n",
        "pages/pages.jsonl is not what datapackage.json says: another sha256",
    ),
    "no list of pages": (
        "pages/pages.jsonl",
        lambda _: b"",
        "datapackage.json names 'pages/pages.jsonl', which is not",
    ),
    "another package": ("datapackage.json", lambda data: data + b" ", "datapackage.json is not what"),
    "a package of nothing": ("datapackage.json", lambda _: b"[]", "datapackage.json does not say what the file holds"),
    "a line less": (
        "indexes/index.cdx.gz",
        lambda data: gzip.compress(b"".join(gzip.decompress(data).splitlines(keepends=True)[1:])),
        "no index names the record at byte",
    ),
    "another place": (
        "indexes/index.cdx.gz",
        lambda data: gzip.compress(gzip.decompress(data).replace(b'"offset": "', b'"offset": "1')),
        "of 'data.warc.gz', where none of this length is",
    ),
    "an index of nothing": ("indexes/index.cdx.gz", lambda _: b"x y z", "indexes/index.cdx.gz is no index"),
}


@pytest.mark.parametrize(("name", "change", "said"), SPOILT.values(), ids=SPOILT)
def test_what_is_wrong_in_a_wacz_is_named(
    name: str, change: Callable[[bytes], bytes], said: str, wacz: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repacked(wacz, name, change)
    status, faults, _ = verify(capsys, wacz)
    assert status == 1
    assert any(fault.startswith(f"{wacz}: ") and said in fault for fault in faults)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "a line less": (
        lambda index: index.write_bytes(b"".join(index.read_bytes().splitlines(keepends=True)[1:])),
        "lacks the record at byte",
    ),
    "a line more": (
        lambda index: spoil(index, '"offset": "', '"offset": "1'),
        "names a record at byte",
    ),
    "another verdict": (
        lambda index: spoil(index, '"verdict": "article"', '"verdict": "gone"'),
        "says something else of the record at byte",
    ),
    "another file's": (lambda index: spoil(index, '"filename": "', '"filename": "x'), "is no index of it"),
    "none at all": (lambda index: index.write_bytes(os.urandom(3000) + b"\n"), "is no index of it"),
}


@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_index_is_named(
    wrong: Callable[[Path], object], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept(tmp_path)
    wrong(index_path(path))
    status, faults, _ = verify(capsys, tmp_path)
    assert status == 1
    assert any(f"{path}: {index_path(path).name} {said}" in fault for fault in faults)


def test_what_repeats_nothing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "x.warc").open("wb") as file:
        writer = WARCWriter(file, gzip=False)
        writer.write_record(writer.create_revisit_record(SHORT, "sha1:AAAA", SHORT, DATE))
    status, faults, _ = verify(capsys, tmp_path)
    assert status == 1
    (fault,) = faults
    assert fault.endswith(f"the record at byte 0 repeats one that is not there: {SHORT}")


def test_originals_may_be_in_another_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "second"):
        writer = ArchiveWriter(tmp_path, name)
        writer.add(SHORT, 200, [("Content-Type", "text/html")], PAGE)
        writer.close()
    first, second = sorted(tmp_path.glob("*.warc.gz"))
    assert verify(capsys, second, first)[0] == 0
    status, faults, _ = verify(capsys, second)
    assert (status, len(faults)) == (1, 1)
