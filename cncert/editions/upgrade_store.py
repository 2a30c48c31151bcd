"""Brings a store to the present layout, and reads its editions again with the present parser.

Every document is written by itself, and only if nobody has changed it meanwhile: nothing is lost if the process is
killed, and the next upgrade goes on where this one stopped.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from cncert.editions.make_edition import edition_of, without_future
from cncert.editions.remake_documents import heal, remake
from cncert.exceptions import CncertError, DocumentError, UpgradeError
from cncert.infographics.figures.figures_of_issue import reading_of_figures
from cncert.items import Figure, Issue, Model
from cncert.report.cleaning import clean_issue
from cncert.report.parser_version import PARSER
from cncert.report.publishers import read_kept
from cncert.report.validation import first_problem, validate_issue
from cncert.report.which_week import claims_of
from cncert.store import Store
from cncert.store.backend import LAYOUT, FormerRevision, Write
from cncert.store.editions import Edition
from cncert.store.former_runs import upgraded_run
from cncert.store.kept_pictures import KeptPicture
from cncert.store.ledger_rows import LedgerRow
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord
from cncert.store.schema_versions import UPGRADES, Document, upgraded_issue, upgraded_row

FORMER_SAMPLE = ("data", "sample", "weekly.warc.gz")
"""The end of the path of the bundled sample, as records of runs have it."""


class PageSource(Protocol):
    """An archive of raw pages."""

    def page(self, digest: str) -> bytes | None:
        """Return the page with this SHA-256, or None."""


class Upgrade:
    """An upgrade of *store*, or without *write* a trial. *everything*: read again also what the present parser read."""

    def __init__(self, store: Store, *, write: bool = True, everything: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        """Documents by what was done: see ``commands/upgrade.py``."""
        self.differences: list[str] = []
        """What reading again changed, a line for each change."""
        self.problems: list[str] = []
        """Why documents could not be upgraded or read again, a line each; they stay as they are."""
        self._store, self._write, self._everything = store, write, everything
        self._is_sample = False

    # --- to the present layout

    async def bring_up(self) -> None:
        """Bring the store, and what an older cncert has written since, to the present layout. May raise StoreError."""
        store, is_former = self._store, self._store.layout != LAYOUT
        self._is_sample = await self._holds_sample()
        if is_former:
            if self._write:
                await store.begin_upgrade()
            async for raw in store.raw_documents(FormerRevision):
                await self._bring_up(FormerRevision, raw, raw.get("document"), "revisions")
        async for raw in store.raw_documents(Issue):
            if is_former or raw.get("schema_version") in UPGRADES:
                await self._bring_up(Issue, raw, raw, "issues")
        if is_former:
            async for raw in store.raw_documents(Reject):
                await self._bring_up_reject(raw)
        async for raw in store.raw_documents(LedgerRow):
            if is_former or "last_error" in raw:
                await self._replace(LedgerRow, raw, upgraded_row, "ledger rows")
        async for raw in store.raw_documents(RunRecord):
            if is_former or "warnings" in raw:
                await self._replace(RunRecord, raw, upgraded_run, "runs")
        if self._write and is_former:
            await store.end_upgrade()
        if self._write:
            self.counts["documents made anew"] += len(await heal(store))

    async def _holds_sample(self) -> bool:
        """Whether all that runs have stored came from the bundled sample: layout 1 did not say so of a document."""
        if self._store.layout == LAYOUT:
            return await self._store.is_sample()
        stored = [raw.get("arguments") async for raw in self._store.raw_documents(RunRecord) if raw.get("new")]
        replayed = [str(one.get("replay")) if isinstance(one, dict) else "" for one in stored]
        return bool(replayed) and all(Path(one).parts[-3:] == FORMER_SAMPLE for one in replayed)

    async def _bring_up(self, kind: type[Model], raw: Document, issue: object, name: str) -> None:
        """Make an edition, and what is known of its pictures, of an issue of an older version."""
        store = self._store
        try:
            if not isinstance(issue, dict):
                raise UpgradeError("holds no issue")
            former = Issue.model_validate(upgraded_issue(issue))
            edition = edition_of(self._as_read(former))
        except ValidationError as error:
            self._fail(f"{name} {raw.get('_id')}: {first_problem(error)}")
            return
        except (ValueError, UpgradeError) as error:
            self._fail(f"{name} {raw.get('_id')} {error}")
            return
        self.counts[name] += 1
        if not self._write:
            return
        await store.claim(sample=self._is_sample)
        await store.put_edition(edition)
        tried = [KeptPicture.of(picture, None) for picture in former.images if picture.status != "pending"]
        await store.put_pictures(tried)
        await self._keep_picture_figures(former)
        # The issue's document is made anew from its editions.
        await store.write_all([Write(kind, raw["_id"], raw, None)])

    def _as_read(self, former: Issue) -> Issue:
        """Return what was read of *former*: without what its pictures gave and what became of them."""
        pending = {"path": None, "checksum": None, "status": "pending"}
        images = [picture.model_copy(update=pending) for picture in former.images]
        figures = [figure for figure in former.figures if figure.source == "text"]
        provenance = former.provenance.model_copy(update={"sample": self._is_sample})
        return former.model_copy(update={"images": images, "figures": figures, "provenance": provenance})

    async def _keep_picture_figures(self, former: Issue) -> None:
        """Keep the figures of pictures of *former* of which no reading is kept: as a reading of the file."""
        found: dict[str, list[Figure]] = {}
        files = {picture.key: picture.checksum for picture in former.images if picture.checksum}
        for figure in former.figures:
            if figure.source == "picture" and (checksum := files.get(figure.picture or "")) is not None:
                found.setdefault(checksum, []).append(figure)
        known = await self._store.get_read_pictures(found)
        for checksum, figures in found.items():
            if checksum not in known:
                await self._store.put_reading(checksum, reading_of_figures(figures))
                self.counts["picture readings"] += 1

    async def _bring_up_reject(self, raw: Document) -> None:
        """Make an edition of a reject that is valid now: one that was published before its week began."""
        try:
            edition = edition_of(self._as_read(Issue.model_validate(upgraded_issue(raw["document"]))))
        except (ValueError, LookupError, TypeError, AttributeError):
            return
        self.counts["rejects"] += 1
        if self._write:
            await self._store.claim(sample=self._is_sample)
            await self._store.put_edition(edition)
            await self._store.write_all([Write(Reject, raw["_id"], raw, None)])

    async def _replace(
        self, kind: type[Model], raw: Document, upgraded: Callable[[Document], Document], name: str
    ) -> None:
        try:
            new = upgraded(raw)
            if new == raw:
                return
            kind.model_validate(new)
        except ValidationError as error:
            self._fail(f"{name} {raw.get('_id')}: {first_problem(error)}")
            return
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # somebody else's document
            self._fail(f"{name} {raw.get('_id')} cannot be read: {error!r:.200}")
            return
        self.counts[name] += 1
        if self._write:
            await self._store.write_all([Write(kind, raw["_id"], raw, new)])

    def _fail(self, problem: str) -> None:
        self.counts["failed"] += 1
        self.problems.append(f"{self._store.name}: {problem}")

    # --- with the present parser

    async def outdated(self) -> list[str]:
        """Return the ids of the editions that are to be read again, ascending. May raise StoreError."""
        if self._store.layout != LAYOUT:
            return []
        return [one.id async for one in self._store.editions() if self._is_due(one)]

    def _is_due(self, edition: Edition) -> bool:
        return self._everything or edition.issue.provenance.parser != PARSER

    async def read_again(self, edition_id: str, pages: PageSource | None) -> None:
        """Read an edition again from its raw page, if *pages* has it. May raise StoreError."""
        store = self._store
        edition = await store.get_edition(edition_id)
        if edition is None or not self._is_due(edition):
            return
        try:
            found = _page_of(edition, pages) if pages is not None else None
            if found is None:
                self.counts["without page"] += 1
                return
            again = reread(edition, *found, pages)
        except CncertError as error:
            self._fail(f"{edition.issue.id} (edition {edition.id[:8]}) cannot be read again: {error}")
            return
        lines = list(differences(edition.issue, again.issue))
        self.counts["read again"] += 1
        self.counts["changed"] += bool(lines)
        self.differences += lines
        if self._write and again != edition:
            _, kept = await store.put_edition(again)
            try:
                await remake(store, kept.weeks, [kept.article] if kept.article else [])
            except DocumentError as error:
                self._fail(str(error))


def _page_of(edition: Edition, pages: PageSource) -> tuple[bytes, str] | None:
    """Return a page in which *edition* was seen, and its SHA-256."""
    digests = (edition.issue.provenance.sha256, edition.last.sha256, edition.first.sha256)
    found = ((page, digest) for digest in dict.fromkeys(digests) if (page := pages.page(digest)) is not None)
    return next(found, None)


def reread(edition: Edition, page: bytes, digest: str, pages: PageSource | None = None) -> Edition:
    """Return *edition* as the present parser reads it in the raw *page* with the SHA-256 *digest*.

    *pages* has the PDF of a page of CNCERT's site. Raises UpgradeError if the parser finds no issue there.
    """
    origin = edition.issue.provenance
    provenance = origin.model_copy(update={"parser": PARSER, "sha256": digest})
    try:
        kept = pages.page if pages is not None else lambda _: None
        issue = validate_issue(clean_issue(read_kept(page, provenance, edition.issue.documents, kept)))
    except ValidationError as error:
        raise UpgradeError(first_problem(error)) from error
    except CncertError as error:
        raise UpgradeError(str(error)) from error
    except Exception as error:  # a parser that is being worked on: the other issues can still be read
        raise UpgradeError(f"the parser fails with {error!r:.200}") from error
    if (issue.article.mid, issue.article.idx) != (edition.issue.article.mid, edition.issue.article.idx):
        raise UpgradeError("its page is another article")
    issue = without_future(issue, datetime.now(UTC))
    return edition.model_copy(update={"issue": issue, "weeks": claims_of(issue).weeks, "settled": False})


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
