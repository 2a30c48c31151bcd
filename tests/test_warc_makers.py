"""WARC files of many makers: whatever they write, and in whatever container, the page is read as it is."""

import bz2
import hashlib
import lzma
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert.archive.warc_records import RecordReader, record_at
from cncert.exceptions import ArchiveError
from tests.site import cert_site
from tests.test_archive import chunked
from tests.warcs import (
    ADDRESS,
    APART,
    CONTAINERS,
    DATE,
    INFO,
    OTHER_ADDRESS,
    OTHER_PAGE,
    PAGE,
    REQUEST,
    frame,
    gzip,
    http,
    issues,
    put,
    read,
    record,
    sha1,
    skippable,
    without_digests,
    zstd,
)  # fmt: skip

SECOND = record(http(OTHER_PAGE), OTHER_ADDRESS)
CHUNKED, PACKED = ("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")
HIDES_THE_NEXT = "length too large"
"""In one stream of all records."""

RECORDS = {
    "as it should be": record(http()),
    "WARC 0.17": record(http(), version="WARC/0.17"),
    "WARC 0.18": record(http(), version="WARC/0.18"),
    "WARC 1.1": record(http(), version="WARC/1.1"),
    "line ends of Unix": record(http(eol="\n"), eol="\n"),
    "line ends of Unix in the answer": record(http(eol="\n")),
    "names in capitals": record(http()).replace(b"WARC-Type", b"WARC-TYPE").replace(b"WARC-Target", b"WARC-TARGET"),
    "names in small letters": record(http()).replace(b"WARC-Target-URI", b"warc-target-uri"),
    "type in capitals": record(http()).replace(b"Type: response", b"Type: RESPONSE"),
    "address in brackets": record(http(), f"<{ADDRESS}>"),
    "HTTP/2": record(http(status="HTTP/2 200")),
    "HTTP/2.0 without a reason": record(http(status="HTTP/2.0 200 ")),
    "HTTP/3": record(http(status="HTTP/3 200 OK")),
    "HTTP/1.0": record(http(status="HTTP/1.0 200 OK")),
    "two spaces in the status line": record(http(status="HTTP/1.1  200  OK")),
    "http in small letters": record(http(status="http/1.1 200 ok")),
    "a long header": record(http(PAGE, ("X-Long", "a\r\n b"))),
    "a header in GBK": record(http().replace(b"Content-Type", "X-Title: 标题\r\nContent-Type".encode("gbk"), 1)),
    "no type": record(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + PAGE),
    "a response without a head": record(PAGE, content_type="text/html"),
    "resource": record(PAGE, kind="resource"),
    "conversion": record(PAGE, kind="conversion"),
    "chunked": record(http(chunked(PAGE), CHUNKED)),
    "Chunked, with packed pieces": record(http(chunked(gzip.compress(PAGE)), ("TRANSFER-encoding", "GZip, Chunked"))),
    "packed, then chunked": record(http(chunked(brotli.compress(PAGE)), ("Content-Encoding", "BR"), CHUNKED)),
    "joined and unpacked, the headers kept": record(http(PAGE, PACKED, ("Transfer-Encoding", "gzip, Chunked"))),
    "joined, the header kept": record(http(gzip.compress(PAGE), PACKED, CHUNKED)),
    "zstd": record(http(zstd.compress(PAGE), ("content-encoding", "zstd"))),
    "gzip of two members": record(
        http(gzip.compress(PAGE[:900]) + gzip.compress(PAGE[900:]), ("Content-Encoding", "gzip"))
    ),
    "zstd of two frames": record(http(frame(PAGE[:900]) + frame(PAGE[900:]), ("Content-Encoding", "zstd"))),
    "the answer's length is wrong": record(http(PAGE, ("Content-Length", "17"))),
    "the digest is of the joined content": without_digests(
        record(http(chunked(PAGE), CHUNKED))
    ).replace(b"\r\nContent-Length", f"\r\nWARC-Payload-Digest: {sha1(PAGE)}\r\nContent-Length".encode()),
    "the digest is unknown": without_digests(record(http(), ADDRESS, "response")).replace(
        b"\r\nContent-Length", b"\r\nWARC-Block-Digest: blake3:abcdefabcdefabcdef\r\nContent-Length"
    ),
    "length too small": record(http(), length=1_000),
    "length too small by the line end": record(http(), length=len(http()) - 2),
    "length counts characters": record(http(), length=len(http().decode())),
    "length too large": record(http(), length=100_000),
    "length too large by the line ends": record(http(), length=len(http()) + 4),
    "length zero": record(http(), length=0),
    "length negative": record(http(), length="-17"),
    "length a word": record(http(), length="unknown"),
    "no length": record(http(), length=None),
}  # fmt: skip


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_read_whoever_made_it(tmp_path: Path, name: str, container: str) -> None:
    path = put(tmp_path / "x", INFO, REQUEST, RECORDS[name], SECOND, container=container)
    if name == HIDES_THE_NEXT and container.endswith("in one"):
        found, (fault,) = issues(path)
        assert (found, "its Content-Length is wrong" in fault) == ([], True)
    else:
        assert issues(path) == (["2025-03", "2025-04"], [])


@pytest.mark.parametrize("container", ["plain", "gzip", "zst, dictionary"])
@pytest.mark.parametrize("name", RECORDS)
def test_the_last_record_is_read_whoever_made_it(tmp_path: Path, name: str, container: str) -> None:
    assert issues(put(tmp_path / "x", RECORDS[name], container=container)) == (["2025-03"], [])


def test_a_last_record_that_may_be_cut_is_refused(tmp_path: Path) -> None:
    """With its digest it is known to be whole."""
    found, (fault,) = issues(put(tmp_path / "x", without_digests(RECORDS["length too large"])))
    assert (found, fault) == ([], "breaks off, at byte 0: the file ends inside of a record")


@pytest.mark.parametrize("pack", [lzma.compress, bz2.compress])
def test_an_archive_in_another_compression(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "x").write_bytes(pack(RECORDS["chunked"] + SECOND))
    assert issues(tmp_path / "x") == (["2025-03", "2025-04"], [])


@pytest.mark.parametrize("container", ["plain", "gzip", "gzip in one"])
def test_an_arc_file(tmp_path: Path, container: str) -> None:
    lines = b"1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n"
    first = b"filedesc://x.arc 0.0.0.0 20250201000000 text/plain %d\n%s\n" % (len(lines), lines)
    block = http()
    answer = b"%s 127.0.0.1 20250201000000 text/html %d\n%s\n" % (ADDRESS.encode(), len(block), block)
    (page, again), faults = read(put(tmp_path / "x", first, answer, answer, container=container))
    assert (page.issue, faults) == (again.issue, [])
    assert page.issue is not None
    assert (page.issue.id, page.issue.provenance.fetched_at) == ("2025-03", page.issue.provenance.seen_at)


def test_what_warcio_writes_is_found_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        places = []
        for body in (PAGE, OTHER_PAGE):
            places.append(file.tell())
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            written = writer.create_warc_record(ADDRESS, "response", BytesIO(body), http_headers=headers)
            writer.write_record(written)
            written.raw_stream.close()
    with record_at(path, places[1]) as found:
        assert found.raw_stream.read() == OTHER_PAGE


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_record_is_found_again_at_its_place(tmp_path: Path, container: str) -> None:
    records = [INFO, REQUEST, *RECORDS.values(), SECOND]
    records = [one for name, one in zip(["", "", *RECORDS, ""], records, strict=True) if name != HIDES_THE_NEXT]
    path = put(tmp_path / "x", *records, container=container)
    with path.open("rb") as file:
        reader = RecordReader(file)
        found = [
            (one.place, one.raw_stream.read(), reader.get_record_offset(), reader.get_record_length()) for one in reader
        ]
    assert len(found) == len(records)
    for (offset, inner), content, start, _ in found:
        assert start == offset
        assert inner == 0 or container not in APART
        with record_at(path, offset, inner) as again:
            assert (again.place, again.raw_stream.read()) == ((offset, inner), content)
    if container in ("plain", "gzip", "zst"):
        size = path.stat().st_size
        assert [start + length for _, _, start, length in found] == [*(start for _, _, start, _ in found[1:]), size]


def test_a_place_without_a_record_is_one_line(tmp_path: Path) -> None:
    path = put(tmp_path / "x", SECOND, container="gzip")
    for offset in (5, 10_000):
        with pytest.raises(ArchiveError), record_at(path, offset):
            pass


# --- records that repeat others

ORIGINAL = record(http(), ADDRESS, "response", ("WARC-Payload-Digest", sha1(PAGE)))
SAME_TIME = ("WARC-Refers-To-Date", DATE.replace("Z", ".123Z"))


def revisit(*headers: tuple[str, str], block: bytes = b"", address: str = OTHER_ADDRESS) -> bytes:
    profile = ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest")
    return record(block, address, "revisit", profile, *headers)


BY_DIGEST = ("WARC-Payload-Digest", sha1(PAGE))
REVISITS = {
    "by digest": revisit(BY_DIGEST),
    "by digest in base 16": revisit(
        ("WARC-Payload-Digest", f"SHA1:{hashlib.sha1(PAGE, usedforsecurity=False).hexdigest()}")
    ),
    "by address and time": revisit(("WARC-Refers-To-Target-URI", f"<{ADDRESS}>"), SAME_TIME),
    "with the head of an answer": revisit(BY_DIGEST, block=http(b"")),
    "not modified": revisit(BY_DIGEST, block=http(b"", status="HTTP/1.1 304 Not Modified")),
}


@pytest.mark.parametrize("container", ["plain", "gzip", "gzip in one", "zst, dictionary"])
@pytest.mark.parametrize("name", REVISITS)
def test_a_revisit_has_the_content_that_it_repeats(tmp_path: Path, name: str, container: str) -> None:
    for records in ([ORIGINAL, REVISITS[name]], [REVISITS[name], ORIGINAL]):
        (first, second), faults = read(put(tmp_path / "x", *records, container=container))
        assert faults == []
        assert first.issue is not None
        assert second.issue is not None
        assert (first.issue.text, second.issue.provenance.via) == (second.issue.text, "archive")
        assert second.name.endswith(f"#{OTHER_ADDRESS}")


def test_a_revisit_is_looked_up_in_the_other_files(tmp_path: Path) -> None:
    other = put(tmp_path / "a", ORIGINAL, container="zst, dictionary")
    path = put(tmp_path / "b", REVISITS["by digest"])
    assert issues(path, other) == (["2025-03"], [])


LOST: dict[str, Sequence[bytes]] = {
    "nothing": [REVISITS["by digest"]],
    "another digest": [ORIGINAL, revisit(("WARC-Payload-Digest", sha1(b"x")))],
    "a digest that lies": [
        record(http(OTHER_PAGE), ADDRESS, "response", BY_DIGEST),
        revisit(BY_DIGEST, address=ADDRESS + "#b"),
    ],
    "what is damaged": [ORIGINAL.replace(b"CNCERT", b"CNCURT"), REVISITS["by digest"]],
}


@pytest.mark.parametrize("name", LOST)
def test_a_revisit_of_nothing_is_said(tmp_path: Path, name: str) -> None:
    _, faults = read(put(tmp_path / "x", *LOST[name]))
    assert faults[-1].endswith("repeats one that is not there")


def test_a_revisit_of_a_picture_is_not_spoken_of(tmp_path: Path) -> None:
    picture = http(b"", ("Content-Type", "image/png"))
    assert read(put(tmp_path / "x", revisit(BY_DIGEST, block=picture, address="https://mmbiz.qpic.cn/x"))) == ([], [])


# --- pages of CNCERT's site

WEEK = (2018, 14)
PDF = cert_site.weekly_pdf(WEEK)
FILE = cert_site.ROOT + quote(cert_site.file_path(WEEK))
SITE_PAGE = cert_site.page(
    cert_site.title(WEEK), cert_site.published(WEEK), cert_site.link(cert_site.file_path(WEEK), "x.pdf")
)
PAGE_RECORD = record(http(SITE_PAGE), cert_site.ROOT + cert_site.path(WEEK))
FILE_RECORD = record(http(PDF, ("Content-Type", "application/pdf")), FILE)


@pytest.mark.parametrize(
    "records",
    [
        [PAGE_RECORD, FILE_RECORD],
        [FILE_RECORD, PAGE_RECORD],
        [
            record(SITE_PAGE, cert_site.ROOT + cert_site.path(WEEK), "resource"),
            record(PDF, FILE, "resource", content_type="application/octet-stream"),
        ],
    ],
    ids=["page first", "file first", "resources"],
)
def test_a_page_of_the_site_is_read_with_its_pdf(tmp_path: Path, records: Sequence[bytes]) -> None:
    (page,), faults = read(put(tmp_path / "x", *records, container="gzip"))
    assert page.issue is not None
    (document,) = page.issue.documents
    assert (page.issue.id, page.issue.provenance.source, document.url, document.path) == ("2018-14", "site", FILE, None)
    figures = {one.metric: one.value for one in page.issue.figures}
    assert (figures["incidents.handled"], faults) == (cert_site.handled(WEEK), [])


def test_the_pdf_of_a_page_may_be_in_another_file(tmp_path: Path) -> None:
    other = put(tmp_path / "a", FILE_RECORD)
    assert issues(put(tmp_path / "b", PAGE_RECORD), other) == (["2018-14"], [])


def test_a_pdf_of_the_site_alone_is_read_as_one_that_was_kept(tmp_path: Path) -> None:
    (page,), faults = read(put(tmp_path / "x", FILE_RECORD))
    assert page.issue is not None
    assert (page.issue.id, page.issue.provenance.source, faults) == ("2018-14", "file", [])
    assert page.issue.documents[0].url == FILE


def test_a_page_of_the_site_without_its_pdf_is_no_issue(tmp_path: Path) -> None:
    (page,), _ = read(put(tmp_path / "x", PAGE_RECORD))
    assert (page.issue, page.reason) == (None, f"no issue (no_document): the archive does not have it: {FILE}")


# --- dictionaries

LIES = {
    "none": skippable(b"no dictionary"),
    "too long": b"\x5d\x2a\x4d\x18\xff\xff\xff\x7f",
    "packed, and too large": skippable(frame(bytes(9 << 20))),
    "packed, and cut": skippable(frame(bytes(10_000))[:-9]),
    "broken": skippable(b"\x37\xa4\x30\xec" + bytes(200)),
}


@pytest.mark.parametrize("name", LIES)
def test_a_dictionary_that_lies_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(LIES[name] + frame(SECOND))
    found, (fault,) = issues(tmp_path / "x")
    assert (found, "dictionary" in fault) == ([], True)


def test_another_dictionary_than_that_of_the_records(tmp_path: Path) -> None:
    other = zstd.train_dict([bytes([n % 256]) * 9 + b"WARC-Type: %d" % n for n in range(2_000)], 2_000)
    data = CONTAINERS["zst, dictionary"]([INFO, SECOND])
    start = data.index(b"\x28\xb5\x2f\xfd")
    (tmp_path / "x").write_bytes(skippable(other.dict_content) + data[start:] + frame(RECORDS["chunked"]))
    found, (fault,) = issues(tmp_path / "x")
    assert (found, "a record is passed over, at byte" in fault) == (["2025-03"], True)
