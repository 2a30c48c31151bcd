#!/usr/bin/env python3
"""What the archive costs: a crawl with it and without it, opening one page of many, and levels of compression.

    python benchmarks/archive.py [crawl] [open] [levels] [--issues 100] [--rounds 3] [PAGE...]

crawl   issues on the loopback site, with pages of 3 MB that pack as true ones do (600 kB), by turns without the archive
        and with it, each in a store of its own: wall and CPU seconds of the command, and the ratios of the sums. The
        site works on the same machine: its own time is in the wall time of both.
open    one page among 100, 1,000 and 10,000 records of one file: milliseconds in process, from the name of the file to
        the content, with the index that the file has; and one page of 3 MB
levels  packing and unpacking a page at each level of two gzips: milliseconds and kB; of the PAGEs, if files are named

Without a word all three; about two minutes.
"""

import argparse
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

from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import GZIP_LEVEL, ArchiveWriter
from tests import series
from tests.site import pages
from tests.site.crawl import crawl_args, project_env, scrapy_command
from tests.site.server import LoopbackWeChat

LIMIT = 32 * 1024 * 1024
FIRST = "2023-01"
SIZE = 3_000_000


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
            site.add_article(one.url, page_of(one.issue))
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
    for name, levels, pack in (("ISA-L", range(4), isal_zlib.compress), ("zlib", range(1, 10), zlib.compress)):
        for level in levels:
            packed = [pack(one, level) for one in contents]
            packing = measured(lambda pack=pack, level=level: [pack(one, level) for one in contents], 3)
            unpacking = measured(lambda packed=packed: [zlib.decompress(one) for one in packed], 3)
            size, number = sum(map(len, packed)) / 1000, len(contents)
            used = "  (used)" if (name, level) == ("ISA-L", GZIP_LEVEL) else ""
            print(
                f"{name:5} {level}: {packing / number:6.1f} ms, {size / number:6.0f} kB, "
                f"unpacked in {unpacking / number:4.1f} ms{used}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="crawl|open|levels|PAGE")
    parser.add_argument("--issues", type=int, default=100, help="of a crawl (default 100)")
    parser.add_argument("--rounds", type=int, default=3, help="crawls of each kind (default 3)")
    options = parser.parse_args()
    parts = [word for word in options.words if word in ("crawl", "open", "levels")] or ["levels", "open", "crawl"]
    with tempfile.TemporaryDirectory(prefix="archive-") as name:
        if "levels" in parts:
            measure_levels([Path(word) for word in options.words if word not in parts])
        if "open" in parts:
            measure_open(Path(name))
        if "crawl" in parts:
            measure_crawl(Path(name), options.issues, options.rounds)


if __name__ == "__main__":
    main()
