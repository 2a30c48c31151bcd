"""How commands print: results to stdout as tables, text or JSON, messages to stderr."""

import io
import json
import os
import re
import sys
from contextvars import ContextVar
from typing import Any, TextIO, cast

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cncert.terminal.safe_text import UNSAFE_CHARACTERS, safe, without_passwords

PIPE_WIDTH, MIN_WIDTH = 100, 40
"""Columns of a table that goes to no terminal, unless COLUMNS says another number; the least that it may say."""
is_quiet: ContextVar[bool] = ContextVar("is_quiet", default=False)
"""Whether only results and errors are printed."""


def print_message(text: object, file: TextIO | None = None) -> None:
    """Print one line for a person, to stderr unless *file* is given."""
    print(f"cncert: {safe(without_passwords(str(text)))}", file=file or sys.stderr)


def print_note(text: object) -> None:
    """Print one line for a person who may do without it: with ``--quiet`` nothing."""
    if not is_quiet.get():
        print_message(text)


def print_json(data: Any) -> None:
    """Print *data* as one JSON document to stdout."""
    print(safe_json(data, indent=1))


def safe_json(data: Any, indent: int | None = None) -> str:
    """Return *data* as JSON that people can read, with unsafe characters as escapes."""
    is_utf8 = (sys.stdout.encoding or "utf-8").lower() in ("utf-8", "utf8")
    text = json.dumps(data, ensure_ascii=not is_utf8, indent=indent)
    return UNSAFE_CHARACTERS.sub(lambda found: "\n" if found[0] == "\n" else json.dumps(found[0])[1:-1], text)


class _SafeConsole(Console):
    """A console that never hides the cursor: after ``kill -9`` nobody would show it again."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


def console_for(file: TextIO, *, markup: bool = True) -> Console:
    """Return a console that writes to *file*, with the colours it is given, without any if *file* is no terminal."""
    return _SafeConsole(file=file, force_terminal=file.isatty(), highlight=False, emoji=False, markup=markup)


def stdout_console(*, whole_rows: bool = False) -> Console:
    """Return the console for results.

    Tables fit the terminal, or in a pipe COLUMNS, unless they have *whole_rows* there, for addresses to be cut out.
    Other lines are left whole in a pipe.
    """
    if sys.stdout.isatty():
        return console_for(sys.stdout)
    console = console_for(cast("TextIO", _TrimmedFile(sys.stdout)))
    given = os.environ.get("COLUMNS", "")
    console.width = max(MIN_WIDTH, int(given)) if given.isdecimal() and int(given) else PIPE_WIDTH
    if whole_rows:
        console.width = 100_000  # no row is longer
    console.soft_wrap = True
    return console


def print_any_character() -> None:
    """Make stdout write what its encoding does not have as an escape, as stderr does, in place of an exception."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


class _TrimmedFile(io.TextIOBase):
    """Writes to *file* without the spaces with which Rich fills up lines."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(re.sub(" +$", "", text, flags=re.MULTILINE))

    def flush(self) -> None:
        self._file.flush()


def make_table(console: Console) -> Table:
    """Return an empty table in the style of all commands: with a line below the titles on a terminal."""
    return Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)


def escape_markup(text: object) -> str:
    """Return *text* to be printed among Rich's markup: none of its own counts, and it is safe."""
    return escape(safe(text))
