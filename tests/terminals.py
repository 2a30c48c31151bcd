"""Terminals of tests: programs run in a real one (a pty), and what a person would see on it."""

import fcntl
import io
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

from tests.site.crawl import ROOT

_IN_FRONT = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
"""Makes the pty the terminal of the program: Ctrl-C reaches it, and it is in the foreground."""


class FakeTerminal(io.StringIO):
    """For what is printed in the test's own process: a terminal as far as the printing program can tell."""

    def isatty(self) -> bool:
        return True


class Terminal:
    """A window in which *command* runs."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], *, columns: int = 80, rows: int = 24) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.output = b""
        """All that was written to it."""
        command = [sys.executable, "-c", _IN_FRONT, *command]
        self.process = subprocess.Popen(
            command, env={**env, "TERM": "xterm-256color"}, cwd=ROOT, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def shown(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def type(self, keys: bytes) -> None:
        """Press *keys*."""
        os.write(self._master, keys)

    def wait_for(self, condition: Callable[[str], object], seconds: float = 30) -> str:
        """The screen as soon as it meets *condition*; fails if that does not happen."""
        until = time.monotonic() + seconds
        while not condition(self.shown):
            assert time.monotonic() < until, self.shown
            assert self._read(), self.shown
        return self.shown

    def end(self, seconds: float = 30) -> int:
        """The exit status, once the program has ended."""
        until = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < until, self.shown
        return self.process.wait(5)

    def _read(self) -> bool:
        """Take in what was written; whether the program may write more."""
        if not select.select([self._master], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # Linux: nobody has it open any more
            return False
        self.output += data
        self._stream.feed(data)
        return bool(data)
