"""Worker processes that read many files at once.

``concurrent.futures`` gives up all work when one worker dies, and does not say over which file. Here a worker that
dies, or takes too long over one result, costs its file and is replaced.
"""

import multiprocessing
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Generic, Self, TypeVar, cast

from cncert.exceptions import ReaderProcessError, SavedFileError

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
    waiting: dict[int, deque[R | SavedFileError | None]] = defaultdict(deque)
    with _WorkerPool(work, items, jobs, preload, seconds) as pool:
        for index in range(len(items)):
            while True:
                pool.assign_items(index)
                if not waiting[index]:
                    full = {n for n, some in waiting.items() if n != index and len(some) >= MAX_WAITING_RESULTS}
                    for item, result in pool.receive(full):
                        waiting[item].append(result)
                    continue
                result = waiting[index].popleft()
                if result is None:
                    break
                yield index, result
            del waiting[index]


def results_as_completed(
    work: Work[T, R], items: Sequence[T], jobs: int, preload: str, seconds: float = RESULT_SECONDS
) -> Generator[tuple[int, R | SavedFileError] | None]:
    """As :func:`results_in_order`, but each result when it is there; None about once a second while there is none."""
    with _WorkerPool(work, items, jobs, preload, seconds) as pool:
        while pool.begun < len(items) or pool.busy:
            pool.assign_items(pool.begun)
            received = pool.receive(timeout=POLL_SECONDS)
            if not received:
                yield None
            for index, result in received:
                if result is not None:
                    yield index, result


def results_in_this_process(work: Work[T, R], items: Sequence[T], seconds: float = RESULT_SECONDS) -> Results[R]:
    """As :func:`results_in_order`, without workers: a few files are read before one has started."""
    for index, item in enumerate(items):
        results = work(item)
        while (result := _next_result(results, seconds, _give_up)) is not None:
            yield index, result


class _Worker:
    """A process that works on one item at a time."""

    def __init__(self, context: BaseContext, run: Callable[[Connection], None]) -> None:
        self.connection, theirs = context.Pipe()
        # A daemon: it ends with this process, should that be killed.
        self.process = context.Process(target=run, args=(theirs,), daemon=True)  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()  # or its death would not be noticed

    def exit_error(self) -> ReaderProcessError:
        """Return why it died."""
        self.process.join(5)
        code = self.process.exitcode
        if _HAS_TIMER and code == -signal.SIGALRM:
            return ReaderProcessError(_TIMED_OUT, timed_out=True)
        if code == -9:
            return ReaderProcessError("the process that read it was killed (out of memory?)", timed_out=False)
        return ReaderProcessError(f"the process that read it died (status {code})", timed_out=False)


class _WorkerPool(Generic[T, R]):
    """The workers and the items they work on; all workers are killed at its end."""

    def __init__(self, work: Work[T, R], items: Sequence[T], jobs: int, preload: str, seconds: float) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(["__main__", preload])
        self._run = partial(_run_worker, work=work, seconds=seconds)
        self._items, self._jobs = items, jobs
        self._idle: list[_Worker] = []
        self.busy: dict[Connection, tuple[_Worker, int]] = {}
        self.begun = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*self._idle, *(worker for worker, _ in self.busy.values())]:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()

    def assign_items(self, index: int) -> None:
        """Give the next items to workers, not too far ahead of that at *index*."""
        end = min(len(self._items), index + MAX_ITEMS_AHEAD * self._jobs)
        while self.begun < end and len(self.busy) < self._jobs:
            worker = self._idle.pop() if self._idle else _Worker(self._context, self._run)
            self.busy[worker.connection] = worker, self.begun
            try:
                worker.connection.send(self._items[self.begun])
            except OSError:
                pass  # it has died: that shows where its results are read
            self.begun += 1

    def receive(
        self, full: Container[int] = (), timeout: float | None = None
    ) -> list[tuple[int, R | SavedFileError | None]]:
        """Wait for results of items other than *full*: each with the index of its item, None after the last of it."""
        found: list[tuple[int, R | SavedFileError | None]] = []
        wanted = [connection for connection, (_, index) in self.busy.items() if index not in full]
        for connection in cast("list[Connection]", wait(wanted, timeout)):
            worker, index = self.busy[connection]
            try:
                result: R | SavedFileError | None = connection.recv()
            except (EOFError, OSError):
                del self.busy[connection]
                connection.close()
                found += [(index, worker.exit_error()), (index, None)]
                continue
            if result is None:
                del self.busy[connection]
                self._idle.append(worker)
            found.append((index, result))
        return found


def _run_worker(connection: Connection, work: Work[T, R], seconds: float) -> None:
    """Take an item and send its results, until the pool is gone: what a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    while True:
        try:
            results = work(connection.recv())
        except (EOFError, OSError):
            return
        while True:
            result = _next_result(results, seconds, signal.SIG_DFL)  # the alarm ends the process, whatever it does
            try:
                connection.send(result)
            except OSError:
                return
            if result is None:
                break


def _next_result(
    results: Iterator[R], seconds: float, on_alarm: signal.Handlers | Callable[..., object]
) -> R | SavedFileError | None:
    """Return the next of *results*, None after the last; *on_alarm* is what happens if that takes too long."""
    if _HAS_TIMER:
        former = signal.signal(signal.SIGALRM, on_alarm)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return next(results, None)
    except SavedFileError as error:
        return error
    finally:
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, former)


def _give_up(*_: object) -> None:
    raise ReaderProcessError(_TIMED_OUT, timed_out=True)
