"""Warnings that rest on several issues: the same issues have the same ones, however they came into the store."""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.items import Issue, IssueWarning
from cncert.quality.all_warnings import issue_with_warnings, issues_with_warnings
from cncert.quality.outliers_between_weeks import NEIGHBOUR_WEEKS, neighbour_warnings
from cncert.report.calendar import weeks
from cncert.store import Store, open_store
from tests.factories import make_figure, make_issue
from tests.site.crawl import project_env, run_scrapy
from tests.stores import put_document, rewrite

WEEKS = list(weeks((2024, 40), (2025, 20)))


def issue(place: int, value: float, change: float | None = None, **changes: object) -> Issue:
    """The issue of a week of WEEKS; it states *value* and perhaps a *change* in percent."""
    evidence = f"数量为{value}个" if change is None else f"数量为{value}个，环比变化{abs(change):.1f}%"
    figure = make_figure("sites.tampered_gov", value, evidence=evidence, change_pct=change)
    return make_issue(*WEEKS[place], figures=[figure], **changes)


async def put(store: Store, issues: Iterable[Issue]) -> None:
    for one in issues:
        await put_document(store, one)


async def shown(store: Store, first: str | None = None, last: str | None = None) -> dict[str, list[IssueWarning]]:
    """All warnings of the stored issues; to show them changes no document."""
    before = [one async for one in store.issues()]
    found = {one.id: warnings async for one, warnings in issues_with_warnings(store, first, last)}
    assert [one async for one in store.issues()] == before
    return found


def deserved(issues: Iterable[Issue]) -> dict[str, list[IssueWarning]]:
    """The warnings that each of *issues* has of its own, and those that it deserves among all others, in this order."""
    given_issues = list(issues)
    return {one.id: [*one.warnings, *neighbour_warnings(one, given_issues)] for one in given_issues}


def codes(found: dict[str, list[IssueWarning]]) -> dict[str, list[str]]:
    return {name: [warning.code for warning in warnings] for name, warnings in found.items()}


ODD = [issue(0, 60), issue(1, 66, 10), issue(2, 650, 5), issue(3, 70), issue(4, 65), issue(5, 61, -6.2)]
"""In the third week both the number and the change are wrong, and in no other."""


@pytest.mark.parametrize("order", [1, -1])
async def test_issues_may_come_forwards_or_backwards(uri: str, order: int) -> None:
    async with open_store(uri) as store:
        await put(store, ODD[::order])
        found = await shown(store)
        assert found == deserved(ODD)
        assert codes(found).pop(ODD[2].id) == ["odd_title", "change_disagrees", "figure_outlier"]
        assert [code for name, code in codes(found).items() if name != ODD[2].id] == [["odd_title"]] * 5


async def test_an_edited_figure_mends_its_neighbours(uri: str) -> None:
    async with open_store(uri) as store:
        await put(store, ODD)
        mended = issue(2, 69, 4.5, text="本周网络安全基本态势")
        await put_document(store, mended)
        assert codes(await shown(store)) == {one.id: ["odd_title"] for one in ODD}


async def test_what_an_earlier_version_stored_is_not_shown(uri: str) -> None:
    """More issues than one batch of the store holds, each with a warning that it does not deserve any more."""
    many = [make_issue(year, number, figures=ODD[number % 6].figures) for year, number in weeks((2023, 1), (2025, 10))]
    false = IssueWarning(code="figure_outlier", message="once")
    async with open_store(uri) as store:
        await put(store, (one.model_copy(update={"warnings": [false, *one.warnings]}) for one in many))
        assert await shown(store) == deserved(many)


async def test_a_document_that_cannot_be_read_is_as_if_it_were_not_there(uri: str) -> None:
    async with open_store(uri) as store:
        await put(store, ODD)
        rewrite(uri, "issues", ODD[1].id, lambda document: document.update(schema_version=99))
        assert await shown(store) == deserved([ODD[0], *ODD[2:]])


@pytest.mark.parametrize(
    ("first", "last"),
    [(ODD[2].id, ODD[2].id), (ODD[1].id, None), (None, ODD[3].id), ("2000-01", "2099-01"), ("0001-01", "9999-52")],
)
async def test_a_range_has_the_warnings_of_the_whole(uri: str, first: str | None, last: str | None) -> None:
    """The neighbours beyond its ends count; a week at the end of the calendar has none."""
    async with open_store(uri) as store:
        await put(store, ODD)
        whole = {name: found for name, found in deserved(ODD).items() if (first or "") <= name <= (last or "~")}
        assert await shown(store, first, last) == whole


async def test_one_issue_reads_its_neighbours_only(sqlite_uri: str) -> None:
    """What an issue costs does not grow with the series."""
    async with open_store(sqlite_uri) as store:
        await put(store, [make_issue(*week) for week in weeks((2022, 1), (2024, 10))])
        read = counted(store)
        found = await issue_with_warnings(store, "2023-01")
        assert found is not None and found[0].id == "2023-01"
        assert await issue_with_warnings(store, "2024-11") is None
    assert (read[0], read[24], len(read[:25])) == ("2022-41", "2023-13", 25)


async def test_a_pass_holds_no_more_than_the_weeks_around(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await put(store, [make_issue(*week) for week in weeks((2022, 1), (2024, 10))])
        read, seen = counted(store), 0
        async for _ in issues_with_warnings(store):
            seen += 1
            assert len(read) - seen <= NEIGHBOUR_WEEKS + 1
        assert seen == len(read) == 115


def counted(store: Store) -> list[str]:
    """The ids of the issues that *store* reads from now on."""
    read: list[str] = []
    issues = store.issues

    async def count(*bounds: str | None) -> AsyncIterator[Issue]:
        async for one in issues(*bounds):
            read.append(one.id)
            yield one

    store.issues = count  # type: ignore[method-assign]  # this store counts what is read of it
    return read


@pytest.mark.parametrize(
    "command", [["warnings"], ["export", "--out", "-", "--table", "warnings"], ["report"], ["status"]]
)
def test_a_command_that_shows_them_writes_nothing(tmp_path: Path, command: list[str]) -> None:
    env = project_env(None, tmp_path)

    async def fill() -> None:
        async with open_store(env["CNCERT_STORE"]) as store:
            await put(store, ODD)

    asyncio.run(fill())
    before = dump(env["CNCERT_STORE"])
    result = run_scrapy(*command, env=env)
    assert result.returncode in (0, 1), result.stderr
    assert dump(env["CNCERT_STORE"]) == before


def dump(uri: str) -> list[str]:
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as db:
        return list(db.iterdump())


VALUES = st.sampled_from([0, 6, 55, 60, 66, 70, 600, 660, 7000])
SERIES = st.dictionaries(
    st.integers(0, len(WEEKS) - 1), st.tuples(VALUES, st.none() | st.sampled_from([-10, 0, 10.0, 5.5])), max_size=10
)


@settings(max_examples=12, deadline=None)
@given(SERIES, st.randoms(use_true_random=False))
def test_the_order_never_matters(series: dict[int, tuple[float, float | None]], rng: object) -> None:
    issues = [issue(place, *stated) for place, stated in series.items()]
    rng.shuffle(issues)  # type: ignore[attr-defined]

    async def try_it() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_store(f"sqlite:///{folder}/cncert.db") as store:
                await put(store, issues)
                assert await shown(store) == deserved(issues)

    asyncio.run(try_it())
