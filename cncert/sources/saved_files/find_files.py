"""Finds the files below a directory and opens them, decompressed and with a limit of size."""

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cncert.archive.compression import zstd
from cncert.exceptions import SavedFileError, error_reason

STDIN = "-"
"""The name of standard input."""

PAGE_ENDINGS = (".html", ".htm", ".xhtml", ".shtml")
"""Of the pages that a browser saves with a folder beside them."""
PAGE_FOLDERS = ("_files", ".files")
"""What browsers put behind the page's name for that folder."""

MAX_PAGE_BYTES = 64 * 1024 * 1024
"""Of one page, decompressed. Pages of today have 4 MB."""

_COMPRESSED: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": zstd.open,
}
"""How to open a compressed file, by its first bytes."""
DECOMPRESSION_ERRORS = (EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError, OSError)
"""What reading a broken compressed file raises."""


def find_files(name: str) -> Iterator[str | OSError]:
    """Yield *name* itself, or the files below it if it is a directory, by name.

    Yields the error in place of what cannot be listed. Leaves out hidden files, what is no file, links to directories
    (they may lead back), and the ``page_files`` that a browser puts beside ``page.html``.
    """
    if name == STDIN or not Path(name).is_dir():
        yield name
        return
    waiting = [str(Path(name))]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            yield error
            continue
        pages = _page_stems(entry.name for entry in entries)
        for entry in entries:
            is_hidden = entry.name.startswith(".") or entry.name.endswith(".cdxj")  # the index of an archive
            if not is_hidden and (entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())):
                yield entry.path
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        waiting += [one.path for one in reversed(folders) if not _is_left_out(one.name, pages)]


def _page_stems(names: Iterable[str]) -> set[str]:
    """Return the names of the pages among *names* without their endings."""
    return {stem for stem, ending in map(os.path.splitext, names) if ending.lower() in PAGE_ENDINGS}


def _is_left_out(folder: str, pages: Collection[str]) -> bool:
    """Return whether *folder* is hidden, or holds what one of the *pages* beside it shows."""
    is_hidden = folder.startswith(".") and folder not in (".", "..")
    # Any other folder may hold issues, also one that is named as a file beside it is.
    page = next((folder.removesuffix(mark) for mark in PAGE_FOLDERS if folder.endswith(mark)), None)
    return is_hidden or folder == "__MACOSX" or page in pages


def files_in_archive(names: Sequence[str]) -> set[str]:
    """Return those of *names*, files in an archive, that :func:`find_files` would find in a directory."""
    paths = [PurePosixPath(name) for name in names]
    beside: dict[PurePosixPath, list[str]] = {}
    for path in paths:
        beside.setdefault(path.parent, []).append(path.name)
    pages = {folder: _page_stems(files) for folder, files in beside.items()}
    return {
        name
        for name, path in zip(names, paths, strict=True)
        if not path.name.startswith(".")
        and not any(_is_left_out(folder.name, pages.get(folder.parent, ())) for folder in path.parents)
    }


@contextmanager
def opened(name: str) -> Iterator[BufferedReader]:
    """Open a file, decompressed as it is read.

    Raises OSError if there is no such file, and while it is read SavedFileError if it cannot be decompressed.
    """
    with opened_raw(name) as file, decompressed(file) as content:
        yield content


def opened_raw(name: str) -> BufferedReader:
    """Open a file as it is. Raises OSError if there is no such file."""
    return open(0 if name == STDIN else name, "rb")  # noqa: PTH123  # 0 is stdin


@contextmanager
def decompressed(file: BufferedReader) -> Iterator[BufferedReader]:
    """Decompress *file* as it is read. While it is read raises SavedFileError if that fails."""
    first = file.peek(8)
    decompress = next((read for magic, read in _COMPRESSED.items() if first.startswith(magic)), None)
    if decompress is None:
        yield file
        return
    try:
        with decompress(file) as content:
            raw: Any = _Decompressed(content)
            with BufferedReader(raw) as reader:
                yield reader
    except DECOMPRESSION_ERRORS as error:
        raise _unreadable(error) from error


class _Decompressed(RawIOBase):
    """What a decompressor gives, in pieces: of a file that breaks off all that comes before its end."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._content.read1(len(buffer))
        except DECOMPRESSION_ERRORS as error:
            raise _unreadable(error) from error
        buffer[: len(data)] = data
        return len(data)


def _unreadable(error: Exception) -> SavedFileError:
    what = "breaks off" if isinstance(error, EOFError) else "cannot be decompressed"
    return SavedFileError(f"{what}: {error_reason(error)}")
