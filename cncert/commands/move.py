"""``scrapy move FROM TO``: copies a store into another one, or into a folder, and compares both."""

from argparse import ArgumentParser, Namespace
from contextlib import AsyncExitStack
from pathlib import Path

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError
from cncert.options import local_folder
from cncert.report.calendar import issue_range
from cncert.store import BACKENDS, Store, open_store
from cncert.store.move_store import MovedStore, Place, check_folder, move_store
from cncert.store.portable_folder import PortableFolder
from cncert.terminal.console import make_table, print_json, print_message, print_note, stdout_console
from cncert.terminal.progress import progress_bar


class MoveCommand(ProjectCommand, ScrapyCommand):
    """Copies a store; FROM stays as it is."""

    def syntax(self) -> str:
        return "[options] FROM TO"

    def short_desc(self) -> str:
        return "Copy a store into another one, or into a folder of plain files, and compare both"

    def long_desc(self) -> str:
        return (
            "FROM and TO are addresses as in CNCERT_STORE, or folders. A folder holds documents in JSON Lines, and the "
            "pictures and PDFs of CNCERT_FILES. Nothing is written over. What was interrupted is begun again."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--issues", metavar="A..B", help="only these issues, such as 2024-01..2024-52")
        parser.add_argument("--no-files", action="store_true", help="leave pictures and PDFs where they are")
        add_json_option(parser, "what was copied")

    async def work(self, args: list[str], opts: Namespace) -> int:
        if len(args) != 2:
            raise ArgumentError("move takes two stores: FROM and TO")
        try:
            wants = issue_range(opts.issues) if opts.issues is not None else None
        except ValueError as error:
            raise ArgumentError(f"--issues {error}") from error
        if args[0] == args[1]:
            raise ArgumentError(f"{args[0]} is FROM and TO")
        files = None if opts.no_files else local_folder(self.options.files)
        source, target = self._place(args[0], read_only=True), self._place(args[1], read_only=False)
        if isinstance(source, PortableFolder):
            await check_folder(source)  # before the other store is made
            if isinstance(target, PortableFolder):
                raise ArgumentError("FROM and TO are folders: copy the folder")
        async with AsyncExitStack() as opened:
            for place in (source, target):
                if isinstance(place, Store):
                    await opened.enter_async_context(place)
            with progress_bar() as bar:
                task = bar.add_task("", total=None)
                moved = await move_store(
                    source,
                    target,
                    wants=wants,
                    files=files,
                    advance=lambda what: bar.update(task, advance=1, description=f"Copying {what}"),
                )
        for line in moved.problems:
            print_message(line)
        if opts.json:
            print_json({**{name: one.model_dump() for name, one in moved.sums.items()}, "files": moved.files})
        else:
            _print(moved, target)
        return int(bool(moved.problems))

    def _place(self, place: str, *, read_only: bool) -> Place:
        """Return the store, not yet opened, or the folder *place*. Raises StoreError."""
        if place.partition(":")[0] not in BACKENDS:
            return PortableFolder(Path(place))
        store = open_store(place, read_only=read_only)
        self._stores.append(store)
        return store


def _print(moved: MovedStore, target: Place) -> None:
    console = stdout_console()
    table = make_table(console)
    table.add_column("", no_wrap=True)
    table.add_column("documents", justify="right", no_wrap=True)
    table.add_column("SHA-256", no_wrap=True)
    for name, one in moved.sums.items():
        table.add_row(name, str(one.documents), one.sha256[:16])
    console.print(table)
    print_note(f"{target.name} holds the same, compared document by document; {moved.files} files")
