"""``scrapy edit``: what it shows of an issue, and what a person's decisions do."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cncert.commands.edit import EditCommand
from cncert.items import Issue
from cncert.store import open_store
from cncert.store.endings import State
from tests.calls import call
from tests.editions import reading, take_all
from tests.stores import take_in

ISSUE = "2024-03"
HANDLED = "incidents.handled"
LATER = datetime(2024, 3, 1, tzinfo=UTC)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def uri(sqlite_uri: str) -> str:
    """A store with an issue of two editions: its page, and a feed's copy that states another figure."""

    async def fill() -> None:
        async with open_store(sqlite_uri) as store:
            await take_in(store, reading(3, handled=100))
            await take_all(store, [reading(3, handled=90, source="feed")])

    asyncio.run(fill())
    return sqlite_uri


def edit(uri: str, *args: str) -> int:
    """The exit status of ``scrapy edit *args``."""
    return call(EditCommand(), *args, CNCERT_STORE=uri)


def shown(uri: str, capsys: Capture) -> dict[str, dict[str, Any]]:
    """The editions as ``--json`` prints them, by source."""
    assert edit(uri, ISSUE, "--json") == 0
    return {node["source"]: node for node in json.loads(capsys.readouterr().out)}


def document(uri: str) -> Issue | None:
    async def get() -> Issue | None:
        async with open_store(uri) as store:
            return await store.get_issue(ISSUE)

    return asyncio.run(get())


def handled(uri: str) -> Any:
    issue = document(uri)
    return issue and next(figure.value for figure in issue.figures if figure.metric == HANDLED)


def test_the_editions_are_shown(uri: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert edit(uri, "2024-3") == 0
    out, err = capsys.readouterr()
    assert [line.split()[1:4] for line in out.splitlines()[1:]] in (
        [["chosen", "page", "http"], ["feed", "feed", "2024-01-26"]],
        [["feed", "feed", "2024-01-26"], ["chosen", "page", "http"]],
    )
    assert err == ""


def test_the_editions_are_shown_as_json(uri: str, capsys: Capture) -> None:
    page, feed = (shown(uri, capsys)[source] for source in ("page", "feed"))
    assert (page["chosen"], page["issue"], page["figures"], page["withdrawal"]) == (True, ISSUE, {HANDLED: 100}, None)
    assert (feed["chosen"], feed["issue"], feed["figures"], feed["withdrawal"]) == (False, ISSUE, {HANDLED: 90}, None)
    assert (page["via"], page["first_seen"]) == ("http", "2024-01-26T17:00:00+08:00")


def test_an_edition_is_withdrawn_and_brought_back(uri: str, capsys: Capture) -> None:
    page = shown(uri, capsys)["page"]["id"]
    assert edit(uri, ISSUE, "--withdraw", page[:8], "--why", "a draft", "--by", "zhang") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{ISSUE} was made anew\n")
    assert f"{page[:8]} withdrawn by zhang, " in out
    assert out.endswith(": a draft\n")
    assert handled(uri) == 90
    node = shown(uri, capsys)["page"]
    assert (node["chosen"], node["withdrawal"]["by"], node["withdrawal"]["why"]) == (False, "zhang", "a draft")

    assert edit(uri, ISSUE, "--restore", page, "--why", "it was none", "--by", "li") == 0
    assert f"{page[:8]} brought back by li, " in capsys.readouterr().out
    assert handled(uri) == 100


def test_an_issue_without_an_edition_that_counts_is_due_again(uri: str, capsys: Capture) -> None:
    for node in shown(uri, capsys).values():
        assert edit(uri, ISSUE, "--withdraw", node["id"], "--why", "not CNCERT's") == 0
    assert f"{ISSUE} has no edition that counts any more" in capsys.readouterr().out
    assert document(uri) is None

    async def states() -> set[State]:
        async with open_store(uri) as store:
            return {row.state for row in await store.rows() if row.issue == ISSUE}

    assert asyncio.run(states()) == {State.KNOWN}


@pytest.mark.parametrize(
    ("typed", "value"), [("1370000", 1370000), ("1,370", 1370), ("137万", 1370000), ("137 万起", 1370000), ("5起", 5)]
)
def test_a_figure_is_set_as_it_is_printed(uri: str, capsys: Capture, typed: str, value: int) -> None:
    assert edit(uri, ISSUE, "--correct", f"{HANDLED}={typed}", "--why", "a misprint", "--by", "zhang") == 0
    assert f"{HANDLED} {value} corrected by zhang, " in capsys.readouterr().out
    issue = document(uri)
    assert issue is not None
    (figure,) = issue.figures
    assert (figure.value, figure.checked and figure.checked.verdict) == (value, "corrected")


def test_a_unit_that_the_text_prints_may_be_typed(sqlite_uri: str) -> None:
    sentence = "境内感染网络病毒的主机数量约为1.37万台。"
    figure = {"metric": "hosts.infected", "value": 13700, "unit": "台", "evidence": sentence, "source": "text"}
    rest = {"change_pct": None, "share_pct": None, "section": None, "confidence": 1.0, "picture": None}
    issue = reading(3, text=sentence, figures=[figure | rest])

    async def fill() -> None:
        async with open_store(sqlite_uri) as store:
            await take_in(store, issue)

    asyncio.run(fill())
    assert edit(sqlite_uri, ISSUE, "--correct", "hosts.infected=137 万台", "--why", "a point too many") == 0
    changed = document(sqlite_uri)
    assert changed is not None
    assert [(one.value, one.unit) for one in changed.figures] == [(1370000, "台")]


def test_a_correction_outlives_another_reading_and_is_taken_back(uri: str, capsys: Capture) -> None:
    assert edit(uri, ISSUE, "--correct", f"{HANDLED}=138", "--why", "a misprint") == 0

    async def again() -> None:
        async with open_store(uri) as store:
            await take_all(store, [reading(3, handled=100, seen=LATER, parser="2")])

    asyncio.run(again())
    assert handled(uri) == 138
    assert edit(uri, ISSUE, "--undo", HANDLED) == 0
    assert "corrected" not in capsys.readouterr().out.splitlines()[-1]
    assert handled(uri) == 100


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "name one issue, such as 2025-03"),
        ([ISSUE, "2024-04"], "name one issue, such as 2025-03"),
        (["x"], "'x'"),
        (["2024-09"], "nothing is kept of 2024-09"),
        (["2024-09", "--correct", f"{HANDLED}=1", "--why", "x"], "2024-09 is not stored"),
        ([ISSUE, "--withdraw", "0"], "say why: --why TEXT"),
        ([ISSUE, "--restore", "0", "--why", " "], "say why: --why TEXT"),
        ([ISSUE, "--withdraw", "xyz", "--why", "x"], "0 editions of the issue have an id that begins with 'xyz'"),
        ([ISSUE, "--correct", HANDLED, "--why", "x"], "write METRIC=VALUE"),
        ([ISSUE, "--correct", "no.metric=1", "--why", "x"], "write METRIC=VALUE"),
        ([ISSUE, "--correct", "vulnerabilities.rating=1", "--why", "x"], "write METRIC=VALUE"),
        ([ISSUE, "--correct", f"{HANDLED}=many", "--why", "x"], "This is no number"),
        ([ISSUE, "--correct", f"{HANDLED}=1.5", "--why", "x"], "This figure is a whole number."),
        ([ISSUE, "--correct", "hosts.infected=1", "--why", "x"], f"the text of {ISSUE} states no hosts.infected"),
        ([ISSUE, "--correct", f"{HANDLED}=1", "--why", "x", "--by", "z" * 101], "by"),
        ([ISSUE, "--undo", HANDLED], f"nobody has corrected {HANDLED}"),
    ],
)
def test_a_wrong_call_is_one_line_and_changes_nothing(uri: str, capsys: Capture, args: list[str], said: str) -> None:
    before = document(uri)
    assert edit(uri, *args) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.startswith("cncert: ")
    assert said in line
    assert out == ""
    assert document(uri) == before


def test_two_decisions_at_once_are_refused(uri: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as error:
        edit(uri, ISSUE, "--undo", HANDLED, "--correct", f"{HANDLED}=1")
    assert error.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_who_has_no_name_in_the_system_is_asked_for_one(
    uri: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container any number may be the user: looking at an issue needs no name, a decision does."""

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("getpass.getuser", nobody)
    page = shown(uri, capsys)["page"]["id"]
    assert edit(uri, ISSUE, "--withdraw", page, "--why", "a test") == 2
    assert "--by NAME" in capsys.readouterr().err
    assert edit(uri, ISSUE, "--withdraw", page, "--why", "a test", "--by", "zhang") == 0
