"""Commands called in the test's own process: for calls that end at once, where a process each would cost a second."""

from argparse import ArgumentParser

from scrapy.settings import Settings

from cncert import settings as project
from cncert.commands.project_command import ProjectCommand


def call(command: ProjectCommand, *args: str, **given: object) -> int:
    """The exit status of *command* called with *args*, with *given* settings; what it prints is printed."""
    settings = Settings()
    settings.setmodule(project, priority="project")
    settings.setdict({"CNCERT_ARCHIVE": "", **given}, priority="cmdline")
    command.settings = settings
    parser = ArgumentParser(conflict_handler="resolve")  # as Scrapy makes it
    command.add_options(parser)
    opts, left = parser.parse_known_args(args)
    command.run(left, opts)
    return int(command.exitcode)
