"""Tar files: all forms, packed or not, read as a stream; what is broken or made to break a reader is one line."""

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from cncert.sources.saved_files.file_reader import FileReader, FileToRead, PageFromFile, PassedOver, UnreadFile
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.tar_members import MAX_HEADER_BYTES
from tests import series
from tests.site.crawl import ROOT, run_scrapy, scrapy_command

PAGE = series.page_of("2025-03")
OTHER_PAGE = series.page_of("2025-04")
Change = Callable[[tarfile.TarInfo], None]


def member(name: str, data: bytes = b"", **given: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in given.items():
        setattr(info, key, value)
    return info, data


def packed(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def raw(data: bytes, size: int, kind: bytes = b"0", name: bytes = b"a.html") -> bytes:
    """A member with a stated size that may be wrong."""
    head = bytearray(512)
    head[: len(name)], head[124:136], head[156:157] = name, b"%011o\0" % size, kind
    head[148:156] = b"%06o\0 " % (sum(head) + 8 * 32)
    return bytes(head) + data + bytes(-len(data) % 512)


def read(path: Path, data: bytes, **given: bool) -> tuple[list[str | None], list[str], list[NoIssue]]:
    """The issues, what is said of the rest, and why members were passed over."""
    path.write_bytes(data)
    results = list(FileReader(**given).read(FileToRead(str(path))))
    return (
        [one.issue.id if one.issue else None for one in results if isinstance(one, PageFromFile)],
        [one.reason for one in results if isinstance(one, UnreadFile)],
        [one.no_issue for one in results if isinstance(one, PassedOver)],
    )


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_every_form_and_compression(tmp_path: Path, form: int, pack: Callable[[bytes], bytes]) -> None:
    long = "资料/" * (20 if form != tarfile.USTAR_FORMAT else 5)
    data = packed(
        member("2025/"), member(f"{long}周报.html", PAGE), member("b.gz", gzip.compress(OTHER_PAGE)), form=form
    )
    assert read(tmp_path / "x", pack(data)) == (["2025-03", "2025-04"], [], [])


def test_that_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.html", ".hidden", "b.txt"):
        (tmp_path / "in" / name).write_bytes(PAGE if name != "b.txt" else b"nothing")
    (tmp_path / "in" / "link").symlink_to("a.html")
    subprocess.run(["tar", "-cJf", tmp_path / "x.tar.xz", "in"], cwd=tmp_path, check=True)
    results = list(FileReader(looks=True).read(FileToRead(str(tmp_path / "x.tar.xz"))))
    passed = {Path(one.name).name: one.no_issue for one in results if isinstance(one, PassedOver)}
    assert passed == {"b.txt": NoIssue.OTHER_TEXT, "link": NoIssue.NO_FILE}
    assert [one.issue is not None for one in results if isinstance(one, PageFromFile)] == [True]


SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 60)}


@pytest.mark.parametrize(
    ("members", "said", "passed"),
    [
        ((member("../a.html", PAGE),), "a name that leads out of its archive", None),
        ((member("a", type=tarfile.LNKTYPE, linkname="b"),), None, NoIssue.NO_FILE),
        ((member("a", type=tarfile.CHRTYPE),), None, NoIssue.NO_FILE),
        ((member("a", type=tarfile.FIFOTYPE),), None, NoIssue.NO_FILE),
        ((member("a.html", PAGE, pax_headers=SPARSE),), "without its empty parts", None),
    ],
)
def test_what_is_no_file_is_passed_over(
    tmp_path: Path, members: tuple[tuple[tarfile.TarInfo, bytes], ...], said: str | None, passed: NoIssue | None
) -> None:
    data = packed(*members, member("b.html", OTHER_PAGE))
    issues, faults, reasons = read(tmp_path / "x", data)
    assert issues == ["2025-04"]
    assert [said in fault for fault in faults if said] == [True] * bool(said)
    assert reasons == ([passed] if passed else [])


def bomb(size: int, stated: int) -> bytes:
    """A member of zeros that is said to have *stated* bytes."""
    packer = lzma.LZMACompressor(preset=0)
    parts = [packer.compress(raw(b"", stated))]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (packed(member("a.html", PAGE))[:-11_000], "breaks off"),
        (packed(member("a.html", PAGE))[:3000] + bytes(7) + b"x" * 600, "breaks off"),
        (raw(PAGE, len(PAGE)) + b"x" * 512, "no member begins at byte"),
        (raw(b"x" * 512, 1 << 32), "breaks off"),
        (raw(b"", MAX_HEADER_BYTES + 1, b"x"), "a name of"),
        (raw(b"", MAX_HEADER_BYTES + 1, b"L"), "a name of"),
        (lzma.compress(packed(member("a.html", PAGE)))[:-900], "breaks off"),
        (bomb(1200 << 20, 1 << 50), "unpacks to more than"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(data)
    result = run_scrapy("extract", tmp_path / "x")
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert said in lines[-1]
    assert len(lines) <= 2


def test_a_size_that_takes_all_bits(tmp_path: Path) -> None:
    info, data = member("a.html", PAGE, mtime=1 << 40)
    assert read(tmp_path / "x", packed((info, data), form=tarfile.GNU_FORMAT))[0] == ["2025-03"]


def test_from_a_pipe_and_in_the_order_of_the_call(tmp_path: Path) -> None:
    data = lzma.compress(packed(member("a.html", PAGE)))
    command, env = scrapy_command(["extract", "-"], None, ())
    piped = subprocess.run(command, env=env, cwd=ROOT, input=data, capture_output=True, check=False)
    assert (piped.returncode, piped.stdout.count(b'"_id": "2025-03"')) == (0, 1)
    (tmp_path / "x").write_bytes(data)
    (tmp_path / "y").write_bytes(OTHER_PAGE)
    result = run_scrapy("extract", "--issues", tmp_path / "y", tmp_path / "x", tmp_path / "y")
    assert [line[9:16] for line in result.stdout.splitlines()] == ["2025-04", "2025-03", "2025-04"]
