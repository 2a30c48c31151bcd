"""Progress of work, shown on stderr if that is a terminal."""

import errno
import os
import sys
from contextlib import suppress
from datetime import timedelta

from rich.console import ConsoleDimensions, ConsoleRenderable, Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.live_render import LiveRender
from rich.progress import Progress
from rich.segment import ControlType, Segment

from cncert.terminal.console import console_for, is_quiet


def progress_bar(*, hidden: bool = False) -> Progress:
    """Return Rich's progress bars, which are removed at the end."""
    console = console_for(sys.stderr)
    hidden = hidden or is_quiet.get() or not console.is_interactive
    return Progress(console=console, transient=True, redirect_stdout=False, disable=hidden)


def format_duration(seconds: float) -> str:
    """Return a duration as ``1:02:03``."""
    return str(timedelta(seconds=round(seconds)))


class LiveLines(Live):
    """The last lines of the terminal, drawn again in place; what is written to ``sys.stderr`` goes above them.

    Adds to Rich's Live: nothing is drawn in the background, lines that a narrower window has wrapped are erased too,
    and a kill at any moment leaves a usable terminal.
    """

    def __init__(self) -> None:
        console = console_for(sys.stderr, markup=False)
        console.soft_wrap = True  # a log line stays one line, to be copied as it was written
        super().__init__(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._drawn: list[list[Segment]] = []

    def draw(self, lines: RenderableType) -> None:
        """Show *lines* in place of those drawn before."""
        with suppress(OSError):  # somebody has closed the terminal
            # The cursor stays on a line of its own, where a shell goes on after a kill.
            self.update(Group(lines, ""), refresh=True)

    def stop(self) -> None:
        """Remove the lines."""
        with suppress(OSError):
            sys.stderr.flush()  # half a line waits for its end
            self.update("", refresh=True)  # Rich's last drawing would scroll a window that is too low for all lines
            super().stop()

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Put the lines below *renderables*, which are about to be printed."""
        if not self._is_in_foreground():
            self._live_render, self._drawn = LiveRender(""), []  # other programs write below what was drawn
            return renderables
        with suppress(OSError):  # Rich prefers COLUMNS, which stays when the window changes
            size = os.get_terminal_size(self.console.file.fileno())
            if size.columns and size.lines:
                self.console.size = ConsoleDimensions(*size)
        # How many rows more than one each the lines take in a window that has become narrower.
        lengths = [sum(segment.cell_length for segment in line) for line in self._drawn]
        wrapped = sum(max(0, length - 1) // self.console.width for length in lengths)
        self._drawn = self.console.render_lines(self._live_render.renderable, pad=False)
        erase = Control(*[(ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)] * wrapped)
        return super().process_renderables([erase, *renderables])

    def _is_in_foreground(self) -> bool:
        """Whether no other program has the terminal (``&``, Ctrl-Z)."""
        try:
            return os.tcgetpgrp(self.console.file.fileno()) == os.getpgrp()
        except OSError as error:
            return error.errno != errno.EIO  # the terminal is closed; otherwise it is that of no job
        except AttributeError:
            return True  # Windows
