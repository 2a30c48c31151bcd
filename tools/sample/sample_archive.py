"""The file of the sample series: a WARC in which every page carries the mark of the sample."""

import io
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert.wechat.sample_mark import SAMPLE_MARK, is_sample_page

MAX_SIZE: Final = 4_000_000
"""Bytes of the archive and what is written beside it."""
MARK: Final = f'<meta name="{SAMPLE_MARK}" content="invented: 示例数据，仅供演示">'.encode()
"""By it everything that is read from a page says that it is of the sample."""
INFO: Final = {
    "software": "tools.sample.make_sample",
    "format": "WARC File Format 1.0",
    SAMPLE_MARK: "invented; every page has a meta element of this name",
    "description": "Sample of a weekly series: drawn pages and pictures, invented figures; see README.md",
}


class SampleArchive:
    """The WARC: records with ids made of their addresses and dates that are given."""

    def __init__(self, file: IO[bytes]) -> None:
        self._writer = WARCWriter(file, gzip=True)

    @staticmethod
    def _id(name: str) -> str:
        return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'cncert sample ' + name)}>"

    @staticmethod
    def _date(moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def info(self, moment: datetime) -> None:
        """The record that says what the file is."""
        payload = "".join(f"{key}: {value}\r\n" for key, value in INFO.items()).encode()
        headers = {
            "WARC-Record-ID": self._id("info"),
            "WARC-Date": self._date(moment),
            "WARC-Filename": "weekly.warc.gz",
        }
        record = self._writer.create_warc_record(
            "", "warcinfo", payload=io.BytesIO(payload), length=len(payload), warc_headers_dict=headers
        )
        self._writer.write_record(record)

    def page(self, url: str, page: bytes, moment: datetime) -> None:
        """A page, with the mark of the sample in its head."""
        marked = page.replace(b'<meta charset="utf-8">', b'<meta charset="utf-8">\n' + MARK, 1)
        if not is_sample_page(marked):
            raise ValueError(f"the mark does not stand in the head of {url}")
        self.response(url, marked, "text/html; charset=UTF-8", moment)

    def response(self, url: str, body: bytes, kind: str, moment: datetime) -> None:
        """An answer."""
        http = StatusAndHeaders(
            "200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))], protocol="HTTP/1.1"
        )  # fmt: skip
        headers = {"WARC-Record-ID": self._id(url), "WARC-Date": self._date(moment)}
        record = self._writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), length=len(body), http_headers=http, warc_headers_dict=headers
        )
        self._writer.write_record(record)


def print_sizes(paths: list[Path], sizes: dict[str, int]) -> None:
    """Print the sizes of the files. Raises SystemExit if they are too large."""
    total = 0
    for path in paths:
        total += path.stat().st_size
        print(f"{path.stat().st_size:>10,}  {path.name}")
    print(f"{total:>10,}  in all; unpacked: pages {sizes['pages']:,}, pictures {sizes['pictures']:,}")
    if total > MAX_SIZE:
        raise SystemExit(f"too large: {total:,} bytes, {MAX_SIZE:,} allowed")
