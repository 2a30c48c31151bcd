#!/usr/bin/env python3
"""A backfill by one node of Scrapyd and by two that share a MongoDB, at the same delay.

    python benchmarks/nodes.py [--issues 200] [--delay 0.2]

The issues are those of weeks that the bundled index does not know, on the loopback site; a feed names all of them,
because a run follows only so many on the word of pages. Two nodes work on a half each, then on halves that overlap by a
fifth. Prints seconds from the call to the end of the last job and their ratio to one node's; exit status 1 if not every
issue came once or the documents differ from those of one node. Four to five minutes.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert.monitoring.exit_status import failure_lines
from tests import series
from tests.killing import Dump, Place, contents, differences
from tests.mongod import Mongod
from tests.nodes import Node
from tests.site import feeds
from tests.site.crawl import project_env
from tests.site.server import Answer, LoopbackWeChat

FIRST = "2017-01"
HOST, NAME = "feeds.example.org", "weekly.xml"
FEED = f"https://{HOST}/{NAME}"

Range = tuple[str, str]


def backfill(place: Place, nodes: list[Node], ranges: list[Range], delay: float) -> float:
    """Let each node bring its range into one store; the seconds that it takes."""

    def work(node: Node, bounds: Range) -> None:
        first, last = bounds
        settings = {
            "CNCERT_STORE": place.uri,
            "CNCERT_FILES": place.directory / "pictures",
            "DOWNLOAD_DELAY": delay,
            "DOWNLOAD_DELAY_JITTER": 0,
            "CNCERT_FEEDS": FEED,
        }
        words = [f"setting={name}='{value}'" for name, value in settings.items()]
        node.finish(node.schedule(*words, f"from={first}", f"until={last}"))

    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        list(pool.map(work, nodes, ranges))
    return time.monotonic() - began


def troubles(place: Place, weeks: list[str], expected: Dump | None) -> tuple[list[str], Dump]:
    """What is wrong with a store that should hold *weeks*, and *expected* documents and files; and what it holds."""
    dump, runs = asyncio.run(contents(place))
    found = [] if expected is None else list(differences({kind: expected[kind] for kind in ("issues", "file")}, dump))
    new = sorted(issue for run in runs for issue in run.new)
    if new != weeks or list(dump["issues"]) != weeks:
        found.append(f"{len(weeks)} issues should be stored once: {len(new)} were, {len(dump['issues'])} are there")
    found += [f"a run is not clean: {list(failure_lines(run))}" for run in runs if not run.clean]
    if len(dump["editions"]) != len(weeks) or dump["rejects"]:
        found.append(f"{len(dump['editions'])} editions, {len(dump['rejects'])} rejects")
    return found, dump


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--issues", type=int, default=200)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds")
    options = parser.parse_args()
    weeks = series.week_ids(FIRST, "2022-20")[: options.issues]
    half, more = len(weeks) // 2, len(weeks) // 10
    trials: dict[str, list[Range]] = {
        "one node": [(weeks[0], weeks[-1])],
        "two nodes": [(weeks[0], weeks[half - 1]), (weeks[half], weeks[-1])],
        "two that overlap": [(weeks[0], weeks[half - 1 + more]), (weeks[half - more], weeks[-1])],
    }
    expected: Dump | None = None
    one, wrong = 0.0, False
    with tempfile.TemporaryDirectory() as name, LoopbackWeChat(hosts=[HOST]) as site:
        here = Path(name)
        first, second, database = here / "first", here / "second", here / "mongod"
        database.mkdir()
        posts = [feeds.Post(one.title, one.url) for one in series.publish(site, weeks[0], weeks[-1])]
        site.add_path(HOST, f"/{NAME}", Answer(feeds.rsshub(posts), content_type="application/rss+xml"))
        with (
            Mongod(database) as mongod,
            Node(first, project_env(site, first)) as node,
            Node(second, project_env(site, second), project=first) as other,
        ):
            for number, (title, ranges) in enumerate(trials.items()):
                place = Place(here / f"store-{number}", mongod.uri(f"nodes_{number}"))
                site.reset_log()
                seconds = backfill(place, [node, other], ranges, options.delay)
                pages = len(site.asked(answered="article"))
                found, dump = troubles(place, weeks, expected)
                expected, one = expected or dump, one or seconds
                print(f"{title:18}{seconds:7.1f} s  ratio {seconds / one:.2f}  {pages} pages for {len(weeks)} issues")
                for line in found:
                    print(f"  {line}")
                wrong = wrong or bool(found)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
