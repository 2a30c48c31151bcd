"""Stores issues from saved files."""

from pathlib import Path

from cncert.archive.warc_writer import ArchiveWriter
from cncert.editions.take_issue import record_in_ledger, take
from cncert.items import Issue
from cncert.report.validation import validate_issue
from cncert.sources.saved_files.saved_page import SavedPage
from cncert.store import Store
from cncert.store.revisions import Outcome
from cncert.store.which_article_wins import outcome_of


class SavedIssueImporter:
    """Stores issues in *store*, and their pages in a new file of the directory *archive*, if given.

    Without *write* it only says what it would do. Its methods may raise StoreError and ArchiveError.
    """

    def __init__(self, store: Store, archive: Path | None, *, write: bool = True) -> None:
        self._store, self._archive, self._write = store, archive, write
        self._writer: ArchiveWriter | None = None

    async def take(self, issue: Issue, saved: SavedPage | None) -> Outcome:
        """Store *issue*, read from the page *saved*; return what that did (OLDER: what is stored is better)."""
        stored = await self._store.get_issue(issue.id)
        issue = await self._with_known(issue, stored)
        outcome = Outcome.OLDER if stored is not None and _is_better(stored, issue) else outcome_of(stored, issue)
        if not self._write:
            return outcome
        if outcome in (Outcome.SAME, Outcome.OLDER):
            await record_in_ledger(self._store, issue, outcome, "file")
            return outcome
        outcome = await take(self._store, issue, "file")
        if saved is not None:
            self._archive_page(issue, saved)
        return outcome

    async def _with_known(self, issue: Issue, stored: Issue | None) -> Issue:
        """Return *issue* with the files of its pictures, relative warnings and picture figures that are stored."""
        known = {picture.key: picture for picture in stored.images} if stored is not None else {}
        for picture in issue.images:
            if (found := await self._store.find_picture(picture.key)) is not None:
                known[picture.key] = found
        issue = validate_issue(issue.with_files_of(known))
        return issue.kept_from(stored) if stored is not None else issue

    def _archive_page(self, issue: Issue, saved: SavedPage) -> None:
        """Append the page to the archive: as an answer if a server sent it so, else as a rendered page."""
        address = issue.article.url or issue.provenance.address
        if self._archive is None or issue.article.kind is None or address is None:
            return
        self._writer = self._writer or ArchiveWriter(self._archive)
        if saved.as_served:
            headers = [("Content-Type", "text/html; charset=UTF-8")]
            self._writer.add(address, 200, headers, saved.data, saved.saved_at)
        else:
            self._writer.add_rendered(address, saved.data, saved.saved_at)

    def close(self) -> None:
        """Close the archive."""
        if self._writer is not None:
            self._writer.close()


def _is_better(stored: Issue, issue: Issue) -> bool:
    """Whether *stored* stays though *issue* is of the same kind: two copies would replace each other for ever."""
    if stored.provenance.sha256 == issue.provenance.sha256:
        return False
    if stored.provenance.is_copy and issue.provenance.is_copy:
        return _extent(stored) >= _extent(issue)
    if stored.provenance.is_copy or issue.provenance.is_copy:
        return False
    same_article = (stored.article.mid, stored.article.idx) == (issue.article.mid, issue.article.idx)
    return same_article and (
        stored.content() == issue.content() or stored.provenance.fetched_at >= issue.provenance.fetched_at
    )


def _extent(issue: Issue) -> tuple[int, int, int, int]:
    """Return how much an issue holds: of two copies the one with more is better."""
    return len(issue.figures), len(issue.images), sum(line.url is not None for line in issue.review), len(issue.text)
