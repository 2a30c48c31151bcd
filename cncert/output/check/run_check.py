"""``scrapy ocr review``: from the options to the page, and to the line at the end."""

import asyncio
import getpass
import webbrowser
from argparse import Namespace
from collections import Counter
from contextlib import suppress

from cncert.exceptions import ArgumentError
from cncert.infographics.figures.human_checks import open_candidates
from cncert.infographics.figures.picture_files import local_folder
from cncert.output.check.check_queue import VERDICTS, CheckQueue
from cncert.output.check.picture_crops import CroppedPictures
from cncert.output.check.server import CheckServer
from cncert.output.check.typed_values import numeric_metrics
from cncert.quality.all_warnings import issues_with_warnings
from cncert.report.calendar import week_range
from cncert.store import Store
from cncert.terminal.console import print_message
from cncert.terminal.safe_text import UNSAFE_CHARACTERS


async def run_check(store: Store, pictures_folder: str, language: str, opts: Namespace) -> int:
    """Show the candidates that the options name until somebody is done; return the exit status.

    *store* is not open yet. Raises ArgumentError, OcrError, StoreError.
    """
    first, last = week_range(opts.first, opts.last)
    by = _name(opts.by)
    if opts.metric is not None and opts.metric not in numeric_metrics():
        raise ArgumentError(f"--metric {opts.metric[:80]!r} is no metric whose values are numbers")
    pictures = CroppedPictures(local_folder(pictures_folder))
    async with store:
        candidates = await open_candidates(store, issues_with_warnings(store, first, last), accepted=opts.all)
        queue = CheckQueue(store, [one for one in candidates if opts.metric in (None, one.pair.metric)])
        await queue.load()
        if not queue.items:
            print("Nothing to review: no reading waits for a person.")
            return 0
        server = CheckServer(queue, store, pictures, by, language)
        await _serve(server, opts)
        checks = Counter(server.outcomes().values())
        print(", ".join([*(f"{checks[verdict]} {verdict}" for verdict in VERDICTS), f"{queue.open_count} left"]))
    return 0


async def _serve(server: CheckServer, opts: Namespace) -> None:
    """Answer until somebody is done, on the page or with Ctrl-C. Raises ArgumentError if the port cannot be used."""
    try:
        address = await server.start(opts.port or 0, _show_address)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is none"
        raise ArgumentError(f"--port {opts.port} cannot be used: {reason}") from error
    try:
        _show_address(address)
        with suppress(asyncio.CancelledError):  # Ctrl-C
            # In a thread: a browser that runs in the terminal returns when it is closed.
            if opts.open and not await asyncio.to_thread(webbrowser.open, address):
                print_message("no browser could be opened: open the address yourself")
            await server.finished.wait()
    finally:
        await server.stop()


def _show_address(address: str) -> None:
    print_message(f"open {address} (Done on the page or Ctrl-C ends)")


def _name(given: str | None) -> str:
    """Return who checks. Raises ArgumentError if nobody can be named."""
    try:
        name = (given if given is not None else getpass.getuser()).strip()
    except (KeyError, OSError):
        name = ""
    if not name or len(name) > 100 or UNSAFE_CHARACTERS.search(name):
        raise ArgumentError("--by NAME: who checks has to be named, in 100 characters at most")
    return name
