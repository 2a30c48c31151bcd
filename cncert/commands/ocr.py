"""``scrapy ocr``: reads the figures in pictures, those of the store, of files or of pages of a PDF."""

from argparse import ArgumentParser, Namespace
from importlib.util import find_spec

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError, OcrError
from cncert.infographics.words.ocr_engine import DEFAULT_ENGINE, open_engine
from cncert.options import LANGUAGES
from cncert.terminal.extras import install_command

_REVIEW_OPTIONS = ("all", "metric", "by", "port", "open", "language")


class OcrCommand(ProjectCommand, ScrapyCommand):
    """Reads the pictures of the stored issues; given files, it reads these and stores nothing."""

    def syntax(self) -> str:
        return "[options] [again | accept | review | FILE...]"

    def short_desc(self) -> str:
        return "Read the figures that are painted into the pictures of the stored issues, or of files"

    def long_desc(self) -> str:
        return (
            "Reads the pictures of the stored issues that nobody has read yet. again: those that another version has "
            "read. accept: takes what that proposes. review: a local page on which a person checks what is not sure. "
            "FILE...: prints what these pictures and pages of PDFs, those of one issue in their order, state."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "what was read")
        parser.add_argument("--from", dest="first", metavar="WEEK", help="first week, such as 2024-01")
        parser.add_argument("--until", dest="last", metavar="WEEK", help="last week")
        parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: cores, if memory allows)")
        parser.add_argument(
            "--engine", default=DEFAULT_ENGINE, metavar="NAME", help=f"what reads (default {DEFAULT_ENGINE})"
        )
        group = parser.add_argument_group("review")
        group.add_argument("--all", action="store_true", help="show accepted figures, too")
        group.add_argument("--metric", metavar="NAME", help="only this one")
        group.add_argument("--by", metavar="NAME", help="who checks (default: who is logged in)")
        group.add_argument("--language", choices=LANGUAGES, help="of the page when it opens (default CNCERT_LANGUAGE)")
        group.add_argument("--port", type=int, metavar="N", help="of the page (default: a free one)")
        group.add_argument("--open", action="store_true", help="show the page in the browser")

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        _need_libraries()
        from cncert.output.ocr.run_on_store import accept_stored, read_stored

        if args == ["review"]:
            from cncert.output.check.run_check import run_check

            language = opts.language or self.options.language
            return await run_check(self.open_store(), self.options.files, language, opts)
        for name in _REVIEW_OPTIONS:
            if getattr(opts, name):
                raise ArgumentError(f"--{name} is an option of scrapy ocr review")
        if args in ([], ["again"]):
            return await read_stored(self.open_store(), self.options, opts, again=bool(args))
        if args == ["accept"]:
            return await accept_stored(self.open_store(), opts)
        if opts.first or opts.last or opts.jobs is not None:
            raise ArgumentError("--from, --until and --jobs are for the pictures of the store, not for files")
        from cncert.infographics.labels.read_labelled_numbers import Limits
        from cncert.output.ocr.run_on_files import print_files

        return print_files(args, open_engine(opts.engine), Limits.of(self.options), as_json=opts.json)


def _need_libraries() -> None:
    """Check the libraries that every engine needs. Raises OcrError if one is missing."""
    missing = [name for name in ("numpy", "cv2") if find_spec(name) is None]
    if missing:
        raise OcrError(f"pictures are read with {' and '.join(missing)}: {install_command('ocr')}")
