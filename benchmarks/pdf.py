#!/usr/bin/env python3
"""What reading a PDF costs: time and memory of the process that reads, and whether memory stays flat over many files.

    python benchmarks/pdf.py [FILE...] [--pages 12] [--files 1000]

Without FILEs those of tests/pdfs are taken, the pages of each repeated until there are so many. For each is printed

  read   CPU seconds of `read_document`, in this process: bytes -> lines
  wall   seconds of `read_pdf`: the same in a process of its own, with its start
  peak   the memory of such a process at its largest, in MB, program and all

and the memory of this process and of the one that starts the others, before and after so many files.
"""

import argparse
import gc
import io
import multiprocessing
import resource
import statistics
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pypdfium2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert.pdf.read_document import read_document
from cncert.pdf.read_pdf import read_pdf

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "pdfs"


def repeated(data: bytes, pages: int) -> bytes:
    """Return a PDF with the pages of *data*, again and again until there are *pages*."""
    source, target = pypdfium2.PdfDocument(data), pypdfium2.PdfDocument.new()
    target.import_pages(source, [number % len(source) for number in range(pages)])
    stream = io.BytesIO()
    target.save(stream)
    return stream.getvalue()


def measured_alone(data: bytes, connection: Connection) -> None:
    """Send the peak memory of a process that reads *data* and nothing else."""
    read_document(data)
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peak_mb(data: bytes) -> float:
    """Return the memory that reading *data* takes."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measured_alone, args=(data, theirs))
    process.start()
    peak: float = ours.recv()
    process.join()
    return peak


def all_mb() -> float:
    """Return the memory of this process and of those that it started, now."""
    own = psutil.Process()
    return sum(process.memory_info().rss for process in (own, *own.children(recursive=True))) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--pages", type=int, default=12, help="pages of each test PDF (default 12)")
    parser.add_argument(
        "--files", type=int, default=1000, dest="count", help="files for the memory test (default 1000)"
    )
    options = parser.parse_args()
    if options.files:
        chosen = [(path.name, path.read_bytes()) for path in options.files]
    else:
        chosen = [(path.name, repeated(path.read_bytes(), options.pages)) for path in sorted(FOLDER.glob("*.pdf"))]
    print(f"{'pages':>5} {'characters':>10} {'read s':>7} {'wall s':>7} {'peak MB':>8}  file")
    slowest, largest = 0.0, 0.0
    for name, data in chosen:
        reading = read_document(data)
        times, walls = [], []
        for _ in range(5):
            start = time.process_time()
            read_document(data)
            times.append(time.process_time() - start)
            start = time.monotonic()
            read_pdf(data)
            walls.append(time.monotonic() - start)
        characters = sum(len(line.text) for line in reading.lines)
        peak = peak_mb(data)
        slowest, largest = max(slowest, statistics.median(times)), max(largest, peak)
        spent = f"{statistics.median(times):7.3f} {statistics.median(walls):7.3f}"
        print(f"{reading.pages:5} {characters:10} {spent} {peak:8.0f}  {name}")
    print(f"slowest {slowest:.3f} s CPU, largest {largest:.0f} MB")
    gc.collect()
    before, start = all_mb(), time.monotonic()
    for number in range(options.count):
        read_pdf(chosen[number % len(chosen)][1])
        if number == options.count // 10:
            before = all_mb()
    gc.collect()
    each = (time.monotonic() - start) / max(options.count, 1)
    print(f"memory of all processes: {before:.0f} MB after a tenth, {all_mb():.0f} MB after {options.count} files")
    print(f"{each:.3f} s a file")


if __name__ == "__main__":
    main()
