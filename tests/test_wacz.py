"""ZIP files: WACZ of the archivists' browsers, saved pages that somebody packed, and what is made to break a reader."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cncert.archive.wacz import MAX_MEMBERS, warc_members
from cncert.exceptions import ArchiveError
from tests.site.crawl import ROOT, project_env, run_scrapy, scrapy_command
from tests.test_warc_makers import FILE_RECORD, PAGE_RECORD, REVISITS
from tests.warcs import (
    ADDRESS,
    CONTAINERS,
    INFO,
    OTHER_ADDRESS,
    OTHER_PAGE,
    PAGE,
    gzip,
    http,
    issues,
    read,
    record,
    sha1,
)  # fmt: skip

FIRST = record(http(), ADDRESS, "response", ("WARC-Payload-Digest", sha1(PAGE)))
SECOND = record(http(OTHER_PAGE), OTHER_ADDRESS)
WARC, PLAIN = CONTAINERS["gzip"]([INFO, FIRST]), CONTAINERS["plain"]([INFO, SECOND])
LISTS: dict[str, bytes] = {
    "datapackage.json": json.dumps({"profile": "data-package", "wacz_version": "1.1.1"}).encode(),
    "pages/pages.jsonl": b'{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n',
    "indexes/index.cdx.gz": gzip.compress(b"com,example)/ 20250101000000 {}\n"),
}
DEFLATED = zipfile.ZIP_DEFLATED


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def nameless() -> bytes:
    """A member whose name is counted to the fields behind it."""
    data = bytearray(packed({"a": PAGE}))
    place = data.index(b"PK\x01\x02")
    data[place + 28], data[place + 30] = 0, 1
    return bytes(data)


WACZ = packed({"archive/data.warc.gz": WARC, "archive/more.warc": PLAIN, **LISTS})
SMALL = packed({"archive/data.warc.gz": WARC, **LISTS})

READ: dict[str, tuple[bytes, list[str]]] = {
    "a WACZ": (WACZ, ["2025-03", "2025-04"]),
    "deflated": (packed({"archive/data.warc.gz": WARC, "a.warc": PLAIN, **LISTS}, DEFLATED), ["2025-04", "2025-03"]),
    "WARC files of other names": (packed({"a": PLAIN, "indexes/b.idx": WARC, **LISTS}), ["2025-04", "2025-03"]),
    "WARC files only": (packed({"b.warc.gz": WARC, "a.warc": PLAIN}), ["2025-04", "2025-03"]),
    "no name": (nameless(), ["2025-03"]),
    "names that lead out": (packed({"../../b": WARC, "/etc/a": PLAIN, **LISTS}), ["2025-03", "2025-04"]),
    "saved pages": (packed({"b/2.html": OTHER_PAGE, "a.html": PAGE}, DEFLATED), ["2025-03", "2025-04"]),
    "packed pages": (packed({"a.html.gz": gzip.compress(PAGE)}), ["2025-03"]),
    "pages and WARC files": (packed({"a.html": OTHER_PAGE, "b.warc.gz": WARC}), ["2025-03", "2025-04"]),
    "what belongs to pages": (
        packed({"a.html": PAGE, "a_files/b.html": PAGE, ".c": PAGE, "__MACOSX/._a.html": b"x", "d/": b""}), ["2025-03"]
    ),
    "a WACZ in it": (packed({"in.wacz": SMALL, "z.html": OTHER_PAGE}), ["2025-03", "2025-04"]),
    "a WACZ in it, deflated": (packed({"in.wacz": SMALL, "z.html": OTHER_PAGE}, DEFLATED), ["2025-03", "2025-04"]),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_is_in_a_zip_file_is_read(tmp_path: Path, name: str) -> None:
    data, expected = READ[name]
    before = set(tmp_path.parent.rglob("*"))
    assert issues(put(tmp_path / "x", data)) == (expected, [])
    assert set(tmp_path.parent.rglob("*")) == {*before, tmp_path / "x"}


def test_pages_are_named_by_their_places(tmp_path: Path) -> None:
    (one, other), _ = read(put(tmp_path / "x.zip", packed({"b.warc.gz": WARC, "c/ö.html": OTHER_PAGE})))
    assert one.name.startswith(f"{tmp_path}/x.zip/b.warc.gz#https://mp.weixin.qq.com/s")
    assert other.name == f"{tmp_path}/x.zip/c/ö.html"


def test_a_name_that_a_chinese_program_wrote(tmp_path: Path) -> None:
    raw = "周报/第3期.html".encode("gbk")
    data = packed({"x" * len(raw): PAGE}).replace(b"x" * len(raw), raw)
    (page,), _ = read(put(tmp_path / "x", data))
    assert page.name == f"{tmp_path}/x/周报/第3期.html"


def test_records_of_several_members_belong_together(tmp_path: Path) -> None:
    members = {"archive/1.warc": REVISITS["by digest"], "archive/2.warc.gz": WARC, "archive/3.warc": PAGE_RECORD}
    for method in (zipfile.ZIP_STORED, DEFLATED):
        data = packed({**members, "archive/4.warc": FILE_RECORD, **LISTS}, method)
        assert issues(put(tmp_path / "x", data)) == (["2025-03", "2025-03", "2018-14"], [])


def test_records_in_another_wacz_are_found(tmp_path: Path) -> None:
    other = put(tmp_path / "a.wacz", packed({"archive/4.warc": FILE_RECORD, **LISTS}))
    assert issues(put(tmp_path / "b", PAGE_RECORD), other) == (["2018-14"], [])


def encrypted() -> bytes:
    data = bytearray(packed({"a.html": PAGE}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """One content for 5,000 members."""
    data = packed({"a.html": bytes(30_000_000)}, DEFLATED)
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = data[start:end] * 5_000
    return data[:start] + entries + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 5_000, 5_000, len(entries), start, 0)


def flipped(data: bytes) -> bytes:
    return data[:500] + bytes([data[500] ^ 1]) + data[501:]


def lying_directory() -> bytes:
    """A list of members that is said to have 3 GB."""
    data = SMALL
    return data[:-10] + struct.pack("<L", 3 << 30) + data[-6:]


NESTED = packed({"x.zip": packed({"x.zip": packed({"a.html": PAGE}), "b.html": OTHER_PAGE})})
BOMB = b"x" * 70_000_000
HOSTILE: dict[str, tuple[Callable[[], bytes], list[str | None], str]] = {
    "encrypted": (encrypted, [], "is encrypted"),
    "an unknown method": (lambda: packed({"a.html": PAGE}, zipfile.ZIP_LZMA), [], "is packed by method 14"),
    "archives in archives": (lambda: NESTED, ["2025-04"], "an archive within 2 others"),
    "a damaged page": (lambda: flipped(packed({"a.html": PAGE})), [], "another checksum"),
    "a damaged page, deflated": (lambda: flipped(packed({"a.html": PAGE}, DEFLATED)), [], "is damaged"),
    "a bomb": (lambda: packed({"a.html": BOMB, "b.html": PAGE}, DEFLATED), ["2025-03"], "unpacks to more than"),
    "a bomb of an archive": (
        lambda: packed({"a.warc": PLAIN + record(BOMB, kind="metadata"), "b.html": PAGE}, DEFLATED),
        ["2025-04", "2025-03"], "unpacks to more than",
    ),
    "a bomb in an archive": (
        lambda: packed({"a.zip": packed({"a.html": BOMB}, DEFLATED), "b.html": PAGE}, DEFLATED),
        ["2025-03"], "unpacks to more than",
    ),
    "a bomb of archives": (
        lambda: packed({"a.zip": packed({str(n): BOMB for n in range(2)}), "b.html": PAGE}, DEFLATED),
        ["2025-03"], "unpacks to more than",
    ),
    "one content for all": (overlapping, [], "one over the other"),
    "too many members": (lambda: packed({str(n): b"" for n in range(MAX_MEMBERS + 1)}), [], "20000 members"),
    "a list of 3 GB": (lying_directory, ["2025-03"], "its list of members cannot be read"),
    "nothing": (lambda: packed({}), [], "is an empty archive"),
    "a list of nothing": (lambda: b"PK\x03\x04" + bytes(99), [None], "its list of members cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    build, expected, said = HOSTILE[name]
    found, faults = issues(put(tmp_path / "x", build()))
    assert found == expected
    assert [said in fault for fault in faults] == [True]


READ_ALL = """
import re, sys
from pathlib import Path
from tests.warcs import issues
for file in sorted(Path(sys.argv[1]).iterdir()):
    issues(file)
print(int(re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_hostile_archives_take_little_memory(tmp_path: Path) -> None:
    for number, (build, _, _) in enumerate(HOSTILE.values()):
        put(tmp_path / str(number), build())
    command = [sys.executable, "-c", READ_ALL, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": "."}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=env, timeout=60)
    assert int(result.stdout) < 300


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, DEFLATED])
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_any_cut_and_any_flipped_bit(tmp_path: Path, method: int, chance: Random) -> None:
    members = {"archive/data.warc.gz": WARC, "archive/more.warc": PLAIN, **LISTS}
    path = put(tmp_path / "x", packed(members, method))
    right = {page.issue.text for page in read(path)[0] if page.issue}
    data = bytearray(path.read_bytes())
    cut = chance.random() < 0.5
    place = chance.randrange(30, len(data))
    if cut:
        del data[place:]
    else:
        data[place] ^= 1 << chance.randrange(8)
    found, faults = read(put(tmp_path / "x", bytes(data)))
    ends = data.find(b"archive/more.warc")
    whole = [page.issue.id for page in found if page.issue and page.is_whole]
    assert all(page.issue.text in right for page in found if page.issue and page.is_whole)
    if cut:
        assert faults
        assert ("2025-03" in whole) or ends < 0, "what is whole is read"


def test_an_office_document_stays_one(tmp_path: Path) -> None:
    (page,), faults = read(put(tmp_path / "x", packed({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})))
    assert (page.reason, faults) == ("a ZIP archive or an Office document, which is not read", [])


def test_a_zip_file_from_a_pipe(tmp_path: Path) -> None:
    command, env = scrapy_command(["extract", "-"], None, ())
    piped = subprocess.run(command, env=env, cwd=ROOT, input=SMALL, capture_output=True, check=False)
    assert (piped.returncode, piped.stdout) == (1, b"")
    assert b"a ZIP archive cannot be read from a pipe: name the file" in piped.stderr
    with put(tmp_path / "x", SMALL).open("rb") as file:
        given = subprocess.run(command, env=env, cwd=ROOT, stdin=file, capture_output=True, check=False)
    assert json.loads(given.stdout)["issue"]["_id"] == "2025-03"


def test_a_wacz_is_imported_with_a_directory_of_all_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    put(folder / "a.wacz", SMALL)
    put(folder / "b.warc", PLAIN)
    put(folder / "c.zip", packed({"x/page.html": OTHER_PAGE})[:-40])
    result = run_scrapy("import", folder, env=project_env(None, tmp_path))
    assert result.returncode == 1
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["stored", "2025-03"], ["stored", "2025-04"], ["unchanged", "2025-04"],
    ]  # fmt: skip
    assert f"{folder}/c.zip: breaks off: its list of members cannot be read" in result.stderr


# --- for a replay


def test_the_warc_files_of_a_wacz_can_be_sought_in(tmp_path: Path) -> None:
    path = put(tmp_path / "x", packed({"x.txt": b"x", "archive/more.warc": PLAIN, "in.zip": SMALL}, DEFLATED))
    found, unread = [], list[tuple[str, str]]()
    for name, file in warc_members(path, lambda *one: unread.append(one)):
        content = file.read()
        assert file.seek(100) == 100
        assert file.read(50) == content[100:150]
        found.append((name, content))
    assert found == [(f"{path}/archive/more.warc", PLAIN), (f"{path}/in.zip/archive/data.warc.gz", WARC)]
    assert unread == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (packed(LISTS), "holds no WARC file"),
        (b"nothing", "holds no WARC file: it breaks off: its list of members cannot be read"),
        (encrypted(), "holds no WARC file: a.html is encrypted"),
    ],
)
def test_a_wacz_without_warc_files_is_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        list(warc_members(put(tmp_path / "x", data), lambda *_: None))
    assert str(caught.value) == f"{tmp_path}/x {said}"
