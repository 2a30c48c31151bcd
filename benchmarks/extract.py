#!/usr/bin/env python3
"""What reading a page costs, against a full parse of the same page in the same run.

    python benchmarks/extract.py [FILE...] [--rounds N] [--pages N]

FILEs are saved article pages; without any, the pages of the bundled sample of 2 MB or more are taken. For each page
the median CPU time is printed of

  extract  bytes -> issue: `read_page` and `read_issue`, all that the crawl does with a page
  parsel   bytes -> `parsel.Selector(text=page.decode())`: what any selector needs before the first question
  parsed   the same from text that is decoded already: the parser alone

and the ratio of the first to the two others; then how the memory of the process grows over 1,000 extractions.
"""

import argparse
import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

from parsel import Selector
from warcio.archiveiterator import ArchiveIterator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert import __version__
from cncert.exceptions import NotAnIssue
from cncert.items import Provenance
from cncert.report.issue import read_issue
from cncert.wechat.failure_pages import read_page

ORIGIN = Provenance(
    source="page",
    fetched_at=datetime.now(UTC),
    via="archive",
    address=None,
    sha256=sha256(b"").hexdigest(),
    parser=__version__,
)


def pages(names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the pages to measure."""
    for name in names:
        yield name, Path(name).read_bytes()
    if names:
        return
    with as_file(files("cncert") / "data" / "sample" / "weekly.warc.gz") as path, path.open("rb") as file:
        for record in ArchiveIterator(file):
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            page = record.content_stream().read() if record.rec_type == "response" else b""
            if len(page) >= 2_000_000:
                yield url.partition("&sn=")[0], page


def extract(page: bytes) -> bool:
    """The whole way from bytes to an issue; whether there was one."""
    found = read_page(page)
    if found.article is None:
        return False
    try:
        read_issue(found.article, ORIGIN)
    except NotAnIssue:
        return False
    return True


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """Median CPU time of *work* in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


def resident_kb() -> int:
    """Memory of this process now, in kB (where the system does not say: its peak)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each measurement (default 7)")
    parser.add_argument("--pages", type=int, default=1000, help="extractions for the memory test (default 1000)")
    options = parser.parse_args()
    chosen = list(pages(options.files))
    if not chosen:
        parser.error("no page to measure")
    print(f"{'MB':>5} {'extract':>8} {'parsel':>8} {'parsed':>8}   {'ratios':>12}  issue  page")
    to_parsel, to_parsed = [], []
    for name, page in chosen:
        is_issue = extract(page)
        text = page.decode("utf-8", "replace")
        ours = cpu_ms(lambda page=page: extract(page), options.rounds)
        parsel = cpu_ms(lambda page=page: Selector(text=page.decode("utf-8", "replace")), options.rounds)
        parsed = cpu_ms(lambda text=text: Selector(text=text), options.rounds)
        to_parsel.append(ours / parsel)
        to_parsed.append(ours / parsed)
        times = f"{ours:8.2f} {parsel:8.2f} {parsed:8.2f}"
        mark = "yes" if is_issue else "no"
        print(f"{len(page) / 1e6:5.1f} {times}   {to_parsel[-1]:6.3f}{to_parsed[-1]:6.3f}  {mark:5}  {name[-60:]}")
    for what, ratios in (("parsel", to_parsel), ("parsed", to_parsed)):
        print(f"extract / {what}: median {statistics.median(ratios):.3f}, worst {max(ratios):.3f}, {len(ratios)} pages")
    for number in range(50):
        extract(chosen[number % len(chosen)][1])
    gc.collect()
    before = resident_kb()
    for number in range(options.pages):
        extract(chosen[number % len(chosen)][1])
    gc.collect()
    after = resident_kb()
    print(f"memory: {before} kB after 50 extractions, {after} kB after {options.pages} more ({after - before:+d} kB)")


if __name__ == "__main__":
    main()
