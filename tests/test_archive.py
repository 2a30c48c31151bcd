"""WARC: what is fetched is kept as it came, and what is kept answers in place of the network."""

import gzip
import io
import zlib
from pathlib import Path

import brotli
import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert.archive.compression import zstd
from cncert.archive.warc_reader import ArchiveReader, identity_of
from cncert.exceptions import ArchiveError
from cncert.items import Issue
from cncert.store import open_store
from tests import series
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat

BOUNDS = ("from=2024-13", "until=2024-16")
LIMIT = 4_000_000
PAGE = "<html>网络安全</html>".encode() * 100


def archive(path: Path, *answers: tuple[str, str, bytes, str], encoding: str = "identity") -> Path:
    """A WARC of (address, status, body, date)."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=path.suffix == ".gz")
        for url, status, body, date in answers:
            packed = [("Content-Type", "text/html"), ("Content-Encoding", encoding)]
            headers = StatusAndHeaders(status, packed, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url, "response", payload=io.BytesIO(body), http_headers=headers, warc_headers_dict={"WARC-Date": date}
            )
            writer.write_record(record)
            record.raw_stream.close()
    return path


SIGNED = "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=22474&idx=1&sn=" + "ab" * 16 + "&chksm=" + "97" * 42
SHORT = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
UNSIGNED = "http://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw%3D%3D&mid=22474&idx=1&scene=21#wechat_redirect"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SIGNED, UNSIGNED),
        ("https://mmbiz.qpic.cn/mmbiz_png/abcdefghij/640?wx_fmt=png", "http://mmbiz.qlogo.cn/mmbiz_png/abcdefghij/0"),
        (
            SHORT,
            "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv?scene=1",
        ),
    ],
)
def test_an_answer_is_found_by_what_the_address_means(tmp_path: Path, one: str, other: str) -> None:
    reader = ArchiveReader(archive(tmp_path / "a.warc.gz", (one, "200 OK", b"body", "2025-01-01T00:00:00Z")), LIMIT)
    found = reader.get(other)
    assert found is not None
    assert (found.status, found.body, found.date.year) == (200, b"body", 2025)
    assert identity_of(one) == identity_of(other)


@pytest.mark.parametrize("name", ["plain.warc", "packed.warc.gz"])
def test_the_newest_good_answer_counts(tmp_path: Path, name: str) -> None:
    path = archive(
        tmp_path / name,
        (SIGNED, "200 OK", b"old", "2025-01-01T00:00:00Z"),
        (SIGNED, "200 OK", b"new", "2025-03-01T00:00:00Z"),
        (UNSIGNED, "302 Found", b"challenged", "2025-04-01T00:00:00Z"),
    )
    found = ArchiveReader(path, LIMIT).get(UNSIGNED)
    assert found is not None
    assert found.body == b"new"


def test_an_article_kept_under_its_short_address_is_found_by_its_key(tmp_path: Path) -> None:
    page = series.page_of("2024-16")
    path = archive(tmp_path / "a.warc.gz", (SHORT, "200 OK", page, "2025-01-01T00:00:00Z"))
    found = ArchiveReader(path, LIMIT).get(series.published("2024-16").url)
    assert found is not None
    assert found.body == page


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.warc.gz",
        (SIGNED, "200 OK", b"whole", "2025-01-01T00:00:00Z"),
        (
            SHORT,
            "200 OK",
            bytes(range(256)) * 400,
            "2025-01-01T00:00:00Z",
        ),
    )
    path.write_bytes(path.read_bytes()[:-300])
    reader = ArchiveReader(path, LIMIT)
    found = reader.get(SIGNED)
    assert found is not None
    assert found.body == b"whole"


def chunked(body: bytes, *, size: int = 1000, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    sent = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return sent + b"0\r\n" + trailer + b"\r\n"


CODED = {
    "as it should be": ([("Transfer-Encoding", "chunked")], chunked(PAGE)),
    "in capitals": ([("TRANSFER-ENCODING", "Chunked ")], chunked(PAGE)),
    "name in small letters": ([("transfer-encoding", "CHUNKED")], chunked(PAGE)),
    "with extensions and a trailer": (
        [("Transfer-Encoding", "chunked")],
        chunked(PAGE, extension=b" ;a=b", trailer=b"X: y\r\n"),
    ),
    "sizes in capitals, with zeros": (
        [("Transfer-Encoding", "chunked")],
        b"00%X\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE),
    ),
    "line ends of Unix": ([("Transfer-Encoding", "chunked")], chunked(PAGE).replace(b"\r\n", b"\n")),
    "without an end": ([("Transfer-Encoding", "chunked")], chunked(PAGE)[:-5]),
    "joined, and the header kept": ([("Transfer-Encoding", "chunked")], PAGE),
    "packed, then chunked": ([("Transfer-Encoding", "GZIP, Chunked")], chunked(gzip.compress(PAGE))),
    "in two headers": ([("Transfer-Encoding", "gzip"), ("transfer-encoding", "chunked")], chunked(gzip.compress(PAGE))),
    "packed content": ([("CONTENT-ENCODING", "GZip"), ("Transfer-Encoding", "chunked")], chunked(gzip.compress(PAGE))),
    "packed content, identity": (
        [("Content-Encoding", "identity, gzip"), ("Transfer-Encoding", "identity")],
        gzip.compress(PAGE),
    ),
    "packed twice": ([("Content-Encoding", "br, x-gzip")], gzip.compress(brotli.compress(PAGE))),
}


@pytest.mark.parametrize(("headers", "sent"), CODED.values(), ids=CODED)
def test_codings_of_an_answer_are_undone(tmp_path: Path, headers: list[tuple[str, str]], sent: bytes) -> None:
    with (tmp_path / "a.warc").open("wb") as file:
        writer = WARCWriter(file, gzip=False)
        head = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
        record = writer.create_warc_record(SIGNED, "response", payload=io.BytesIO(sent), http_headers=head)
        writer.write_record(record)
        record.raw_stream.close()
    found = ArchiveReader(tmp_path, LIMIT).get(SIGNED)
    assert found is not None
    assert found.body == PAGE


def test_a_body_over_the_limit_is_left_out(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.warc.gz", (SIGNED, "200 OK", b"0" * 5_000_000, "2025-01-01T00:00:00Z"))
    assert ArchiveReader(path, LIMIT).get(SIGNED) is None


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("identity", PAGE),
        ("gzip", gzip.compress(PAGE, mtime=0)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE, wbits=-15)),
        ("br", brotli.compress(PAGE)),
        ("zstd", zstd.compress(PAGE)),
        ("gzip, zstd", zstd.compress(gzip.compress(PAGE, mtime=0))),
        ("gzip", PAGE),
    ],
    ids=["plain", "gzip", "zlib", "deflate", "brotli", "zstd", "twice", "only said to be"],
)
def test_an_answer_is_unpacked(tmp_path: Path, encoding: str, content: bytes) -> None:
    """The last one: some archives keep the header, but the content unpacked."""
    path = archive(tmp_path / "a.warc", (SIGNED, "200 OK", content, "2025-01-01T00:00:00Z"), encoding=encoding)
    found = ArchiveReader(path, LIMIT).get(SIGNED)
    assert found is not None
    assert found.body == PAGE
    assert "content-encoding" not in {name.lower() for name, _ in found.headers}


@pytest.mark.parametrize(
    "content", [b"", b"no archive", gzip.compress(b"no archive", mtime=0), b"\x1f\x8b\x08\x00broken"]
)
def test_what_is_no_warc_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(content)
    with pytest.raises(ArchiveError) as caught:
        ArchiveReader(path, LIMIT)
    assert "\n" not in str(caught.value)


async def stored(tmp_path: Path) -> list[Issue]:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        return [issue async for issue in store.issues()]


async def test_a_recorded_crawl_replays_to_equal_documents(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Compressed answers are kept decompressed; a deleted page replays as deleted."""
    published = series.publish(site, "2024-13", "2024-16", without=("2024-14",))
    site.add_article(published[0].url, Answer(series.page_of("2024-13"), gzip=True))
    site.add_article(series.published("2024-14").url, pages.FAILURES["deleted_zh"].page)
    live, replayed = tmp_path / "live", tmp_path / "replayed"
    live.mkdir()
    replayed.mkdir()
    kept = str(tmp_path / "archive")
    result = crawl(site, live, f"start={published[-1].url}", *BOUNDS, CNCERT_ARCHIVE=kept)
    assert result.returncode == 0, result.stderr[-2000:]
    (file,) = (tmp_path / "archive").glob("*.warc.gz")
    with file.open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream)]
    assert kinds == ["warcinfo"] + ["response"] * len(site.requests)
    assert series.page_of("2024-13") in gzip.decompress(file.read_bytes())
    site.reset_log()
    result = crawl(site, replayed, f"start={published[-1].url}", *BOUNDS, f"replay={kept}")
    assert result.returncode == 0, result.stderr[-2000:]
    assert site.requests == []
    one, other = await stored(live), await stored(replayed)
    assert [issue.id for issue in other] == ["2024-13", "2024-15", "2024-16"]
    for issue, again in zip(one, other, strict=True):
        volatile = {"provenance": {"via"}, "editions": {"__all__": {"via"}}}
        assert issue.model_dump(exclude=volatile) == again.model_dump(exclude=volatile)
        assert again.provenance.via == "archive"


def test_an_archive_that_cannot_be_written_is_one_line(site: LoopbackWeChat, tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")
    start = series.publish(site, "2024-16", "2024-16")[0].url
    result = crawl(site, tmp_path, f"start={start}", "limit=1", CNCERT_ARCHIVE=str(tmp_path / "archive"))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "no archive can be written" in result.stderr
    assert site.requests == []


def test_a_replay_of_no_archive_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.warc.gz").write_bytes(b"nothing")
    env = project_env(None, tmp_path)
    result = run_scrapy("crawl", "weekly", "-a", f"replay={tmp_path / 'x.warc.gz'}", env=env)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "cannot be read as a WARC file" in result.stderr
