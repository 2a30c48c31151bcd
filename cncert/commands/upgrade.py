"""``scrapy upgrade``: upgrades stored issues, and reads them again with the present parser."""

from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable
from pathlib import Path

from scrapy.commands import ScrapyCommand

from cncert.archive.warc_reader import ArchivedPages
from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArchiveError, ArgumentError, DocumentError, UpgradeError
from cncert.items import Issue
from cncert.quality import renew_warnings
from cncert.store import open_store
from cncert.store.revisions import Revision
from cncert.store.upgrade import Upgrade
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, stdout_console
from cncert.terminal.progress import progress_bar

COUNT_MEANINGS = {
    "upgraded": "documents brought to the present version of the model",
    "read again": "issues read again from their raw pages",
    "changed": "of these, issues in which it changed anything",
    "without page": "issues left as another parser read them: their raw pages are not at hand",
    "failed": "documents left as they are: the lines on stderr say why",
}


class UpgradeCommand(ProjectCommand, ScrapyCommand):
    """Upgrades the store from the archive of raw pages, without network."""

    def short_desc(self) -> str:
        return "Bring stored issues to the present version, and read them again from their raw pages"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="list what would change, write nothing")
        parser.add_argument("--all", action="store_true", help="read again also what this very parser has read")
        add_json_option(parser, "what was done")
        parser.add_argument("--archive", metavar="PATH", help="WARC file or directory (default CNCERT_ARCHIVE)")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"upgrade takes no argument {args[0]!r}")
        archive, pages = _archive(opts.archive, self.options.archive), None
        async with open_store(self.options.store) as store:
            upgrade = Upgrade(store, write=not opts.dry_run, everything=opts.all)
            with progress_bar() as bar:
                for issue_id in bar.track(await store.issue_ids(), description="Issues"):
                    await _print_error_of(upgrade.upgrade_document(Issue, issue_id))
                for revision_id in bar.track(await store.revision_ids(), description="Revisions"):
                    await _print_error_of(upgrade.upgrade_document(Revision, revision_id))
                if archive and upgrade.outdated:
                    looking = bar.add_task("Looking through the archive", total=None)
                    pages = ArchivedPages(archive, self.settings.getint("DOWNLOAD_MAXSIZE"))
                    bar.remove_task(looking)
                for issue_id in bar.track(upgrade.outdated, description="Reading again"):
                    await _print_error_of(upgrade.read_again(issue_id, pages))
            if upgrade.counts["changed"] and not opts.dry_run:
                await renew_warnings.renew(store)
        unreadable = pages.unreadable if pages else []
        for line in unreadable:
            print_message(line)
        if opts.json:
            counts = {name: upgrade.counts[name] for name in COUNT_MEANINGS}
            print_json({"dry_run": opts.dry_run, "counts": counts, "differences": upgrade.differences})
        else:
            _print(upgrade, opts.dry_run)
        return 1 if upgrade.counts["failed"] or unreadable else 0


def _archive(given: str | None, usual: str) -> Path | None:
    """Return the archive to search for raw pages. Raises ArgumentError if *given* does not exist."""
    if given is not None and not Path(given).exists():
        raise ArgumentError(f"--archive={given!r}: no such file or directory")
    place = given or usual
    return Path(place) if place else None


async def _print_error_of(work: Awaitable[None]) -> None:
    """Await *work* on one document; print why it failed, if so."""
    try:
        await work
    except (ArchiveError, DocumentError, UpgradeError) as error:
        print_message(error)


def _print(upgrade: Upgrade, dry_run: bool) -> None:
    console = stdout_console()
    if dry_run:
        for line in upgrade.differences:
            console.print(escape_markup(line))
    table = make_table(console)
    table.add_column("would be" if dry_run else "done")
    table.add_column("", justify="right")
    table.add_column("")
    for name, meaning in COUNT_MEANINGS.items():
        table.add_row(name, str(upgrade.counts[name]), meaning)
    console.print(table)
