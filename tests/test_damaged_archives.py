"""Archives that are cut, damaged or made to break their reader: what is whole is read, the rest is said, in bounds."""

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import brotli
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cncert.archive.warc_records import MAX_FAULTS
from tests.warcs import (
    ADDRESS,
    APART,
    CONTAINERS,
    DICTIONARY,
    INFO,
    OTHER_ADDRESS,
    OTHER_PAGE,
    REQUEST,
    frame,
    gzip,
    http,
    issues,
    put,
    read,
    record,
    skippable,
    without_digests,
    zstd,
)  # fmt: skip

FIRST, SECOND = record(http()), record(http(OTHER_PAGE), OTHER_ADDRESS)
RECORDS = [INFO, REQUEST, FIRST, SECOND]
CHECKSUMS = [name for name in APART if name != "plain"]
"""Containers that show every damage, also of records without digests."""
any_damage = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The right text of each issue."""
    found, _ = read(put(tmp_path_factory.mktemp("right") / "x", *RECORDS))
    return {page.issue.id: page.issue.text for page in found if page.issue}


def check(tmp_path: Path, data: bytes, texts: dict[str, str]) -> tuple[int, list[str]]:
    """Read *data*: no text may be another one than it was. Returns how many issues are found, and what is said."""
    path = tmp_path / "x"
    path.write_bytes(data)
    found, faults = read(path)
    whole = [page.issue for page in found if page.issue and page.is_whole]
    assert all(issue.text == texts[issue.id] for issue in whole)
    return len(whole), faults


@pytest.mark.parametrize("container", CONTAINERS)
@any_damage
@given(chance=st.randoms(use_true_random=False))
def test_any_cut(tmp_path: Path, texts: dict[str, str], container: str, chance: Random) -> None:
    data = CONTAINERS[container](RECORDS)
    ends = [len(CONTAINERS[container](RECORDS[:count])) for count in range(5)]
    cut = chance.randrange(ends[2] + 1 if container in APART else 10, len(data))
    found, faults = check(tmp_path, data[:cut], texts)
    if container in APART:
        assert found >= sum(ends[count] <= cut for count in (3, 4))
        if any(end - 4 <= cut <= end for end in ends):
            return  # nobody can see that more stood behind it
    assert faults
    assert "breaks off" in faults[-1]


@pytest.mark.parametrize("container", CONTAINERS)
@any_damage
@given(chance=st.randoms(use_true_random=False))
def test_any_flipped_bit(tmp_path: Path, texts: dict[str, str], container: str, chance: Random) -> None:
    records = [*map(without_digests, RECORDS)] if container in CHECKSUMS and chance.random() < 0.5 else RECORDS
    data = bytearray(CONTAINERS[container](records))
    data[chance.randrange(5, len(data))] ^= 1 << chance.randrange(8)
    found, faults = check(tmp_path, bytes(data), texts)
    assert found or faults
    assert len(faults) <= len(RECORDS)


@pytest.mark.parametrize("container", ["gzip", "zst", "zst, dictionary", "plain"])
def test_behind_a_damaged_record_the_others_are_read(tmp_path: Path, container: str) -> None:
    begun, first = (len(CONTAINERS[container](RECORDS[:count])) for count in (2, 3))
    data = bytearray(CONTAINERS[container](RECORDS))
    data[(begun + first) // 2] ^= 0x10
    (tmp_path / "x").write_bytes(data)
    found, (fault,) = issues(tmp_path / "x")
    assert (found, "damaged" in fault or "passed over, at byte" in fault) == (["2025-04"], True)


def test_junk_between_records_costs_one_line(tmp_path: Path) -> None:
    junk = b"\x00\xff no record\r\n" * 99
    assert issues(put(tmp_path / "x", FIRST, junk, SECOND)) == (
        ["2025-03", "2025-04"],
        [f"a record is passed over, at byte {len(FIRST)}: no record begins there"],
    )
    found, (fault,) = issues(put(tmp_path / "x", FIRST, junk, SECOND, container="gzip"))
    assert (found, "no record begins there" in fault) == (["2025-03", "2025-04"], True)


def test_a_file_with_too_many_damaged_records_is_given_up(tmp_path: Path) -> None:
    _, faults = issues(put(tmp_path / "x", *[INFO, b"x\n\n"] * (MAX_FAULTS + 5)))
    assert len(faults) == MAX_FAULTS + 1
    assert faults[-1].startswith("no more of it is read")


def test_a_record_within_a_page_is_none(tmp_path: Path) -> None:
    """Where the stated length is right, nothing in a page can pass for a record of another address."""
    page = b"<html><pre>\r\n\r\n" + SECOND + b"</pre></html>"
    for container in CONTAINERS:
        (found,), faults = read(put(tmp_path / "x", record(http(page)), container=container))
        assert (found.name.partition("#")[2], faults) == (ADDRESS, [])


# --- in bounds

ZEROS = bytes(1 << 20)
RUN_ON = record(b"", length=3 << 30, digest=False)[:-4] + b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
WINDOW = {int(zstd.CompressionParameter.window_log): 30, int(zstd.CompressionParameter.content_size_flag): 0}
LARGE = b"<html>" + b"".join(b"%d<p>" % (number * 7919) for number in range(4_700_000))


def packed(compressor: "zlib._Compress | zstd.ZstdCompressor", pieces: Iterable[bytes]) -> bytes:
    return b"".join(map(compressor.compress, pieces)) + compressor.flush()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a record of 3 GB in gzip": (
        lambda: packed(zlib.compressobj(1, wbits=31), [RUN_ON, *[ZEROS] * 400]) + gzip.compress(FIRST),
        "unpacks to more than",
    ),
    "a record of 3 GB in zst": (
        lambda: packed(zstd.ZstdCompressor(), [RUN_ON, *[ZEROS] * 400]) + frame(FIRST),
        "unpacks to more than",
    ),
    "a window of 1 GB": (
        lambda: frame(FIRST) + packed(zstd.ZstdCompressor(options=WINDOW), [FIRST]) + frame(INFO),
        "requires too much memory",
    ),
    "a page of 60 MB": (lambda: gzip.compress(record(http(LARGE)), 1) + gzip.compress(FIRST), ""),
    "60 MB of no text": (lambda: record(http(Random(1).randbytes(60_000_000))) + FIRST, ""),
    "small chunks": (
        lambda: record(http(b"8\r\n<p>12345\r\n" * 1_000_000 + b"0\r\n\r\n", ("Transfer-Encoding", "chunked"))) + FIRST,
        "",
    ),
    "a gzip bomb": (
        lambda: record(http(gzip.compress(ZEROS * 99, 1), ("Content-Encoding", "gzip"))) + FIRST,
        "larger than",
    ),
    "a brotli bomb": (
        lambda: record(http(brotli.compress(ZEROS * 99, quality=0), ("Content-Encoding", "br"))) + FIRST,
        "larger than",
    ),
    "a zstd bomb": (
        lambda: record(http(packed(zstd.ZstdCompressor(), [ZEROS] * 99), ("Content-Encoding", "zstd"))) + FIRST,
        "larger than",
    ),
    "a dictionary of 9 MB": (lambda: skippable(DICTIONARY.dict_content + bytes(9 << 20)) + frame(FIRST), "bytes"),
    "beginnings of members": (lambda: gzip.compress(FIRST) + b"\x1f\x8b\x08\x00" * 1_000_000, "passed over"),
    "records without end": (lambda: record(http(), length=10**12, digest=False) * 50 + FIRST, ""),
    "headers without end": (lambda: b"WARC/1.0\r\n" + b"a:b\r\n" * 9_000_000 + b"\r\n" + FIRST, "headers of more than"),
    "headers of an answer without end": (
        lambda: record(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 9_000_000) + FIRST,
        "headers of more than",
    ),
    "revisits of nothing": (lambda: record(b"", kind="revisit", digest=False) * 20_000 + FIRST, "is not there"),
}  # fmt: skip
READ_ALL = """
import json, re, sys
from pathlib import Path
from tests.warcs import issues
for file in sorted(Path(sys.argv[1]).iterdir()):
    print(json.dumps([file.name, *(part[-1:] for part in issues(file))]), flush=True)
print(int(re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_hostile_archives_are_read_in_bounds(tmp_path: Path) -> None:
    for name, (build, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(build())
    command = [sys.executable, "-c", READ_ALL, str(tmp_path)]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."}, timeout=120
    )
    *lines, memory = result.stdout.splitlines()
    for name, found, faults in map(json.loads, lines):
        said = HOSTILE[name][1]
        assert said in " ".join(faults), name
        assert bool(said) == bool(faults), (name, faults)
        assert found == (["2025-03"] if "dictionary" not in name else []), name
    assert len(lines) == len(HOSTILE)
    assert int(memory) < 300
