#!/usr/bin/env python3
"""What it costs to write the dataset out: seconds and peak memory of each output, from a large store.

    python benchmarks/outputs.py [--issues 2000] [--figures 40000] [NAME...]

The store is made up, with pictures and texts of the usual length, and is written to a temporary directory. Each output
(a NAME, or all) is a command in a process of its own, as a user calls it; the start of Scrapy is part of it. A minute.
"""

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert.items import Issue
from cncert.report import calendar
from cncert.report.metrics import metrics
from cncert.store import open_store
from tests.factories import make_figure, make_issue, make_picture
from tests.stores import put_document

OUTPUTS = {
    **{name: ["export", "--format", name, "--out", "{out}"]
       for name in ("csv", "jsonl", "parquet", "xlsx", "datapackage", "markdown", "atom")},
    "all at once": ["export", "--format", "csv,jsonl,parquet,xlsx,markdown,atom", "--out", "{out}"],
    "report": ["report", "--out", "{out}/report.html"],
}  # fmt: skip
FIRST = (2009, 1)
PARAGRAPHS = 12


def issues(number: int, figures: int) -> list[Issue]:
    """*number* issues in a row, with *figures* figures between them."""
    week, found = FIRST, []
    names = [metric.name for metric in metrics() if metric.unit]
    for place in range(number):
        count = figures * (place + 1) // number - figures * place // number
        sentences = [f"本周境内第{n}项指标的数值约为{place * 37 + n}个，较上周环比增加了{n}.5%。" for n in range(count)]
        stated = [
            make_figure(names[n % len(names)], place * 37 + n, evidence=sentence, unit="个", qualifier="约",
                        change_pct=n + 0.5, section="本周网络安全基本态势", start=n * 30, end=n * 30 + 3)
            for n, sentence in enumerate(sentences)
        ]  # fmt: skip
        text = "\n".join(
            ["本周网络安全基本态势", *sentences, *["本周事件处理情况的一段文字，与指标无关。" * 5] * PARAGRAPHS]
        )
        images = [make_picture(f"mmbiz_png/{place}-{n}", "stored") for n in range(5)]
        found.append(make_issue(*week, figures=stated, text=text, images=images))
        week = calendar.next_week(week)
    return found


async def fill(uri: str, number: int, figures: int) -> None:
    """Put them into the store at *uri*."""
    async with open_store(uri) as store:
        for issue in issues(number, figures):
            await put_document(store, issue)


def make(uri: str, number: int, figures: int) -> None:
    """:func:`fill` in a process of its own: its memory would be counted as that of the commands."""
    process = multiprocessing.get_context("spawn").Process(target=_make, args=(uri, number, figures))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit("the store could not be made")


def _make(uri: str, number: int, figures: int) -> None:
    asyncio.run(fill(uri, number, figures))


def run(arguments: list[str], env: dict[str, str]) -> tuple[int, float, float, float]:
    """Exit status, seconds, seconds of CPU time and peak memory in MB of ``scrapy *arguments``."""
    began = time.monotonic()
    child = os.posix_spawn(sys.executable, [sys.executable, "-m", "scrapy", *arguments], os.environ | env)
    _, status, usage = os.wait4(child, 0)
    seconds, busy = time.monotonic() - began, usage.ru_utime + usage.ru_stime
    return os.waitstatus_to_exitcode(status), seconds, busy, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(OUTPUTS))
    parser.add_argument("--issues", type=int, default=2000)
    parser.add_argument("--figures", type=int, default=40_000)
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in OUTPUTS]:
        parser.error(f"{unknown[0]} is none of {', '.join(OUTPUTS)}")
    failed = False
    with tempfile.TemporaryDirectory() as name:
        env = {"CNCERT_STORE": f"sqlite:///{name}/cncert.db", "CNCERT_FILES": f"{name}/pictures"}
        began = time.monotonic()
        make(env["CNCERT_STORE"], options.issues, options.figures)
        print(f"{options.issues} issues, {options.figures} figures, made in {time.monotonic() - began:.0f} s")
        print(f"{'output':14}{'s':>7}{'CPU s':>7}{'peak MB':>9}{'MB written':>12}")
        for output in options.names or OUTPUTS:
            place = Path(name, "out", output)
            status, seconds, busy, peak = run([part.format(out=place) for part in OUTPUTS[output]], env)
            size = sum(path.stat().st_size for path in place.rglob("*")) / 1e6
            print(
                f"{output:14}{seconds:7.1f}{busy:7.1f}{peak:9.0f}{size:12.1f}{f'  exit status {status}' * bool(status)}"
            )
            failed = failed or status != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
