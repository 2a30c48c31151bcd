"""Warnings that rest on several issues: the same issues have the same ones, however they came into the store."""

import asyncio
import sqlite3
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pymongo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.items import Issue
from cncert.quality import renew_warnings
from cncert.quality.outliers_between_weeks import neighbour_warnings
from cncert.report.calendar import weeks
from cncert.store import Store, open_store
from cncert.store.revisions import Outcome
from tests.factories import make_figure, make_issue

WEEKS = list(weeks((2024, 40), (2025, 20)))


@pytest.fixture(params=["sqlite", "mongo"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty store, in each backend in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'cncert.db'}"
        return
    mongod = request.getfixturevalue("mongod")
    name = f"cncert_consistency_{uuid.uuid4().hex[:12]}"
    yield urlsplit(mongod)._replace(path=f"/{name}").geturl()
    with pymongo.MongoClient[dict[str, object]](mongod) as client:
        client.drop_database(name)


def issue(place: int, value: float, change: float | None = None, **changes: object) -> Issue:
    """The issue of a week of WEEKS; it states *value* and perhaps a *change* in percent."""
    evidence = f"数量为{value}个" if change is None else f"数量为{value}个，环比变化{abs(change):.1f}%"
    figure = make_figure("sites.tampered_gov", value, evidence=evidence, change_pct=change)
    return make_issue(*WEEKS[place], figures=[figure], **changes)


async def take(store: Store, issues: Iterable[Issue]) -> None:
    """What a run does with issues as they come."""
    for one in issues:
        await store.put_issue(one)
        await renew_warnings.renew(store, one.id)


async def found(store: Store) -> dict[str, list[str]]:
    return {one.id: [warning.code for warning in one.warnings] async for one in store.issues()}


async def check(store: Store, issues: Iterable[Issue]) -> None:
    """Every issue has its own warnings and those that it deserves among all others, once and in this order."""
    given_issues = {one.id: one for one in issues}
    stored = {one.id: one async for one in store.issues()}
    assert stored.keys() == given_issues.keys()
    for one in given_issues.values():
        expected = [*one.warnings, *neighbour_warnings(one, given_issues.values())]
        assert stored[one.id].warnings == expected


ODD = [issue(0, 60), issue(1, 66, 10), issue(2, 650, 5), issue(3, 70), issue(4, 65), issue(5, 61, -6.2)]
"""In the third week both the number and the change are wrong, and in no other."""


@pytest.mark.parametrize("order", [1, -1])
async def test_issues_may_come_forwards_or_backwards(uri: str, order: int) -> None:
    async with open_store(uri) as store:
        await take(store, ODD[::order])
        await check(store, ODD)
        codes = await found(store)
        assert codes.pop(ODD[2].id) == ["odd_title", "change_disagrees", "figure_outlier"]
        assert set(map(tuple, codes.values())) == {("odd_title",)}
        assert [await store.revisions(one.id) for one in ODD] == [[]] * len(ODD)


async def test_reading_an_issue_again_neither_loses_nor_doubles_them(uri: str) -> None:
    async with open_store(uri) as store:
        await take(store, ODD)
        before = [one async for one in store.issues()]
        for one in (ODD[2], before[2], *ODD):  # as it is read, and as the store gave it back
            assert await store.put_issue(one) is Outcome.SAME
            await renew_warnings.renew(store, one.id)
        assert [one async for one in store.issues()] == before


async def test_an_edited_figure_mends_its_neighbours(uri: str) -> None:
    async with open_store(uri) as store:
        await take(store, ODD)
        mended = issue(2, 69, 4.5, text="本周网络安全基本态势")
        assert await store.put_issue(mended) is Outcome.CHANGED
        await renew_warnings.renew(store, mended.id)
        await check(store, [*ODD[:2], mended, *ODD[3:]])
        assert set(map(tuple, (await found(store)).values())) == {("odd_title",)}
        assert [len(await store.revisions(one.id)) for one in ODD] == [0, 0, 1, 0, 0, 0]


async def test_all_is_renewed_what_a_dead_run_or_another_version_left(uri: str) -> None:
    """More issues than one batch of the store would hold; some with warnings that they do not deserve any more."""
    false = [{"code": "figure_outlier", "message": "once"}]
    many = [make_issue(year, number, figures=ODD[number % 6].figures) for year, number in weeks((2023, 1), (2025, 10))]
    async with open_store(uri) as store:
        for one in many:
            await store.put_issue(one)
            await store.replace_issue(one, one.with_relative_warnings(issue(0, 1, warnings=false).warnings))
        await renew_warnings.renew(store)
        await check(store, many)


async def test_two_runs_at_once_agree_in_the_end(uri: str) -> None:
    """Each stores every second issue and sees the other's sooner or later."""
    async with open_store(uri) as one, open_store(uri) as other:
        await asyncio.gather(take(one, ODD[::2]), take(other, ODD[1::2]))
        await check(one, ODD)


async def test_a_document_that_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        await take(store, ODD)
        with sqlite3.connect(tmp_path / "cncert.db") as db:
            db.execute(
                "UPDATE issues SET document = json_set(document, '$.schema_version', 99) WHERE id = ?", [ODD[1].id]
            )
        await renew_warnings.renew(store)
        await renew_warnings.renew(store, ODD[2].id)
        (tampered,) = [await store.get_issue(ODD[2].id)]
        assert tampered is not None
        assert [warning.code for warning in tampered.relative_warnings] == ["figure_outlier"]


async def test_renewing_around_an_issue_reads_its_neighbours_only(tmp_path: Path) -> None:
    """What an issue costs does not grow with the series."""
    many = [make_issue(*week) for week in weeks((2020, 1), (2025, 10))]
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        for one in many:
            await store.put_issue(one)
        await renew_warnings.renew(store)
        asked, get_issue = [], store.get_issue

        async def counted(issue_id: str) -> Issue | None:
            asked.append(issue_id)
            return await get_issue(issue_id)

        store.get_issue = counted  # type: ignore[method-assign]
        await renew_warnings.renew(store, "2023-01")
    assert len(asked) == 49
    assert (min(asked), max(asked)) == ("2022-29", "2023-25")


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
                await take(store, issues)
                await check(store, issues)

    asyncio.run(try_it())
