"""Several files that are written aside, and moved to their places once all of them are whole."""

import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import Self, TextIO

from cncert.exceptions import ExportError
from cncert.terminal.atomic_write import move_whole, part_suffix, remove_leftovers


class StagedFiles:
    """A hidden directory in *folder*, gone when its context ends. Every method may raise OSError.

    A kill or a full disk leaves the files as they were.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._texts: list[TextIO] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._folder.glob(".export-*.part"))
        self.directory = Path(mkdtemp(prefix=".export-", suffix=part_suffix(), dir=self._folder))
        self._stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, name: str) -> TextIO:
        """Open a new file for text, closed with the others if not before; line ends are written as they are given."""
        self._texts.append(self._stack.enter_context(self.path(name).open("w", encoding="utf-8", newline="")))
        return self._texts[-1]

    def on_exit(self, clean: Callable[[], object]) -> None:
        """Have *clean* called when the context ends, however it ends."""
        self._stack.callback(clean)

    def path(self, name: str) -> Path:
        """Return where the file *name* is written."""
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        return path

    def _whole_files(self) -> list[Path]:
        """All files, closed, in the order of their names."""
        for file in self._texts:
            file.close()
        return sorted(path for path in self.directory.rglob("*") if path.is_file())

    def move(self, target: Path, *, is_directory: bool) -> None:
        """Give the files their places in the directory *target*, or the only one the place *target*.

        Raises ExportError, before any file is moved, if something that is no file stands there.
        """
        moves = {
            path: target / path.relative_to(self.directory) if is_directory else target for path in self._whole_files()
        }
        for place in moves.values():
            check_place(place)
        for place in moves.values():
            place.parent.mkdir(exist_ok=True)
        move_whole(moves)

    def print(self) -> None:
        """Write the bytes of the files to stdout."""
        for path in self._whole_files():
            with path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def check_place(path: Path) -> None:
    """Raises ExportError if something other than a file (a directory, a device) is where a file is to be."""
    if path.exists() and not path.is_file():
        raise ExportError(f"{path} is in the way: it is no file")
