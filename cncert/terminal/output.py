"""What the commands share. Results go to stdout, everything else to stderr.

Exit status: 0 all is well, 1 something is missing or went wrong, 2 the command was called wrongly, 130 Ctrl-C.
"""

import asyncio
import io
import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar, TextIO, cast

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from scrapy.commands import ScrapyCommand

from cncert.exceptions import ArgumentError, CncertError
from cncert.items import issue_id
from cncert.report.calendar import parse_week
from cncert.terminal.safe_text import TRICKS, safe

WIDEST = 100_000
"""Columns of what is no terminal: no row of a table has more."""
_FILLING = re.compile(" +$", re.MULTILINE)


def complain(text: object, file: TextIO | None = None) -> None:
    """One line to a person, on stderr unless *file* is given."""
    print(f"cncert: {safe(text)}", file=file or sys.stderr)


def output() -> Console:
    """Where results are printed: colours and the window's width on a terminal only, a line for every row in a pipe."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: not all encodings have all characters
    if sys.stdout.isatty():
        return console_of(sys.stdout)
    console = console_of(cast("TextIO", _Trimmed(sys.stdout)))
    console.width, console.soft_wrap = WIDEST, True
    return console


class _SafeConsole(Console):
    """A console that never hides the cursor: after ``kill -9`` nobody would show it again."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


def console_of(file: TextIO, *, markup: bool = True) -> Console:
    """Return a console that writes to *file*, with the colours it is given, without any if *file* is no terminal."""
    return _SafeConsole(file=file, force_terminal=file.isatty(), highlight=False, emoji=False, markup=markup)


class _Trimmed(io.TextIOBase):
    """*file* without the spaces with which Rich fills up lines."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(_FILLING.sub("", text))

    def flush(self) -> None:
        self._file.flush()


def markup(text: object) -> str:
    """Foreign *text* among Rich's markup: it has none, and plays no tricks."""
    return escape(safe(text))


def new_table(console: Console) -> Table:
    """A table as all commands print it: with a line below the titles where a person looks."""
    return Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)


def add_json_option(parser: ArgumentParser, what: str) -> None:
    """``--json``, which prints *what*."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def print_json(data: Any) -> None:
    """*data* as one JSON document on stdout."""
    print(safe_json(data, indent=1))


def safe_json(data: Any, indent: int | None = None) -> str:
    """*data* as JSON that can be read by people and does nothing to their terminal."""
    is_utf8 = (sys.stdout.encoding or "utf-8").lower() in ("utf-8", "utf8")
    return TRICKS.sub(_in_json, json.dumps(data, ensure_ascii=not is_utf8, indent=indent))


def _in_json(found: re.Match[str]) -> str:
    return "\n" if found[0] == "\n" else json.dumps(found[0])[1:-1]


def progress(*, hidden: bool = False) -> Progress:
    """Bars on stderr if that is a terminal; nothing stays of them."""
    console = console_of(sys.stderr)
    return Progress(
        console=console, transient=True, redirect_stdout=False, disable=hidden or not console.is_interactive
    )


def clock(seconds: float) -> str:
    """So long as a person reads it: ``1:02:03``."""
    return str(timedelta(seconds=round(seconds)))


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
