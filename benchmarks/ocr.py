#!/usr/bin/env python3
"""What reading pictures costs beside the engine's own work, and whether memory stays flat.

    python benchmarks/ocr.py [--pictures 500] [--jobs 2]

Puts so many pictures of the bundled sample into an empty store (each file made different by a byte behind its end),
reads them as `scrapy ocr` does, and prints the time over that of the engine alone (times of several workers are added
up), and the memory of the process and of its workers: the peak, and how it grows from the first fifth on.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import aclosing
from hashlib import sha256
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from statistics import linear_regression, median

import psutil
from warcio.archiveiterator import ArchiveIterator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert.infographics.figures.ocr_workers import ReaderOptions
from cncert.infographics.figures.read_stored_pictures import StoredPictures
from cncert.infographics.labels.read_labelled_numbers import Limits
from cncert.infographics.words.ocr_engine import DEFAULT_ENGINE, open_engine
from cncert.quality.all_warnings import issues_with_warnings
from cncert.report.calendar import weeks
from cncert.store import Store, open_store
from cncert.wechat.address import read_picture
from tests.factories import make_issue, make_picture
from tests.stores import take_in

SAMPLE = files("cncert") / "data" / "sample"
DRAWN = Path(__file__).resolve().parent.parent / "tools" / "sample" / "pictures.json"
AN_ISSUE = 5
"""Pictures of an issue."""


def sample() -> dict[str, bytes]:
    """The pictures of the sample's bodies, in the order of the series, by their keys."""
    drawn = [one["key"] for one in json.loads(DRAWN.read_text(encoding="utf-8"))]
    found = {}
    with (SAMPLE / "weekly.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file):
            address = read_picture(record.rec_headers.get_header("WARC-Target-URI") or "")
            if record.rec_type == "response" and address is not None:
                found[address.key] = record.content_stream().read()
    return {key: found[key] for key in drawn if key in found}


async def fill(store: Store, folder: Path, pictures: int) -> None:
    """Issues with so many pictures of the sample, no two files alike."""
    contents = islice(enumerate(cycle(sample().values())), pictures)
    week = iter(weeks((2014, 1), (2026, 1)))
    while group := list(islice(contents, AN_ISSUE)):
        images = []
        for number, content in group:
            data = content + str(number).encode()  # readers ignore bytes behind the picture's end
            (folder / f"{number}.png").write_bytes(data)
            digest = sha256(data).hexdigest()
            images.append(make_picture(f"mmbiz_png/{number}", "stored", path=f"{number}.png", checksum=digest))
        await take_in(store, make_issue(*next(week), figures=[], warnings=[], images=images))


def memory() -> tuple[float, float]:
    """MB of this process, and of the workers and what starts them."""
    here = psutil.Process()
    sizes = []
    for child in here.children(recursive=True):
        try:
            sizes.append(child.memory_info().rss)
        except psutil.Error:
            continue
    return here.memory_info().rss / 1e6, sum(sizes) / 1e6


async def measure(folder: Path, pictures: int, jobs: int) -> None:
    """Read the pictures, and print what it took."""
    version = open_engine(threads=1).name
    reader = ReaderOptions(folder, DEFAULT_ENGINE, version, Limits())
    async with open_store(f"sqlite:///{folder}/cncert.db") as store:
        await fill(store, folder, pictures)
        stored = StoredPictures(store, reader.name)
        for issue_id in await stored.issue_ids():
            await stored.add_issue(issue_id)
        sizes, engine, busy = [], 0.0, 0.0
        began = time.perf_counter()
        async with aclosing(stored.read(stored.groups(), reader, jobs)) as results:
            async for result in results:
                if result is not None and result.reading is not None:
                    engine += result.reading.engine_seconds
                    busy += result.reading.seconds
                    sizes.append(memory())
        seconds = time.perf_counter() - began
        counts = await stored.counts(issues_with_warnings(store))
    print(f"{version}, {jobs} workers on {os.cpu_count()} cores, {pictures} pictures: {dict(stored.states())}")
    print(f"  {seconds:.1f} s, {seconds / pictures:.2f} s a picture; {dict(counts)}")
    print(f"  time over the engine's own: {seconds * jobs / engine:.2f} (in the workers alone {busy / engine:.2f})")
    for name, column in zip(("this process", "its workers"), zip(*sizes, strict=True), strict=True):
        print(f"  memory of {name}: {describe_memory(column)}")


def describe_memory(sizes: Iterable[float]) -> str:
    """Return the peak, and the growth from the first fifth on: by then everything is loaded."""
    values = list(sizes)
    rest = values[len(values) // 5 :]
    slope = linear_regression(range(len(rest)), rest).slope if len(rest) > 1 else 0.0
    return f"peak {max(values):.0f} MB, median {median(values):.0f} MB, {slope * 100:+.1f} MB in 100 pictures"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        asyncio.run(measure(Path(folder), options.pictures, options.jobs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
