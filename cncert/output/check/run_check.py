"""``scrapy ocr review``: from the options to the page, and to the line at the end."""

import asyncio
import getpass
import webbrowser
from argparse import Namespace
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from scrapy.settings import BaseSettings

from cncert.addon import checked
from cncert.exceptions import ArgumentError
from cncert.infographics.figures.human_checks import open_candidates
from cncert.infographics.figures.picture_files import local_folder
from cncert.output.check.check_queue import VERDICTS, Desk
from cncert.output.check.http import LocalServer
from cncert.output.check.typed_values import numeric_metrics
from cncert.store import open_store
from cncert.terminal.console import print_message
from cncert.terminal.output import week_option
from cncert.terminal.safe_text import UNSAFE_CHARACTERS

if TYPE_CHECKING:  # needs numpy
    from cncert.output.check.server import Reviewing

LONGEST_NAME = 100


async def review(settings: BaseSettings, opts: Namespace) -> int:
    """Show the candidates that the options name until somebody is done; the exit status.

    Raises ArgumentError, SettingError, StoreError.
    """
    from cncert.output.check.picture_crops import Pictures
    from cncert.output.check.server import Reviewing

    first, last = week_option("--from", opts.first), week_option("--until", opts.last)
    if first and last and first > last:
        raise ArgumentError(f"--from {first} is later than --until {last}")
    by, language = _name(opts.by), opts.language or str(checked(settings)["CNCERT_LANGUAGE"])
    if opts.metric is not None and opts.metric not in numeric_metrics():
        raise ArgumentError(f"--metric {opts.metric[:80]!r} is no metric whose values are numbers")
    pictures = Pictures(local_folder(str(settings["CNCERT_FILES"])))
    async with open_store(settings["CNCERT_STORE"]) as store:
        candidates, unreadable = await open_candidates(store, first, last, accepted=opts.all)
        for line in unreadable:
            print_message(line)
        desk = Desk(store, [one for one in candidates if opts.metric in (None, one.pair.metric)])
        await desk.begin()
        if not desk.items:
            print("Nothing to review: no reading waits for a person.")
            return int(bool(unreadable))
        reviewing = Reviewing(desk, store, pictures, by, language, tell=_tell)
        await _serve(reviewing, opts)
        judged = Counter(reviewing.outcomes().values())
        print(", ".join([*(f"{judged[verdict]} {verdict}" for verdict in VERDICTS), f"{desk.left} left"]))
    return int(bool(unreadable))


async def _serve(reviewing: "Reviewing", opts: Namespace) -> None:
    """Answer until somebody is done, on the page or with Ctrl-C. Raises ArgumentError if the port cannot be had."""
    try:
        server = await LocalServer(reviewing.answer, opts.port or 0).start()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is none"
        raise ArgumentError(f"--port {opts.port} cannot be used: {reason}") from error
    try:
        reviewing.port = server.port
        address = reviewing.new_address()
        _tell(address)
        with suppress(asyncio.CancelledError):  # Ctrl-C
            # In a thread: a browser that runs in the terminal returns when it is closed.
            if opts.open and not await asyncio.to_thread(webbrowser.open, address):
                print_message("no browser could be opened: open the address yourself")
            await reviewing.finished.wait()
    finally:
        await server.stop()


def _tell(address: str) -> None:
    print_message(f"open {address} (Done on the page or Ctrl-C ends)")


def _name(given: str | None) -> str:
    """Who judges. Raises ArgumentError if nobody can be named."""
    try:
        name = (given if given is not None else getpass.getuser()).strip()
    except (KeyError, OSError):
        name = ""
    if not name or len(name) > LONGEST_NAME or UNSAFE_CHARACTERS.search(name):
        raise ArgumentError("--by NAME: who judges has to be said, in 100 characters at most")
    return name
