"""The calendar of completeness: which weeks it has, in which state, with which addresses, and what would help."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import html
from playwright.sync_api import sync_playwright

from cncert.commands.gaps import STATE_SIGNS, wanted_lines
from cncert.items import Source, issue_id
from cncert.ledger import calendar_gaps
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.ledger.calendar_gaps import Week, weeks
from cncert.ledger.publishing_habits import last_due_week
from cncert.ledger.week_states import Advice, WeekState, week_words
from cncert.monitoring.monitor_input import take_snapshot
from cncert.monitoring.store_status import status
from cncert.output.html_pages import read_words
from cncert.output.wanted.wanted_page import render
from cncert.sources import bundled_index, bundled_reprints
from cncert.store import open_store
from cncert.store.ledger_rows import LedgerRow
from cncert.wechat.address import biz_text
from tests.factories import NOW, make_issue, make_row
from tests.site.crawl import ROOT, project_env, run_scrapy
from tests.stores import let_index_end, make_empty, put_document

TODAY = date(2026, 11, 30)
WEEK = "2025-15"
"""A week of which the index here knows nothing (``before`` ends it earlier)."""
OWN = 3204940813
OTHER = 3900000000
SHORT = "https://mp.weixin.qq.com/s/Qx7PzYw4nM2kLr8TbVc9Hg"


def long(biz: int, mid: int, *, signed: bool = False) -> str:
    address = f"https://mp.weixin.qq.com/s?__biz={biz_text(biz)}&mid={mid}&idx=1&sn={mid:032x}"
    return f"{address}&chksm=97{mid:064x}" if signed else address


SITE = "https://www.cert.org.cn/publish/main/44/2025/202504170000000202515/202504170000000202515_.html"
UNSIGNED, SIGNED, REPRINT = long(OWN, 1), long(OWN, 1, signed=True), long(OTHER, 2)


def found(url: str, form: str, *endings: str) -> dict[str, Any]:
    """An address after tries that ended so."""
    history = [{"at": NOW + timedelta(hours=hours), "ending": ending} for hours, ending in enumerate(endings)]
    return {
        "url": url, "form": form, "sources": ["index"], "first_seen": NOW, "tries": len(endings), "history": history
    }  # fmt: skip


def row(name: str, state: str, *addresses: dict[str, Any], **changes: Any) -> LedgerRow:
    return make_row(name, issue=WEEK, state=state, addresses=list(addresses), **changes)


def week(*rows: LedgerRow, stored: Source | None = None) -> Week:
    """What the calendar says of WEEK."""
    (one,) = weeks(rows, {WEEK: stored} if stored else {}, first=WEEK, last=WEEK, today=TODAY)
    return one


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index ends before WEEK."""
    let_index_end(monkeypatch, "2025-12")


# --- which weeks


def test_before_any_crawl_it_has_all_weeks_of_the_index_and_those_that_are_due() -> None:
    calendar = weeks([], {}, today=TODAY)
    assert (calendar[0].issue, calendar[-1].issue, len(calendar)) == ("2022-27", "2026-47", 230)
    assert {one.state for one in calendar} == {"known", "never named"}
    assert {one.issue for one in calendar if one.state == "known"} == {one.issue for one in bundled_index()}
    assert {one.advice for one in calendar} == {"crawl"}
    addresses = {url for one in calendar for url in one.addresses}
    assert addresses == {one.url for one in (*bundled_index(), *bundled_reprints()) if one.url}
    assert {url for one in calendar for url in one.reprints} == {one.url for one in bundled_reprints()}


@pytest.mark.parametrize(
    ("today", "last"),
    [
        ("2026-11-26", "2026-46"),  # the Thursday on which 2026-47 usually comes
        ("2026-11-27", "2026-46"),
        ("2026-11-28", "2026-47"),  # most come by Friday
        ("2027-02-05", "2027-04"),  # the holiday begins
        ("2027-02-22", "2027-04"),  # the tenth day after it
        ("2027-02-23", "2027-07"),
    ],
)
def test_a_week_is_due_when_its_usual_day_is_over(today: str, last: str) -> None:
    assert issue_id(*last_due_week(date.fromisoformat(today))) == last


def test_what_is_due_never_goes_back() -> None:
    days = [date(2022, 7, 10) + timedelta(days=number) for number in range(366 * 10)]
    due = list(map(last_due_week, days))
    assert due == sorted(due)


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(1970, 1, 1), "2026-36"),
        (date(2026, 9, 1), "2026-36"),
        (date(2028, 8, 1), "2028-30"),
        (date(2028, 12, 1), "2026-36"),
        (date(9999, 12, 31), "2026-36"),
    ],
)
def test_a_clock_that_is_behind_the_index_or_years_ahead_of_all_that_is_known_is_not_believed(
    today: date, last: str
) -> None:
    calendar = weeks([], {}, today=today)
    assert (calendar[0].issue, calendar[-1].issue) == ("2022-27", last)


def test_what_is_named_or_stored_is_in_the_calendar_before_it_is_due() -> None:
    feed = make_row("s-1", issue="2026-48", addresses=[found(SHORT, "short") | {"sources": ["feed:x"]}])
    assert weeks([feed], {}, today=TODAY)[-1].issue == "2026-48"
    assert weeks([], {"2026-48": "page"}, today=TODAY)[-1].issue == "2026-48"
    assert weeks([], {"2026-49": "page"}, today=TODAY)[-1].issue == "2026-47"  # it has not ended
    assert weeks([], {"2018-06": "file"}, today=TODAY)[0].issue == "2018-06"


# --- states, addresses and advice

S, B, G, U = "stored", "blocked", "gone", "unavailable"
OWN_ROW, OTHER_ROW = f"{OWN}-1-1", f"{OTHER}-2-1"


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(
    ("rows", "state", "advice"),
    [
        ([row("issue-2025-15", "known")], "known", "search"),
        ([row(OWN_ROW, "known", found(UNSIGNED, "unsigned"))], "known", "crawl"),
        ([row(OWN_ROW, B, found(UNSIGNED, "unsigned", B), ending=B)], "blocked", "open"),
        ([row(OWN_ROW, B, found(SIGNED, "signed", B), ending=B)], "blocked", "slower"),
        ([row(OWN_ROW, U, found(SIGNED, "signed", U), ending=U)], "unavailable", "wait"),
        ([row("t-1", U, found(SIGNED, "signed", "expired"), ending="expired")], "unavailable", "search"),
        ([row(OWN_ROW, U, found(SIGNED, "signed"), ending="not_archived")], "unavailable", "crawl"),
        ([row(OWN_ROW, G, found(SIGNED, "signed", G), ending=G)], "gone", "copy"),
        ([row(OWN_ROW, "rejected", found(SIGNED, "signed", "invalid"), ending="invalid")], "rejected", "report"),
        ([row("s-1", "rejected", found(SHORT, "short", "title"), ending="title")], "rejected", "address"),
        ([row(OWN_ROW, S, found(SIGNED, "signed", S), ending=S)], "known", "crawl"),  # its document was removed
        # Beside a reprint that was never requested: it hides no state, but helps.
        ([row(OWN_ROW, B, found(UNSIGNED, "unsigned", B), ending=B), row("s-1", "known", found(SHORT, "short"),
          original=OWN_ROW)], "blocked", "crawl"),
        ([row(OWN_ROW, G, found(SIGNED, "signed", G), ending=G), row(OTHER_ROW, "known",
          found(REPRINT, "unsigned"))], "gone", "open"),
        ([row("issue-2025-15", "known"), row(OTHER_ROW, "known", found(REPRINT, "unsigned"))], "known", "crawl"),
        # Pages of CNCERT's site are asked for by their own spider only.
        ([row("site-1", "known", found(SITE, "site"))], "known", "official"),
        ([row("site-1", U, found(SITE, "site", "no_text"), ending="no_text")], "unavailable", "official"),
        ([row("site-1", U, found(SITE, "site", "no_text"), ending="no_text"), row(OWN_ROW, "known",
          found(SIGNED, "signed"))], "unavailable", "crawl"),
        ([row("site-1", U, found(SITE, "site", "no_text"), ending="no_text"), row(OWN_ROW, B,
          found(UNSIGNED, "unsigned", B), ending=B)], "blocked", "slower"),
    ],
)  # fmt: skip
def test_a_missing_week_has_its_state_and_what_would_help(rows: list[LedgerRow], state: str, advice: str) -> None:
    one = week(*rows)
    assert (one.state, one.advice) == (state, advice)


@pytest.mark.usefixtures("before")
def test_what_nothing_names_is_asked_of_wechat_before_a_person_is_to_search_there() -> None:
    by_site = row("site-1", S, found(SITE, "site", S), ending=S).model_copy(update={"issue": "2025-14"})
    by_both = row(OWN_ROW, S, found(SIGNED, "signed", S), ending=S).model_copy(update={"issue": "2025-13"})
    assert week(by_site).advice == "crawl"
    assert week(by_site, by_both).advice == "search"


def test_the_wanted_addresses_are_those_that_the_weekly_spider_reads() -> None:
    (line,) = [
        line for line in wanted_lines([week(row("site-1", U, found(SITE, "site", U), ending=U))]) if SITE in line
    ]
    assert line == f"# {SITE}  (of CNCERT's site: scrapy crawl official)"


def test_a_stored_week_says_what_it_was_read_from_and_wants_nothing() -> None:
    one = week(row(OWN_ROW, "stored", found(SIGNED, "signed", "stored")), stored="reprint_card")
    assert (one.state, one.source, one.reason, one.advice) == ("stored", "reprint_card", None, None)


@pytest.mark.usefixtures("before")
def test_the_best_address_comes_first_and_of_two_alike_the_articles_own() -> None:
    late = row(OTHER_ROW, "known", found(REPRINT, "unsigned"))
    own = row(OWN_ROW, "blocked", found(SIGNED, "signed", B), found(UNSIGNED, "unsigned"))
    marked = row("s-Qx7PzYw4nM2kLr8TbVc9Hg", "known", found(SHORT, "short"), original=OWN_ROW)
    gone = row("9-9-9", "gone", found(long(9, 9), "unsigned"))
    one = week(gone, late, own, marked)
    assert one.addresses == [SHORT, UNSIGNED, REPRINT, SIGNED]
    assert one.reprints == [SHORT, REPRINT]
    assert one.attempts == 1


def test_what_the_ledger_knows_of_an_article_counts_before_the_index() -> None:
    """Each address once, those of the article's row beside it; a deleted article is asked for by none."""
    (indexed,) = [one for one in bundled_index() if one.issue == "2024-50"]
    assert indexed.url is not None
    key = f"{OWN}-{re.search('mid=([0-9]+)', indexed.url)[1]}-{re.search('idx=([0-9]+)', indexed.url)[1]}"  # type: ignore[index]

    def listed(*rows: LedgerRow) -> Week:
        (one,) = weeks(rows, {}, first="2024-50", last="2024-50", reprints=False, today=TODAY)
        return one

    assert listed().addresses == [indexed.url]
    merged = make_row(f"{OWN}-2-3", issue="2024-50", state="blocked", addresses=[found(indexed.url, "signed", B)])
    assert (listed(merged).addresses, listed(merged).state) == ([indexed.url], "blocked")
    by_other_address = make_row(key, issue="2024-50", state="known", addresses=[found(UNSIGNED, "unsigned")])
    assert listed(by_other_address).addresses == [UNSIGNED, indexed.url]
    gone = make_row(key, issue="2024-50", state="gone", addresses=[found(UNSIGNED, "unsigned", G)])
    assert (listed(gone).addresses, listed(gone).state) == ([], "gone")


async def test_both_stores_know_the_source_of_the_edition_that_counts(uri: str) -> None:
    async with open_store(uri) as store:
        for number, source in enumerate(get_args(Source), 1):
            await put_document(store, make_issue(2025, number, provenance={"source": source}))
        sources = await store.issue_sources()
    assert sources == {f"2025-{number:02d}": source for number, source in enumerate(get_args(Source), 1)}
    assert calendar_gaps.stored_by_source(weeks([], sources)) == dict.fromkeys(get_args(Source), 1)


def test_every_state_and_advice_has_its_words_in_both_languages() -> None:
    words = week_words()
    assert [set(words[table]) for table in ("state", "meaning", "advice")] == [
        {*get_args(WeekState)}, {*get_args(WeekState)}, {*get_args(Advice)}
    ]  # fmt: skip
    assert all(
        texts.keys() == {"en", "zh"} and all(texts.values()) for table in words.values() for texts in table.values()
    )
    assert list(STATE_SIGNS) == list(get_args(WeekState))


# --- the commands


@pytest.mark.parametrize(
    "call",
    [
        *[("gaps",), ("gaps", "--json"), ("gaps", "--wanted"), ("gaps", "--html", "-"), ("status",)],
        *[("runs",), ("warnings",), ("export",), ("report",)],
    ],
    ids=" ".join,
)
def test_a_reading_command_creates_nothing(tmp_path: Path, call: tuple[str, ...]) -> None:
    env = {**project_env(None, tmp_path), "SCRAPY_SETTINGS_MODULE": "cncert.settings"}
    del env["CNCERT_STORE"], env["CNCERT_FILES"]
    place = tmp_path / "empty"
    place.mkdir()
    result = run_scrapy(*call, env=env, cwd=place)
    assert result.returncode in (0, 1), result.stderr
    assert "scrapy crawl weekly" in result.stdout + result.stderr or call in [("warnings",), ("report",)]
    assert list(place.iterdir()) == []


async def test_an_empty_store_counts_what_the_first_run_requests(sqlite_uri: str) -> None:
    """One article a week, though some have reprints beside it."""
    async with open_store(sqlite_uri, read_only=True, may_be_missing=True) as store:
        state = status(await take_snapshot(store, datetime(2026, 11, 30, tzinfo=UTC), timedelta(days=9)), [], "x")
    asked = {one.issue for one in (*bundled_index(), *bundled_reprints()) if one.url}
    assert (state.due_now, state.due_later, state.weeks["known"]) == (len(asked), 0, 201)
    assert state.advice == {"crawl": 230}


async def test_reprints_that_are_refused_are_neither_due_nor_advised(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await Ledger(store).add([FoundAddress(one.url, "index", one.issue) for one in bundled_reprints()])
        now, fresh = datetime(2026, 11, 30, tzinfo=UTC), timedelta(days=9)
        state = status(await take_snapshot(store, now, fresh, reprints=False), [], "x")
    assert state.due_now == sum(bool(one.url) for one in bundled_index())
    assert [week.issue for week in state.missing if week.reprints] == []


async def test_a_reprint_that_was_refused_is_due_and_advised_once_reprints_are_wanted(sqlite_uri: str) -> None:
    refused = row("3070000000-2650000001-2", "rejected", found(SHORT, "short", "reprint"), ending="reprint")
    async with open_store(sqlite_uri) as store:
        await store.change_row(refused.id, lambda _: refused)
        snapshot = await take_snapshot(store, datetime(2026, 11, 30, tzinfo=UTC), timedelta(days=9))
    (week,) = [week for week in snapshot.weeks if week.issue == refused.issue]
    assert (week.advice, SHORT in week.reprints) == ("crawl", True)
    known = {one.issue for one in (*bundled_index(), *bundled_reprints()) if one.url}
    assert status(snapshot, [], "x").due_now == len(known | {refused.issue})


@pytest.mark.usefixtures("before")
async def test_the_page_of_an_article_of_which_a_reprint_was_had_is_due_once_a_month(sqlite_uri: str) -> None:
    async def due(next_try: timedelta) -> tuple[int, int]:
        now = datetime(2026, 11, 30, tzinfo=UTC)
        own = row(OWN_ROW, "stored", found(SIGNED, "signed"), next_try=now + next_try)
        reprint = row("s-1", "known", found(SHORT, "short"))
        async with open_store(sqlite_uri) as store:
            await put_document(store, make_issue(2025, 15, provenance={"source": "reprint"}))
            for one in (own, reprint):
                await store.change_row(one.id, lambda _, one=one: one)  # type: ignore[misc]
            state = status(await take_snapshot(store, now, timedelta(days=9)), [], "x")
        return state.due_now, state.due_later

    others = sum(one.issue <= "2025-12" for one in bundled_index())
    assert await due(timedelta(days=-1)) == (others + 1, 0)
    assert await due(timedelta(days=9)) == (others, 1)


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(("source", "due"), [("page", 0), ("reprint", 0), ("site", 1), ("feed", 1), ("file", 1)])
async def test_a_reprint_is_due_where_no_page_of_wechat_shows_the_week(
    sqlite_uri: str, source: Source, due: int
) -> None:
    async with open_store(sqlite_uri) as store:
        await put_document(store, make_issue(2025, 15, provenance={"source": source}))
        await store.change_row("s-1", lambda _: row("s-1", "known", found(SHORT, "short")))
        state = status(await take_snapshot(store, datetime(2026, 11, 30, tzinfo=UTC), timedelta(days=9)), [], "x")
    assert state.due_now == sum(one.issue <= "2025-12" for one in bundled_index()) + due


def test_json_has_the_advice_in_words(tmp_path: Path, sqlite_uri: str) -> None:
    env = project_env(None, tmp_path, store=make_empty(sqlite_uri))
    result = run_scrapy("gaps", "--json", "--from", "2025-20", "--until", "2025-20", env=env)
    (one,) = json.loads(result.stdout)
    assert (one["state"], one["source"], one["advice"], one["advice_en"]) == (
        "known",
        None,
        "crawl",
        "run scrapy crawl weekly",
    )
    assert one["advice_zh"] == "运行 scrapy crawl weekly"
    assert len(one["addresses"]) == 3
    assert one["reprints"] == one["addresses"][1:]


@pytest.mark.usefixtures("before")
def test_wanted_gives_the_title_to_search_for() -> None:
    (_, line) = wanted_lines([week(row("issue-2025-15", "known"))], "zh")
    assert line.endswith("或在微信中搜索标题，并用 start= 提供找到的地址 (网络安全信息与动态周报2025年第15期)")


# --- the page of links

EVIL = "<img src=x onerror=alert(1)></p></body>&amp;"


def missing_weeks() -> list[Week]:
    """Two weeks: one with addresses that are and are not links, one that nothing has named."""
    odd = ["javascript:alert(1)", "https://evil.example/s/abc", f"https://mp.weixin.qq.com/s/{EVIL}"]
    first = week(row(OWN_ROW, "blocked", found(UNSIGNED, "unsigned", B), reason=EVIL, ending=B))
    first = first.model_copy(update={"addresses": [UNSIGNED, SHORT, *odd], "reprints": [SHORT]})
    (second,) = weeks([row(OWN_ROW, "known")], {}, first="2025-17", last="2025-17", today=TODAY)
    return [first, second]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_links_to_articles_only_and_nothing_else_works_in_it(language: str) -> None:
    page = render(missing_weeks(), language)
    tree = html.document_fromstring(page)
    assert [one.get("id") for one in tree.xpath("//li[@id]")] == ["week-2025-17", "week-2025-15"]
    assert [(link.get("class"), link.get("href")) for link in tree.xpath("//a")] == [
        ("article", UNSIGNED),
        ("reprint", SHORT),
    ]
    assert {link.get("rel") for link in tree.xpath("//a")} == {"noreferrer noopener"}
    assert tree.xpath("//script | //img | //form | //iframe | //@onerror") == []
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert tree.xpath("//li[@id='week-2025-17']//code/text()") == ["网络安全信息与动态周报2025年第17期"]
    assert EVIL in tree.text_content()
    assert f"scrapy import {'FOLDER' if language == 'en' else '文件夹'}" in tree.text_content()
    assert tree.get("lang") == ("en" if language == "en" else "zh-CN")


def test_the_words_of_the_page_are_there_in_both_languages_and_none_is_left_over() -> None:
    words = read_words("wanted/wanted_words.toml")
    assert all(texts.keys() == {"en", "zh"} and all(texts.values()) for texts in words.values())
    used = (ROOT / "cncert/output/wanted/templates/wanted.html.j2").read_text(encoding="utf-8")
    asked = {*re.findall(r"words\.(\w+)", used), "article", "reprint"}
    assert asked | {name for name in words if name.startswith("form_")} == words.keys()


def test_the_page_opens_in_a_browser_without_a_fault(tmp_path: Path, chromium: str) -> None:
    file, wrong = tmp_path / "wanted.html", list[str]()
    file.write_text(render(missing_weeks(), "en"), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium or None)
        page = browser.new_context(offline=True).new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("file:") else None)
        page.goto(file.as_uri())
        assert page.locator("a.reprint").inner_text() == "reprint short address"
        assert page.locator("body").evaluate("body => getComputedStyle(body).maxWidth") != "none"  # its style counts
        found = Axe().run(page)
        browser.close()
    assert (wrong, found.violations_count) == ([], 0), found.generate_report()


def test_gaps_writes_the_page(tmp_path: Path, sqlite_uri: str) -> None:
    store = make_empty(sqlite_uri)
    file = tmp_path / "wanted.html"
    bounds = ("--from", "2025-15", "--until", "2025-20")
    result = run_scrapy(
        "gaps", "--wanted", "--html", file, *bounds, env=project_env(None, tmp_path, store=store, CNCERT_LANGUAGE="zh")
    )
    assert (result.returncode, result.stdout) == (0, "")
    assert re.search(r"wanted\.html: 6 missing issues, [0-9]+ addresses$", result.stderr.strip())
    assert 'lang="zh-CN"' in file.read_text(encoding="utf-8")
    result = run_scrapy("gaps", "--html", "/proc/no/wanted.html", env=project_env(None, tmp_path, store=store))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
