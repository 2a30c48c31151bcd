"""What may be shown on a terminal: foreign text without its tricks, and lines that stay below all others."""

import logging
import math
import os
import re
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TextIO

from rich.cells import cell_len

# Control characters, those that format (invisible ones and those that turn the direction of writing), separators of
# lines, halves of surrogate pairs: Unicode's Cc, Cf, Zl, Zp and Cs.
TRICKS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Each character that could move the cursor, ring, hide, reorder, or break a line."""
_COLOURS = re.compile("\x1b\\[[0-9;]*m")


def safe(text: object) -> str:
    """*text* on one line, harmless: what plays a trick is written out, such as ``\\x1b`` or ``\\u202e``."""
    return TRICKS.sub(_written_out, str(text))


def _written_out(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


def _but_lines(found: re.Match[str]) -> str:
    return found[0] if found[0] in "\n\t" else _written_out(found)


class LogRecord(logging.LogRecord):
    """A record of the log, which quotes pages: harmless, and on one line if it is one of the project's own."""

    def getMessage(self) -> str:  # noqa: N802  # logging's name
        """The message without tricks."""
        message = super().getMessage()
        return safe(message) if self.name.startswith("cncert") else TRICKS.sub(_but_lines, message)

    @property
    def exc_text(self) -> str | None:  # logging keeps the formatted traceback here
        """The traceback without tricks."""
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._exc_text = TRICKS.sub(_but_lines, text) if text is not None else None


class BottomLines:
    """The last lines of the terminal behind *stream*, drawn again in place; what is written meanwhile goes above.

    Stands in for the stream. It hides no cursor and leaves it on a line of its own: a kill leaves nothing to mend.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: list[str] = []
        self._begun = ""
        self._lock = threading.RLock()  # threads log too

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def take_over(self) -> None:
        """Put this in the place of the stream, as ``sys.stderr`` and in the log."""
        sys.stderr = self
        self._change_handlers(self._stream, self)

    def give_back(self) -> None:
        """Remove the lines, and put the stream back into its place."""
        self.draw([])
        sys.stderr = self._stream
        self._change_handlers(self, self._stream)
        self._stream.write(self._begun)
        self._stream.flush()

    @staticmethod
    def _change_handlers(former: object, stream: Any) -> None:
        for handler in logging.root.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is former:
                handler.setStream(stream)

    def write(self, text: str) -> int:
        """Write *text* above the lines, as soon as its line is complete."""
        with self._lock:
            whole, end, self._begun = (self._begun + text).rpartition("\n")
            if end:
                self._stream.write(f"{self._erasing()}{whole}\n{''.join(self._drawn)}")
        return len(text)

    def draw(self, lines: Sequence[str]) -> None:
        """Show *lines*, which may have colours, in place of those drawn before; as many as fit, each cut to its row.

        Nothing is drawn while another program has the terminal (``&``, Ctrl-Z).
        """
        with self._lock:
            erasing = self._erasing()
            rows = self._size().lines
            self._drawn = [f"{line}\n" for line in lines[: rows - 1]] if self._is_in_front() else []
            with suppress(OSError):  # somebody has closed it
                self._stream.write(erasing + "".join(self._drawn))
                self._stream.flush()

    def _erasing(self) -> str:
        """What clears the lines, and takes the cursor to the first of them.

        Line by line: tmux puts a screen that is cleared at once into its history.
        """
        width = self.columns  # a window that is narrower than it was has wrapped them
        rows = sum(max(1, math.ceil(cell_len(_COLOURS.sub("", line)) / width)) for line in self._drawn)
        return "\r\x1b[2K" + "\x1b[1A\x1b[2K" * rows if rows else ""

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        return self._size().columns

    def _size(self) -> os.terminal_size:
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except OSError:
            return os.terminal_size((80, 24))
        return size if size.columns and size.lines else os.terminal_size((80, 24))

    def _is_in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self._stream.fileno()) == os.getpgrp()
        except (OSError, AttributeError):
            return True  # Windows, or nobody's terminal
