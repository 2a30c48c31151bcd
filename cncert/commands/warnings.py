"""``scrapy warnings``: lists the warnings of the stored issues."""

from argparse import ArgumentParser, Namespace
from collections import Counter

from rich.console import Console
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option, say_if_sample
from cncert.exceptions import ArgumentError
from cncert.items import IssueWarning
from cncert.output.html_pages import read_words
from cncert.quality.all_warnings import issues_with_warnings
from cncert.report.calendar import week_range
from cncert.report.issue_warnings import WARNING_CODES
from cncert.terminal.console import escape_markup, make_table, print_json, stdout_console
from cncert.terminal.translation import translated

Found = list[tuple[str, IssueWarning]]
"""Warnings, each with its issue."""


class WarningsCommand(ProjectCommand, ScrapyCommand):
    """Lists the warnings: nothing is wrong with the crawl, but a person should look at the issues."""

    def short_desc(self) -> str:
        return "List the warnings of the stored issues"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--code", action="append", metavar="CODE", help="only these; may be given again")
        parser.add_argument("--from", dest="first", metavar="WEEK", help="first week, such as 2024-01")
        parser.add_argument("--until", dest="last", metavar="WEEK", help="last week")
        add_json_option(parser, "the warnings")

    async def work(self, args: list[str], opts: Namespace) -> None:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"warnings takes no argument {args[0]!r}")
        codes = opts.code or []
        if unknown := [code for code in codes if code not in WARNING_CODES]:
            raise ArgumentError(f"--code {unknown[0]!r} is none of {', '.join(WARNING_CODES)}")
        first, last = week_range(opts.first, opts.last)
        async with self.open_store(read_only=True) as store:
            await say_if_sample(store)
            found = [
                (issue.id, warning)
                async for issue, warnings in issues_with_warnings(store, first, last)
                for warning in warnings
                if warning.code in codes or not codes
            ]
            is_empty = not await store.issue_ids()
        language = self.options.language
        if opts.json:
            print_json([{"issue": issue, "code": warning.code, "message": warning.message} for issue, warning in found])
        elif found:
            _print(stdout_console(), found, language)
        elif is_empty:
            print(translated("No issue is stored yet: scrapy crawl weekly gets them.", language))
        else:
            limits = translated(" with the code {codes}", language).format(codes=" or ".join(codes)) * bool(codes)
            limits += translated(" in these weeks", language) * bool(first or last)
            text = translated("The stored issues have no warning{limits}: nothing is to be looked at.", language)
            print(text.format(limits=limits))


def _print(console: Console, found: Found, language: str) -> None:
    table = make_table(console)
    for title in ("issue", "code", "what"):
        table.add_column(translated(title, language), no_wrap=title != "what", overflow="fold")
    for issue, warning in found:
        table.add_row(issue, f"[yellow]{escape_markup(warning.code)}[/]", escape_markup(warning.message))
    console.print(table)
    sums = make_table(console)
    sums.add_column(translated("warnings", language), no_wrap=True, justify="right")
    sums.add_column(translated("code", language), no_wrap=True)
    sums.add_column(translated("meaning", language), overflow="fold")
    words = read_words("page/page_words.toml")
    for code, number in Counter(warning.code for _, warning in found).most_common():
        meaning = WARNING_CODES.get(code, "")
        if language == "zh":
            meaning = words.get(f"warning.{code}", {}).get("zh", meaning)
        sums.add_row(str(number), f"[yellow]{escape_markup(code)}[/]", escape_markup(meaning))
    console.print(sums)
    text = translated("{warnings} warnings in {issues} issues", language)
    console.print(text.format(warnings=len(found), issues=len({issue for issue, _ in found})))
