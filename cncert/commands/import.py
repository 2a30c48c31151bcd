"""``scrapy import``: stores issues from saved files."""
# ruff: noqa: N999  # Scrapy names a command after its module, and imports that by name

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.editions.import_saved import SavedIssueImporter
from cncert.editions.remake_documents import heal
from cncert.editions.take_issue import Outcome, Taken
from cncert.exceptions import ArchiveError, CncertError, DocumentError, StoreError
from cncert.monitoring.issue_notes import note_lines
from cncert.monitoring.run_log import RunLog
from cncert.sources.saved_files.file_reader import PageFromFile, UnreadFile, printable_name
from cncert.sources.saved_files.read_files import add_jobs_option, read_files
from cncert.store import Store
from cncert.terminal.console import print_json
from cncert.terminal.safe_text import safe

OUTCOME_WORDS = {
    Outcome.NEW: "stored",
    Outcome.CHANGED: "changed",
    Outcome.UPDATED: "updated",
    Outcome.SAME: "unchanged",
    Outcome.LOST: "changed",
}
"""The printed word for what became of the document."""
NOT_CHOSEN = "known"
"""The printed word for an edition that is kept and does not count."""
NO_ISSUE, UNREAD, NOT_STORED = "no issue", "unread", "not stored"
FAILURE_KIND = {NO_ISSUE: "no_issue", UNREAD: "unread", NOT_STORED: "not_stored"}
"""The kinds (``monitoring/exit_status.py``) of files without an issue that is stored."""
MAX_NAMES_LENGTH = 500
"""Characters of the files' names in the record."""


class ImportCommand(ProjectCommand, ScrapyCommand):
    """Reads files as ``scrapy extract`` does, and stores what a crawl would."""

    def syntax(self) -> str:
        return "[options] FILE..."

    def short_desc(self) -> str:
        return "Put issues from saved pages, copies and archives into the store"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_jobs_option(parser)
        add_json_option(parser, "what became of each file")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of each file, write nothing")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        archive = self.options.archive
        with closing(read_files(args, opts, keep_pages=bool(archive))) as results:
            async with self.open_store(read_only=opts.dry_run, may_be_missing=True) as store:
                place = Path(archive) if archive else None
                with closing(SavedIssueImporter(store, place, write=not opts.dry_run)) as importer:
                    run = _Import(store, importer, opts, args, reprints=self.options.reprints)
                    await (run.take_all(results) if opts.dry_run else run.recorded(results))
        if opts.json:
            print_json(run.document(opts.dry_run))
        print(run.summary(opts.dry_run), file=sys.stderr)
        issues = sum(run.counts[word] for word in {*OUTCOME_WORDS.values(), NOT_CHOSEN})
        return 0 if issues and issues == run.counts.total() else 1 if issues else 2


class _Import:
    """A run of the command, with a line on stdout for every file and a record like that of a crawl."""

    def __init__(
        self, store: Store, importer: SavedIssueImporter, opts: Namespace, files: list[str], *, reprints: bool
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._lines: list[dict[str, str | None]] = []
        self._quiet, self._write = opts.json, not opts.dry_run
        self._store, self._importer, self._reprints = store, importer, reprints
        self._log = RunLog(store, "import", {"files": printable_name(" ".join(files))[:MAX_NAMES_LENGTH]})
        self._record = self._log.record

    async def recorded(self, results: Iterable[PageFromFile | UnreadFile]) -> None:
        """Take *results*, and keep a record of the run in the store."""
        await heal(self._store)
        self._record.gaps_before = await self._log.missing_weeks()
        await self._log.save()
        try:
            await self.take_all(results)
        except (KeyboardInterrupt, asyncio.CancelledError):
            await self._end("shutdown")
            raise
        except CncertError as error:
            self._record.error = str(error)
            with suppress(StoreError):
                await self._end("archive_failed" if isinstance(error, ArchiveError) else "store_failed")
            raise
        await self._end("imported")

    async def take_all(self, results: Iterable[PageFromFile | UnreadFile]) -> None:
        """Store the issue of each result, and print a line for it."""
        verdicts = self._record.verdicts
        for result in results:
            if self._write:
                await self._log.beat()
            if isinstance(result, UnreadFile):
                self._note(UNREAD, None, result.name, result.reason)  # read_files has printed the reason
                continue
            verdicts[result.page.verdict] = verdicts.get(result.page.verdict, 0) + 1
            issue = result.issue
            if issue is None or not result.is_whole:
                self._say(NO_ISSUE, None, result.name, result.reason if issue is None else "the page breaks off")
                continue
            if issue.provenance.reprint is not None and not self._reprints:
                self._say(NO_ISSUE, None, result.name, "a reprint, and CNCERT_REPRINTS is off")
                continue
            taken: Taken | None = None
            with suppress(DocumentError):
                taken = await self._importer.take(issue, result.saved_page)
            if taken is None:
                self._say(NOT_STORED, issue.id, result.name, "what the store holds of it cannot be read")
                continue
            if self._write:
                self._log.count(taken)
            standing = taken.document.id if taken.document is not None else issue.id
            if taken.is_chosen:
                self._say(OUTCOME_WORDS[taken.outcomes.get(standing, Outcome.SAME)], standing, result.name, None)
            else:
                self._say(NOT_CHOSEN, standing, result.name, "another edition is better")

    def _say(self, word: str, issue: str | None, name: str, reason: str | None) -> None:
        self._note(word, issue, name, reason)
        if not self._quiet:
            print(safe(f"{word:<10}{issue or '-':<9}{name}{f': {reason}' if reason else ''}"), flush=True)

    def _note(self, word: str, issue: str | None, name: str, reason: str | None) -> None:
        self.counts[word] += 1
        if self._quiet:
            self._lines.append({"file": name, "outcome": word, "issue": issue, "reason": reason})

    async def _end(self, reason: str) -> None:
        record = self._record
        record.gaps_after = await self._log.missing_weeks()
        record.faults = {kind: self.counts[word] for word, kind in FAILURE_KIND.items() if self.counts[word]}
        await self._log.note_issues()
        self._log.close(reason)
        await self._log.end()

    def document(self, dry_run: bool) -> dict[str, Any]:
        """Return the outcome of each file, and the sums, in JSON form."""
        record = self._record
        return {
            "dry_run": dry_run,
            "files": self._lines,
            "counts": self.counts,
            "gaps_before": record.gaps_before,
            "gaps_after": record.gaps_after,
            "notes": list(note_lines(record.notes)),
        }

    def summary(self, dry_run: bool) -> str:
        """Return the final message."""
        counts = ", ".join(f"{number} {word}" for word, number in self.counts.items()) or "no file"
        if dry_run:
            return f"{counts}; nothing was written (--dry-run)"
        record = self._record
        weeks = f"{record.gaps_before} weeks missing before, {record.gaps_after} now"
        return "\n".join([f"{counts}; {weeks}", *note_lines(record.notes)])
