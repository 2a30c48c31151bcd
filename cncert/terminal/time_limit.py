"""Blocking work with a time limit."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def run_with_timeout(work: Callable[[], T], seconds: float) -> T:
    """Run *work* in a thread and return what it returns. Raises what it raises, and TimeoutError after *seconds*.

    After a timeout the thread goes on; it is a daemon, which, unlike a thread of an executor, keeps no process alive.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001  # whoever waits gets it
            done.set_exception(error)

    done.set_running_or_notify_cancel()  # so that a timeout leaves it to be set
    threading.Thread(target=run, daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(done)
