"""``scrapy edit``: shows the editions of an issue, withdraws one, and corrects figures of the text."""

import getpass
from argparse import ArgumentParser, Namespace

from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand, add_json_option, say_if_sample
from cncert.editions.decisions import correct, editions_of_issue, remove_corrections, withdraw
from cncert.editions.remake_documents import Remade
from cncert.exceptions import ArgumentError
from cncert.items import Issue, issue_id
from cncert.output.check.typed_values import InvalidInput, numeric_metrics, typed_value
from cncert.output.html_pages import read_words
from cncert.report.calendar import parse_week
from cncert.store import Store
from cncert.store.editions import Edition
from cncert.terminal.console import escape_markup, make_table, print_json, stdout_console

SHOWN_ID = 8
"""Characters of an edition's id that are shown; as many, or more, name it."""


class EditCommand(ProjectCommand, ScrapyCommand):
    """Shows what an issue is made of, and keeps what a person decides about it."""

    def syntax(self) -> str:
        return "[options] ISSUE"

    def short_desc(self) -> str:
        return "Show the editions of an issue; withdraw one, or correct a figure of the text"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_json_option(parser, "the editions")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--withdraw", metavar="EDITION", help="an edition that must not count; it stays")
        change.add_argument("--restore", metavar="EDITION", help="bring a withdrawn edition back")
        change.add_argument("--correct", metavar="METRIC=VALUE", help="what the text really states")
        change.add_argument("--undo", metavar="METRIC", help="take a correction back")
        parser.add_argument("--why", metavar="TEXT", help="the reason, which is kept")
        parser.add_argument("--by", metavar="NAME", help="your name (default: that of the user)")

    async def work(self, args: list[str], opts: Namespace) -> int:
        if len(args) != 1:
            raise ArgumentError("name one issue, such as 2025-03")
        try:
            week = issue_id(*parse_week(args[0]))
        except ValueError as error:
            raise ArgumentError(str(error)) from error
        if any((opts.withdraw, opts.restore, opts.correct)) and not (opts.why or "").strip():
            raise ArgumentError("say why: --why TEXT is kept with the decision")
        async with self.open_store() as store:
            await say_if_sample(store)
            changed = await self._decide(store, week, opts)
            editions = await editions_of_issue(store, week)
            document = await store.get_issue(week)
        if not editions:
            raise ArgumentError(f"nothing is kept of {week}")
        if opts.json:
            print_json([_node(edition, document) for edition in editions])
            return 0
        for one, remade in changed.items():
            if remade.before != remade.after:
                print(f"{one} {'was made anew' if remade.after else 'has no edition that counts any more'}")
        _print(editions, document)
        return 0

    async def _decide(self, store: Store, week: str, opts: Namespace) -> dict[str, Remade]:
        if opts.withdraw or opts.restore:
            edition = _named(await editions_of_issue(store, week), opts.withdraw or opts.restore)
            return await withdraw(store, edition, _name(opts), opts.why, withdrawn=bool(opts.withdraw))
        if not (opts.correct or opts.undo):
            return {}
        document = await store.get_issue(week)
        if document is None:
            raise ArgumentError(f"{week} is not stored")
        if opts.undo:
            return await remove_corrections(store, document, opts.undo)
        metric, separator, text = opts.correct.partition("=")
        if not separator or metric not in numeric_metrics():
            raise ArgumentError(f"--correct {opts.correct[:80]!r}: write METRIC=VALUE, with a metric of docs/data.md")
        unit = next((figure.unit for figure in document.figures if figure.metric == metric), None)
        try:
            value = typed_value(text, metric, unit)
        except InvalidInput as error:
            reason = read_words("check/check_words.toml")[str(error)]["en"]
            raise ArgumentError(f"--correct {opts.correct[:80]!r}: {reason}") from error
        return await correct(store, document, metric, value, _name(opts), opts.why)


def _name(opts: Namespace) -> str:
    """Return who decides. Raises ArgumentError if the system does not know the user."""
    try:
        return opts.by or getpass.getuser()
    except (KeyError, OSError) as error:  # in a container, any number may be the user
        raise ArgumentError("say who you are: --by NAME, because the user has no name here") from error


def _named(editions: list[Edition], beginning: str) -> Edition:
    """Return the edition whose id begins so. Raises ArgumentError unless there is exactly one."""
    found = [edition for edition in editions if edition.id.startswith(beginning.lower())]
    if len(found) != 1:
        raise ArgumentError(f"{len(found)} editions of the issue have an id that begins with {beginning[:40]!r}")
    return found[0]


def _state(edition: Edition, document: Issue | None) -> str:
    if edition.is_withdrawn:
        return "withdrawn"
    chosen = document is not None and any(one.chosen and one.id == edition.id for one in document.editions)
    stands_elsewhere = document is None or edition.document != document.id
    return "chosen" if chosen else (edition.document or "") if stands_elsewhere else ""


def _node(edition: Edition, document: Issue | None) -> dict[str, object]:
    """Return *edition* in JSON form, without its text."""
    decision = edition.withdrawal
    return {
        **edition.record(chosen=_state(edition, document) == "chosen").model_dump(mode="json"),
        "issue": edition.document,
        "title": edition.issue.title,
        "figures": {one.metric: one.value for one in edition.issue.figures},
        "withdrawal": decision.model_dump(mode="json") if decision is not None else None,
    }


def _print(editions: list[Edition], document: Issue | None) -> None:
    console = stdout_console()
    table = make_table(console)
    for name in ("edition", "state", "source", "via", "seen last", "rating"):
        table.add_column(name, no_wrap=True)
    table.add_column("figures", justify="right", no_wrap=True)
    table.add_column("title", overflow="fold")
    for edition in editions:
        seen, issue = edition.last.seen_at, edition.issue
        table.add_row(
            edition.id[:SHOWN_ID],
            _state(edition, document),
            issue.provenance.source,
            issue.provenance.via,
            f"{seen:%Y-%m-%d %H:%M}" if seen else "",
            issue.rating or "",
            str(len(issue.figures)),
            escape_markup(issue.title),
        )
    console.print(table)
    for edition in editions:
        if (decision := edition.withdrawal) is not None:
            word = "withdrawn" if decision.withdrawn else "brought back"
            console.print(
                escape_markup(
                    f"{edition.id[:SHOWN_ID]} {word} by {decision.by}, {decision.at:%Y-%m-%d %H:%M}: {decision.why}"
                )
            )
    for figure in document.figures if document is not None else ():
        if figure.source == "text" and figure.checked is not None:
            console.print(
                escape_markup(
                    f"{figure.metric} {figure.value} corrected by {figure.checked.by}, "
                    f"{figure.checked.at:%Y-%m-%d %H:%M}: {figure.evidence}"
                )
            )
