"""``scrapy import``: stores issues from saved files."""
# ruff: noqa: N999  # Scrapy names a command after its module, and imports that by name

import asyncio
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.editions.import_saved import SavedIssueImporter
from cncert.editions.remake_documents import heal
from cncert.editions.take_issue import Outcome, Taken
from cncert.exceptions import ArchiveError, ArgumentError, CncertError, DocumentError, StoreError
from cncert.monitoring.issue_notes import note_lines
from cncert.monitoring.run_log import RunLog
from cncert.output.import_report import FileLine, ImportReport
from cncert.report.parser_version import PARSER
from cncert.sources.saved_files.file_reader import (
    FileDone,
    FileResult,
    PageFromFile,
    PassedOver,
    UnreadFile,
    printable_name,
)
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.read_files import add_jobs_option, look_through_files
from cncert.store import Store
from cncert.store.settled_files import MAX_FINGERPRINTS
from cncert.terminal.console import is_quiet, print_json, print_message
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
LISTED, NO_ISSUE, SETTLED, UNREAD, NOT_STORED = "listed", "no issue", "settled", "unread", "not stored"
MAX_NAMES_LENGTH = 500
"""Characters of the files' names in the record."""
SETTLE_SECONDS = 1.0
"""How often it is noted which files were read: after a kill only those since then are read again."""


class ImportCommand(ProjectCommand, ScrapyCommand):
    """Reads files as ``scrapy extract`` does, and stores what a crawl would."""

    def syntax(self) -> str:
        return "[options] FILE|DIRECTORY..."

    def short_desc(self) -> str:
        return "Put issues from saved pages, copies and archives into the store"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_jobs_option(parser)
        add_json_option(parser, "what became of each file")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of each file, write nothing")
        parser.add_argument(
            "--git",
            action="append",
            default=[],
            metavar="REPO[@REV]",
            help="read the files of a commit (default: HEAD)",
        )
        parser.add_argument("--again", action="store_true", help="read files that an earlier import has read, too")
        parser.add_argument("--verbose", action="store_true", help="name the files that are no issue, too")
        parser.add_argument("--report", metavar="FILE", help="write a line for each file (.csv, else JSON Lines)")

    async def work(self, args: list[str], opts: Namespace) -> int:
        archive = self.options.archive
        settled: set[bytes] = set()
        with ExitStack() as stack:
            results = stack.enter_context(closing(look_through_files(args, opts, settled, keep_pages=bool(archive))))
            report = stack.enter_context(ImportReport(Path(opts.report))) if opts.report else None
            async with self.open_store(read_only=opts.dry_run, may_be_missing=True) as store:
                place = Path(archive) if archive else None
                importer = stack.enter_context(closing(SavedIssueImporter(store, place, write=not opts.dry_run)))
                names = [*args, *opts.git]
                run = _Import(store, importer, opts, names, report, settled, reprints=self.options.reprints)
                # What else decides what becomes of a file: other options read all files again.
                on = [("archive", bool(archive)), ("reprints", self.options.reprints)]
                run.reader = " ".join([PARSER, *(name for name, is_on in on if is_on)])
                if not opts.again:
                    settled |= await store.settled_files(run.reader)
                await (run.take_all(results) if opts.dry_run else run.recorded(results))
        if opts.json:
            print_json(run.document(opts.dry_run))
        if not is_quiet.get():
            print(run.summary(opts.dry_run), file=sys.stderr)
        if not run.counts.total():
            raise ArgumentError("no file was found")
        return int(any(reason.may_be_lost for reason in run.reasons))


class _Import:
    """A run of the command, with a line on stdout for what is an issue and a record like that of a crawl."""

    def __init__(
        self,
        store: Store,
        importer: SavedIssueImporter,
        opts: Namespace,
        files: list[str],
        report: ImportReport | None,
        settled: set[bytes],
        *,
        reprints: bool,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[NoIssue] = Counter()
        self.reader = PARSER
        self._lines: list[FileLine] = []
        self._opts, self._write, self._report = opts, not opts.dry_run, report
        self._store, self._importer, self._reprints = store, importer, reprints
        self._named = set(map(printable_name, files))
        self._settled, self._read, self._settled_at = settled, list[bytes](), time.monotonic()
        """Files that need not be read again, and those of them that the store does not know yet."""
        self._lost = False
        """Whether something of the file that is read was lost: it is read again by the next import."""
        self._log = RunLog(store, "import", {"files": printable_name(" ".join(files))[:MAX_NAMES_LENGTH]})
        self._record = self._log.record

    async def recorded(self, results: Iterable[FileResult]) -> None:
        """Take *results*, and keep a record of the run in the store."""
        await heal(self._store)
        self._record.gaps_before = await self._log.missing_weeks()
        await self._log.save()
        await self._store.forget_settled_files(self.reader)
        try:
            await self.take_all(results)
            await self._settle()
        except (KeyboardInterrupt, asyncio.CancelledError):
            await self._settle()
            await self._end("shutdown")
            raise
        except CncertError as error:
            self._record.error = str(error)
            with suppress(StoreError):
                await self._end("archive_failed" if isinstance(error, ArchiveError) else "store_failed")
            raise
        await self._end("imported")

    async def take_all(self, results: Iterable[FileResult]) -> None:
        """Store the issue of each result, and print a line for it."""
        for result in results:
            if isinstance(result, PageFromFile):
                await self._take(result)
            elif isinstance(result, UnreadFile):
                self._note(FileLine(result.name, UNREAD, None, result.no_issue, result.reason))  # it is printed already
            elif isinstance(result, FileDone):
                if not self._lost:
                    self._done(result.fingerprint)
                self._lost = False
            else:
                if result.fingerprint is not None:
                    self._done(result.fingerprint)
                self._pass_over(result.name, result.no_issue)
            if not self._write:
                continue
            is_due = time.monotonic() > self._settled_at + SETTLE_SECONDS
            if is_due or not isinstance(result, PassedOver):
                await self._log.beat()
            if is_due:
                await self._settle()

    async def _take(self, page: PageFromFile) -> None:
        verdicts = self._record.verdicts
        verdicts[page.page.verdict] = verdicts.get(page.page.verdict, 0) + 1
        issue, no_issue, reason = page.issue, page.no_issue, page.reason
        if issue is not None and issue.provenance.reprint is not None and not self._reprints and no_issue is None:
            no_issue, reason = NoIssue.REPRINT, NoIssue.REPRINT.means
        if no_issue is NoIssue.CUT:
            reason = no_issue.means
        if issue is None or no_issue is not None:
            named = await self._importer.learn(page.listed, reprints=self._reprints)
            if named and no_issue is not None:
                reason = (
                    f"{no_issue.means}, {len(named)} addresses" if len(named) > 1 else f"{no_issue.means}, its address"
                )
            word = LISTED if named else NO_ISSUE
            self._say(FileLine(page.name, word, named[0] if len(named) == 1 else None, no_issue, reason))
            return
        taken: Taken | None = None
        with suppress(DocumentError):
            taken = await self._importer.take(issue, page.saved_page)
        if taken is None:
            self._say(FileLine(page.name, NOT_STORED, issue.id, NoIssue.NOT_STORED, NoIssue.NOT_STORED.means))
            return
        if self._write:
            self._log.count(taken)
        standing = taken.document.id if taken.document is not None else issue.id
        if taken.is_chosen:
            word = OUTCOME_WORDS[taken.outcomes.get(standing, Outcome.SAME)]
            self._say(FileLine(page.name, word, standing, None, None))
        else:
            self._say(FileLine(page.name, NOT_CHOSEN, standing, None, "another edition is better"))

    def _say(self, line: FileLine) -> None:
        """Note *line*, and print it if a person should see it."""
        lost = line.no_issue is not None and line.no_issue.may_be_lost
        is_shown = self._note(line) or lost
        if is_quiet.get() and lost:
            print_message(f"{line.file}: {line.reason}")
        elif is_shown and not self._opts.json:
            print(safe(line.text()), flush=True)

    def _pass_over(self, name: str, no_issue: NoIssue) -> None:
        """Note a file that was not read: of a hundred thousand of them each microsecond counts."""
        word = SETTLED if no_issue is NoIssue.SETTLED else NO_ISSUE
        if self._opts.verbose or self._report is not None:
            self._say(FileLine(printable_name(name), word, None, no_issue, no_issue.means))
        else:
            self.counts[word] += 1
            self.reasons[no_issue] += 1

    def _note(self, line: FileLine) -> bool:
        """Count *line*, and put it where it is wanted; return whether it is of interest."""
        self.counts[line.outcome] += 1
        if line.no_issue is not None:
            self.reasons[line.no_issue] += 1
            self._lost = self._lost or line.no_issue.may_be_lost
        if self._report is not None:
            self._report.add(line)
        is_shown = bool(line.outcome not in (NO_ISSUE, SETTLED) or self._opts.verbose or line.file in self._named)
        if self._opts.json and is_shown:
            self._lines.append(line)
        return is_shown

    def _done(self, fingerprint: bytes) -> None:
        """Note that a file need not be read again."""
        self._settled.add(fingerprint)
        self._read.append(fingerprint)

    async def _settle(self) -> None:
        """Write down which files need not be read again."""
        while self._read:
            await self._store.settle_files(self.reader, self._read[:MAX_FINGERPRINTS])
            del self._read[:MAX_FINGERPRINTS]
        self._settled_at = time.monotonic()

    async def _end(self, reason: str) -> None:
        record = self._record
        record.gaps_after = await self._log.missing_weeks()
        lost = sum(number for one, number in self.reasons.items() if one.may_be_lost)
        faults = {"unread": lost - self.reasons[NoIssue.NOT_STORED], "not_stored": self.reasons[NoIssue.NOT_STORED]}
        record.faults = {kind: number for kind, number in faults.items() if number}
        await self._log.note_issues()
        self._log.close(reason)
        await self._log.end()

    def document(self, dry_run: bool) -> dict[str, Any]:
        """Return the outcome of each file, and the sums, in JSON form."""
        record = self._record
        return {
            "dry_run": dry_run,
            "files": [line.document() for line in self._lines],
            "counts": self.counts,
            "reasons": dict(self.reasons.most_common()),
            "gaps_before": record.gaps_before,
            "gaps_after": record.gaps_after,
            "notes": list(note_lines(record.notes)),
        }

    def summary(self, dry_run: bool) -> str:
        """Return the final message, with a table of what is no issue."""
        counts = ", ".join(f"{number} {word}" for word, number in self.counts.items()) or "no file"
        record = self._record
        weeks = f"{record.gaps_before} weeks missing before, {record.gaps_after} now"
        width = len(f"{max(self.reasons.values(), default=0):,}")
        table = [f"  {number:>{width},}  {reason.means}" for reason, number in self.reasons.most_common()]
        if dry_run:
            return "\n".join([f"{counts}; nothing was written (--dry-run)", *table])
        return "\n".join([f"{counts}; {weeks}", *table, *note_lines(record.notes)])
