"""What a killed run leaves in the archive: cut to its last whole record, and nothing else is."""

import gzip
import logging
import os
from hashlib import sha256
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from cncert.archive.index import index_path
from cncert.archive.own_files import repair
from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import ArchiveWriter
from tests.test_archive import LIMIT, SHORT, SIGNED

BODIES = [os.urandom(40_000), os.urandom(50_000)]


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A file with two answers of a process that is no more."""
    writer = ArchiveWriter(tmp_path)
    for url, body in zip((SHORT, SIGNED), BODIES, strict=True):
        writer.add(url, 200, [], body)
    writer.close()
    path = writer.path.with_name(writer.path.name.replace(f"-{os.getpid()}.", "-4194305."))
    index = index_path(writer.path)
    index_path(path).write_bytes(index.read_bytes().replace(writer.path.name.encode(), path.name.encode()))
    index.unlink()
    return writer.path.rename(path)


def found(directory: Path) -> list[bytes | None]:
    reader = ArchiveReader(directory, LIMIT)
    return [reader.page(sha256(body).hexdigest()) for body in BODIES]


@pytest.mark.parametrize("lost", [1, 8, 9, 1000, 49_000], ids=str)
@pytest.mark.parametrize("indexed", [True, False], ids=["with its index", "without"])
def test_a_file_is_cut_to_its_last_whole_record(
    left: Path, lost: int, indexed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    os.truncate(left, left.stat().st_size - lost)
    if not indexed:
        index_path(left).unlink()
    writer = ArchiveWriter(left.parent)
    writer.close()
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert line.startswith(f"{left} broke off: its last ")
    assert gzip.decompress(left.read_bytes()).endswith(BODIES[0] + b"\r\n\r\n")
    assert found(left.parent) == [BODIES[0], None]
    assert list(repair(left.parent)) == []


def test_a_file_without_a_whole_record_goes(left: Path) -> None:
    os.truncate(left, 20)
    (line,) = repair(left.parent)
    assert line == f"{left} broke off: its last 20 bytes, an unfinished record, were cut off"
    assert list(left.parent.iterdir()) == []


def test_the_index_of_a_killed_run_is_sorted(left: Path) -> None:
    """Tools such as pywb look in it by halves."""
    lines = index_path(left).read_bytes().splitlines(keepends=True)
    index_path(left).write_bytes(b"".join(reversed(lines)))
    ArchiveWriter(left.parent).close()
    assert index_path(left).read_bytes() == b"".join(sorted(lines))
    assert found(left.parent) == BODIES


def test_zeros_that_a_power_failure_left_are_cut_off(left: Path) -> None:
    whole = left.read_bytes()
    left.write_bytes(whole + bytes(4096))
    assert len(list(repair(left.parent))) == 1
    assert left.read_bytes() == whole


def test_damage_in_the_middle_costs_no_record_behind_it(left: Path) -> None:
    spoilt = bytearray(left.read_bytes())
    spoilt[20_000:20_100] = os.urandom(100)
    left.write_bytes(spoilt)
    index_path(left).unlink()
    assert list(repair(left.parent)) == []
    assert left.read_bytes() == spoilt


def test_a_page_of_several_megabytes_is_passed_over(left: Path) -> None:
    """What follows a member that is unpacked in parts came with it."""
    page = gzip.compress(b"WARC/1.0\r\n" + bytes(3 << 20))
    left.write_bytes(page + left.read_bytes() + page[:-10])
    index_path(left).unlink()
    assert len(list(repair(left.parent))) == 1
    assert left.read_bytes().startswith(page)


def test_what_is_being_written_or_is_somebody_elses_stays(left: Path) -> None:
    os.truncate(left, left.stat().st_size - 100)
    for name in (f"weekly-20250101T000000-{os.uname().nodename}-{os.getpid()}.warc.gz", "theirs.warc.gz"):
        left = left.rename(left.with_name(name))
        assert list(repair(left.parent)) == []


def test_a_finished_run_leaves_nothing_to_repair(left: Path) -> None:
    assert list(repair(left.parent)) == []
    assert found(left.parent) == BODIES


def test_every_answer_is_on_the_disk_before_it_passes(tmp_path: Path) -> None:
    """A kill loses none that was written, also in the middle of an index's line."""
    writer = ArchiveWriter(tmp_path)
    for url, body in zip((SHORT, SIGNED), BODIES, strict=True):
        writer.add(url, 200, [], body)
        with writer.path.open("rb") as file:
            assert [record.content_stream().read() for record in ArchiveIterator(file)][-1] == body
    lines = index_path(writer.path).read_bytes()
    assert lines.count(b"\n") == 2
    index_path(writer.path).write_bytes(lines[:-9])
    assert found(tmp_path) == BODIES
    writer.close()


def test_a_run_without_answers_leaves_no_file(tmp_path: Path) -> None:
    ArchiveWriter(tmp_path).close()
    assert list(tmp_path.iterdir()) == []
