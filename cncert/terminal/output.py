"""What the commands share. Results go to stdout, everything else to stderr.

Exit status: 0 all is well, 1 something is missing or went wrong, 2 the command was called wrongly, 130 Ctrl-C.
"""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Coroutine
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from cncert.exceptions import ArgumentError, CncertError
from cncert.items import issue_id
from cncert.report.calendar import parse_week
from cncert.terminal.console import print_message as complain


def add_json_option(parser: ArgumentParser, what: str) -> None:
    """``--json``, which prints *what*."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def week_option(name: str, text: str | None) -> str | None:
    """The issue's id that the option *name* gives, None if it is not given. Raises ArgumentError if it is none."""
    try:
        return issue_id(*parse_week(text)) if text is not None else None
    except ValueError as error:
        raise ArgumentError(f"{name} {text!r}: {error}") from error


class ProjectCommand(ScrapyCommand):
    """A command that works on the store and crawls nothing. Subclasses implement :meth:`work`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def run(self, args: list[str], opts: Namespace) -> None:
        try:
            self.exitcode = asyncio.run(self.work(args, opts)) or 0
        except CncertError as error:
            complain(error)
            self.exitcode = 2
        except KeyboardInterrupt:
            complain("stopped")
            self.exitcode = 130  # as a shell reports what Ctrl-C ended
        except BrokenPipeError:
            sys.stderr.close()  # the reader of stdout has seen enough
            self.exitcode = 0

    def work(self, args: list[str], opts: Namespace) -> Coroutine[Any, Any, int | None]:
        """Do it; the exit status, None for 0. Raises CncertError for what the user should be told in one line."""
        raise NotImplementedError
