"""The index beside a WARC file: as other tools read it, made anew when it is wrong, and never believed."""

import gzip
import io
import json
import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cdxj_indexer.main import CDXJIndexer
from surt import surt

from cncert.archive.index import FileIndex, index_path
from cncert.archive.unpacked import MIN_BOMB_BYTES
from cncert.archive.url_key import url_key
from cncert.archive.warc_reader import ArchiveReader, warc_files_of
from cncert.archive.warc_writer import ArchiveWriter
from cncert.report.parser_version import PARSER
from tests import series
from tests.site import pages
from tests.test_archive import LIMIT, SHORT, SIGNED, UNSIGNED, archive

PAGE = series.page_of("2025-03")
OTHER = series.page_of("2025-02")
PICTURE = "https://mmbiz.qpic.cn/mmbiz_png/abcdefghij/640?wx_fmt=png"
HTML = [("Content-Type", "text/html; charset=UTF-8")]
LISTED = "https://www.cert.org.cn/publish/main/44/index.html"


@pytest.mark.parametrize(
    "url",
    [
        SIGNED,
        SHORT,
        UNSIGNED,
        PICTURE,
        LISTED,
        "https://www.cert.org.cn/publish/main/upload/File/2024%E5%B9%B4%20a%26b.pdf",
        "https://www.cert.org.cn/publish/main/upload/File/年报.pdf",
        "https://mp.weixin.qq.com/robots.txt",
        "https://mp.weixin.qq.com/mp/appmsgalbum?action=getalbum&album_id=1&begin_msgid=",
        "http://example.org",
        "http://www2.example.org:8080/?",
        "https://user:password@example.org:443/a//b/../c/./d/?b&a=&c=1&a=0&x=%2525y",
        "https://EXAMPLE.org/~a/%zz/..?q=a+b c#d",
    ],
)
def test_keys_are_those_of_other_tools(url: str) -> None:
    assert url_key(url) == surt(url)


def written(directory: Path) -> Path:
    """An archive with a record of each kind that we write."""
    writer = ArchiveWriter(directory)
    writer.add(SHORT, 200, HTML, PAGE)
    writer.add(SIGNED, 302, [("Location", "https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha")], b"")
    for _ in range(2):
        writer.add(PICTURE, 200, [("Content-Type", "image/png")], b"a picture")
    writer.add_rendered(SHORT, b"<html>rendered</html>")
    writer.close()
    return writer.path


def test_the_index_is_what_another_tool_makes_and_more(tmp_path: Path) -> None:
    path = written(tmp_path)
    indexer = CDXJIndexer(None, [str(path)], records="response,revisit,conversion")
    own = {}
    for line in index_path(path).read_text().splitlines():
        fields = json.loads(line.split(" ", 2)[2])
        own[fields["offset"]] = {**fields, "line": line}
    for line in lines_of(indexer, path):
        key, moment, fields = line.split(" ", 2)
        expected = json.loads(fields)
        found = own[expected["offset"]]
        assert found.pop("line").startswith(f"{key} {moment} ")
        assert {name: found.get(name, "") for name in expected} == expected
    lines = index_path(path).read_bytes().splitlines()
    assert lines == sorted(lines) and len(lines) == 5


def lines_of(indexer: CDXJIndexer, path: Path) -> list[str]:
    output = io.StringIO()
    with path.open("rb") as file:
        indexer.process_one(file, output, str(path))
    return output.getvalue().splitlines()


@pytest.mark.parametrize(("coding", "packed"), [("gzip", gzip.compress(PAGE)), ("gzip", PAGE), ("x-unknown", PAGE)])
def test_an_answer_that_is_compressed_is_kept_and_read(tmp_path: Path, coding: str, packed: bytes) -> None:
    """Also that of a server that lies, and in a form that Scrapy does not know."""
    writer = ArchiveWriter(tmp_path)
    writer.add(SHORT, 200, [*HTML, ("content-encoding", coding)], packed)
    writer.close()
    answer = ArchiveReader(tmp_path, LIMIT).get(SHORT)
    assert answer is not None and answer.body == PAGE


def test_content_that_came_before_is_not_kept_twice(tmp_path: Path) -> None:
    """In this file or an earlier one; under another address it is."""
    drawing, now = os.urandom(100_000), "https://mmbiz.qpic.cn/mmbiz_png/another/640"
    sizes = []
    for name, url in (("first", PICTURE), ("second", PICTURE), ("third", now)):
        writer = ArchiveWriter(tmp_path, name)
        writer.add(url, 200, [("Content-Type", "image/png"), ("X-Run", name)], drawing)
        writer.close()
        sizes.append(writer.path.stat().st_size)
    assert sizes[0] > 100_000 > 2_000 > sizes[1]
    assert sizes[2] > 100_000
    found = ArchiveReader(tmp_path, LIMIT).get(PICTURE)
    assert found is not None
    assert found.body == drawing
    (kept,) = tmp_path.glob("first*.warc.gz")
    kept.unlink()  # somebody needs the space
    assert ArchiveReader(tmp_path, LIMIT).get(PICTURE) is None


# An index that is not there, or wrong


def spoil(index: Path, old: str, new: str) -> None:
    """Change the index so that its time does not show it."""
    text = index.read_text()
    assert old in text
    index.write_text(text.replace(old, new))


WRONG = {
    "none": lambda index: index.unlink(),
    "empty": lambda index: index.write_bytes(b""),
    "no index": lambda index: index.write_bytes(os.urandom(3000)),
    "older": lambda index: os.utime(index, (0, 0)),
    "half a line": lambda index: index.write_bytes(index.read_bytes()[:-20]),
    "without the last": lambda index: index.write_bytes(index.read_bytes().splitlines(keepends=True)[0]),
    "of another file": lambda index: spoil(index, '"filename": "', '"filename": "x'),
    "other places": lambda index: spoil(index, '"offset": "', '"offset": "1'),
    "behind the end": lambda index: spoil(index, '"offset": "', '"offset": "99999'),
    "another digest": lambda index: spoil(index, sha256(PAGE).hexdigest(), sha256(OTHER).hexdigest()),
    "another time": lambda index: spoil(index, ")/s/abcdefghijklmnopqrstuv 2", ")/s/abcdefghijklmnopqrstuv 1"),
    "another kind of page": lambda index: spoil(index, '"verdict": "article"', '"verdict": "gone"'),
    "a kind that is none": lambda index: spoil(index, '"verdict": "article"', '"verdict": "fine"'),
    "another article": lambda index: spoil(index, '"article": "', '"article": "3'),
    "another issue": lambda index: spoil(index, '"issue": "2025-03"', '"issue": "2025-02"'),
    "a list": lambda index: spoil(index, '"url": "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"', '"url": []'),
    "no numbers": lambda index: spoil(index, '"status": "200"', '"status": "x"'),
    "as a tool makes it": lambda index: index.write_text(
        'com,qq,weixin,mp)/s/abc 20250101000000 {"url": "x", "length": "1", "offset": "0", "filename": "x.warc.gz"}\n'
    ),
    "deep": lambda index: spoil(index, '"mime": "text/html"', f'"mime": {"[" * 9000}{"]" * 9000}'),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("own", [True, False], ids=["ours", "foreign"])
def test_a_wrong_index_costs_a_look_into_the_file(tmp_path: Path, wrong: object, own: bool) -> None:
    path = written(tmp_path)
    right, digest = index_path(path).read_bytes(), sha256(PAGE).hexdigest()
    assert callable(wrong)
    wrong(index_path(path))
    spoilt = index_path(path).read_bytes() if index_path(path).exists() else None
    # Nobody writes it any more.
    other = path.rename(path.with_name(path.name.replace(f"-{os.getpid()}.", "-4194305.")))
    if spoilt is not None:
        index_path(path).unlink()
        index_path(other).write_bytes(spoilt.replace(path.name.encode(), other.name.encode()))
    if spoilt is not None and wrong is WRONG["older"]:
        os.utime(index_path(other), (0, 0))
    before = index_path(other).read_bytes() if spoilt is not None else None
    reader = ArchiveReader(tmp_path, LIMIT, own=str(tmp_path) if own else "")
    assert reader.page(sha256(OTHER).hexdigest()) is None
    assert reader.page(digest) == PAGE
    found = reader.get(SHORT)
    assert found is not None
    assert (found.body, found.url) == (PAGE, SHORT)
    by_key = reader.get(series.published("2025-03").url)
    assert by_key is not None
    assert by_key.body == PAGE
    if own:
        kept = index_path(other).read_bytes().replace(other.name.encode(), path.name.encode())
        assert kept == right
    else:
        assert (index_path(other).read_bytes() if before is not None else None) == before


def test_an_index_is_completed_by_what_came_since(tmp_path: Path) -> None:
    """Another run is still writing."""
    writer = ArchiveWriter(tmp_path)
    writer.add(SHORT, 200, HTML, PAGE)
    before = index_path(writer.path).read_bytes()
    writer.add(SIGNED, 200, HTML, OTHER)
    index_path(writer.path).write_bytes(before)
    reader = ArchiveReader(tmp_path, LIMIT, own=str(tmp_path))
    assert len(reader) == 2
    assert reader.page(sha256(OTHER).hexdigest()) == OTHER
    assert index_path(writer.path).read_bytes() == before  # it is not ours to write
    writer.close()


def test_a_read_only_directory_is_no_error(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.warc.gz", (SIGNED, "200 OK", b"x", "2025-01-01T00:00:00Z"))
    index_path(path).mkdir()  # as much a refusal as a mode, also for root
    reader = ArchiveReader(tmp_path, LIMIT, own=str(tmp_path))
    found = reader.get(SIGNED)
    assert found is not None
    assert found.body == b"x"


def test_one_page_of_ten_thousand_is_opened_at_once(tmp_path: Path) -> None:
    """The bound of 50 ms is measured by ``benchmarks/archive.py``; here is room for a busy machine."""
    path = tmp_path / "a.warc.gz"
    archive(path, *((f"https://example.org/{n}", "200 OK", b"%d" % n, "2025-01-01T00:00:00Z") for n in range(10_000)))
    index = FileIndex(path, LIMIT, keep=True)
    assert index.lines.count(b"\n") == 10_000
    began = time.process_time()
    found = ArchiveReader(path, LIMIT).get("https://example.org/9876")
    assert time.process_time() - began < 0.5
    assert found is not None
    assert found.body == b"9876"


# Which answer counts


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (pages.FAILURES["deleted_zh"].page, "200 OK"),
        (b"", "302 Found"),
        (b"busy", "503 Service Unavailable"),
        (PAGE[:-2000], "200 OK"),
    ],
    ids=["deleted", "verification", "busy", "half of it"],
)
def test_an_article_counts_before_what_came_later(tmp_path: Path, last: bytes, status: str) -> None:
    url = series.published("2025-03").url
    path = archive(
        tmp_path / "a.warc.gz",
        (url, "200 OK", PAGE, "2025-01-01T00:00:00Z"),
        (url, status, last, "2025-02-01T00:00:00Z"),
    )
    reader = ArchiveReader(path, LIMIT)
    found = reader.get(url)
    assert found is not None
    assert found.body == PAGE
    assert reader.count(url) == 1


def test_all_different_answers_of_an_article_count(tmp_path: Path) -> None:
    """Of equal ones the first and the last, whatever the address."""
    url, changed = series.published("2025-03").url, PAGE + b"<!-- -->"
    path = archive(
        tmp_path / "a.warc.gz",
        (url, "200 OK", PAGE, "2025-01-01T00:00:00Z"),
        (url, "200 OK", PAGE, "2025-01-02T00:00:00Z"),
        (SHORT, "200 OK", PAGE, "2025-01-03T00:00:00Z"),
        (SHORT, "200 OK", changed, "2025-01-04T00:00:00Z"),
    )
    reader = ArchiveReader(path, LIMIT)
    answers = [reader.get(url, number) for number in range(reader.count(url))]
    assert [(one.url, one.date.day, one.body) for one in answers if one is not None] == [
        (SHORT, 4, changed),
        (SHORT, 3, PAGE),
        (url, 1, PAGE),
    ]
    assert reader.get(url, len(answers)) is None
    assert list(reader.issues()) in ([(url, "2025-03")], [(SHORT, "2025-03")])


def test_of_other_things_each_version_counts(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.warc.gz",
        (LISTED, "200 OK", b"one", "2025-01-01T00:00:00Z"),
        (LISTED, "200 OK", b"two", "2025-01-02T00:00:00Z"),
        (LISTED, "404 Not Found", b"none", "2025-01-03T00:00:00Z"),
    )
    reader = ArchiveReader(path, LIMIT)
    answers = [reader.get(LISTED, number) for number in range(reader.count(LISTED))]
    assert [answer and answer.body for answer in answers] == [b"two", b"one"]


def test_what_was_unpacked_has_an_index_of_its_own(tmp_path: Path) -> None:
    names = ("a.warc.gz", "a.warc.zst", "a.warc", "a")
    assert [index_path(tmp_path / name).name for name in names] == ["a.cdxj", "a.cdxj", "a.warc.cdxj", "a.cdxj"]


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    """Whoever opens a pipe waits for another to write."""
    os.mkfifo(tmp_path / "a.warc.gz")
    (tmp_path / "b.warc.gz").mkdir()
    assert warc_files_of(tmp_path) == []


def test_what_another_parser_said_is_made_anew(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.warc.gz", (SHORT, "200 OK", PAGE, "2025-01-24T00:00:00Z"))
    ArchiveReader(path, LIMIT, own=str(tmp_path))
    lines = index_path(path).read_text(encoding="utf-8")
    former = lines.replace(PARSER, "0.0.1+00000000").replace('"issue": "2025-03", ', "")
    assert former.count("0.0.1") == 1
    index_path(path).write_text(former.replace('"verdict": "article"', '"verdict": "unknown"'), encoding="utf-8")
    assert list(ArchiveReader(path, LIMIT, own=str(tmp_path)).issues()) == [(SHORT, "2025-03")]
    assert index_path(path).read_text(encoding="utf-8") == lines


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "another bit": lambda record: record[:40] + bytes([record[40] ^ 255]) + record[41:],
    "a bomb": lambda record: gzip.compress(gzip.decompress(record).replace(b"x" * 999, bytes(2 * MIN_BOMB_BYTES))),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_behind_a_record_that_cannot_be_read_the_rest_is(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    shown = archive(tmp_path / "page.warc.gz", (SHORT, "200 OK", PAGE, "2025-01-24T00:00:00Z"))
    other = archive(tmp_path / "other.warc.gz", (PICTURE, "200 OK", b"x" * 999, "2025-01-24T00:00:00Z"))
    path = tmp_path / "a.warc.gz"
    path.write_bytes(damage(other.read_bytes()) + shown.read_bytes())
    reader = ArchiveReader(path, LIMIT)
    found = reader.get(SHORT)
    assert found is not None and found.body == PAGE
    assert reader.indexes[0].is_broken_off
