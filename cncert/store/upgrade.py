"""Upgrades stored issues to the present version of the model, and reads them again with the present parser.

Each document is replaced atomically, and only if it has not changed meanwhile: nothing is lost if the process is killed
or a crawl runs beside it, and the next upgrade continues where this one stopped.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from pydantic import ValidationError

from cncert.exceptions import CncertError, DocumentError, UpgradeError
from cncert.items import Figure, Issue
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.report.validation import first_problem, validate_issue
from cncert.store import Store
from cncert.store.backend import D
from cncert.wechat.failure_pages import read_page


class PageSource(Protocol):
    """An archive of raw pages."""

    def get(self, digest: str) -> bytes | None:
        """Return the page with this SHA-256, or None. May raise ArchiveError."""


class Upgrade:
    """An upgrade of *store*, or without *write* a trial. *everything*: read again also what the present parser read."""

    def __init__(self, store: Store, *, write: bool = True, everything: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        """Documents by outcome: upgraded, read again, changed, without page, failed."""
        self.differences: list[str] = []
        """What reading again changed, a line for each change."""
        self.outdated: list[str] = []
        """Ids of the upgraded issues that are to be read again."""
        self._store, self._write, self._everything = store, write, everything

    async def upgrade_document(self, kind: type[D], document_id: str) -> None:
        """Upgrade one document to the present version. Raises DocumentError if it cannot be read; it stays as it is."""
        try:
            found = await self._store.upgrade(kind, document_id, write=self._write)
        except DocumentError:
            self.counts["failed"] += 1
            raise
        if found is None:
            return
        document, was_older = found
        self.counts["upgraded"] += was_older
        if isinstance(document, Issue) and self._is_due(document):
            self.outdated.append(document_id)

    async def read_again(self, issue_id: str, pages: PageSource | None) -> None:
        """Read one issue again from its raw page, if *pages* has it.

        Raises UpgradeError, DocumentError or ArchiveError if that fails; the document stays as it is.
        """
        try:
            while found := await self._store.upgrade(Issue, issue_id, write=self._write):
                stored, _ = found
                if not self._is_due(stored) or await self._replace(stored, pages):
                    return
        except CncertError:
            self.counts["failed"] += 1
            raise

    def _is_due(self, issue: Issue) -> bool:
        return self._everything or issue.provenance.parser != PARSER

    async def _replace(self, stored: Issue, pages: PageSource | None) -> bool:
        """Replace *stored* by what its page says now; return False if another process has changed it meanwhile."""
        page = pages.get(stored.provenance.sha256) if pages is not None else None
        if page is None:
            self.counts["without page"] += 1
            return True
        issue = reread(stored, page)
        if self._write and issue != stored and not await self._store.replace_issue(stored, issue):
            return False
        found = list(differences(stored, issue))
        self.counts["read again"] += 1
        self.counts["changed"] += bool(found)
        self.differences += found
        return True


def reread(stored: Issue, page: bytes) -> Issue:
    """Return *stored* as the present parser reads it from its raw *page*, with what the crawl added to it.

    Raises UpgradeError if the parser cannot read that issue in the page.
    """
    provenance = stored.provenance.model_copy(update={"parser": PARSER})
    try:
        read = read_page(page, stored.provenance.address or "")
        if read.article is None:
            raise UpgradeError(f"its page is no article ({read.verdict}: {read.reason})")
        issue = clean_issue(read_issue(read.article, provenance))
        if issue.id != stored.id:
            raise UpgradeError(f"its page is issue {issue.id}")
        known = {picture.key: picture for picture in stored.images if picture.status != "pending"}
        issue = validate_issue(issue.with_files_of(known)).kept_from(stored)
    except ValidationError as error:
        raise UpgradeError(f"{stored.id} cannot be read again: {first_problem(error)}") from error
    except CncertError as error:
        raise UpgradeError(f"{stored.id} cannot be read again: {error}") from error
    except Exception as error:  # a parser that is being worked on: the other issues can still be read
        raise UpgradeError(f"{stored.id} cannot be read again: the parser fails with {error!r:.200}") from error
    return issue


def differences(before: Issue, after: Issue) -> Iterator[str]:
    """Yield the differences of two readings of one page: a line for each value of a figure, one for all else."""
    old, new = ({(one.metric, one.source, one.picture): one for one in issue.figures} for issue in (before, after))
    others: set[str] = set()
    for key in dict.fromkeys([*old, *new]):
        one, other = old.get(key), new.get(key)
        if one is None or other is None or one.value != other.value:
            yield f"{after.id}  {key[0]}: {one.value if one else 'none'} -> {other.value if other else 'none'}"
        else:
            others |= {f"figures.{name}" for name in Figure.model_fields if getattr(one, name) != getattr(other, name)}
    names = Issue.model_fields.keys() - {"figures", "provenance"}
    others |= {name for name in names if getattr(before, name) != getattr(after, name)}
    if others:
        yield f"{after.id}  also: {', '.join(sorted(others))}"
