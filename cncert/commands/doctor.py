"""``scrapy doctor``: what is missing for a run, and what to do about it."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from scrapy.commands import ScrapyCommand

from cncert.browser.start_check import check_browser
from cncert.commands.project_command import ProjectCommand, add_json_option
from cncert.exceptions import ArgumentError, CncertError, error_reason
from cncert.monitoring.doctor import CHECK_SECONDS, run_checks
from cncert.monitoring.doctor.field_test import LABELS, LiveResult
from cncert.monitoring.doctor.live_report import report_document
from cncert.monitoring.doctor.local_checks import CheckResult, CheckState
from cncert.options import Options
from cncert.pipelines.files_store_check import check_files_store
from cncert.terminal.atomic_write import write_whole
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, print_note, stdout_console
from cncert.terminal.time_limit import run_with_timeout

REPORT_NAME = "cncert-live.json"
"""The file of ``--live`` in the current directory."""
COLOURS: dict[CheckState, str] = {"ok": "green", "note": "yellow", "to do": "red"}


class DoctorCommand(ProjectCommand, ScrapyCommand):
    """Tries the settings, the store, the places for files, the network; with ``--live`` nothing but requests."""

    def short_desc(self) -> str:
        return "Try whether a run would work; exit with 1 if something has to be done"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--offline", action="store_true", help="ask nobody but the store")
        parser.add_argument(
            "--live",
            action="store_true",
            help="ask WeChat for some articles and a picture, and each feed, at a crawl's pace; keep nothing",
        )
        parser.add_argument(
            "--report",
            metavar="FILE",
            help=f"with --live: where to write what came, to be attached to a report (default ./{REPORT_NAME})",
        )
        add_json_option(parser, "the results")
        parser.add_argument("--send-test-alert", action="store_true", help="send a message to CNCERT_ALERTS")
        parser.add_argument(
            "--seconds",
            type=float,
            default=CHECK_SECONDS,
            help=f"the most that a check may take (default {CHECK_SECONDS:g})",
        )

    def run(self, args: list[str], opts: Namespace) -> None:
        if not opts.live:
            super().run(args, opts)  # on an event loop of its own; Scrapy's downloader needs that of its process
            return
        try:
            self.exitcode = self._run_live(args, opts)
        except CncertError as error:
            print_message(error)
            self.exitcode = 2

    def _check_call(self, args: list[str], opts: Namespace) -> None:
        """Raise ArgumentError for a wrong call."""
        if args:
            raise ArgumentError(f"doctor takes no argument {args[0]!r}")
        if not 0 < opts.seconds <= 600:
            raise ArgumentError(f"--seconds {opts.seconds:g} is not between 0 and 600")
        given = [f"--{name}" for name in ("live", "offline", "send_test_alert") if getattr(opts, name)]
        if len(given) > 1:
            raise ArgumentError(f"{' and '.join(given)} exclude each other".replace("_", "-"))
        if opts.report is not None and not opts.live:
            raise ArgumentError("--report belongs to --live")

    def _run_live(self, args: list[str], opts: Namespace) -> int:
        """Run the field test; return the exit status."""
        assert self.settings is not None
        self._check_call(args, opts)
        path = Path(opts.report or REPORT_NAME)
        if path.is_dir() or not path.parent.is_dir():
            raise ArgumentError(f"--report {path}: no place for a file")
        from cncert.commands.live_requests import run_field_test  # the downloader costs every other command 0.2 s

        results = run_field_test(self.settings)
        if results is None:
            print_message("stopped: nothing was written")
            return 130
        if opts.json:
            print_json([asdict(result) for result in results])
        else:
            _print([CheckResult(LABELS[one.kind], one.state, one.text, one.advice) for one in results])
        written = _write_report(path, results)
        return int(not written or any(result.state == "to do" for result in results))

    async def work(self, args: list[str], opts: Namespace) -> int:
        assert self.settings is not None
        self._check_call(args, opts)
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


def _write_report(path: Path, results: Sequence[LiveResult]) -> bool:
    """Write what came, and say where; return whether that worked."""
    text = json.dumps(report_document(results), ensure_ascii=False, indent=1)
    try:
        write_whole(path, f"{text}\n".encode())
    except OSError as error:
        print_message(f"{path} cannot be written: {error_reason(error)}")
        return False
    print_note(f"{path}: what came, without addresses and anything personal, to be attached to a report")
    return True
