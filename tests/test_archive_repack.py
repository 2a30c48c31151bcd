"""``scrapy archive repack``: one smaller file in place of many, with every record of them, whatever happens."""

import fcntl
import gzip
import io
import os
import re
import signal
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from cncert.archive.compression import zstd
from cncert.archive.index import FileIndex, index_path
from cncert.archive.packed_members import MIN_BOMB_BYTES, PackedFile
from cncert.archive.page_dictionary import make_dictionary
from cncert.archive.unpacked import DICTIONARY_FRAME
from cncert.archive.warc_reader import ArchiveReader, warc_files
from cncert.archive.warc_writer import ArchiveWriter
from cncert.commands.archive import ArchiveCommand
from tests import series
from tests.calls import call
from tests.killing import die_at
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.test_archive import LIMIT, archive
from tests.test_archive_index import HTML
from tests.test_archive_replay import kept as kept_in

WEEKS = series.week_ids("2024-10", "2024-14")
SCRIPTS = f"<script>{pages._pool('archive', pages._CODE, 200_000)}</script></body>".encode()
DRAWING = os.urandom(20_000)
PICTURE = "https://mmbiz.qpic.cn/mmbiz_png/abcdefghij/640?wx_fmt=png"


def page_of(issue: str) -> bytes:
    return series.page_of(issue, linked=lambda _: None).replace(b"</body>", SCRIPTS)


def run(directory: Path, *issues: str) -> Path:
    """What a run that has ended leaves of *issues*: their pages, and a picture that all show."""
    writer = ArchiveWriter(directory, f"run{issues[0]}")
    for issue in issues:
        writer.add(series.published(issue).url, 200, HTML, page_of(issue))
        writer.add(PICTURE, 200, [("Content-Type", "image/png")], DRAWING)
    writer.close()
    ended = writer.path.with_name(writer.path.name.replace(f"-{os.getpid()}.", "-4194305."))
    index = index_path(writer.path)
    index_path(ended).write_bytes(index.read_bytes().replace(writer.path.name.encode(), ended.name.encode()))
    index.unlink()
    return writer.path.rename(ended)


def repack(*args: str | Path) -> int:
    return call(ArchiveCommand(), "repack", *map(str, args))


def records(*files: Path) -> Counter[bytes]:
    """All records of the files, byte by byte."""
    found: Counter[bytes] = Counter()
    for path in files:
        with path.open("rb") as file:
            opened = PackedFile(file)
            found.update(b"".join(opened.unpacked(member.offset)) for member in list(opened.members()))
    return found


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """An archive of two runs; the second met the picture of the first again."""
    run(tmp_path, *WEEKS[:2])
    run(tmp_path, *WEEKS[2:4])
    return tmp_path


def test_the_runs_of_a_year_become_one_smaller_file(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = records(*kept.glob("*.warc.gz"))
    size = sum(path.stat().st_size for path in kept.glob("*.warc.gz"))
    assert repack(kept) == 0
    (path,) = kept.glob("*.warc*")
    assert re.fullmatch(r"repacked-20[0-9]{2}\.warc\.zst", path.name)
    assert sorted(one.name for one in kept.iterdir()) == sorted([path.name, index_path(path).name])
    assert records(path) == before
    assert path.stat().st_size < 0.6 * size
    line = capsys.readouterr().out
    assert re.fullmatch(
        rf"{re.escape(str(path))}: 10 records, 2 files repacked, [0-9.]+ kB before, [0-9.]+ kB now\n", line
    )


def test_what_is_repacked_is_found_and_whole(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repack(kept)
    capsys.readouterr()
    assert call(ArchiveCommand(), "verify", str(kept)) == 0
    assert capsys.readouterr().out.startswith("no fault: 1 files (1 with an index), ")
    reader = ArchiveReader(kept, LIMIT)
    assert reader.faults == []
    for issue in WEEKS[:4]:
        answer = reader.get(series.published(issue).url)
        assert answer is not None and answer.body == page_of(issue)
    picture = reader.get(PICTURE)
    assert picture is not None and picture.body == DRAWING
    assert call(ArchiveCommand(), "get", WEEKS[0], str(kept), "--text") == 0
    assert "网络安全" in capsys.readouterr().out
    assert call(ArchiveCommand(), "stats", str(kept), "--json") == 0
    assert '"issues": [' in capsys.readouterr().out


async def test_what_is_repacked_gives_the_same_store(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Replayed, and imported; its pages are extracted, and parsed again by an upgrade."""
    live, archive, bounds = tmp_path / "live", tmp_path / "archive", ("from=2024-14", "until=2024-16")
    published = series.publish(site, "2024-14", "2024-16", linked=lambda _: None)
    start = f"start={','.join(one.url for one in published)}"
    live.mkdir()
    assert crawl(site, live, start, *bounds, CNCERT_ARCHIVE=str(archive)).returncode == 0
    assert run_scrapy("archive", "repack", archive).returncode == 0
    assert not list(archive.glob("*.gz"))
    (path,) = archive.glob("*.zst")
    site.reset_log()
    for name, args in (
        ("replayed", ("crawl", "weekly", "-a", f"replay={archive}")),
        ("imported", ("import", str(path))),
    ):
        (tmp_path / name).mkdir()
        result = run_scrapy(*args, env=project_env(site, tmp_path / name))
        assert result.returncode == 0, result.stderr
    assert site.requests == []
    first, second = await kept_in(live), await kept_in(tmp_path / "replayed")
    assert second == first and len(first["issues"]) == 3
    assert (await kept_in(tmp_path / "imported"))["issues"].keys() == first["issues"].keys()
    extracted = run_scrapy("extract", path)
    assert extracted.returncode == 0 and extracted.stdout.count('"_id"') == 3
    upgraded = run_scrapy("upgrade", "--dry-run", env=project_env(site, live, CNCERT_ARCHIVE=str(archive)))
    assert upgraded.returncode == 0, upgraded.stderr


def test_what_is_repacked_is_exported_as_gzip(kept: Path, tmp_path: Path) -> None:
    repack(kept)
    name = str(tmp_path / "x.wacz")
    assert call(ArchiveCommand(), "export", "--wacz", name, str(kept)) == 0
    with zipfile.ZipFile(name) as file:
        packed = file.read("archive/data.warc.gz")
    assert sum(record.rec_type == "response" for record in ArchiveIterator(io.BytesIO(packed))) == 5


def test_a_frame_holds_a_record_and_says_what_the_draft_wants(kept: Path) -> None:
    repack(kept)
    (path,) = kept.glob("*.zst")
    data = path.read_bytes()
    length = int.from_bytes(data[4:8], "little")
    assert data[:4] == DICTIONARY_FRAME
    dictionary = zstd.ZstdDict(zstd.decompress(data[8 : 8 + length]))
    place, count = 8 + length, 0
    while place < len(data):
        end = place + zstd.get_frame_size(data[place:])
        info = zstd.get_frame_info(data[place:end])
        record = zstd.decompress(data[place:end], dictionary)
        assert (info.decompressed_size, info.dictionary_id) == (len(record), dictionary.dict_id)
        assert data[place + 4] & 4  # a checksum
        assert record.startswith(b"WARC/1.0\r\n") and record.endswith(b"\r\n\r\n") and record.count(b"WARC-Type:") == 1
        place, count = end, count + 1
    assert count == 10


def test_a_second_run_does_nothing(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repack(kept)
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in kept.iterdir()}
    capsys.readouterr()
    assert repack(kept) == 0
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "cncert: nothing is to be repacked\n")
    assert before == {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in kept.iterdir()}


def test_a_later_run_is_added_to_the_year(kept: Path) -> None:
    repack(kept)
    later = run(kept, WEEKS[4])
    before = records(*kept.glob("*.warc.gz"), *kept.glob("*.zst"))
    assert repack(kept) == 0
    (path,) = kept.glob("*.warc*")
    assert not later.exists()
    assert records(path) == before


def test_files_that_are_to_be_kept_stay_and_are_not_added_twice(kept: Path) -> None:
    files = list(kept.glob("*.warc.gz"))
    assert repack(kept, "--keep") == 0
    (path,) = kept.glob("*.zst")
    inode = path.stat().st_ino
    assert records(path) == records(*files)
    assert repack(kept, "--keep") == 0
    assert all(file.exists() for file in files) and path.stat().st_ino == inode
    assert repack(kept) == 0
    assert list(kept.glob("*.warc.gz")) == [] and path.stat().st_ino == inode


def test_pages_that_were_served_compressed_and_archives_without_a_page(tmp_path: Path) -> None:
    path = archive(tmp_path / "theirs.warc.gz", ("https://example.org/a", "200", DRAWING, "2019-05-01T00:00:00Z"))
    before = records(path)
    assert repack(path) == 0
    (new,) = tmp_path.glob("*.warc*")
    assert new.name == "repacked-2019.warc.zst"
    assert not new.read_bytes().startswith(DICTIONARY_FRAME)
    assert records(new) == before


# What stays as it is


def whole_file(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not compressed one by one": (lambda data: gzip.compress(gzip.decompress(data)), "not "),
    "breaks off": (lambda data: data[:-100], "what comes behind byte [0-9]+ cannot be unpacked: the file ends there"),
    "ends with something else": (lambda data: data + b"something else", "cannot be unpacked"),
    "ends with what is no record": (lambda data: data + gzip.compress(b"x"), "not "),
    "no archive": (lambda _: b"x" * 100, "cannot be unpacked"),
    "a bomb": (
        lambda data: data + gzip.compress(b"WARC/1.0\r\n" + bytes(MIN_BOMB_BYTES)),
        "more than 200 times its size",
    ),
}


@pytest.mark.parametrize(("spoil", "reason"), SPOILT.values(), ids=SPOILT)
def test_what_cannot_be_repacked_wholly_stays(
    spoil: Callable[[bytes], bytes], reason: str, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept / "theirs" / "theirs.warc.gz"
    path.parent.mkdir()
    spoilt = spoil(next(kept.glob("*.warc.gz")).read_bytes())
    path.write_bytes(spoilt)
    assert repack(kept) == 1
    output = capsys.readouterr()
    assert re.fullmatch(rf"cncert: {re.escape(str(path))} stays as it is: .*{reason}.*\n", output.err)
    assert output.out.count("\n") == 1  # what is whole was repacked
    assert path.read_bytes() == spoilt
    assert list(path.parent.iterdir()) == [path]


def test_a_link_to_nothing_is_a_line(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = kept / "moved.warc.gz"
    link.symlink_to(kept / "elsewhere.warc.gz")
    assert repack(kept) == 1
    output = capsys.readouterr()
    assert output.err == f"cncert: {link} stays as it is: No such file or directory\n"
    assert output.out.count("\n") == 1  # the others were repacked


def test_a_file_that_is_being_written_stays(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = ArchiveWriter(kept)
    writer.add(series.published(WEEKS[4]).url, 200, HTML, page_of(WEEKS[4]))
    assert repack(kept) == 0
    assert capsys.readouterr().err == f"cncert: {writer.path} stays as it is: it is being written\n"
    writer.close()
    assert list(kept.glob("*.warc.gz")) == [writer.path]


def test_what_a_killed_run_left_is_repaired_first(kept: Path) -> None:
    path = max(kept.glob("*.warc.gz"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:3000])
    assert repack(kept) == 0
    assert list(kept.glob("*.warc.gz")) == []


def test_two_do_not_repack_one_directory(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = os.open(kept, os.O_RDONLY)
    fcntl.flock(number, fcntl.LOCK_EX)
    try:
        assert repack(kept) == 2
    finally:
        os.close(number)
    assert capsys.readouterr().err == f"cncert: {kept} is being repacked by another process\n"
    assert len(list(kept.glob("*.warc.gz"))) == 2


def test_a_full_disk_is_one_line_and_leaves_all_as_it_was(kept: Path) -> None:
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    result = run_scrapy("archive", "repack", kept, prefix=["prlimit", "--fsize=30000"])
    assert result.returncode == 1
    assert re.fullmatch(r"cncert: .*repacked-20[0-9]{2}\.warc\.zst stays as it is: File too large\n", result.stderr)
    assert before == {path.name: path.read_bytes() for path in kept.iterdir()}


def test_what_would_be_read_otherwise_is_not_written(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    entries = FileIndex.entries
    monkeypatch.setattr(
        FileIndex, "entries", lambda self: list(entries(self))[:-1] if ".part" in str(self.path) else entries(self)
    )
    assert repack(kept) == 1
    assert "was not written: it is not read as the files are that it was made of" in capsys.readouterr().err
    assert before == {path.name: path.read_bytes() for path in kept.iterdir()}


def test_a_file_that_changes_meanwhile_stays(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = max(kept.glob("*.warc.gz"))

    def changed(pages: Iterable[bytes]) -> zstd.ZstdDict | None:
        with path.open("ab") as file:
            file.write(gzip.compress(b"WARC/1.0"))
        return make_dictionary(pages)

    monkeypatch.setattr("cncert.archive.repack.make_dictionary", changed)
    assert repack(kept) == 0
    assert list(kept.glob("*.warc.gz")) == [path]


def test_a_kill_at_any_step_loses_nothing(kept: Path) -> None:
    before = records(*kept.glob("*.warc.gz"))
    steps, status = 0, None
    while status != 0:
        steps += 1
        process = os.fork()
        if not process:
            die_at(steps)
            os._exit(repack(kept))
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        assert status in (0, -signal.SIGKILL)
        assert records(*warc_files(kept)).keys() == before.keys()
        reader = ArchiveReader(kept, LIMIT)
        assert reader.faults == []
        assert all(reader.page(sha256(page_of(issue)).hexdigest()) is not None for issue in WEEKS[:4])
    assert steps > 5
    (path,) = kept.glob("*.warc*")
    assert records(path) == before
    assert sorted(one.name for one in kept.iterdir()) == sorted([path.name, index_path(path).name])


def test_an_existing_file_that_is_not_ours_is_not_replaced(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for year in range(2020, 2030):
        (kept / f"repacked-{year}.warc.zst").write_bytes(DICTIONARY_FRAME + b"\4\0\0\0none")
    assert repack(kept) == 1
    assert "is there, and cannot be read: its dictionary cannot be used" in capsys.readouterr().err
    assert len(list(kept.glob("*.warc.gz"))) == 2
