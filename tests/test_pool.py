"""Many files at once: the order, workers that die, work that takes too long."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from cncert.exceptions import SavedFileError
from cncert.terminal.worker_pool import MAX_ITEMS_AHEAD, MAX_WAITING_RESULTS, results_in_order, results_in_this_process

SECONDS = 0.5


def work(item: str) -> Iterator[str]:
    """``3 name`` gives three results, the last but one late; other words are misfortunes after a first result."""
    word, _, name = item.partition(" ")
    yield f"{name} 0"
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "fail":
        raise SavedFileError("broken")
    elif word == "hang":
        while True:
            time.sleep(0.01)
    for n in range(1, int(word)):
        yield f"{name} {n}"


def read(items: list[str], jobs: int) -> list[tuple[int, str]]:
    """What comes of *items*; without jobs in this process."""
    results = (
        results_in_order(work, items, jobs, __name__, SECONDS)
        if jobs
        else results_in_this_process(work, items, SECONDS)
    )
    return [(place, str(result)) for place, result in results]


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    items = [f"{1 + n % 3} item{n}" for n in range(5 * MAX_ITEMS_AHEAD)]
    expected = [(n, f"item{n} {k}") for n in range(len(items)) for k in range(1 + n % 3)]
    assert read(items, jobs) == expected


@pytest.mark.parametrize("jobs", [0, 2])
def test_an_item_with_very_many_results_keeps_its_place(jobs: int) -> None:
    many = 4 * MAX_WAITING_RESULTS
    expected = [(0, "a 0"), *((1, f"b {n}") for n in range(many)), *((2, f"c {n}") for n in range(many)), (3, "d 0")]
    assert read(["1 a", f"{many} b", f"{many} c", "1 d"], jobs) == expected


@pytest.mark.parametrize("jobs", [0, 2])
@pytest.mark.parametrize(("misfortune", "said"), [("fail", "broken"), ("hang", "takes too long, given up")])
def test_what_fails_costs_one_item(misfortune: str, said: str, jobs: int) -> None:
    assert read(["1 a", f"{misfortune} b", "1 c"], jobs) == [(0, "a 0"), (1, "b 0"), (1, said), (2, "c 0")]


def test_a_worker_that_is_killed_costs_one_item() -> None:
    killed = "the process that read it was killed (out of memory?)"
    items = ["1 a", "die b", "die c", "1 d"]
    assert read(items, 2) == [(0, "a 0"), (1, "b 0"), (1, killed), (2, "c 0"), (2, killed), (3, "d 0")]


def test_who_has_seen_enough_leaves_no_process_behind() -> None:
    results = results_in_order(work, ["1 a", "hang b", "hang c"], 2, __name__, 60)
    next(results)
    pool = results.gi_frame.f_locals["pool"]
    workers = [worker.process for worker, _ in pool.busy.values()]
    results.close()
    assert workers and not any(worker.is_alive() for worker in workers)
