"""``scrapy schema``: prints the JSON Schema of an issue's document."""

from argparse import Namespace
from importlib.resources import files

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand
from cncert.exceptions import ArgumentError


class SchemaCommand(ProjectCommand, ScrapyCommand):
    """Prints the JSON Schema that comes with the package."""

    def short_desc(self) -> str:
        return "Print the JSON Schema of an issue's document"

    async def work(self, args: list[str], opts: Namespace) -> None:
        if args:
            raise ArgumentError(f"schema takes no argument {args[0]!r}")
        print(files("cncert").joinpath("data", "schema", "issue.schema.json").read_text(encoding="utf-8"), end="")
