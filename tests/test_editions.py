"""Which edition of an issue counts: the right document for each case, the same in whatever order the editions come."""

import asyncio
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cncert.editions.choose import choose
from cncert.editions.decisions import correct, withdraw
from cncert.editions.make_document import make_document
from cncert.editions.make_edition import edition_of
from cncert.editions.remake_documents import heal, remake
from cncert.editions.take_issue import take
from cncert.items import Issue
from cncert.report.parser_version import PARSER
from cncert.store import Store, open_store
from cncert.store.editions import Withdrawal
from cncert.store.endings import State
from tests.editions import CLOCK, Event, correction, documents, reading, take_all, title, week_id
from tests.factories import make_figure
from tests.stores import raw, with_database

SEEN = datetime(2024, 6, 1, tzinfo=UTC)
"""A day on which pages were fetched again."""


@dataclass(frozen=True)
class Case:
    """Readings that come, and what they make: the handled incidents by week."""

    name: str
    readings: list[Issue]
    right: dict[int, int | None]
    """The number that the document of each week states; None: it states none."""
    said: dict[int, set[str]] = field(default_factory=dict)
    """Codes of warnings that a document must have."""
    sources: dict[int, str] = field(default_factory=dict)


COPIED = title(16)
"""The title of issue 16, number and days."""
CASES = [
    Case("own page", [reading(16)], {16: 100}),
    Case(
        "edited",
        [reading(16), reading(16, handled=101, seen=SEEN, modified=SEEN)],
        {16: 101},
    ),
    Case(
        "edited, and the newer state was fetched by a clock that is behind",
        [reading(16, modified=SEEN), reading(16, handled=101, modified=SEEN + timedelta(days=1), seen=SEEN)],
        {16: 101},
    ),
    Case(
        "edited back",
        [
            reading(16),
            reading(16, handled=101, seen=SEEN),
            reading(16, seen=SEEN + timedelta(days=1)),
        ],
        {16: 100},
    ),
    Case("emptied", [reading(16), reading(16, handled=None, seen=SEEN)], {16: 100}, {16: {"page_emptied"}}),
    Case("deleted later: nothing comes, what was kept stays", [reading(16)], {16: 100}),
    Case(
        "misnumbered: the days and the publication say the week",
        [reading(16), reading(17, handled=200, titled=title(16, days=17))],
        {16: 100, 17: 200},
        {17: {"number_differs"}},
    ),
    Case(
        "days of another week: the number and the publication say it",
        [reading(16), reading(17, handled=200, titled=title(17, days=16))],
        {16: 100, 17: 200},
        {17: {"period_differs"}},
    ),
    Case(
        "title copied whole from the week before",
        [reading(16), reading(17, handled=200, titled=COPIED)],
        {16: 100, 17: 200},
        {17: {"number_differs"}},
    ),
    Case(
        "title copied whole, and nothing else is known of that week",
        [reading(17, handled=200, titled=COPIED)],
        {16: 200},
    ),
    Case(
        "corrected title leaves its former week",
        [
            reading(16),
            reading(17, handled=200, titled=COPIED),
            reading(17, handled=200, seen=SEEN, modified=SEEN),
        ],
        {16: 100, 17: 200},
        {17: {"week_changed"}},
    ),
    Case(
        "a title with the number of last year",
        [reading(16, titled=title(16, year=2023)), reading(17, handled=200)],
        {16: 100, 17: 200},
        {16: {"number_differs"}},
    ),
    Case(
        "two articles for a week: the one published later",
        [reading(16), reading(16, handled=101, article=900, published=SEEN, seen=SEEN)],
        {16: 101},
        {16: {"editions_disagree"}},
    ),
    Case(
        "two articles for a week: the one whose list fits",
        [
            reading(16, lists=(2024, 15)),
            reading(16, handled=101, article=900, lists=(2024, 9), published=datetime(2024, 4, 27, tzinfo=UTC)),
        ],
        {16: 100},
        {16: {"editions_disagree"}},
    ),
    Case(
        "the older one of two articles is fetched again later",
        [
            reading(16, handled=101, article=900, published=datetime(2024, 4, 27, tzinfo=UTC)),
            reading(16, seen=SEEN),
        ],
        {16: 101},
        {16: {"newer_not_chosen", "editions_disagree"}},
    ),
    Case(
        "corrected reissue published in the same minute: the later message",
        [reading(16), reading(16, handled=101, article=17)],
        {16: 101},
        {16: {"editions_disagree"}},
    ),
    Case(
        "reprint before the page",
        [reading(16, source="reprint", handled=99, published=None, seen=SEEN), reading(16)],
        {16: 100},
        {16: {"editions_disagree"}},
        {16: "page"},
    ),
    Case(
        "reprint after the emptied page",
        [reading(16, handled=None), reading(16, source="reprint", published=None, seen=SEEN)],
        {16: 100},
        {16: {"page_emptied"}},
        {16: "reprint"},
    ),
    Case(
        "emptied page beside a file that does not say which article it is of",
        [reading(16, handled=None), reading(16, source="file", article=0, published=None, seen=None)],
        {16: 100},
        {16: {"page_emptied"}},
        {16: "file"},
    ),
    Case(
        "reprint card before a whole reprint",
        [
            reading(16, source="reprint", handled=99, published=None, seen=SEEN),
            reading(16, source="reprint_card", published=None),
        ],
        {16: 100},
        {},
        {16: "reprint_card"},
    ),
    Case("late repost", [reading(16, published=datetime(2024, 9, 1, tzinfo=UTC))], {16: 100}),
    Case(
        "feed newer than the page",
        [reading(16), reading(16, source="feed", handled=101, seen=SEEN)],
        {16: 100},
        {16: {"editions_disagree"}},
        {16: "page"},
    ),
    Case(
        "file of an older state",
        [
            reading(16, source="file", handled=99, published=None, seen=None),
            reading(16, handled=101, seen=SEEN),
        ],
        {16: 101},
        {16: {"editions_disagree"}},
    ),
    Case(
        "file that does not say which article it is of",
        [reading(16, source="file", handled=99, article=0, published=None, seen=None), reading(16)],
        {16: 100},
        {},
        {16: "page"},
    ),
    Case(
        "file of another week that names the article of this one",
        [reading(17, source="file", handled=200, article=16, seen=None), reading(16, handled=None)],
        {16: None, 17: 200},
    ),
    Case(
        "the site's PDF alone",
        [reading(16, source="site", handled=99)],
        {16: 99},
        {},
        {16: "site"},
    ),
    Case(
        "the site's PDF beside the article: what that does not state is joined",
        [reading(16, source="site", handled=99), reading(16, handled=None, rating="良")],
        {16: 99},
        {},
        {16: "page"},
    ),
    Case(
        "an article that states no rating: that of the site's PDF is joined",
        [reading(16, source="site", handled=None, rating="优"), reading(16, rating=None)],
        {16: 100},
        {16: {"rating_joined"}},
        {16: "page"},
    ),
    Case(
        "emptied, and the site's PDF states something",
        [reading(16, source="site", handled=99), reading(16, handled=None)],
        {16: 99},
        {16: {"page_emptied"}},
        {16: "site"},
    ),
    Case(
        "emptied, and a reprint and the site's PDF state something",
        [reading(16, source="site", handled=99), reading(16, handled=None), reading(16, source="reprint", seen=SEEN)],
        {16: 100},
        {16: {"page_emptied"}},
        {16: "reprint"},
    ),
    Case(
        "neither the article nor the site's PDF states anything",
        [reading(16, source="site", handled=None), reading(16, handled=None)],
        {16: None},
        {},
        {16: "page"},
    ),
    Case(
        "another PDF on the page of the site: the later one counts, whichever states more",
        [
            reading(16, source="site", handled=99, extra="更长的一份。"),
            reading(16, source="site", handled=98, seen=SEEN),
        ],
        {16: 98},
        {},
        {16: "site"},
    ),
    Case(
        "published in the future",
        [
            reading(16),
            reading(16, handled=101, article=15, published=datetime(2099, 1, 1, tzinfo=UTC), seen=SEEN),
        ],
        {16: 100},
    ),
    Case(
        "published on a day in the future",
        [
            reading(16),
            reading(16, handled=101, article=15, published=None, published_on=date(2099, 1, 1), seen=SEEN),
        ],
        {16: 100},
    ),
    Case(
        "the day alone is known of one",
        [
            reading(16, published=None, published_on=date(2024, 4, 26), seen=SEEN),
            reading(16, handled=101, article=900),
        ],
        {16: 100},
    ),
    Case(
        "seen in the future",
        [reading(16, seen=SEEN), reading(16, handled=101, seen=datetime(2099, 1, 1, tzinfo=UTC))],
        {16: 100},
    ),
    Case(
        "edited in the future",
        [
            reading(16, modified=SEEN, seen=SEEN + timedelta(days=2)),
            reading(16, handled=101, modified=datetime(2036, 1, 1, tzinfo=UTC), seen=SEEN),
        ],
        {16: 100},
    ),
    Case(
        "published before its week began",
        [reading(16, published=datetime(2024, 4, 10, tzinfo=UTC))],
        {16: 100},
        {16: {"published_early"}},
    ),
    Case("no time at all", [reading(16, published=None, seen=None, source="file", article=0)], {16: 100}),
]


def handled(issue: Issue) -> int | float | str | None:
    """The handled incidents that a document states."""
    return next((figure.value for figure in issue.figures if figure.metric == "incidents.handled"), None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_right_document(sqlite_uri: str, case: Case) -> None:
    async with open_store(sqlite_uri) as store:
        await take_all(store, case.readings)
        found = await documents(store)
    assert {issue.number: handled(issue) for issue in found.values()} == case.right
    for week, codes in case.said.items():
        assert codes <= {warning.code for warning in found[week_id(week)].warnings}
    for week, source in case.sources.items():
        assert found[week_id(week)].provenance.source == source
    for issue in found.values():
        assert sum(one.chosen for one in issue.editions) == 1


@pytest.mark.parametrize("case", [case for case in CASES if len(case.readings) > 1], ids=lambda case: case.name)
async def test_the_order_makes_no_difference(sqlite_uri: str, case: Case) -> None:
    results = []
    for n, order in enumerate(permutations(case.readings)):
        async with open_store(f"{sqlite_uri}-{n}") as store:
            await take_all(store, order)
            results.append(await contents(store))
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("first", [(1990, 3), (2008, 51), (2100, 52), (9999, 52)])
async def test_a_list_that_names_a_year_without_issues_says_nothing(sqlite_uri: str, first: tuple[int, int]) -> None:
    """Where two articles claim a week, lists speak: no misprint there may end every later run."""
    misprinted = reading(16, handled=101, article=900, published=None, seen=None, lists=first)
    async with open_store(sqlite_uri) as store:
        await take_all(store, [reading(16, published=None, seen=None), misprinted])
        assert list(await documents(store)) == [week_id(16)]


async def contents(store: Store) -> tuple[dict[str, Issue], list[object]]:
    """The documents and editions of a store."""
    return await documents(store), [edition async for edition in store.editions()]


# Any set of editions, in any order

WEEKS = st.integers(15, 18)
MOMENTS = st.one_of(
    st.none(),
    st.integers(0, 60).map(lambda days: datetime(2024, 4, 20, tzinfo=UTC) + timedelta(days=days)),
    st.just(datetime(2099, 1, 1, tzinfo=UTC)),
)
SOURCES = st.sampled_from(["page", "page", "page", "reprint_card", "reprint", "feed", "file", "site"])


@st.composite
def readings(draw: st.DrawFn) -> Issue:
    """Any reading of one of four neighbouring weeks."""
    week = draw(WEEKS)
    source = draw(SOURCES)
    is_copy = source in ("feed", "file")
    return reading(
        week,
        handled=draw(st.sampled_from([None, 100, 101])),
        source=source,
        article=draw(st.sampled_from([15, 16, 17, 900, *([0] if is_copy else [])])),
        titled=draw(st.sampled_from([None, COPIED, title(17, days=16), title(16, days=17), title(16, year=2023)])),
        lists=draw(st.sampled_from([True, False, (2024, 15), (2024, 16)])),
        published=draw(MOMENTS),
        seen=draw(MOMENTS),
        modified=draw(st.one_of(st.none(), MOMENTS)),
        pictures=draw(st.sampled_from([(), ("mmbiz_png/one",)])),
        # What another parser left, or version 1 of the store: it may have read less in the same text.
        **draw(st.sampled_from([{}, {"parser": PARSER}, {"rating": None}, {"parser": PARSER, "rating": "差"}])),
    )


EVENTS = st.builds(
    Event,
    readings(),
    withdrawn=st.sampled_from([False, False, False, True]),
    corrected=st.sampled_from([None, None, None, 7]),
)


SETS = st.lists(EVENTS, min_size=1, max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(readings(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_choice_depends_on_the_set_alone(some: list[Issue], rng: random.Random) -> None:
    """Merged in any order, with repeats, and whatever is known of other weeks."""
    expected = None
    for _ in range(4):
        rng.shuffle(some)
        kept = {}
        for one in [*some, *rng.sample(some, len(some) // 2)]:
            edition = edition_of(one, CLOCK)
            kept[edition.id] = kept[edition.id].merged_with(edition) if edition.id in kept else edition
        choices = {week: (one.chosen, one.editions) for week, one in choose(kept.values()).items()}
        expected = expected or choices
        assert choices == expected


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Makes new addresses of SQLite stores."""
    folder = tmp_path_factory.mktemp("orders")
    return lambda: f"sqlite:///{folder}/{uuid.uuid4().hex}.db"  # hypothesis seeds ``random``


class Killed(Exception):
    """The process is killed here."""


class DyingStore:
    """Lets a store write so many times, and raises then."""

    def __init__(self, store: Store, writes: int) -> None:
        self._write, self._writes = store._write, writes
        store._write = self.write  # type: ignore[method-assign]  # this store dies

    async def write(self, writes: object) -> bool:
        if self._writes == 0:
            raise Killed
        self._writes -= 1
        return await self._write(writes)  # type: ignore[arg-type]


async def taken(uri: str, some: list[Event], kills: list[int]) -> tuple[dict[str, Issue], list[object]]:
    """What two writers make of *some*, each killed after so many writes and begun again, if *kills* says so."""

    async def work(mine: list[Event], dies_after: int) -> None:
        try:
            async with open_store(uri) as store:
                DyingStore(store, dies_after)
                await take_all(store, mine)
        except Killed:
            async with open_store(uri) as store:
                await heal(store)
                await take_all(store, mine)

    half = len(some) // 2
    async with open_store(uri) as store:
        await asyncio.gather(work(some[: half + 1], kills[0]), work(some[half:], kills[1]))
        await heal(store)
        return await contents(store)


async def check_orders(
    address: Callable[[], str], other: Callable[[], str], some: list[Event], rng: random.Random, kills: list[int]
) -> None:
    first = await taken(address(), some, [-1, -1])
    again = [*some, *rng.sample(some, len(some) // 2)]
    rng.shuffle(again)
    assert await taken(other(), again, kills) == first


NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]
"""A failing set is small anyway, and each try takes a second."""
KILLS = st.lists(st.integers(-1, 6), min_size=2, max_size=2)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=NO_SHRINKING)
@given(SETS, st.randoms(use_true_random=False), KILLS)
def test_two_writers_that_are_killed_make_the_same(
    fresh: Callable[[], str], some: list[Event], rng: random.Random, kills: list[int]
) -> None:
    asyncio.run(check_orders(fresh, fresh, some, rng, kills))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=NO_SHRINKING)
@given(SETS, st.randoms(use_true_random=False), KILLS)
def test_the_same_in_mongodb(
    fresh: Callable[[], str], mongod: str, some: list[Event], rng: random.Random, kills: list[int]
) -> None:
    """What SQLite makes of them, in another order and killed."""
    names: list[str] = []

    def address() -> str:
        names.append(f"cncert_test_{uuid.uuid4().hex[:12]}")
        return with_database(mongod, names[-1])

    try:
        asyncio.run(check_orders(fresh, address, some, rng, kills))
    finally:
        with raw(mongod) as client:
            for name in names:
                client.drop_database(name)


# Decisions of persons


async def test_a_withdrawn_edition_does_not_count_and_can_be_brought_back(uri: str) -> None:
    wrong = reading(16, handled=101, seen=SEEN, modified=SEEN)
    async with open_store(uri) as store:
        await take_all(store, [reading(16), wrong])
        edition = await store.get_edition(edition_of(wrong, CLOCK).id)
        assert edition is not None
        await withdraw(store, edition, "zhang", "a test of the editors")
        document = (await documents(store))[week_id(16)]
        assert handled(document) == 100
        assert [one.chosen for one in document.editions if one.id == edition.id] == [False]
        await withdraw(store, edition, "zhang", "it was none", withdrawn=False)
        assert handled((await documents(store))[week_id(16)]) == 101


async def test_a_decision_replaces_one_by_a_clock_that_was_ahead(uri: str) -> None:
    ahead = datetime(2036, 1, 1, tzinfo=UTC)
    async with open_store(uri) as store:
        await take_all(store, [reading(16)])
        (edition,) = [one async for one in store.editions()]
        wrong = Withdrawal(withdrawn=True, by="zhang", at=ahead, why="wrong")
        _, edition = await store.put_edition(edition.model_copy(update={"withdrawal": wrong}))
        await withdraw(store, edition, "li", "it is right", withdrawn=False)
        document = (await documents(store))[week_id(16)]
        await store.put_text_correction(correction(edition, 7).model_copy(update={"at": ahead}))
        await correct(store, document, "incidents.handled", 8, "li", "misread")
        assert handled((await documents(store))[week_id(16)]) == 8


async def test_the_article_of_a_copy_that_is_brought_back_stays_due(uri: str) -> None:
    copy = reading(16, source="feed", seen=None)
    url = "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247500016&idx=1"
    copy = copy.model_copy(update={"article": copy.article.model_copy(update={"url": url})})
    async with open_store(uri) as store:
        await take(store, copy, "feed")
        for withdrawn in (True, False):
            (edition,) = [one async for one in store.editions()]
            await withdraw(store, edition, "zhang", "a test", withdrawn=withdrawn)
            assert [row.state for row in await store.rows() if row.id == edition.article] == [State.KNOWN]


def test_the_former_pdf_of_the_site_contradicts_nothing() -> None:
    former = reading(16, source="site", handled=99, extra="更长的一份。")
    editions = [edition_of(one, CLOCK) for one in (reading(16), former, reading(16, source="site", seen=SEEN))]
    (choice,) = choose(editions).values()
    document = make_document(choice, {}, {}, {}, [])
    assert document is not None
    assert "editions_disagree" not in {one.code for one in document.warnings}


async def test_a_correction_of_a_figure_of_the_site_stays_beside_the_article(uri: str) -> None:
    async with open_store(uri) as store:
        await take_all(store, [reading(16, source="site", handled=99)])
        await correct(store, (await documents(store))[week_id(16)], "incidents.handled", 98, "zhang", "misprint")
        await take_all(store, [reading(16, handled=None, rating="良")])
        document = (await documents(store))[week_id(16)]
        assert (document.provenance.source, handled(document)) == ("page", 98)


def test_a_rating_that_only_the_site_states_is_that_of_the_document_and_its_edition_is_named() -> None:
    site, page = (
        edition_of(reading(16, rating=rating, source=source), CLOCK)
        for rating, source in (("优", "site"), (None, "page"))
    )
    (choice,) = choose([page, site]).values()
    document = make_document(choice, {}, {}, {}, [])
    assert document is not None
    assert (document.rating, document.provenance.source) == ("优", "page")
    (message,) = [one.message for one in document.warnings if one.code == "rating_joined"]
    assert message == f"the rating 优 is stated by edition {site.id[:8]} (site) only"


async def test_a_correction_belongs_to_its_sentence_where_two_state_the_metric(uri: str) -> None:
    sentences = ["处理网络安全事件100起。", "共处理网络安全事件120起。"]
    figures = [
        make_figure("incidents.handled", value, evidence=sentence, confidence=confidence)
        for value, sentence, confidence in zip((100, 120), sentences, (0.5, 1.0), strict=True)
    ]
    async with open_store(uri) as store:
        await take_all(store, [reading(16, figures=figures, text="\n".join(sentences))])
        await correct(store, (await documents(store))[week_id(16)], "incidents.handled", 125, "zhang", "misprint")
        found = (await documents(store))[week_id(16)].figures
        assert [(one.value, one.evidence) for one in found] == [(100, sentences[0]), (125, sentences[1])]


async def test_an_issue_without_an_edition_that_counts_loses_its_document(uri: str) -> None:
    async with open_store(uri) as store:
        taken = await take(store, reading(16), "page")
        assert taken.document is not None
        (edition,) = [one async for one in store.editions()]
        await withdraw(store, edition, "zhang", "wrong")
        assert await documents(store) == {}
        (row,) = [row for row in await store.rows() if row.id == edition.article]
        assert row.state is State.KNOWN
        assert await heal(store) == []
        assert (await take(store, reading(16), "page")).document is None


async def test_a_corrected_figure_stays_through_another_reading_of_its_sentence(uri: str) -> None:
    async with open_store(uri) as store:
        await take_all(store, [reading(16)])
        await correct(store, (await documents(store))[week_id(16)], "incidents.handled", 120, "zhang", "misprint")
        document = (await documents(store))[week_id(16)]
        assert handled(document) == 120
        assert document.figures[0].checked is not None
        await take_all(store, [reading(16, seen=SEEN, modified=SEEN, rating="差")])
        assert handled((await documents(store))[week_id(16)]) == 120
        await take_all(store, [reading(16, handled=130, seen=SEEN, modified=SEEN + timedelta(hours=1))])
        document = (await documents(store))[week_id(16)]
        assert handled(document) == 130
        assert "correction_not_applied" in {warning.code for warning in document.warnings}


async def test_a_document_that_was_removed_by_hand_is_made_anew(uri: str) -> None:
    async with open_store(uri) as store:
        await take_all(store, [reading(16)])
        before = await documents(store)
        found = await store.load(Issue, [week_id(16)])
        await store.write_all([store.write(Issue, week_id(16), found[week_id(16)], None)])
        assert await documents(store) == {}
        assert await heal(store) == [week_id(16)]
        assert await documents(store) == before


async def test_an_edition_that_was_written_without_its_document_is_found(uri: str) -> None:
    async with open_store(uri) as store:
        await store.put_edition(edition_of(reading(16), CLOCK))
        assert await heal(store) == [week_id(16)]
        assert handled((await documents(store))[week_id(16)]) == 100
        assert await heal(store) == []


async def test_an_edition_that_comes_while_documents_are_made_settles_with_its_own_document(sqlite_uri: str) -> None:
    """It is the same article under another week, whose document had not been read."""
    later = edition_of(reading(18, article=16, seen=SEEN), CLOCK)
    async with open_store(sqlite_uri) as store:
        await take_all(store, [reading(18, handled=200)])
        first = edition_of(reading(16), CLOCK)
        await store.put_edition(first)
        load, calls = store.load, 0

        async def loading(kind: type, ids: object) -> object:
            nonlocal calls
            found = await load(kind, ids)  # type: ignore[type-var]
            calls += 1
            if calls == 2:
                await store.put_edition(later)
            return found

        store.load = loading  # type: ignore[method-assign, assignment]
        await remake(store, [], [str(first.article)])
        store.load = load  # type: ignore[method-assign]
        await heal(store)
        document = (await documents(store))[week_id(18)]
        assert later.id in {one.id for one in document.editions}


async def test_another_reading_that_is_of_another_week_leaves_the_former_one(uri: str) -> None:
    """A parser that reads the title better; killed before the documents were made."""
    first = edition_of(reading(16), CLOCK)
    better = first.model_copy(update={"issue": reading(17, parser=PARSER), "weeks": [week_id(17)]})
    async with open_store(uri) as store:
        await take_all(store, [reading(16)])
        await store.put_edition(better)
        assert await heal(store) == [week_id(16), week_id(17)]
        assert list(await documents(store)) == [week_id(17)]
        assert await heal(store) == []


async def test_taking_in_an_issue_asks_the_store_a_few_times_only(sqlite_uri: str) -> None:
    """What an issue costs does not grow with the length of its list, nor with what is stored."""
    async with open_store(sqlite_uri) as store:
        await take(store, reading(15), "page")
        calls, run = 0, store._run  # type: ignore[attr-defined]

        async def counted(work: object) -> object:
            nonlocal calls
            calls += 1
            return await run(work)

        store._run = counted  # type: ignore[attr-defined]
        await take(store, reading(16), "page")
        assert calls <= 12
        calls = 0
        await take(store, reading(16), "page")
        assert calls <= 6


async def test_a_correction_of_which_the_process_was_killed_is_shown_by_the_next(uri: str) -> None:
    async with open_store(uri) as store:
        await take_all(store, [reading(16)])
        document, put = (await documents(store))[week_id(16)], store.put_text_correction

        async def put_and_die(one: object) -> None:
            await put(one)  # type: ignore[arg-type]
            raise Killed

        store.put_text_correction = put_and_die  # type: ignore[method-assign]
        with pytest.raises(Killed):
            await correct(store, document, "incidents.handled", 120, "zhang", "misprint")
        assert handled((await documents(store))[week_id(16)]) == 100
        assert await heal(store) == [week_id(16)]
        assert handled((await documents(store))[week_id(16)]) == 120


async def test_a_withdrawn_article_claims_no_week_any_more(uri: str) -> None:
    """A title copied whole: as long as the right issue counts, the other one is that of the next week."""
    copied = reading(17, handled=200, titled=COPIED)
    async with open_store(uri) as store:
        await take_all(store, [reading(16), copied])
        assert list(await documents(store)) == [week_id(16), week_id(17)]
        right = await store.get_edition(edition_of(reading(16), CLOCK).id)
        assert right is not None
        await withdraw(store, right, "zhang", "a test")
        assert {one: handled(issue) for one, issue in (await documents(store)).items()} == {week_id(16): 200}
