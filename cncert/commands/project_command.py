"""The base class of commands that do not crawl. Results go to stdout, everything else to stderr.

Exit status: 0 all is well, 1 something is missing or went wrong, 2 the command was called wrongly, 130 Ctrl-C.
"""

import asyncio
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Coroutine
from functools import cached_property
from typing import Any, ClassVar

from cncert.commands.terminal_options import TerminalOptions
from cncert.exceptions import CncertError, error_reason
from cncert.options import Options
from cncert.store import Store, open_store
from cncert.store.backend import LAYOUT
from cncert.terminal.console import print_message, print_note


def add_json_option(parser: ArgumentParser, what: str) -> None:
    """Add ``--json``, which prints *what*."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


async def say_if_sample(store: Store) -> None:
    """Say on stderr if *store* holds the sample series."""
    if await store.is_sample():
        print_note("this store holds sample data, mostly invented: do not cite")


class ProjectCommand(TerminalOptions):
    """A command that does not crawl: ``class GapsCommand(ProjectCommand, ScrapyCommand)`` implements :meth:`work`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    @cached_property
    def options(self) -> Options:
        """The options of the user. Raises SettingError."""
        assert self.settings is not None
        return Options.of(self.settings)

    @cached_property
    def _stores(self) -> list[Store]:
        return []

    def open_store(self, *, read_only: bool = False, may_be_missing: bool = False, reads_layout: int = LAYOUT) -> Store:
        """Return the user's store, not yet opened. What could not be read in it is named when the command ends.

        *read_only*, *may_be_missing*: as :func:`cncert.store.open_store` has it; the default store may be missing
        anyway, before the first crawl. *reads_layout*: the oldest layout that is opened.
        """
        assert self.settings is not None
        is_default = self.settings["CNCERT_STORE"] == Options.default("CNCERT_STORE")
        store = open_store(self.options.store, read_only=read_only, may_be_missing=may_be_missing or is_default)
        store.reads_layout = reads_layout
        self._stores.append(store)
        return store

    def run(self, args: list[str], opts: Namespace) -> None:
        try:
            try:
                self.exitcode = asyncio.run(self.work(args, opts)) or 0
                sys.stdout.flush()  # what fails at Python's end would be a traceback
            finally:
                unreadable = [line for store in self._stores for line in store.unreadable.values()]
                for line in unreadable:
                    print_message(line)
            self.exitcode = self.exitcode or int(bool(unreadable))
        except CncertError as error:
            print_message(error)
            self.exitcode = 2
        except KeyboardInterrupt:
            print_message("stopped")
            self.exitcode = 130  # as a shell reports what Ctrl-C ended
        except BrokenPipeError:
            sys.stderr.close()  # the reader of stdout has seen enough
            self.exitcode = 0
        except OSError as error:
            if error.filename is not None:  # of a file, which the command should have named
                raise
            print_message(f"stdout: {error_reason(error)}")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere
            self.exitcode = 1

    def work(self, args: list[str], opts: Namespace) -> Coroutine[Any, Any, int | None]:
        """Do the work; return the exit status, None for 0. Raises CncertError for what ends it with one line."""
        raise NotImplementedError
