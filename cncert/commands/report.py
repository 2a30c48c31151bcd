"""``scrapy report``: writes the series as one HTML page that opens from disk."""

import sys
import webbrowser
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand
from cncert.exceptions import ArgumentError, error_reason
from cncert.options import LANGUAGES, Options, in_project, local_folder
from cncert.report.calendar import week_range
from cncert.terminal.atomic_write import write_whole
from cncert.terminal.console import print_message, print_note

if TYPE_CHECKING:
    from cncert.output.page.page_data import Node, PictureFiles, ShownPicture

FILE_NAME = "report.html"
PICTURE_MODES = ("links", "small", "none")
MAX_PAGE_BYTES = 2_000_000
"""Bytes that a page with small pictures may have."""
MIN_PICTURE_BYTES = 200_000
"""Bytes that the small pictures may have in a page that is larger without them."""


class ReportCommand(ProjectCommand, ScrapyCommand):
    """Writes the stored issues as one HTML file: figures over time, issues, gaps, warnings."""

    def short_desc(self) -> str:
        return "Write all issues as one HTML page with plots, which opens without network"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--out", metavar="FILE", help=f"default {FILE_NAME} beside the store, or in data/; - is stdout"
        )
        parser.add_argument("--from", dest="first", metavar="WEEK", help="first week, such as 2024-01")
        parser.add_argument("--until", dest="last", metavar="WEEK", help="last week")
        parser.add_argument("--language", choices=LANGUAGES, help="to open in (default CNCERT_LANGUAGE)")
        parser.add_argument(
            "--pictures", choices=PICTURE_MODES, default="links",
            help="links to the stored files (default), small copies inside the page as well, or none",
        )  # fmt: skip
        parser.add_argument("--open", action="store_true", help="show it in the browser")

    async def work(self, args: list[str], opts: Namespace) -> int:
        from cncert.output.page.page_data import read_page
        from cncert.output.page.render_page import render

        assert self.settings is not None
        if args:
            raise ArgumentError(f"report takes no argument {args[0]!r}")
        first, last = week_range(opts.first, opts.last)
        target = _target(opts, self.options.store)
        files = _picture_files(self.options, opts, target)
        async with self.open_store(read_only=True) as store:
            page = await read_page(store, first=first, last=last, files=files)
        if page is None:
            which = "of these weeks" if first or last else "yet"
            print_message(f"{store.name} has no issue {which}, and nothing was written")
            return 1
        data, pictures = page
        language = opts.language or self.options.language
        html, whole = render(data, language).encode(), True
        if files is not None:
            _warn_of_missing_files(pictures, files)
            if opts.pictures == "small":
                left = MAX_PAGE_BYTES - len(html)
                whole = _embed(data, pictures, files, left if left > 0 else MIN_PICTURE_BYTES)
                html = render(data, language).encode()
        if not _write(html, target):
            return 1
        weeks = f"{data['first']} to {data['last']}"
        print_note(f"{target or 'stdout'}: {weeks}, issues: {len(data['issues'])}, {len(html) / 1e6:.2f} MB")
        if opts.open and target is not None and not webbrowser.open(target.as_uri()):
            print_message("no browser could be opened")
            return 1
        return int(not whole)


def _target(opts: Namespace, store: str) -> Path | None:
    """Return the file to write, None for stdout. Raises ArgumentError if it cannot be one."""
    if opts.out == "":
        raise ArgumentError("--out is empty (- is stdout)")
    if opts.out == "-":
        if opts.open:
            raise ArgumentError("--open shows a file, and --out - writes none")
        return None
    kind, _, path = store.partition(":///")
    beside = Path(path).parent if kind == "sqlite" else Path(in_project("data"))
    target = (Path(opts.out) if opts.out else beside / FILE_NAME).resolve()
    if target.exists() and not target.is_file():
        raise ArgumentError(f"--out {target} is no file (- is stdout)")
    return target


def _picture_files(options: Options, opts: Namespace, target: Path | None) -> "PictureFiles | None":
    """Return where the page finds pictures, None if it has none."""
    from cncert.output.page.page_data import PictureFiles

    if opts.pictures == "none":
        return None
    local = local_folder(options.files)
    if local is None and opts.pictures == "small":
        raise ArgumentError("--pictures small needs the pictures on this disk, and CNCERT_FILES is no directory of it")
    # What is written to stdout will most likely be put here.
    return PictureFiles(local.resolve() if local else None, target.parent if target else Path.cwd())


def _warn_of_missing_files(pictures: "list[ShownPicture]", files: "PictureFiles") -> None:
    stored = [shown for shown in pictures if shown.picture.status == "stored"]
    missing = [shown.picture.path for shown in stored if "href" not in shown.node]
    if missing and files.directory is not None:
        print_message(f"stored pictures that are not in {files.directory}: {len(missing)}, such as {missing[0]}")


def _embed(data: "Node", pictures: "list[ShownPicture]", files: "PictureFiles", limit: int) -> bool:
    """Put small *pictures* into *data*; return whether every one could be read."""
    from cncert.output.page.thumbnails import thumbnails

    data["thumbs"], unreadable, left_out = thumbnails(pictures, files, limit)
    if unreadable:
        print_message(f"pictures that cannot be read: {len(unreadable)}, such as {unreadable[0]}")
    if left_out:
        print_note(f"older pictures that are only linked, to keep the page small: {left_out}")
    return not unreadable


def _write(html: bytes, target: Path | None) -> bool:
    """Write *html* to *target* or stdout; return whether that was possible."""
    if target is None:
        sys.stdout.buffer.write(html)
        return True
    try:
        write_whole(target, html)
    except OSError as error:
        print_message(f"{target} cannot be written: {error_reason(error)}")
        return False
    return True
