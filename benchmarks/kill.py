#!/usr/bin/env python3
"""Commands killed with SIGKILL at random moments, and whether anything is lost.

    python benchmarks/kill.py [--kills 200] [--store sqlite|mongo|both] [--seed N] [--jobs 2]

A trial begins with a store of the layout before editions. It is upgraded, saved pages are imported, and a series of 12
issues on the loopback site is crawled; each of these commands is killed one to three times, at a moment drawn from its
time or its work, before it runs to its end. Documents, editions, pictures, readings, ledger, files and run records must
be those of a store that was not disturbed. Prints for each store how many kills struck in which phase and every
difference; exit status 1 if there is any. About 2 seconds a kill and job.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import count, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.killed_steps import all_steps, put_former_store
from tests.killing import Place, Result, counted, publish, trial, undisturbed
from tests.mongod import Mongod
from tests.site.server import LoopbackWeChat


def places(directory: Path, mongod: Mongod | None) -> Iterator[Place]:
    """One former store after the other."""
    for number in count():
        place = Place(directory / str(number), mongod.uri(f"kill_{number}") if mongod else None)
        place.directory.mkdir()
        put_former_store(place)
        yield place


def measure(site: LoopbackWeChat, directory: Path, mongod: Mongod | None, options: argparse.Namespace) -> list[Result]:
    """Trials until there are enough kills."""
    fresh = places(directory, mongod)
    steps = all_steps(site, directory)
    name = "mongo" if mongod else "sqlite"
    with ThreadPoolExecutor(options.jobs) as pool:
        # As many at a time as later: each is slower then.
        first = list(islice(fresh, options.jobs))
        references = list(pool.map(partial(undisturbed, steps=steps), first))
    for place in first:
        place.forget()
    reference = max(references, key=lambda one: sum(one.seconds.values()))
    taken = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in reference.seconds.items())
    kept = ", ".join(f"{len(reference.dump[kind])} {kind}" for kind in ("issues", "editions", "pictures", "ledger"))
    print(f"{name}: undisturbed: {taken}; {kept}", flush=True)

    def work(numbered: tuple[int, Place]) -> Result:
        number, place = numbered
        result = trial(place, steps, reference, random.Random(f"{options.seed}-{name}-{number}"))
        if result.differences:
            print(f"{name}, trial {number}:", *result.differences, sep="\n  ")
        place.forget()
        return result

    results: list[Result] = []
    numbered = enumerate(fresh)
    with ThreadPoolExecutor(options.jobs) as pool:
        while sum(len(result.phases) for result in results) < options.kills:
            results += pool.map(work, islice(numbered, 2 * options.jobs))
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="at least so many for each store (default 200)")
    parser.add_argument("--store", choices=("sqlite", "mongo", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1, help="other moments (default 1)")
    parser.add_argument("--jobs", type=int, default=2, help="crawls at a time (default 2)")
    options = parser.parse_args()
    wrong = 0
    for name in ("sqlite", "mongo"):
        if options.store not in (name, "both"):
            continue
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kill-")))
            mongod = stack.enter_context(Mongod(Path(tempfile.mkdtemp(prefix="mongod-")))) if name == "mongo" else None
            site = stack.enter_context(LoopbackWeChat())
            publish(site)
            began = time.monotonic()
            results = measure(site, directory, mongod, options)
        kills = sum(len(result.phases) for result in results)
        found = sum(len(result.differences) for result in results)
        wrong += found
        early = sum(result.early for result in results)
        print(
            f"{name}: {len(results)} trials in {time.monotonic() - began:.0f} s, {kills} kills ({counted(results)}), "
            f"{early} runs ended before their kill, {found} differences",
            flush=True,
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
