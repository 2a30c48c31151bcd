"""``scrapy extract`` as a user calls it: files of every kind, directories, archives, pipes, and what goes wrong."""

import bz2
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from scrapy.http import Response
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert.archive.warc_writer import ArchiveWriter
from cncert.sources.saved_files.find_files import MAX_PAGE_BYTES, files_in_archive, find_files
from tests import series
from tests.site import pages
from tests.site.crawl import ROOT, run_scrapy, scrapy_command

SAVED = Path(__file__).parent / "saved"
SAMPLE = ROOT / "cncert" / "data" / "sample" / "weekly.warc.gz"
PAGE = series.page_of("2025-03")


def extract(*args: str | Path, **options: Any) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Exit status, documents, and lines on stderr."""
    result = run_scrapy("extract", *args, **options)
    assert "\x1b" not in result.stdout
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr.splitlines()


def put(path: Path, data: bytes = PAGE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_every_kind_of_file(tmp_path: Path) -> None:
    packed = [
        put(tmp_path / "a.gz", gzip.compress(PAGE) + gzip.compress(b"\n")),
        put(tmp_path / "b.html", bz2.compress(PAGE)),
        put(tmp_path / "c.xz", lzma.compress(PAGE)),
        put(tmp_path / "d.zst", zstd.compress(PAGE)),
    ]
    status, documents, errors = extract(*packed, SAVED / "site-2013-gbk.html", put(tmp_path / "e", b"nothing"))
    assert (status, errors) == (0, [])
    assert [list(one) for one in documents] == [["page", "verdict", "reason", "article", "issue"]] * 6
    assert [one["issue"] and one["issue"]["_id"] for one in documents] == ["2025-03"] * 4 + ["2013-10", None]
    assert [one["verdict"] for one in documents] == ["article"] * 5 + ["unknown"]
    assert (documents[5]["article"], documents[4]["article"]["account"]["biz"]) == (None, None)
    assert documents[4]["reason"] == "a copy of the report"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(bytes(MAX_PAGE_BYTES + 1)), f"larger than {MAX_PAGE_BYTES} bytes"),
        (gzip.compress(PAGE)[:-2000], "breaks off: Compressed file ended"),
        (b"\xfd7zXZ\x00" + b"x" * 99, "cannot be decompressed: "),
        (zstd.compress(PAGE)[:-2000], "breaks off: Compressed file ended"),
        (b"BZh9" + b"x" * 99, "cannot be decompressed: "),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    status, documents, (line,) = extract(put(tmp_path / "page", data))
    assert (status, documents) == (1, [])
    assert line.startswith(f"cncert: {tmp_path / 'page'}: {said}")


def test_a_directory_is_walked_in_order(tmp_path: Path) -> None:
    for name in ("b.html", "a/2.html", "a/1.html", ".hidden/x", "a/.hidden", "b_files/x.js", "c_files/y.html"):
        put(tmp_path / name)
    (tmp_path / "a" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "fifo")
    names = [str(Path(str(found)).relative_to(tmp_path)) for found in find_files(str(tmp_path))]
    assert names == ["b.html", "a/1.html", "a/2.html", "a/gone", "c_files/y.html"]
    status, documents, errors = extract(tmp_path)
    assert status == 1
    assert errors == [f"cncert: {tmp_path / 'a/gone'}: No such file or directory"]
    assert [Path(one["page"]).name for one in documents] == ["b.html", "1.html", "2.html", "y.html"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("2023-05-01.md", "2023-05-01/a.md"), ("2023-05-01.md", "2023-05-01/a.md")),
        (("a.html", "a/b.md"), ("a.html", "a/b.md")),
        (("a_files.md", "a_files/b.md"), ("a_files.md", "a_files/b.md")),
        (("a.md", "a_files/b.md"), ("a.md", "a_files/b.md")),
        (("a.html", "a_files/b.html"), ("a.html",)),
        (("周报.HTM", "周报.files/b.html"), ("周报.HTM",)),
    ],
)
def test_only_the_folder_of_a_saved_page_is_left_out(
    tmp_path: Path, files: tuple[str, ...], found: tuple[str, ...]
) -> None:
    for name in files:
        put(tmp_path / name)
    assert [str(Path(str(one)).relative_to(tmp_path)) for one in find_files(str(tmp_path))] == list(found)
    assert files_in_archive(files) == set(found)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xd6\xdc\xb1\xa8\n\x1b[31m.html"
    Path(os.fsdecode(name)).write_bytes(PAGE)
    status, (document,), errors = extract(tmp_path)
    assert (status, errors) == (0, [])
    assert document["page"].endswith("\\n\\x1b[31m.html")
    assert document["page"].isprintable()


def test_a_page_through_a_pipe() -> None:
    command, env = scrapy_command(["extract", "-"], None, ())
    result = subprocess.run(command, env=env, cwd=ROOT, input=lzma.compress(PAGE), capture_output=True, check=False)
    document = json.loads(result.stdout)
    assert (result.returncode, document["page"], document["issue"]["_id"]) == (0, "-", "2025-03")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "no file is named"),
        (["-", "-"], "there is only one stdin"),
        (["--jobs", "0", "x"], "--jobs 0 is below 1"),
        (["/no/such/file"], "/no/such/file: No such file or directory"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(args: list[str], said: str) -> None:
    status, documents, (line,) = extract(*args)
    assert (status, documents) == (2, [])
    assert said in line


def test_only_the_issues(tmp_path: Path) -> None:
    status, documents, _ = extract("--issues", put(tmp_path / "a", b"nothing"), put(tmp_path / "b"))
    assert status == 0
    assert [one["_id"] for one in documents] == ["2025-03"]


def test_pretty_documents_are_json_too(tmp_path: Path) -> None:
    result = run_scrapy("extract", "--pretty", put(tmp_path / "a"), put(tmp_path / "b", b"nothing"))
    assert result.stdout.startswith('{\n  "page"')
    first, end = json.JSONDecoder().raw_decode(result.stdout)
    second = json.loads(result.stdout[end:])
    assert (first["issue"]["_id"], second["issue"]) == ("2025-03", None)


def test_every_answer_of_a_warc_file() -> None:
    status, documents, errors = extract(SAMPLE)
    assert (status, errors) == (0, [])
    found = {one["issue"]["_id"] for one in documents if one["issue"]}
    assert len(found) == 37
    assert {one["verdict"] for one in documents} == {"article", "gone"}
    assert documents[0]["page"].startswith(f"{SAMPLE}#https://mp.weixin.qq.com/s")
    assert documents[0]["issue"]["provenance"]["via"] == "archive"


def test_answers_are_judged_by_their_status_too(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path)
    address, html = "https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEEFF", {"Content-Type": "text/html; charset=UTF-8"}
    target = pages.verification_address(address)
    for answer in (
        Response(address, 302, {**html, "Location": target}),
        Response(address, 503, html, b"busy"),
        Response(address, 200, {**html, "Content-Encoding": "gzip"}, gzip.compress(PAGE)),
        Response("https://mmbiz.qpic.cn/x", 200, {"Content-Type": "image/png"}, b"\x89PNG"),
        Response(
            "https://big.example/", 200, {**html, "Content-Encoding": "gzip"}, gzip.compress(bytes(MAX_PAGE_BYTES + 1))
        ),
        Response("https://site.example/", 200, html, (SAVED / "site-2013-gbk.html").read_bytes()),
    ):
        headers = [(name.decode(), value.decode()) for name, (value,) in answer.headers.items()]
        writer.add(answer.url, answer.status, headers, answer.body)
    writer.add_rendered(address, PAGE)
    writer.close()
    status, documents, errors = extract(writer.path)
    assert [one["verdict"] for one in documents] == ["blocked", "unknown", "article", "article", "article"]
    assert [one["issue"] and one["issue"]["_id"] for one in documents][2:] == ["2025-03", "2013-10", "2025-03"]
    assert (status, len(errors)) == (1, 1)
    assert "the answer to https://big.example/ is larger than" in errors[0]
    put(tmp_path / "broken.warc.gz", writer.path.read_bytes()[:-3000])
    status, documents, errors = extract(tmp_path / "broken.warc.gz")
    assert (status, len(documents), len(errors)) == (1, 4, 2)
    assert "broken.warc.gz: breaks off" in errors[1]


def warc(path: Path, *bodies: bytes) -> Path:
    """An archive of answers without any compression."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=False)
        for n, body in enumerate(bodies):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            address = f"https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEE{n:02}"
            record = writer.create_warc_record(address, "response", io.BytesIO(body), http_headers=head)
            writer.write_record(record)
            record.raw_stream.close()
    return path


PACK = {
    "warc": bytes,
    "warc.gz": gzip.compress,
    "warc.zst": zstd.compress,
    "warc.xz": lzma.compress,
    "warc.bz2": bz2.compress,
}


@pytest.mark.parametrize("kept", [0.4, 0.8, 0.98])
@pytest.mark.parametrize("suffix", PACK)
def test_an_archive_that_breaks_off_is_said_to(tmp_path: Path, suffix: str, kept: float) -> None:
    data = PACK[suffix](warc(tmp_path / "a", PAGE).read_bytes())
    status, documents, errors = extract(put(tmp_path / f"a.{suffix}", data[: int(kept * len(data))]))
    assert (status, documents, len(errors)) == (1, [], 1)
    assert f"a.{suffix}: breaks off" in errors[0]


@pytest.mark.parametrize("cut", [10, 200, 500])
def test_an_archive_is_read_as_far_as_it_goes(tmp_path: Path, cut: int) -> None:
    whole = len(warc(tmp_path / "a", PAGE).read_bytes())
    data = warc(tmp_path / "a", PAGE, PAGE).read_bytes()[: whole + cut]
    status, documents, errors = extract(put(tmp_path / "a.warc", data))
    assert (status, [one["issue"]["_id"] for one in documents], len(errors)) == (1, ["2025-03"], 1)
    assert "a.warc: breaks off" in errors[0]


def test_a_page_that_breaks_off_is_read_and_said_to(tmp_path: Path) -> None:
    page = pages.render(pages.ArticleSpec(body=pages.report_body(pages.ReportFacts())), "2018")
    status, documents, errors = extract(put(tmp_path / "page.html", page[: page.index(b"</body>")]))
    assert (status, [one["verdict"] for one in documents]) == (1, ["article"])
    assert errors == [f"cncert: {tmp_path / 'page.html'}: the page breaks off"]


def test_many_files_are_read_by_several_processes(tmp_path: Path) -> None:
    for n in range(70):
        put(tmp_path / f"{n:02}.html", series.page_of(series.week_ids("2024-01", "2024-50")[n % 50]))
    put(tmp_path / "35.html", gzip.compress(bytes(MAX_PAGE_BYTES + 1)))
    status, documents, errors = extract("--jobs", "2", tmp_path)
    assert [Path(one["page"]).name for one in documents] == [f"{n:02}.html" for n in range(70) if n != 35]
    assert all(one["issue"]["_id"] == f"2024-{int(one['page'][-7:-5]) % 50 + 1:02}" for one in documents)
    assert (status, len(errors)) == (1, 1)


@pytest.mark.parametrize("files", [3, 80])
def test_ctrl_c_ends_at_once(tmp_path: Path, files: int) -> None:
    """Few files are read in one process, which waits for stdin then; many in several, whose results nobody takes."""
    for n in range(files):
        put(tmp_path / f"{n:02}.html")
    command, env = scrapy_command(["extract", "--jobs", "2", tmp_path, *["-"] * (files == 3)], None, ())
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
        assert (process.stderr.read(), process.returncode) == (b"cncert: stopped\n", 130)
    wait_until(lambda: not group_lives(process.pid))


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
