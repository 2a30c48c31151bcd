"""Puts pages of saved files and of other archives into the archive, and stores no issue."""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cncert.archive.choose_records import choose_records
from cncert.archive.wacz import is_zip, warc_members
from cncert.archive.warc_reader import AnswerPlace, ArchiveReader, read_answer
from cncert.archive.warc_records import is_warc
from cncert.archive.warc_writer import ArchiveWriter
from cncert.editions.import_saved import address_of_page, archive_page
from cncert.exceptions import ArchiveError, error_reason
from cncert.sources.saved_files.file_reader import PageFromFile, UnreadFile, printable_name
from cncert.sources.saved_files.find_files import STDIN, find_files
from cncert.sources.saved_files.read_files import read_files

_SAMPLE = "of the sample series"


@dataclass
class Archived:
    """What became of a file, or of a page in it."""

    added: int = 0
    """Records that are new in the archive."""
    known: int = 0
    """Those that it had."""
    left_out: Counter[str] = field(default_factory=Counter)
    """What was not taken, by the reason."""
    is_broken_off: bool = False
    """Whether the file has no end."""

    @property
    def counts(self) -> dict[str, int]:
        """The sums by their words."""
        return {"added": self.added, "known": self.known, "left out": self.left_out.total()}

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing for an archive."""
        return not self.added and not self.known

    @property
    def is_faulty(self) -> bool:
        """Whether a person should look at the file."""
        return self.is_empty or self.is_broken_off

    def describe(self) -> str:
        """Return the sums, with the reasons."""
        counts = ", ".join(f"{number} {word}" for word, number in self.counts.items() if number)
        reasons = [*self.left_out, *(["the file breaks off"] if self.is_broken_off else [])]
        return f"{counts} ({'; '.join(reasons)})" if reasons else counts


class FileArchiver:
    """Adds to *writer* what it has not. Its methods raise ArchiveError if that fails."""

    def __init__(self, writer: ArchiveWriter, limit: int) -> None:
        self._writer, self._limit = writer, limit

    def take(self, names: Sequence[str], opts: Namespace) -> Iterator[tuple[str, Archived]]:
        """Add what is in the files *names*, and in the directories among them; yield what became of each.

        Of archives all that belongs to an issue, of other files the pages of issues. Raises ArgumentError.
        """
        found = [file for name in names for file in find_files(name)]
        files = [file if isinstance(file, str) else str(file.filename) for file in found]
        files = [file for file in files if file == STDIN or Path(file).resolve() != self._writer.path.resolve()]
        warcs = {file for file in files if file != STDIN and _is_archive(file)}
        for file in sorted(warcs):
            yield printable_name(file), self.take_warc(Path(file))
        others = [file for file in files if file not in warcs]
        for result in read_files(others, opts, keep_pages=True) if others or not names else ():
            if isinstance(result, UnreadFile):
                yield result.name, Archived(left_out=Counter([result.reason]))
            else:
                yield result.name, self.take_page(result)

    def take_page(self, found: PageFromFile) -> Archived:
        """Add the page that a saved file holds, if it is one of an issue."""
        archived, issue, saved = Archived(), found.issue, found.saved_page
        address = address_of_page(issue) if issue is not None else None
        if issue is None:
            archived.left_out[found.reason] += 1
        elif not found.is_whole:
            archived.left_out["the page breaks off"] += 1
        elif found.page.article is not None and found.page.article.sample:
            archived.left_out[_SAMPLE] += 1
        elif address is None or saved is None:
            archived.left_out["no page of WeChat with its address"] += 1
        elif self._writer.has(address, saved.data, saved.saved_at if saved.is_answer else None):
            archived.known += 1
        else:
            archive_page(self._writer, address, saved)
            archived.added += 1
        return archived

    def take_warc(self, path: Path) -> Archived:
        """Add the answers to requests for issues that a WARC or WACZ file has, and the pictures and PDFs they show."""
        try:
            reader = ArchiveReader(path, self._limit)
        except ArchiveError as error:
            return Archived(left_out=Counter([str(error)]))
        archived = reader.trusted(lambda: self._take_records(reader), None)
        return archived or Archived(left_out=Counter(["can no longer be read"]))

    def _take_records(self, reader: ArchiveReader) -> Archived:
        """Raises WrongIndex, and may be called again then: nothing is added twice."""
        archived = Archived(is_broken_off=bool(reader.faults))
        chosen = choose_records(reader.indexes, lambda _: True)
        if chosen.is_sample:
            archived.left_out[_SAMPLE] += len(reader)
            return archived
        wanted = {(one.file.path, one.entry.offset): one.entry.key for one in chosen.records}
        places = {
            (place.index.path, place.entry.offset): place
            for key in set(wanted.values())
            for place in reader.places(key)
        }
        for place in sorted(places.values(), key=lambda one: (one.entry.date, one.entry.kind, one.entry.offset)):
            if (place.index.path, place.entry.offset) in wanted:
                self._take_answer(place, archived)
        others = len(reader) - archived.added - archived.known - archived.left_out.total()
        if others:
            archived.left_out["no page of an issue, and not shown by one"] += others
        return archived

    def _take_answer(self, place: AnswerPlace, archived: Archived) -> None:
        answer = read_answer(place)
        if answer is None:
            archived.left_out[f"larger than {self._limit} bytes"] += 1
        elif self._writer.has(answer.url, answer.body, answer.date):
            archived.known += 1
        else:
            try:
                if place.entry.kind == "conversion":
                    self._writer.add_rendered(answer.url, answer.body, answer.date)
                else:
                    self._writer.add(answer.url, answer.status, answer.headers, answer.body, answer.date)
            except OSError as error:
                raise ArchiveError(f"{self._writer.path} cannot be written: {error_reason(error)}") from error
            archived.added += 1


def _is_archive(name: str) -> bool:
    """Whether *name* is a WARC file, compressed or not, or a WACZ."""
    if is_zip(Path(name)):
        with suppress(ArchiveError):
            return any(True for _ in warc_members(Path(name), lambda _, __: None))
        return False
    try:
        with Path(name).open("rb") as file:
            return is_warc(file)
    except OSError:
        return False
