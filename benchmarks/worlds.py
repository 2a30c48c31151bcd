#!/usr/bin/env python3
"""What crawls have of two worlds in which most of CNCERT's newest addresses are challenged.

    python benchmarks/worlds.py [generous] [real]

Each world (tests/worlds.py) stands on the loopback site. It is crawled on an empty store, at once a second time, and a
third time with the signed address of an original of which an edited reprint is stored. Prints for each world the weeks
by source and those that are missing by state, beside what is right; the requests of each run; and whether the original
took the place of the reprint. About 20 seconds a world.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.site.server import LoopbackWeChat
from tests.worlds import FEED_HOST, WORLDS, World, documents


def requests(site: LoopbackWeChat) -> str:
    """What the site was asked since the last time, in words."""
    kinds = Counter("feed" if one.host == FEED_HOST else one.answered for one in site.requests)
    site.reset_log()
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common()) or "none"


def print_weeks(world: World, site: LoopbackWeChat, folder: Path) -> None:
    """Print how many weeks have each source or state, how many should have it, and why weeks are missing."""
    found = world.found(site, folder)
    numbers, right = Counter(one.had for one in found.values()), Counter(world.right.values())
    print(f"  {'':14}{'weeks':>6}{'right':>7}")
    for name in sorted(numbers | right, key=lambda name: (-right[name], name)):
        print(f"  {name:14}{numbers[name]:>6}{right[name]:>7}")
    wrong = [week for week in world.weeks if found[week].had != world.right[week]]
    print(f"  other than right: {len(wrong)} weeks{' (' + ', '.join(wrong[:6]) + ' …)' if wrong else ''}")
    for one, number in Counter(found.values()).most_common():
        if one.why is not None:
            print(f"  missing, {one.had}: {number:>3}  {one.why}")


def measure(world: World, folder: Path) -> None:
    """Crawl *world* three times, and print what comes of it."""
    print(f"\n{world.name}: {len(world.weeks)} weeks, {world.weeks[0]} to {world.weeks[-1]}", flush=True)
    with LoopbackWeChat(hosts=world.hosts()) as site:
        world.put(site)
        for name in ("first run", "second run"):
            began = time.monotonic()
            status = world.crawl(site, folder).returncode
            taken = time.monotonic() - began
            print(f"  {name}: {taken:.1f} s, exit status {status}; requests: {requests(site)}", flush=True)
            if name == "first run":
                print_weeks(world, site, folder)
                site.reset_log()
        week, url = world.opened
        world.crawl(site, folder, f"start={url}")
        issue = asyncio.run(documents(folder)).get(week)
        differs = [one.message for one in issue.warnings if one.code == "editions_disagree"] if issue else []
        print(f"  third run, the original of {week} is answered: {issue.provenance.source if issue else 'not stored'}")
        print(
            f"    requests: {requests(site)}",
            *(f"    {line}" for line in differs or ["no difference is said"]),
            sep="\n",
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("worlds", nargs="*", choices=(*WORLDS, []), help="which (default: both)")
    for name in parser.parse_args().worlds or WORLDS:
        with tempfile.TemporaryDirectory(prefix=f"world-{name}-") as folder:
            measure(WORLDS[name](), Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
