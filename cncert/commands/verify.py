"""``scrapy verify``: a person passes WeChat's verification in a visible browser, whose state later runs use."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from scrapy.commands import ScrapyCommand

from cncert.browser.chromium import context_options, launch_options
from cncert.commands.project_command import ProjectCommand
from cncert.exceptions import ArgumentError, BrowserError, error_reason
from cncert.sources import newest_address
from cncert.terminal.atomic_write import write_whole
from cncert.terminal.console import print_message, print_note
from cncert.terminal.safe_text import safe
from cncert.wechat.address import read_address


class VerifyCommand(ProjectCommand, ScrapyCommand):
    """Opens a window, and waits for a person to pass the verification."""

    def syntax(self) -> str:
        return "[URL]"

    def short_desc(self) -> str:
        return "Open an article in a visible browser, for a person to pass WeChat's verification"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--timeout", default="300", metavar="SECONDS", help="how long to wait (default 300)")

    def run(self, args: list[str], opts: Namespace) -> None:
        try:
            super().run(args, opts)
        except KeyboardInterrupt:
            print_message("verify was stopped: nothing was saved")
            self.exitcode = 1

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if len(args) > 1:
            raise ArgumentError(f"verify takes one address, not {len(args)}")
        address = read_address(args[0] if args else newest_address())
        if address is None:
            raise ArgumentError(
                f"{args[0][:120]!r} is not the address of a WeChat article (https://mp.weixin.qq.com/s…)"
            )
        seconds = _seconds(opts.timeout)
        launch, options = launch_options(self.settings), context_options(self.settings)
        if sys.platform == "linux" and not (os.getenv("DISPLAY") or os.getenv("WAYLAND_DISPLAY")):
            raise BrowserError(
                "verify opens a window and there is no display: run it on a desktop, copy the file it saves"
            )
        from cncert.browser.verify_window import wait_for_article  # Playwright costs every other command 0.1 s

        print(safe(f"Pass the verification in the window within {seconds:g} seconds: {address.url}"), file=sys.stderr)
        state = await wait_for_article(address.url, launch, options, seconds)
        if state is None:
            print_message("not verified: no window showed an article")
            return 1
        path = Path(self.options.browser_state)
        try:
            # For its owner alone: its cookies identify the browser.
            write_whole(path, json.dumps(state).encode(), mode=0o600)
        except OSError as error:
            raise BrowserError(f"{path} cannot be written: {error_reason(error)}") from None
        print_note(f"{path}: used by every crawl with CNCERT_BROWSER=on")
        return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise ArgumentError(f"--timeout={text!r} is not a number of seconds above 0 (at most 86400)")
    return seconds
