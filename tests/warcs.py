"""WARC files as their makers write them, and as nobody should: records put together by hand, in every container."""

import gzip
import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cncert.archive.compression import zstd
from cncert.exceptions import SavedFileError
from cncert.sources.saved_files.file_reader import FileReader, FileToRead, PageFromFile, UnreadFile
from tests import series

PAGE = series.page_of("2025-03", era="2018")
ADDRESS = series.published("2025-03").url
OTHER_PAGE = series.page_of("2025-04", era="2018")
OTHER_ADDRESS = series.published("2025-04").url
DATE = "2025-02-01T00:00:00Z"
HTML = "text/html; charset=UTF-8"


def http(body: bytes = PAGE, *headers: tuple[str, str], status: str = "HTTP/1.1 200 OK", eol: str = "\r\n") -> bytes:
    """An answer; its type is HTML if *headers* do not give one."""
    given = (
        headers if any(name.lower() == "content-type" for name, _ in headers) else (("Content-Type", HTML), *headers)
    )
    lines = [status, *(f"{name}: {value}" for name, value in given), "", ""]
    return eol.join(lines).encode() + body


def sha1(data: bytes) -> str:
    return "sha1:" + b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def record(
    block: bytes,
    address: str | None = ADDRESS,
    kind: str = "response",
    *more: tuple[str, str],
    version: str = "WARC/1.0",
    length: int | str | None = -1,
    content_type: str | None = None,
    eol: str = "\r\n",
    digest: bool = True,
) -> bytes:
    """A record; *length* -1 is the right one, None leaves it out."""
    usual = "application/http; msgtype=response" if kind in ("response", "revisit") else HTML
    headers = [("WARC-Type", kind), ("WARC-Date", DATE), ("WARC-Record-ID", f"<urn:uuid:{hash(block) & 0xFFFF:032x}>")]
    headers += [("WARC-Target-URI", address)] if address is not None else []
    headers += [("Content-Type", content_type or usual), *more]
    headers += [("WARC-Block-Digest", sha1(block))] if digest else []
    headers += [("Content-Length", str(len(block) if length == -1 else length))] if length is not None else []
    head = eol.join([version, *(f"{name}: {value}" for name, value in headers), "", ""])
    return head.encode() + block + eol.encode() * 2


INFO = record(b"software: a test\r\n", None, "warcinfo", content_type="application/warc-fields")
REQUEST = record(b"GET /s HTTP/1.1\r\nHost: mp.weixin.qq.com\r\n\r\n", kind="request", content_type="application/http")
DICTIONARY = zstd.train_dict([PAGE[at : at + 2000] for at in range(0, len(PAGE), 500)], 8_000)
CHECKED = {int(zstd.CompressionParameter.checksum_flag): 1}


def frame(data: bytes, dictionary: zstd.ZstdDict | None = None) -> bytes:
    """A Zstandard frame as the draft for .warc.zst wants it: with size and checksum."""
    return zstd.compress(data, options=CHECKED, zstd_dict=dictionary)


def skippable(data: bytes, magic: int = 0x184D2A5D) -> bytes:
    return magic.to_bytes(4, "little") + len(data).to_bytes(4, "little") + data


CONTAINERS: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "plain": b"".join,
    "gzip": lambda records: b"".join(gzip.compress(one, mtime=0) for one in records),
    "gzip in one": lambda records: gzip.compress(b"".join(records), mtime=0),
    "zst": lambda records: b"".join(map(frame, records)),
    "zst in one": lambda records: frame(b"".join(records)),
    "zst, dictionary": lambda records: (
        skippable(DICTIONARY.dict_content) + b"".join(frame(one, DICTIONARY) for one in records)
    ),
    "zst, packed dictionary": lambda records: (
        skippable(frame(DICTIONARY.dict_content)) + b"".join(frame(one, DICTIONARY) for one in records)
    ),
    "zst, two frames a record": lambda records: b"".join(
        frame(one[:1000]) + skippable(b"padding", 0x184D2A50) + frame(one[1000:]) for one in records
    ),
}
APART = [name for name in CONTAINERS if name not in ("gzip in one", "zst in one")]
"""Those in which a record can be opened without the others."""


def read(path: Path, *others: Path) -> tuple[list[PageFromFile], list[str]]:
    """The pages that ``scrapy extract`` finds in a file, and what it says of the rest, without the file's name."""
    found: list[Any] = []
    faults: list[str] = []
    try:
        found.extend(FileReader(others=list(map(str, others))).read(FileToRead(str(path))))
    except SavedFileError as error:
        faults.append(str(error))
    faults = [*(one.reason for one in found if isinstance(one, UnreadFile)), *faults]
    return [one for one in found if isinstance(one, PageFromFile)], faults


def issues(path: Path, *others: Path) -> tuple[list[str | None], list[str]]:
    """The issues in a file's pages, and what is said of the rest."""
    found, faults = read(path, *others)
    return [one.issue.id if one.issue else None for one in found if one.is_whole], faults


def without_digests(data: bytes) -> bytes:
    return re.sub(rb"WARC-[A-Za-z]+-Digest: [^\r\n]*\r?\n", b"", data)


def put(path: Path, *records: bytes, container: str = "plain") -> Path:
    path.write_bytes(CONTAINERS[container](records))
    return path
