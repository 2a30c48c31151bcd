"""``cncert``, the command that pip installs: ``scrapy`` with the settings of this project, in any directory."""

import os
import sys
from contextlib import redirect_stdout
from io import StringIO

from scrapy import cmdline
from scrapy.utils.conf import closest_scrapy_cfg
from scrapy.utils.project import ENVVAR

from cncert.commands.terminal_options import COMMAND


def main() -> None:
    """Run Scrapy's command line. In a directory with a ``scrapy.cfg``, or below one, that file names the settings."""
    if not closest_scrapy_cfg():
        os.environ.setdefault(ENVVAR, "cncert.settings")
    if not all(word.startswith("-") for word in sys.argv[1:]):
        cmdline.execute()
    text = StringIO()  # the list of commands
    try:
        with redirect_stdout(text):
            cmdline.execute()
    finally:
        print(text.getvalue().replace("scrapy <command>", f"{COMMAND} <command>"), end="")
