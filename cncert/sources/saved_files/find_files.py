"""Finds the files below a directory and opens them, decompressed and with a limit of size."""

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cncert.archive.compression import zstd
from cncert.exceptions import SavedFileError, error_reason

STDIN = "-"
"""The name of standard input."""

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
    errors: list[OSError] = []
    for place, folders, files in os.walk(name, onerror=errors.append):
        yield from errors
        errors.clear()
        stems = {Path(file).stem for file in files}
        folders[:] = sorted(folder for folder in folders if not _is_left_out(folder, stems))
        for file in sorted(files):
            path = Path(place, file)
            is_hidden = file.startswith(".") or path.suffix == ".cdxj"  # the index of an archive
            if not is_hidden and (path.is_file() or not path.exists()):
                yield str(path)
    yield from errors


def _is_left_out(folder: str, stems: Collection[str]) -> bool:
    """Return whether *folder* is hidden, or belongs to a page beside it, one of *stems* without its ending."""
    is_hidden = folder.startswith(".") and folder not in (".", "..")
    return is_hidden or folder == "__MACOSX" or folder.removesuffix("_files") in stems


def files_in_archive(names: Sequence[str]) -> set[str]:
    """Return those of *names*, files in an archive, that :func:`find_files` would find in a directory."""
    paths = [PurePosixPath(name) for name in names]
    stems: dict[PurePosixPath, set[str]] = {}
    for path in paths:
        stems.setdefault(path.parent, set()).add(path.stem)
    return {
        name
        for name, path in zip(names, paths, strict=True)
        if not path.name.startswith(".")
        and not any(_is_left_out(folder.name, stems.get(folder.parent, ())) for folder in path.parents)
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
