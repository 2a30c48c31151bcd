"""Reads a PDF file in a process of its own: the entry point of the package.

PDFium is a large program in C++ that reads what strangers made: it gets bounded time and memory, and if it dies, that
costs one file. Its build has no JavaScript engine, and it opens neither addresses nor attached files.
"""

import multiprocessing
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil

from cncert.exceptions import ReaderProcessError, SavedFileError
from cncert.pdf.read_document import is_pdf, read_document
from cncert.pdf.reading import PdfReading, PdfState
from cncert.terminal.worker_pool import results_in_order

MAX_BYTES = 64 * 1024 * 1024
MAX_SECONDS = 20.0
MAX_MEMORY = 512 * 1024 * 1024
"""What reading may need beyond the file itself and the program."""


def read_pdf(data: bytes) -> PdfReading:
    """Return what the PDF *data* says, or in which state it is. Raises nothing for whatever *data* is.

    In a worker process, which may start no other one, it is read there: the worker has its own time limit, and costs
    its file if it dies.
    """
    if len(data) > MAX_BYTES:
        return PdfReading(PdfState.TOO_LARGE, f"{len(data)} bytes; up to {MAX_BYTES} are read")
    if not is_pdf(data) or multiprocessing.current_process().daemon:
        return next(_read(data))
    with closing(results_in_order(_read, [data], 1, __name__, MAX_SECONDS)) as results:
        _, result = next(results)
    return result if isinstance(result, PdfReading) else state_of_process(result)


def state_of_process(error: SavedFileError) -> PdfReading:
    """Return what a PDF is whose process gave an error in place of a result."""
    timed_out = isinstance(error, ReaderProcessError) and error.timed_out
    return PdfReading(PdfState.TOO_SLOW if timed_out else PdfState.CRASHED, str(error))


def _read(data: bytes) -> Iterator[PdfReading]:
    """The work of a reading process."""
    try:
        with limited_memory():
            reading = read_document(data)
    except MemoryError:
        reading = PdfReading(PdfState.TOO_LARGE, f"needs more than {MAX_MEMORY} bytes of memory")
    except Exception as error:  # noqa: BLE001  # a fault in here costs one file too
        reading = PdfReading(PdfState.CRASHED, f"the reader fails with {error!r:.200}")
    yield reading


@contextmanager
def limited_memory() -> Iterator[None]:
    """Bound the memory of this process; only where the system can do so (not on Windows and macOS)."""
    if not hasattr(psutil, "RLIMIT_AS"):
        yield
        return
    process = psutil.Process()
    former = process.rlimit(psutil.RLIMIT_AS)
    wanted = process.memory_info().vms + MAX_MEMORY
    hard = former[1]
    process.rlimit(psutil.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_AS, former)
