"""Worker processes that read many files at once.

``concurrent.futures`` gives up all work when one worker dies, and does not say over which file. Here a worker that
dies, or takes too long over one result, costs its file and is replaced.
"""

import multiprocessing
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Generic, Self, TypeVar, cast

from cncert.exceptions import SavedFileError

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], Iterator[R]]
Results = Generator[tuple[int, R | SavedFileError]]
"""Each with the index of its item."""

RESULT_SECONDS = 30.0
"""How long one result may take; there is no limit without SIGALRM (Windows)."""
MAX_ITEMS_AHEAD = 8
"""Items for each worker that may be begun before the results of an earlier one are taken."""
MAX_WAITING_RESULTS = 16
"""Results of one item that may wait for those of an earlier one; its worker waits then."""
POLL_SECONDS = 1.0

_TIMED_OUT = "takes too long, given up"
_HAS_TIMER = hasattr(signal, "setitimer")


def results_in_order(
    work: Work[T, R], items: Sequence[T], jobs: int, preload: str, seconds: float = RESULT_SECONDS
) -> Results[R]:
    """Yield the results of *work* for each of *items*, in their order, from *jobs* worker processes.

    An error takes the place of the results that are missing. *preload* is the module of *work*, imported once for all.
    """
    pool: _WorkerPool[T, R] = _WorkerPool(partial(_run_worker, work=work, seconds=seconds), items, jobs, preload)
    with pool:
        yield from pool.results_in_order()


def results_as_completed(
    work: Work[T, R], items: Sequence[T], jobs: int, preload: str, seconds: float = RESULT_SECONDS
) -> Generator[tuple[int, R | SavedFileError] | None]:
    """As :func:`results_in_order`, but each result when it is there; None about once a second while there is none."""
    pool: _WorkerPool[T, R] = _WorkerPool(partial(_run_worker, work=work, seconds=seconds), items, jobs, preload)
    with pool:
        yield from pool.results_as_completed()


def results_in_this_process(work: Work[T, R], items: Sequence[T], seconds: float = RESULT_SECONDS) -> Results[R]:
    """As :func:`results_in_order`, without workers: a few files are read before one has started."""
    for index, item in enumerate(items):
        results = work(item)
        while True:
            try:
                with _time_limit(seconds):
                    result = next(results, _ITEM_DONE)
            except SavedFileError as error:
                yield index, error
                break
            if isinstance(result, _ItemDone):
                break
            yield index, result


class _ItemDone:
    """Follows the last result of an item."""


_ITEM_DONE = _ItemDone()


class _Worker:
    """A process that works on one item at a time."""

    def __init__(self, context: BaseContext, run: Callable[[Connection], None]) -> None:
        self.connection, theirs = context.Pipe()
        # A daemon: it ends with this process, should that be killed.
        self.process = context.Process(target=run, args=(theirs,), daemon=True)  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()  # or its death would not be noticed

    def exit_reason(self) -> str:
        """Return why it died."""
        self.process.join(5)
        code = self.process.exitcode
        if _HAS_TIMER and code == -signal.SIGALRM:
            return _TIMED_OUT
        if code == -9:
            return "the process that read it was killed (out of memory?)"
        return f"the process that read it died (status {code})"


class _WorkerPool(Generic[T, R]):
    """The workers and the items they work on; all workers are killed at its end."""

    def __init__(self, run: Callable[[Connection], None], items: Sequence[T], jobs: int, preload: str) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(["__main__", preload])
        self._run, self._items, self._jobs = run, items, jobs
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int]] = {}
        self._results: dict[int, deque[R | SavedFileError | _ItemDone]] = defaultdict(deque)
        self._begun = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*self._idle, *(worker for worker, _ in self._busy.values())]:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()

    def results_in_order(self) -> Results[R]:
        for index in range(len(self._items)):
            while True:
                self._assign_items(index)
                waiting = self._results[index]
                if not waiting:
                    self._collect_results(index)
                    continue
                result = waiting.popleft()
                if isinstance(result, _ItemDone):
                    break
                yield index, result
            del self._results[index]

    def results_as_completed(self) -> Generator[tuple[int, R | SavedFileError] | None]:
        while self._begun < len(self._items) or self._busy:
            self._assign_items(self._begun)
            ready = cast("list[Connection]", wait(list(self._busy), POLL_SECONDS))
            if not ready:
                yield None
            for connection in ready:
                _, index = self._busy[connection]
                for result in self._receive(connection):
                    if not isinstance(result, _ItemDone):
                        yield index, result

    def _assign_items(self, index: int) -> None:
        """Give the next items to workers, not too far ahead of that at *index*."""
        end = min(len(self._items), index + MAX_ITEMS_AHEAD * self._jobs)
        while self._begun < end and len(self._busy) < self._jobs:
            worker = self._idle.pop() if self._idle else _Worker(self._context, self._run)
            self._busy[worker.connection] = worker, self._begun
            try:
                worker.connection.send(self._items[self._begun])
            except OSError:
                pass  # it has died: that shows where its results are read
            self._begun += 1

    def _collect_results(self, index: int) -> None:
        """Wait for results of the item at *index*; of later items only so many are taken as may wait."""
        wanted = [
            connection
            for connection, (_, item) in self._busy.items()
            if item == index or len(self._results[item]) < MAX_WAITING_RESULTS
        ]
        for connection in cast("list[Connection]", wait(wanted)):
            _, item = self._busy[connection]
            self._results[item] += self._receive(connection)

    def _receive(self, connection: Connection) -> list[R | SavedFileError | _ItemDone]:
        """Return what a worker has sent, or the error if it has died."""
        worker, _ = self._busy[connection]
        try:
            result: R | SavedFileError | _ItemDone = connection.recv()
        except (EOFError, OSError):
            del self._busy[connection]
            connection.close()
            return [SavedFileError(worker.exit_reason()), _ITEM_DONE]
        if isinstance(result, _ItemDone):
            del self._busy[connection]
            self._idle.append(worker)
        return [result]


def _run_worker(connection: Connection, work: Work[T, R], seconds: float) -> None:
    """Take an item and send its results, until the pool is gone: what a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    if _HAS_TIMER:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, whatever it does
    while True:
        try:
            results = work(connection.recv())
        except (EOFError, OSError):
            return
        result: R | SavedFileError | _ItemDone | None = None
        while not isinstance(result, _ItemDone):
            result = _next_result(results, seconds)
            try:
                connection.send(result)
            except OSError:
                return


def _next_result(results: Iterator[R], seconds: float) -> R | SavedFileError | _ItemDone:
    if _HAS_TIMER:
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return next(results, _ITEM_DONE)
    except SavedFileError as error:
        return error
    finally:
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise SavedFileError in what takes longer."""

    def give_up(*_: object) -> None:
        raise SavedFileError(_TIMED_OUT)

    if not _HAS_TIMER:
        yield
        return
    former = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
