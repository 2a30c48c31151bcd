"""``scrapy upgrade``: upgrades stored issues, and reads them again with the present parser."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from scrapy.commands import ScrapyCommand

from cncert.archive.own_files import repair
from cncert.archive.warc_reader import ArchiveReader, warc_files, warc_files_of
from cncert.archive.warc_writer import CONTENT_LIMIT
from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.editions.upgrade_store import Upgrade
from cncert.exceptions import ArchiveError, ArgumentError
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, stdout_console
from cncert.terminal.progress import progress_bar

COUNT_MEANINGS = {
    "issues": "documents of an older layout that became editions",
    "revisions": "former states of issues that became editions",
    "picture readings": "readings made of figures of pictures of which none was kept",
    "rejects": "rejected issues that are valid now, and became editions",
    "ledger rows": "rows brought to the present layout",
    "runs": "records brought to the present layout",
    "documents made anew": "documents of issues made from their editions",
    "read again": "editions read again from their raw pages",
    "changed": "of these, editions in which it changed anything",
    "without page": "editions left as another parser read them: their raw pages are not at hand",
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
        unreadable = list[str]()
        async with self.open_store(read_only=opts.dry_run, reads_layout=1) as store:
            upgrade = Upgrade(store, write=not opts.dry_run, everything=opts.all)
            with progress_bar() as bar:
                working = bar.add_task("Bringing up", total=None)
                await upgrade.bring_up()
                bar.remove_task(working)
                outdated = await upgrade.outdated()
                if archive and outdated:
                    looking = bar.add_task("Looking through the archive", total=None)
                    own = "" if opts.dry_run else self.options.archive
                    for line in repair(Path(own)) if own else ():
                        print_message(line)
                    try:
                        pages = ArchiveReader(
                            archive, self.settings.getint("DOWNLOAD_MAXSIZE") or CONTENT_LIMIT, own=own
                        )
                        unreadable += pages.faults
                    except ArchiveError as error:
                        unreadable.append(str(error))
                    bar.remove_task(looking)
                for edition_id in bar.track(outdated, description="Reading again"):
                    await upgrade.read_again(edition_id, pages)
        for line in upgrade.problems:
            print_message(line)
        for line in unreadable:
            print_message(line)
        if opts.json:
            counts = {name: upgrade.counts[name] for name in COUNT_MEANINGS}
            print_json({"dry_run": opts.dry_run, "counts": counts, "differences": upgrade.differences})
        else:
            _print(upgrade, opts.dry_run)
        return 1 if upgrade.counts["failed"] or unreadable else 0


def _archive(given: str | None, usual: str) -> Path | None:
    """Return the archive to search for raw pages. Raises ArgumentError or ArchiveError if *given* is none."""
    if given is not None and not Path(given).exists():
        raise ArgumentError(f"--archive={given!r}: no such file or directory")
    if given is not None:
        warc_files(Path(given))
        return Path(given)
    return Path(usual) if usual and warc_files_of(Path(usual)) else None


def _print(upgrade: Upgrade, dry_run: bool) -> None:
    console = stdout_console()
    if dry_run:
        for line in upgrade.differences:
            console.print(escape_markup(line))
    table = make_table(console)
    table.add_column("would be" if dry_run else "done")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("")
    for name, meaning in COUNT_MEANINGS.items():
        table.add_row(name, str(upgrade.counts[name]), meaning)
    console.print(table)
