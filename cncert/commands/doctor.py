"""``scrapy doctor``: what is missing for a run, and what to do about it."""

import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from scrapy.commands import ScrapyCommand

from cncert.browser.start_check import check_browser
from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError
from cncert.monitoring.doctor import CHECK_SECONDS, run_checks
from cncert.monitoring.doctor.local_checks import CheckResult, CheckState
from cncert.options import Options
from cncert.pipelines.files_store_check import check_files_store
from cncert.terminal.console import escape_markup, make_table, print_json, stdout_console
from cncert.terminal.time_limit import run_with_timeout

COLOURS: dict[CheckState, str] = {"ok": "green", "note": "yellow", "to do": "red"}


class DoctorCommand(ProjectCommand, ScrapyCommand):
    """Tries the settings, the store, the places for files, the network; no article is fetched."""

    def short_desc(self) -> str:
        return "Try whether a run would work; exit with 1 if something has to be done"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--offline", action="store_true", help="ask nobody but the store")
        add_json_option(parser, "the results")
        parser.add_argument("--send-test-alert", action="store_true", help="send a message to CNCERT_ALERTS")
        parser.add_argument(
            "--seconds",
            type=float,
            default=CHECK_SECONDS,
            help=f"the most that a check may take (default {CHECK_SECONDS:g})",
        )

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        if args:
            raise ArgumentError(f"doctor takes no argument {args[0]!r}")
        if not 0 < opts.seconds <= 600:
            raise ArgumentError(f"--seconds {opts.seconds:g} is not between 0 and 600")
        if opts.send_test_alert and opts.offline:
            raise ArgumentError("--send-test-alert and --offline exclude each other")
        settings = self.settings.copy()
        wrong = Options.problems(self.settings)
        settings.setdict({name: Options.default(name) for name in wrong}, priority="cmdline")
        options = Options.of(settings)
        if opts.send_test_alert and not options.alerts:
            raise ArgumentError("--send-test-alert: CNCERT_ALERTS names nobody")
        results, hangs = await run_checks(
            self.settings,
            options,
            run_with_timeout(lambda: check_files_store(settings), opts.seconds),
            check_browser(settings, opts.seconds),
            offline=opts.offline,
            send_test=opts.send_test_alert,
            seconds=opts.seconds,
        )
        if opts.json:
            print_json([asdict(result) for result in results])
        else:
            _print(results)
        status = int(any(result.state == "to do" for result in results))
        if hangs:
            sys.stdout.flush()
            os._exit(status)  # without waiting for the check: a locked file, a network drive that is gone
        return status


def _print(results: list[CheckResult]) -> None:
    console = stdout_console()
    table = make_table(console)
    for title in ("check", "", "what", "what to do"):
        table.add_column(title, no_wrap=title in ("check", ""), overflow="fold")
    for result in results:
        state = f"[{COLOURS[result.state]}]{result.state}[/]"
        table.add_row(result.check, state, escape_markup(result.text), escape_markup(result.advice))
    console.print(table)
    todo = sum(result.state == "to do" for result in results)
    console.print(f"[red]{todo} to do.[/]" if todo else "[green]Nothing has to be done.[/]")
