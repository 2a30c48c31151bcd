"""Many files at once: worker processes, results in the order of the files.

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
from typing import Generic, TypeVar, cast

from cncert.exceptions import SavedFileError

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], Iterator[R]]
Results = Generator[tuple[int, R | SavedFileError]]
"""Each with the place of its item."""

SECONDS = 30.0
"""How long one result may take; where there is no SIGALRM (Windows) it is not measured."""
AHEAD = 8
"""Items for each worker that may be begun before the results of an earlier one are taken."""
WAITING = 16
"""Results of one item that may wait for those of an earlier one; its worker waits then."""

TICK = 1.0
"""Seconds after which whoever waits for results hears that there are none."""

GIVEN_UP = "takes too long, given up"

_MEASURED = hasattr(signal, "setitimer")


def in_order(work: Work[T, R], items: Sequence[T], jobs: int, preload: str, seconds: float = SECONDS) -> Results[R]:
    """The results of *work* for each of *items*, with the item's place, from *jobs* worker processes.

    An error takes the place of the results that are missing. *preload* is the module of *work*, imported once for all.
    """
    crew: _Crew[T, R] = _Crew(partial(_serve, work=work, seconds=seconds), items, jobs, preload)
    try:
        yield from crew.results()
    finally:
        crew.dismiss()


def as_they_come(
    work: Work[T, R], items: Sequence[T], jobs: int, preload: str, seconds: float = SECONDS
) -> Generator[tuple[int, R | SavedFileError] | None]:
    """As :func:`in_order`, but each result when it is there; None about once a second while there is none."""
    crew: _Crew[T, R] = _Crew(partial(_serve, work=work, seconds=seconds), items, jobs, preload)
    try:
        yield from crew.arrivals()
    finally:
        crew.dismiss()


def one_by_one(work: Work[T, R], items: Sequence[T], seconds: float = SECONDS) -> Results[R]:
    """The same in this process: a few files are read before a worker has started."""
    for place, item in enumerate(items):
        results = work(item)
        while True:
            try:
                with _time_limit(seconds):
                    result = next(results, _END)
            except SavedFileError as error:
                yield place, error
                break
            if isinstance(result, _End):
                break
            yield place, result


class _End:
    """Nothing more comes of this item."""


_END = _End()


class _Worker:
    """A process that works on one item at a time."""

    def __init__(self, context: BaseContext, serve: Callable[[Connection], None]) -> None:
        self.connection, theirs = context.Pipe()
        # A daemon: it ends with this process, should that end without a word.
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()  # or its death would not be noticed

    def last_word(self) -> str:
        """Why it died."""
        self.process.join(5)
        code = self.process.exitcode
        if _MEASURED and code == -signal.SIGALRM:
            return GIVEN_UP
        if code == -9:
            return "the process that read it was killed (out of memory?)"
        return f"the process that read it died (status {code})"


class _Crew(Generic[T, R]):
    """The workers and what they are at."""

    def __init__(self, serve: Callable[[Connection], None], items: Sequence[T], jobs: int, preload: str) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(["__main__", preload])
        self._serve, self._items, self._jobs = serve, items, jobs
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int]] = {}
        self._results: dict[int, deque[R | SavedFileError | _End]] = defaultdict(deque)
        self._begun = 0

    def results(self) -> Results[R]:
        for place in range(len(self._items)):
            while True:
                self._hand_out(place)
                waiting = self._results[place]
                if not waiting:
                    self._listen(place)
                    continue
                result = waiting.popleft()
                if isinstance(result, _End):
                    break
                yield place, result
            del self._results[place]

    def arrivals(self) -> Generator[tuple[int, R | SavedFileError] | None]:
        while self._begun < len(self._items) or self._busy:
            self._hand_out(self._begun)
            ready = cast("list[Connection]", wait(list(self._busy), TICK))
            if not ready:
                yield None
            for connection in ready:
                _, item = self._busy[connection]
                for result in self._received(connection):
                    if not isinstance(result, _End):
                        yield item, result

    def _hand_out(self, place: int) -> None:
        """Give the next items to workers, not too far ahead of *place*."""
        while self._begun < min(len(self._items), place + AHEAD * self._jobs) and len(self._busy) < self._jobs:
            worker = self._idle.pop() if self._idle else _Worker(self._context, self._serve)
            self._busy[worker.connection] = worker, self._begun
            try:
                worker.connection.send(self._items[self._begun])
            except OSError:
                pass  # it has died: that shows where its results are read
            self._begun += 1

    def _listen(self, place: int) -> None:
        """Take what has come, but no more of an item whose turn has not come than may wait."""
        wanted = [c for c, (_, item) in self._busy.items() if item == place or len(self._results[item]) < WAITING]
        for connection in cast("list[Connection]", wait(wanted)):
            _, item = self._busy[connection]
            self._results[item] += self._received(connection)

    def _received(self, connection: Connection) -> list[R | SavedFileError | _End]:
        """What has come from a worker, which may be its last word."""
        worker, _ = self._busy[connection]
        try:
            result: R | SavedFileError | _End = connection.recv()
        except (EOFError, OSError):
            del self._busy[connection]
            connection.close()
            return [SavedFileError(worker.last_word()), _END]
        if isinstance(result, _End):
            del self._busy[connection]
            self._idle.append(worker)
        return [result]

    def dismiss(self) -> None:
        """End all workers at once, whatever they are at."""
        for worker in [*self._idle, *(worker for worker, _ in self._busy.values())]:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()


def _serve(connection: Connection, work: Work[T, R], seconds: float) -> None:
    """The life of a worker: take an item, send its results, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    if _MEASURED:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, whatever it is at
    while True:
        try:
            results = work(connection.recv())
        except (EOFError, OSError):
            return
        result: R | SavedFileError | _End | None = None
        while not isinstance(result, _End):
            result = _next_of(results, seconds)
            try:
                connection.send(result)
            except OSError:
                return


def _next_of(results: Iterator[R], seconds: float) -> R | SavedFileError | _End:
    if _MEASURED:
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return next(results, _END)
    except SavedFileError as error:
        return error
    finally:
        if _MEASURED:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raises SavedFileError in what takes longer."""

    def give_up(*_: object) -> None:
        raise SavedFileError(GIVEN_UP)

    if not _MEASURED:
        yield
        return
    former = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
