"""Chooses the records of issues: the answers to requests for their pages, and what these show."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cncert.archive.index import ANSWERS, FileIndex, IndexEntry, identity_of
from cncert.report import publishers
from cncert.report.publishers import ShownPage
from cncert.wechat.failure_pages import Verdict


class RecordPlace(NamedTuple):
    """A record, and the file it is in."""

    file: FileIndex
    entry: IndexEntry


class ChosenRecords(NamedTuple):
    """Records in the order of their time, each once, and the pages among them."""

    records: list[RecordPlace]
    pages: dict[str, ShownPage]
    """By the SHA-256 of their content."""
    lost: int
    """Records that are left out because what they repeat is not there."""

    @property
    def is_sample(self) -> bool:
        """Whether a page of the sample series is among them."""
        return any(page.is_sample for page in self.pages.values())

    def newest_pages(self) -> list[RecordPlace]:
        """Return the newest page of each article, by issue; none that a browser made, which players do not show."""
        newest = {
            (one.entry.issue or "", one.entry.article or one.entry.key): one
            for one in self.records
            if one.entry.kind in ANSWERS and one.entry.sha256 in self.pages
        }
        return [newest[key] for key in sorted(newest)]


def choose_records(indexes: Iterable[FileIndex], wants: Callable[[str], bool] | None) -> ChosenRecords:
    """Return all records of *indexes*; with *wants* those of the issues that it accepts. Raises WrongIndex."""
    every = [RecordPlace(index, entry) for index in indexes for entry in index.entries()]
    pages = _read_pages(every, wants)
    chosen = every if wants is None else _of_issues(every, pages, wants)
    # Archives may have been copied into one another.
    once = {(one.entry.date, one.entry.url, one.entry.kind, one.entry.digest, one.entry.sha256): one for one in chosen}
    ordered = [once[key] for key in sorted(once)]
    originals = {(one.entry.key, one.entry.digest) for one in ordered if one.entry.kind in ANSWERS}
    whole = [one for one in ordered if one.entry.kind != "revisit" or (one.entry.key, one.entry.digest) in originals]
    return ChosenRecords(whole, pages, len(ordered) - len(whole))


def _read_pages(every: Sequence[RecordPlace], wants: Callable[[str], bool] | None) -> dict[str, ShownPage]:
    of_issues = {one.entry.sha256: one for one in every if one.entry.issue and one.entry.verdict is Verdict.ARTICLE}
    pages = {}
    for digest, (index, entry) in of_issues.items():
        if wants is None or (entry.issue and wants(entry.issue)):
            _, content = index.read(entry)
            if content is not None and (page := publishers.show(entry.url, content)) is not None:
                pages[digest] = page
    return pages


def _of_issues(
    every: Sequence[RecordPlace], pages: dict[str, ShownPage], wants: Callable[[str], bool]
) -> list[RecordPlace]:
    """Return all answers to requests for the issues that *wants* accepts, and what their *pages* show."""
    named = [one.entry for one in every if one.entry.sha256 in pages]
    keys = {key for entry in named for key in (entry.key, entry.article) if key}
    shown = {identity_of(url) for page in pages.values() for url in page.files}
    return [
        one
        for one in every
        if one.entry.key in shown
        or (not keys.isdisjoint((one.entry.key, one.entry.article)) and (not one.entry.issue or wants(one.entry.issue)))
    ]
