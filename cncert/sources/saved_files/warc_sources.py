"""Opens WARC files: those on the disk, and those in a ZIP file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import Any

from cncert.archive.wacz import ZIP_MAGICS, ZipMember, opened_zip
from cncert.archive.warc_records import is_warc
from cncert.exceptions import ArchiveError
from cncert.sources.saved_files.find_files import opened_raw


@dataclass(frozen=True, slots=True)
class WarcSource:
    """A WARC file, or one within an archive."""

    name: str
    open: Callable[[], AbstractContextManager[Any]]
    can_reopen: bool = True
    """Whether it can be read a second time, from another place: a pipe cannot."""


def is_warc_member(member: ZipMember) -> bool:
    """Return whether *member* is a WARC file."""
    try:
        with member.open() as content:
            return is_warc(content)
    except ArchiveError:
        return False


def warc_sources(files: Iterable[str]) -> Iterator[WarcSource]:
    """Yield the WARC files among *files*, and those in the ZIP files among them; what cannot be read is left out."""
    for file in files:
        try:
            with opened_raw(file) as stream:
                if not stream.seekable():
                    continue
                if is_warc(stream):
                    yield WarcSource(file, partial(opened_raw, file))
                elif stream.peek(4).startswith(ZIP_MAGICS):
                    with opened_zip(stream) as members:
                        names = [one.name for one in members if not one.fault and is_warc_member(one)]
                    yield from (WarcSource(f"{file}/{name}", partial(_opened_member, file, name)) for name in names)
        except (OSError, ArchiveError):
            continue  # whoever reads this file says so


@contextmanager
def _opened_member(file: str, name: str) -> Iterator[BufferedReader]:
    with opened_raw(file) as stream, opened_zip(stream) as members:
        member = next((one for one in members if one.name == name and not one.fault), None)
        if member is None:
            raise ArchiveError(f"{file} has no {name} any more")
        with member.open() as content:
            yield content
