"""What is odd about the issues of a run: counted, noted, listed, and no fault of the run."""

import asyncio
import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from cncert.items import CHINA, Issue, IssueWarning
from cncert.monitoring import issue_notes
from cncert.quality.all_warnings import RELATIVE_WARNINGS, issues_with_warnings
from cncert.report import calendar
from cncert.report.issue_warnings import WARNING_CODES
from cncert.store import open_store
from cncert.store.run_records import IssueNote, RunRecord
from tests import series
from tests.editions import reading, take_all, title
from tests.factories import make_issue
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.stores import put_document

CONTRADICTIONS = {
    "editions_disagree", "page_emptied", "newer_not_chosen", "number_differs", "week_changed", "lists_itself",
    "time_in_future", "correction_not_applied",
}  # fmt: skip
GOV = "境内被篡改政府网站（GOV类）数量为{}个（约占境内5.0%），较上周环比增加了{}%。"
RANGE = ("from=2024-12", "until=2024-16")


def publish(site: LoopbackWeChat, issue: str, **facts: Any) -> None:
    """Put *issue* on the site in place of the one that is there, with other *facts*."""
    here = series.published(issue)
    week = calendar.parse_week(issue)
    review = []
    for _ in range(5):
        week = calendar.previous_week(week)
        earlier = f"{week[0]}-{week[1]:02d}"
        review.append(pages.ReviewLine(series.title_of(earlier), series.published(earlier).url))
    end = calendar.period(*calendar.parse_week(issue)).end
    spec = pages.ArticleSpec(
        title=here.title, body=pages.report_body(pages.ReportFacts(**facts), (), review), mid=here.mid, idx=here.idx,
        published=datetime.combine(end + timedelta(days=4), time(17, 30), CHINA),
    )  # fmt: skip
    site.add_article(here.url, pages.render(spec))


async def contents(tmp_path: Path) -> tuple[dict[str, list[IssueWarning]], RunRecord]:
    """The warnings of the stored issues, and the last run."""
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        (run,) = await store.runs(1)
        return {issue.id: warnings async for issue, warnings in issues_with_warnings(store)}, run


def codes(warnings: list[IssueWarning]) -> list[str]:
    return [warning.code for warning in warnings]


async def test_a_clean_run_says_what_is_odd(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The crawl goes backwards: what 2024-16 says of the week before is doubted once 2024-15 is there."""
    series.publish(site, "2024-12", "2024-16")
    publish(site, "2024-16", note=GOV.format(118, "13.5"))
    publish(site, "2024-15", note=GOV.format(90, "2.0"))
    publish(site, "2024-14", urls=None)
    publish(site, "2024-13", note="另外，本周各地新报送勒索攻击线索4137条。会议共有2960名代表参加。")
    start = f"start={series.published('2024-16').url}"
    first = crawl(site, tmp_path, start, *RANGE)
    assert first.returncode == 0, first.stderr[-3000:]
    warnings, run = await contents(tmp_path)
    assert {name: codes(found) for name, found in warnings.items()} == {
        "2024-12": [],
        "2024-13": ["figures_unread", "figures_unread"],
        "2024-14": ["figure_missing"],
        "2024-15": [],
        "2024-16": ["change_disagrees"],
    }
    assert run.clean is True
    assert run.faults == {}
    assert list(issue_notes.note_lines(run.notes)) == [
        "1 issue with numbers that nothing read: 2024-13",
        "1 issue without a figure that others of its time state: 2024-14",
        "1 issue with figures that contradict each other or the week before: 2024-16",
    ]
    for counter, number in (("unread", 2), ("missing", 1), ("disagree", 1)):
        assert f"'cncert/figures/{counter}': {number}," in first.stderr
    assert "cncert/figures/outlier" not in first.stderr
    assert "  · 1 issue with numbers that nothing read: 2024-13\n" in first.stderr
    assert "numbers that nothing read: 2024-13" in run_scrapy("runs", env=project_env(None, tmp_path)).stdout

    # Read again, nothing is new: nothing is noted, nothing lost.
    again = crawl(site, tmp_path, start, *RANGE, "refresh=1")
    assert again.returncode == 0, again.stderr[-3000:]
    found, run = await contents(tmp_path)
    assert found == warnings
    assert (run.new, run.changed, run.notes) == ([], [], [])

    # The week before was edited: its neighbour's warning goes, no edition of it is made.
    publish(site, "2024-15", note=GOV.format(104, "15.0"))
    crawl(site, tmp_path, start, *RANGE, "refresh=1")
    found, run = await contents(tmp_path)
    assert run.changed == ["2024-15"]
    assert codes(found["2024-16"]) == []
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        (issue,) = [one async for one in store.issues("2024-16")]
    assert len(issue.editions) == 1


# scrapy warnings


def warning_dict(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


async def keep(uri: str, *issues: Issue) -> None:
    async with open_store(uri) as store:
        for issue in issues:
            await put_document(store, issue)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a store with three warnings in two of three issues."""
    env = project_env(None, tmp_path)
    both = [warning_dict("figure_missing", "hosts.infected: [not] stated"), warning_dict("rating_missing", "none")]
    issues = (
        make_issue(2025, 1, figures=[], warnings=both[1:]),
        make_issue(2025, 2, figures=[], warnings=[]),
        make_issue(2025, 3, figures=[], warnings=both),
    )
    asyncio.run(keep(env["CNCERT_STORE"], *issues))
    return env


def listed(env: dict[str, str], *options: str) -> list[tuple[str, str]]:
    result = run_scrapy("warnings", "--json", *options, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    return [(line["issue"], line["code"]) for line in json.loads(result.stdout)]


def test_warnings_are_listed(env: dict[str, str]) -> None:
    result = run_scrapy("warnings", env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert "2025-03  figure_missing  hosts.infected: [not] stated" in result.stdout
    assert f"2  rating_missing  {WARNING_CODES['rating_missing']}" in result.stdout
    assert result.stdout.splitlines()[-1] == "3 warnings in 2 issues"
    assert "\x1b" not in result.stdout


def test_warnings_are_listed_as_json(env: dict[str, str]) -> None:
    assert listed(env) == [("2025-01", "rating_missing"), ("2025-03", "figure_missing"), ("2025-03", "rating_missing")]
    assert listed(env, "--code", "rating_missing", "--from", "2025-2") == [("2025-03", "rating_missing")]
    assert listed(env, "--code", "no_text", "--code", "figure_missing") == [("2025-03", "figure_missing")]
    assert listed(env, "--until", "2024-52") == []


async def test_contradictions_between_editions_are_listed(tmp_path: Path) -> None:
    env = project_env(None, tmp_path)
    misnumbered = reading(5, titled=title(4, days=5))
    async with open_store(env["CNCERT_STORE"]) as store:
        emptied = reading(4, handled=None, seen=datetime(2024, 6, 1, tzinfo=UTC))
        await take_all(store, [reading(3), reading(3, handled=90, source="feed"), reading(4), emptied, misnumbered])
    codes = [option for code in CONTRADICTIONS for option in ("--code", code)]
    assert listed(env, *codes) == [
        ("2024-03", "editions_disagree"),
        ("2024-04", "page_emptied"),
        ("2024-05", "number_differs"),
    ]


@pytest.mark.parametrize(
    ("numbers", "options", "said"),
    [
        ([], (), "No issue is stored yet: scrapy crawl weekly gets them."),
        ([3], (), "The stored issues have no warning: nothing is to be looked at."),
        ([3], ("--code", "figure_outlier"), "The stored issues have no warning with the code figure_outlier: "),
        ([3], ("--from", "2025-01"), "The stored issues have no warning in these weeks: "),
    ],
)
def test_no_warning_is_no_failure(
    tmp_path: Path, sqlite_uri: str, numbers: list[int], options: tuple[str, ...], said: str
) -> None:
    async def put() -> None:
        async with open_store(sqlite_uri) as store:
            for number in numbers:
                await put_document(store, make_issue(number=number, warnings=[]))

    asyncio.run(put())
    result = run_scrapy("warnings", *options, env=project_env(None, tmp_path, store=sqlite_uri))
    assert (result.returncode, result.stdout.count("\n")) == (0, 1)
    assert result.stdout.startswith(said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--code", "figure_mising"], "--code 'figure_mising' is none of period_differs, "),
        (["--from", "2025-60"], "--from '2025-60': "),
        (["2025-03"], "warnings takes no argument '2025-03'"),
    ],
)
def test_a_wrong_call_of_warnings_is_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    result = run_scrapy("warnings", *options, env=project_env(None, tmp_path))
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"cncert: {said}")


# Notes


def test_every_contradiction_and_every_warning_about_figures_is_noted_once() -> None:
    noted = [code for group in issue_notes.WARNING_GROUPS for code in group.codes]
    about = {code for code in WARNING_CODES if code.startswith(("figure", "rating"))} | RELATIVE_WARNINGS
    assert sorted(noted) == sorted((about | CONTRADICTIONS) - {"picture_agrees", "rating_joined"})


def test_a_note_names_the_first_issues() -> None:
    odd = [IssueWarning(code="figures_unread", message="x")] * 2
    warnings = {f"2025-{number:02d}": odd for number in range(9, 2, -1)} | {"2025-01": []}
    assert sum(issue_notes.count(warnings)["unread"].values()) == 14
    notes = [note for issue, some in warnings.items() for note in issue_notes.notes_on(issue, some)]
    assert len(notes) == 7
    assert list(issue_notes.note_lines(notes)) == [
        "7 issues with numbers that nothing read: 2025-03, 2025-04, 2025-05, 2025-06, 2025-07 and 2 more"
    ]
    assert list(issue_notes.note_lines([])) == []


def test_a_note_of_an_unknown_code_is_named_and_a_message_stands_for_itself() -> None:
    notes = [IssueNote(issue="2025-03", code="new_kind"), IssueNote(issue="2025-02", code="x", message="two articles")]
    assert list(issue_notes.note_lines(notes)) == [
        "1 issue with the warning new_kind: 2025-03",
        "2025-02: two articles",
    ]
