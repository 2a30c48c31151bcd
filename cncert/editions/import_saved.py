"""Takes in issues from saved files."""

from collections.abc import Sequence
from pathlib import Path

from cncert.archive.warc_writer import ArchiveWriter
from cncert.editions.choose import choose
from cncert.editions.make_edition import edition_of
from cncert.editions.take_issue import Outcome, Taken, take
from cncert.exceptions import ArchiveError, error_reason
from cncert.items import Issue
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.sources.listed_articles import ListedArticle, find_issues
from cncert.sources.saved_files.saved_page import SavedPage
from cncert.store import Store


class SavedIssueImporter:
    """Takes issues into *store*, and their pages into a new file of the directory *archive*, if given.

    Without *write* it only says what it would do. Its methods may raise StoreError and ArchiveError.
    """

    def __init__(self, store: Store, archive: Path | None, *, write: bool = True) -> None:
        self._store, self._archive, self._write = store, archive, write
        self._writer: ArchiveWriter | None = None

    async def take(self, issue: Issue, saved: SavedPage | None) -> Taken:
        """Take in *issue*, read from the page *saved*; return what that did."""
        if not self._write:
            return await self._would_take(issue)
        if saved is not None and await self._store.get_edition(edition_of(issue).id) is None:
            self._archive_page(issue, saved)  # first: a kill in between loses nothing
        return await take(self._store, issue, "file")

    async def learn(self, listed: Sequence[ListedArticle], *, reprints: bool) -> list[str]:
        """Note in the ledger where the issues are that a saved text lists; return these issues, once for each address.

        *reprints*: whether addresses of other accounts count.
        """
        found, _ = find_issues(listed, reprints=reprints)
        if found and self._write:
            await self._store.claim(sample=False)
            await Ledger(self._store).add([FoundAddress(one.address.url, "file", one.issue) for one in found])
        return [one.issue for one in found]

    async def _would_take(self, issue: Issue) -> Taken:
        """Return what taking in *issue* would do, as far as it can be said without doing it."""
        edition = edition_of(issue)
        articles = [edition.article] if edition.article is not None else []
        found = await self._store.editions_of(articles, edition.weeks)
        kept = {one: loaded.document for one, loaded in found.items()}
        choices = choose({edition.id: edition, **kept}.values())
        stored = {week: one.document for week, one in (await self._store.load(Issue, choices)).items()}
        for week, choice in choices.items():
            if choice.chosen is not None and choice.chosen.id == edition.id:
                outcome = Outcome.CHANGED if week in stored else Outcome.NEW
                outcomes = {} if edition.id in kept else {week: outcome}
                return Taken(stored.get(week), is_chosen=True, is_new=edition.id not in kept, outcomes=outcomes)
        return Taken(stored.get(issue.id), is_chosen=False, is_new=edition.id not in kept, outcomes={})

    def _archive_page(self, issue: Issue, saved: SavedPage) -> None:
        address = address_of_page(issue)
        if self._archive is not None and address is not None:
            self._writer = self._writer or ArchiveWriter(self._archive, "import")
            archive_page(self._writer, address, saved)

    def close(self) -> None:
        """Close the archive."""
        if self._writer is not None:
            self._writer.close()


def address_of_page(issue: Issue) -> str | None:
    """Return the address under which the page of *issue* is archived; None if it has none, or is of the sample."""
    if issue.article.kind is None or issue.provenance.sample:  # copies from elsewhere have no kind
        return None
    reprint = issue.provenance.reprint
    # A reprint is no answer of the original's address.
    return reprint.address if reprint is not None else issue.article.url or issue.provenance.address


def archive_page(writer: ArchiveWriter, address: str, saved: SavedPage) -> None:
    """Append a page: as an answer if a server sent it so, else as a rendered page. Raises ArchiveError."""
    try:
        if saved.as_served:
            headers = [("Content-Type", "text/html; charset=UTF-8")]
            writer.add(address, 200, headers, saved.data, saved.saved_at)
        else:
            writer.add_rendered(address, saved.data, saved.saved_at)
    except OSError as error:
        raise ArchiveError(f"{writer.path} cannot be written: {error_reason(error)}") from error
