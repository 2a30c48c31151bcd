#!/usr/bin/env python3
"""What the archive costs: a crawl with it and without it, opening one page of many, and ways of compression.

    python benchmarks/archive.py [crawl] [open] [levels] [size] [--issues 100] [--rounds 3] [PAGE...]

crawl   issues on the loopback site, with pages of 3 MB that come in gzip and pack as true ones do (600 kB), by turns
        without the archive and with it, each in a store of its own: wall and CPU seconds of the command, and the
        ratios of the sums. The site works on the same machine: its own time is in the wall time of both.
open    one page among 100, 1,000 and 10,000 records of one file: milliseconds in process, from the name of the file to
        the content, with the index that the file has; and one page of 3 MB
levels  packing and unpacking a page at each level of two gzips: milliseconds and kB; of the PAGEs, if files are named
size    packing and unpacking a page by gzip, and by Zstandard as ``scrapy archive repack`` uses it, with a dictionary
        of every second page and without, by turns: medians of the other pages in kB and milliseconds, and as ratios to
        what a crawl writes; of the PAGEs (files, .xz too, or folders of them) that are articles of more than 1 MB,
        else of the sample

Without a word all four; about two minutes.
"""

import argparse
import gzip
import lzma
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isal import isal_zlib

from cncert.archive.compression import zstd
from cncert.archive.page_dictionary import dictionary_frame, make_dictionary, pack
from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import GZIP_LEVEL, ArchiveWriter
from cncert.wechat.failure_pages import Verdict, read_page
from tests import series
from tests.site import pages
from tests.site.crawl import crawl_args, project_env, scrapy_command
from tests.site.server import Answer, LoopbackWeChat

LIMIT = 32 * 1024 * 1024
FIRST = "2023-01"
SIZE = 3_000_000
MAX_PAGES = 12
SAMPLE = Path(__file__).resolve().parent.parent / "cncert" / "data" / "sample" / "weekly.warc.gz"
WORDS = ("levels", "size", "open", "crawl")


def page_of(issue: str) -> bytes:
    """The page of *issue* with scripts of the usual size, which do not repeat; pages of different issues share them."""
    scripts = f"<script>{pages._pool('archive', pages._CODE, SIZE)}</script></body>".encode()
    return series.page_of(issue, linked=lambda _: None).replace(b"</body>", scripts)


def measured(work: Callable[[], object], rounds: int = 7) -> float:
    """The median of the CPU milliseconds that *work* takes: others may use the machine too."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def run(site: LoopbackWeChat, place: Path, arguments: list[str], archive: str) -> tuple[float, float]:
    """Crawl into a new store in *place*; the seconds that pass, and of the CPU."""
    place.mkdir()
    command, env = scrapy_command(crawl_args(arguments), project_env(site, place, CNCERT_ARCHIVE=archive), ())
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"the crawl failed: {done.stderr[-2000:]}")
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure_crawl(directory: Path, number: int, rounds: int) -> None:
    """Print what a crawl costs with the archive and without it."""
    weeks = series.week_ids(FIRST, "2026-20")[:number]
    with LoopbackWeChat() as site:
        published = series.publish(site, weeks[0], weeks[-1])
        for one in published:
            packed = gzip.compress(page_of(one.issue))
            site.add_article(one.url, Answer(packed, headers={"Content-Encoding": "gzip"}))
        start = directory / "start.txt"
        start.write_text("\n".join(one.url for one in published))
        arguments = [f"start=@{start}", f"from={weeks[0]}", f"until={weeks[-1]}"]
        sums = {"without": [0.0, 0.0], "with": [0.0, 0.0]}
        for turn in range(rounds):
            for name in ("without", "with") if turn % 2 else ("with", "without"):
                place = directory / f"{name}-{turn}"
                wall, cpu = run(site, place, arguments, str(place / "archive") if name == "with" else "")
                sums[name][0] += wall
                sums[name][1] += cpu
                print(f"{name:8} {len(weeks)} issues: {wall:6.1f} s, CPU {cpu:6.1f} s", flush=True)
        size = sum(path.stat().st_size for path in (directory / "with-0" / "archive").iterdir())
    ratios = [with_it / without for with_it, without in zip(sums["with"], sums["without"], strict=True)]
    print(f"ratio: wall {ratios[0]:.2f} (at most 1.15), CPU {ratios[1]:.2f} (at most 1.3); {size / 1e6:.1f} MB")


def measure_open(directory: Path) -> None:
    """Print how long it takes to open one page."""
    page = page_of("2024-10")
    for number in (100, 1_000, 10_000):
        writer = ArchiveWriter(directory / str(number))
        for place in range(number):
            writer.add(f"https://example.org/{place}", 200, [("Content-Type", "text/html")], b"%d" % place)
        url = series.published("2024-10").url
        writer.add(url, 200, [("Content-Type", "text/html")], page)
        writer.close()
        digest, small = sha256(page).hexdigest(), f"https://example.org/{number // 2}"
        of_small = measured(lambda path=writer.path, url=small: ArchiveReader(path, LIMIT).get(url))
        by_url = measured(lambda path=writer.path, url=url: ArchiveReader(path, LIMIT).get(url))
        by_digest = measured(lambda path=writer.path, digest=digest: ArchiveReader(path, LIMIT).page(digest))
        print(
            f"{number:6} records: {of_small:5.1f} ms for a small one (at most 50), "
            f"{by_url:5.1f} ms for a page of 3 MB by its address, {by_digest:5.1f} ms by its digest"
        )


def measure_levels(files: list[Path]) -> None:
    """Print what packing costs."""
    contents = [path.read_bytes() for path in files] or [page_of("2024-10")]
    for name, levels, compress in (("ISA-L", range(4), isal_zlib.compress), ("zlib", range(1, 10), zlib.compress)):
        for level in levels:
            packed = [compress(one, level) for one in contents]
            packing = measured(lambda compress=compress, level=level: [compress(one, level) for one in contents], 3)
            unpacking = measured(lambda packed=packed: [zlib.decompress(one) for one in packed], 3)
            size, number = sum(map(len, packed)) / 1000, len(contents)
            used = "  (used)" if (name, level) == ("ISA-L", GZIP_LEVEL) else ""
            print(
                f"{name:5} {level}: {packing / number:6.1f} ms, {size / number:6.0f} kB, "
                f"unpacked in {unpacking / number:4.1f} ms{used}"
            )


def pages_of(paths: list[Path]) -> list[bytes]:
    """The articles in the files and folders *paths*, else those of the sample; each once."""
    if paths:
        files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        files = [file for file in files if file.is_file()]
        contents = [lzma.decompress(file.read_bytes()) if file.suffix == ".xz" else file.read_bytes() for file in files]
    else:
        reader = ArchiveReader(SAMPLE, LIMIT)
        answers = (reader.get(url) for url, _ in reader.issues())
        contents = [answer.body for answer in answers if answer is not None]
    articles = [one for one in contents if len(one) > 1_000_000 and read_page(one, "").verdict is Verdict.ARTICLE]
    return list(dict.fromkeys(articles))


def measure_size(paths: list[Path], rounds: int) -> None:
    """Print what a page takes, and what packing and unpacking it costs."""
    pages = pages_of(paths)
    basis, others = pages[::2], pages[1::2][:20]
    if not others:
        sys.exit("two pages at least are needed: articles of more than 1 MB")
    dictionary = make_dictionary(basis[:MAX_PAGES])
    assert dictionary is not None

    def framed(page: bytes, used: zstd.ZstdDict | None) -> bytes:
        return b"".join(pack([page], len(page), used))

    def unzipped(packed: bytes) -> bytes:
        return zlib.decompress(packed, wbits=31)

    crawled = f"gzip, ISA-L {GZIP_LEVEL} (a crawl)"
    ways: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
        crawled: (lambda page: isal_zlib.compress(page, GZIP_LEVEL, wbits=31), unzipped),
        **{
            f"gzip, zlib {level}": (lambda page, level=level: zlib.compress(page, level, wbits=31), unzipped)
            for level in (1, 6, 9)
        },
        "zstd": (lambda page: framed(page, None), zstd.decompress),
        "zstd, dictionary": (
            lambda page: framed(page, dictionary),
            lambda one: zstd.decompress(one, zstd_dict=dictionary),
        ),
    }
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for page in others:
        for name, (packing, unpacking) in ways.items():
            packed = packing(page)
            if unpacking(packed) != page:
                sys.exit(f"{name} gives another page")
            times = measured(lambda: packing(page), rounds), measured(lambda: unpacking(packed), rounds)  # noqa: B023  # called at once
            figures[name].append((len(packed) / 1000, *times))
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in figures.items()
    }
    print(f"{len(others)} pages, median {statistics.median(map(len, others)) / 1000:.0f} kB:")
    for name, values in medians.items():
        ratios = [value / base for value, base in zip(values, medians[crawled], strict=True)]
        print(
            f"{name:26} {values[0]:6.0f} kB ({ratios[0]:.2f}), packed in {values[1]:6.1f} ms ({ratios[1]:.2f}), "
            f"unpacked in {values[2]:4.1f} ms ({ratios[2]:.2f})"
        )
    print(
        f"the dictionary, once a file: {len(dictionary.dict_content) / 1000:.0f} kB of {len(basis[:MAX_PAGES])} pages, "
        f"{len(dictionary_frame(dictionary)) / 1000:.0f} kB packed"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="crawl|open|levels|size|PAGE")
    parser.add_argument("--issues", type=int, default=100, help="of a crawl (default 100)")
    parser.add_argument("--rounds", type=int, default=3, help="crawls of each kind (default 3)")
    options = parser.parse_intermixed_args()
    parts = [word for word in options.words if word in WORDS] or list(WORDS)
    files = [Path(word) for word in options.words if word not in WORDS]
    with tempfile.TemporaryDirectory(prefix="archive-") as name:
        if "levels" in parts:
            measure_levels(files)
        if "size" in parts:
            measure_size(files, options.rounds)
        if "open" in parts:
            measure_open(Path(name))
        if "crawl" in parts:
            measure_crawl(Path(name), options.issues, options.rounds)


if __name__ == "__main__":
    main()
